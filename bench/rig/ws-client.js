// The same work as bare-client.c on the `ws` package, as a user would write it, and nothing checked: what Highwater's own
// client is compared with. Two modes:
//
//   node ws-client.js PORT LANES BYTES IN_FLIGHT SECONDS
//     {"messages":N,"seconds":S,"cpuSeconds":C,"cpuMicrosPerMessage":X,"messagesPerSecond":Y,"userSeconds":U,"sysSeconds":K}
//     A closed loop; messages are complete echoes, CPU time and seconds those of the loop without the handshakes.
//
//   node [--expose-gc] ws-client.js --idle PORT LANES [SOURCES] [--hold SECONDS]
//     {"lanes":L,"opened":O,"failed":F,"secondsToOpen":S,"cpuSecondsToOpen":C,"rssBytesBefore":B,"rssBytesAfter":A}
//     Opens LANES idle connections, from SOURCES addresses (127.0.0.2, 127.0.0.3, ...) in turn or from the default one, and
//     exits, or first keeps them open for SECONDS after the line is printed; then lanes lost meanwhile are exit code 1.
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
  'usage: ws-client.js PORT LANES BYTES IN_FLIGHT SECONDS | ws-client.js --idle PORT LANES [SOURCES] [--hold SECONDS]';

/** @type {(cpu: NodeJS.CpuUsage) => number} */
const cpuSecondsOf = (cpu) => (cpu.user + cpu.system) / 1e6;

/**
 * @param {number} port
 * @param {string | undefined} localAddress
 * @param {Set<import('node:net').Socket>} sockets where to add the lane's
 * @returns {Promise<WebSocket>}
 */
function openLane(port, localAddress, sockets) {
  return new Promise((resolve, reject) => {
    const lane = new WebSocket(`ws://127.0.0.1:${port}/`, {
      perMessageDeflate: false,
      skipUTF8Validation: true,
      handshakeTimeout: HANDSHAKE_LIMIT_MS,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    lane.on('error', reject); // stays: after opening it rejects nothing, but an error without a listener would throw
    lane.once('upgrade', ({ socket }) => sockets.add(socket));
    lane.once('open', () => resolve(lane));
  });
}

/**
 * @param {number} port
 * @param {number} laneCount
 * @param {number} sources 0 for the default address
 * @param {Set<import('node:net').Socket>} sockets where to add theirs
 * @returns {Promise<{ lanes: WebSocket[], errors: Error[] }>}
 */
async function openLanes(port, laneCount, sources, sockets) {
  /** @type {WebSocket[]} */
  const lanes = [];
  /** @type {Error[]} */
  const errors = [];
  let next = 0;
  const opener = async () => {
    while (next < laneCount) {
      const localAddress = sources === 0 ? undefined : `127.0.0.${2 + (next % sources)}`;
      next++;
      try {
        lanes.push(await openLane(port, localAddress, sockets));
      } catch (error) {
        errors.push(/** @type {Error} */ (error));
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(OPENING_AT_ONCE, laneCount) }, opener));
  return { lanes, errors };
}

/**
 * @param {{ port: number, laneCount: number, payloadBytes: number, inFlight: number, runSeconds: number }} options
 * @param {Set<import('node:net').Socket>} sockets
 */
async function runClosedLoop({ port, laneCount, payloadBytes, inFlight, runSeconds }, sockets) {
  const { lanes, errors } = await openLanes(port, laneCount, 0, sockets);
  if (errors[0] !== undefined)
    throw new Error(`${errors.length} of ${laneCount} lanes did not open`, { cause: errors[0] });
  const payload = Buffer.alloc(payloadBytes, 'abcdefghijklmnopqrstuvwxyz');
  let messages = 0;
  /** @type {Error | null} */
  let lost = null;
  for (const lane of lanes) {
    lane.on('message', () => {
      messages++;
      lane.send(payload);
    });
    lane.on('error', (error) => {
      lost ??= error;
    });
    lane.on('close', (code) => {
      lost ??= new Error(`the server closed a lane with code ${code}`);
    });
  }
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  for (const lane of lanes) {
    for (let i = 0; i < inFlight; i++) lane.send(payload);
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
 * @param {{ port: number, laneCount: number, sources: number }} options
 * @param {Set<import('node:net').Socket>} sockets
 */
async function openIdle({ port, laneCount, sources }, sockets) {
  globalThis.gc?.();
  const rssBytesBefore = process.memoryUsage.rss();
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  const { lanes, errors } = await openLanes(port, laneCount, sources, sockets);
  const secondsToOpen = (performance.now() - startMs) / 1000;
  const cpuSecondsToOpen = cpuSecondsOf(process.cpuUsage(startCpu));
  globalThis.gc?.();
  const rssBytesAfter = process.memoryUsage.rss();
  if (errors[0] !== undefined) console.error(`ws-client: the first of ${errors.length} failures:`, errors[0].message);
  const result = {
    lanes: laneCount,
    opened: lanes.length,
    failed: errors.length,
    secondsToOpen,
    cpuSecondsToOpen,
    rssBytesBefore,
    rssBytesAfter,
  };
  return { result, lanes };
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
 * @param {Set<import('node:net').Socket>} sockets of all lanes that were opened
 * @returns {Promise<number>} the exit code
 */
async function main(args, sockets) {
  if (args[0] !== '--idle') {
    if (args.length !== 5) throw new Error(usage);
    const options = {
      port: number(args[0], 1, 65_535),
      laneCount: number(args[1], 1, 1_000_000),
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
  const [port, laneCount, sources = '0'] = holdAt === -1 ? args.slice(1) : args.slice(1, holdAt);
  const options = {
    port: number(port, 1, 65_535),
    laneCount: number(laneCount, 1, 1_000_000),
    sources: number(sources, 0, MOST_SOURCES),
  };
  const { result, lanes } = await openIdle(options, sockets);
  console.log(JSON.stringify(result));
  await sleep(holdSeconds * 1000);
  const lostCount = lanes.filter((lane) => lane.readyState !== WebSocket.OPEN).length;
  if (lostCount > 0) console.error(`ws-client: ${lostCount} lanes were lost while they were held`);
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
