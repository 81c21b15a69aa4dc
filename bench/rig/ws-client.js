// The same work as bare-client.c on the `ws` package, as a user would write it, and nothing checked: what Highwater's own
// client is compared with. Two modes:
//
//   node ws-client.js PORT CLIENTS BYTES IN_FLIGHT SECONDS
//     {"messages":N,"seconds":S,"cpuSeconds":C,"cpuMicrosPerMessage":X,"messagesPerSecond":Y,"userSeconds":U,"sysSeconds":K}
//     A closed loop; messages are complete echoes, CPU time and seconds those of the loop without the handshakes.
//
//   node [--expose-gc] ws-client.js --idle PORT CLIENTS [SOURCES] [--hold SECONDS]
//     {"clients":L,"opened":O,"failed":F,"secondsToOpen":S,"cpuSecondsToOpen":C,"rssBytesBefore":B,"rssBytesAfter":A}
//     Opens CLIENTS idle connections, from SOURCES addresses (127.0.0.2, 127.0.0.3, ...) in turn or from the default one, and
//     exits, or first keeps them open for SECONDS after the line is printed; then clients lost meanwhile are exit code 1.
//
// Connections end by a reset, not by FIN: a port in TIME_WAIT, and above all one that was bound to a source address, is not
// available for a minute (Linux hands it to nobody who does not bind), and the next measurement would pay for this one.

import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';

const OPENING_AT_ONCE = 200;
const HANDSHAKE_LIMIT_MS = 10_000;
const MOST_SOURCES = 250; // 127.0.0.2 to 127.0.0.251
const usage =
  'usage: ws-client.js PORT CLIENTS BYTES IN_FLIGHT SECONDS | ws-client.js --idle PORT CLIENTS [SOURCES] [--hold SECONDS]';

/** @type {(cpu: NodeJS.CpuUsage) => number} */
const cpuSecondsOf = (cpu) => (cpu.user + cpu.system) / 1e6;

/**
 * @param {number} port
 * @param {string | undefined} localAddress
 * @param {Set<import('node:net').Socket>} sockets where to add the client's
 * @returns {Promise<WebSocket>}
 */
function openConnection(port, localAddress, sockets) {
  return new Promise((resolve, reject) => {
    const client = new WebSocket(`ws://127.0.0.1:${port}/`, {
      perMessageDeflate: false,
      skipUTF8Validation: true,
      handshakeTimeout: HANDSHAKE_LIMIT_MS,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    client.on('error', reject); // stays: after opening it rejects nothing, but an error without a listener would throw
    client.once('upgrade', ({ socket }) => sockets.add(socket));
    client.once('open', () => resolve(client));
  });
}

/**
 * @param {number} port
 * @param {number} clientCount
 * @param {number} sources 0 for the default address
 * @param {Set<import('node:net').Socket>} sockets where to add theirs
 * @returns {Promise<{ clients: WebSocket[], errors: Error[] }>}
 */
async function openConnections(port, clientCount, sources, sockets) {
  /** @type {WebSocket[]} */
  const clients = [];
  /** @type {Error[]} */
  const errors = [];
  let next = 0;
  const opener = async () => {
    while (next < clientCount) {
      const localAddress = sources === 0 ? undefined : `127.0.0.${2 + (next % sources)}`;
      next++;
      try {
        clients.push(await openConnection(port, localAddress, sockets));
      } catch (error) {
        errors.push(/** @type {Error} */ (error));
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(OPENING_AT_ONCE, clientCount) }, opener));
  return { clients, errors };
}

/**
 * @param {{ port: number, clientCount: number, payloadBytes: number, inFlight: number, runSeconds: number }} options
 * @param {Set<import('node:net').Socket>} sockets
 */
async function runClosedLoop({ port, clientCount, payloadBytes, inFlight, runSeconds }, sockets) {
  const { clients, errors } = await openConnections(port, clientCount, 0, sockets);
  if (errors[0] !== undefined)
    throw new Error(`${errors.length} of ${clientCount} clients did not open`, { cause: errors[0] });
  const payload = Buffer.alloc(payloadBytes, 'abcdefghijklmnopqrstuvwxyz');
  let messages = 0;
  /** @type {Error | null} */
  let lost = null;
  for (const client of clients) {
    client.on('message', () => {
      messages++;
      client.send(payload);
    });
    client.on('error', (error) => {
      lost ??= error;
    });
    client.on('close', (code) => {
      lost ??= new Error(`the server closed a client with code ${code}`);
    });
  }
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  for (const client of clients) {
    for (let i = 0; i < inFlight; i++) client.send(payload);
  }
  await sleep(runSeconds * 1000);
  const cpu = process.cpuUsage(startCpu);
  const seconds = (performance.now() - startMs) / 1000;
  const counted = messages;
  if (lost !== null) throw lost;
  if (counted === 0) throw new Error('not one message came back');
  return {
    messages: counted,
    seconds,
    cpuSeconds: cpuSecondsOf(cpu),
    cpuMicrosPerMessage: (cpu.user + cpu.system) / counted,
    messagesPerSecond: counted / seconds,
    userSeconds: cpu.user / 1e6,
    sysSeconds: cpu.system / 1e6,
  };
}

/**
 * @param {{ port: number, clientCount: number, sources: number }} options
 * @param {Set<import('node:net').Socket>} sockets
 */
async function openIdle({ port, clientCount, sources }, sockets) {
  globalThis.gc?.();
  const rssBytesBefore = process.memoryUsage.rss();
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  const { clients, errors } = await openConnections(port, clientCount, sources, sockets);
  const secondsToOpen = (performance.now() - startMs) / 1000;
  const cpuSecondsToOpen = cpuSecondsOf(process.cpuUsage(startCpu));
  globalThis.gc?.();
  const rssBytesAfter = process.memoryUsage.rss();
  if (errors[0] !== undefined) console.error(`ws-client: the first of ${errors.length} failures:`, errors[0].message);
  const result = {
    clients: clientCount,
    opened: clients.length,
    failed: errors.length,
    secondsToOpen,
    cpuSecondsToOpen,
    rssBytesBefore,
    rssBytesAfter,
  };
  return { result, clients };
}

/**
 * @param {string | undefined} text
 * @param {number} least
 * @param {number} most
 */
function number(text, least, most) {
  const value = Number(text);
  if (text === undefined || text === '' || !(value >= least && value <= most)) throw new Error(usage);
  return value;
}

/**
 * @param {readonly string[]} args
 * @param {Set<import('node:net').Socket>} sockets of all clients that were opened
 * @returns {Promise<number>} the exit code
 */
async function main(args, sockets) {
  if (args[0] !== '--idle') {
    if (args.length !== 5) throw new Error(usage);
    const options = {
      port: number(args[0], 1, 65_535),
      clientCount: number(args[1], 1, 1_000_000),
      payloadBytes: number(args[2], 0, 16 * 1024 * 1024),
      inFlight: number(args[3], 1, 1_000_000),
      runSeconds: number(args[4], 0.001, 3600),
    };
    const result = await runClosedLoop(options, sockets);
    console.log(JSON.stringify(result));
    return 0;
  }
  const holdAt = args.indexOf('--hold');
  const holdSeconds = holdAt === -1 ? 0 : number(args[holdAt + 1], 0, 3600);
  const [port, clientCount, sources = '0'] = holdAt === -1 ? args.slice(1) : args.slice(1, holdAt);
  const options = {
    port: number(port, 1, 65_535),
    clientCount: number(clientCount, 1, 1_000_000),
    sources: number(sources, 0, MOST_SOURCES),
  };
  const { result, clients } = await openIdle(options, sockets);
  console.log(JSON.stringify(result));
  await sleep(holdSeconds * 1000);
  const lostCount = clients.filter((client) => client.readyState !== WebSocket.OPEN).length;
  if (lostCount > 0) console.error(`ws-client: ${lostCount} clients were lost while they were held`);
  return lostCount === 0 ? 0 : 1;
}

/** @type {Set<import('node:net').Socket>} */
const sockets = new Set();
try {
  process.exitCode = await main(process.argv.slice(2), sockets);
} catch (error) {
  console.error('ws-client:', error instanceof Error ? error.message : error);
  if (error instanceof Error && error.cause instanceof Error) console.error('ws-client:', error.cause.message);
  process.exitCode = 1;
}
for (const socket of sockets) socket.resetAndDestroy();
process.exit();
