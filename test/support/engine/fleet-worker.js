// A worker that does what its first command says, for tests of the fleet: it speaks the fleet's channel and nothing else.

if (process.env.STUBBORN === '1') setInterval(() => {}, 1000);
else process.on('disconnect', () => process.exit(0));

process.on('message', (command) => {
  switch (command.kind) {
    case 'assign':
      process.send({ kind: 'ready', pid: process.pid });
      break;
    case 'connect':
      process.send({ kind: 'echo', command });
      break;
    case 'startMessages':
      process.stderr.write(`${'x'.repeat(5000)}it went wrong\n`);
      setTimeout(() => process.exit(3), 20);
      break;
    case 'stop':
      process.send({ kind: 'finished' });
      break;
  }
});
