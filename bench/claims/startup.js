// How quick the command is: `--help`, and the first message of a one-client run after the start.

import { spawnSync } from 'node:child_process';
import { COMMAND, median, runHighwater } from '../highwater.js';
import { startEchoServer } from '../rig/processes.js';

const ROUNDS = 9;

export async function rows({ rig }) {
  const bare = [];
  const help = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(wallMs(['-e', '0']));
    help.push(wallMs([COMMAND, '--help']));
  }
  const result = [
    {
      claim: 'highwater --help',
      goal: '< 150 ms',
      measured: `${median(help).toFixed(0)} ms (node alone ${median(bare).toFixed(0)} ms)`,
      reached: median(help) < 150,
    },
  ];
  if (rig === null) return result;
  const server = await startEchoServer({ core: 0 });
  try {
    const firsts = [];
    for (let round = 0; round < ROUNDS; round++) {
      const startedMs = Date.now();
      const run = await runHighwater(null, [`ws://127.0.0.1:${server.ports[0]}`, '-c', '1', '-r', '100/s', '-d', '1s']);
      firsts.push(Date.parse(run.run.startedAt) - startedMs + 1000 * (run.run.messagesStartedSeconds ?? 0));
    }
    result.push({
      claim: 'first message of a 1-client run after the start of the command',
      goal: '< 700 ms',
      measured: `${median(firsts).toFixed(0)} ms`,
      reached: median(firsts) < 700,
    });
  } finally {
    await server.stop();
  }
  return result;
}

function wallMs(args) {
  const startedMs = performance.now();
  spawnSync(process.execPath, args, { stdio: 'ignore' });
  return performance.now() - startedMs;
}
