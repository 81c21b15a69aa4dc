// What the fault proxy costs a message that passes it: CPU of its process, where an echo is two messages, one each way. With no
// fault on, and with a fault of messages that never strikes, so that every frame is looked at; beside the least that node can
// do, two sockets that write what the other reads, and beside the client of that run. In turn, medians of the rounds' ratios.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMAND, median, times } from '../highwater.js';
import { runPinned, startEchoServer } from '../rig/processes.js';

const CLIENTS = '100';
const BYTES = '64';
const SECONDS = 3;
const ROUNDS = 3;
const GOAL_MICROS = 20;
const GOAL_TO_BARE = 1.25;
/** USER_HZ, in which /proc counts. */
const TICKS_PER_SECOND = 100;
const SELF = fileURLToPath(import.meta.url);
const WS_CLIENT = fileURLToPath(new URL('../rig/ws-client.js', import.meta.url));
const FAULTS = { none: [], watched: [{ fault: 'drop', rate: '100%', from: '1h' }] };

export async function rows({ rig }) {
  if (rig === null) return [];
  const server = await startEchoServer({ core: 0 });
  const directory = mkdtempSync(path.join(tmpdir(), 'highwater-proxy-'));
  const serverPort = String(server.ports[0]);
  const ask = async (port, inFlight) =>
    JSON.parse(await runPinned(1, process.execPath, [WS_CLIENT, port, CLIENTS, BYTES, inFlight, String(SECONDS)]));
  const through = async (args, inFlight) => {
    const between = await start(args);
    try {
      await ask(between.port, inFlight); // code is being compiled
      const before = cpuMicros(between.pid);
      const client = await ask(between.port, inFlight);
      return (cpuMicros(between.pid) - before) / (2 * client.messages);
    } finally {
      between.stop();
    }
  };
  const proxyArgs = (kind) => {
    const file = path.join(directory, `${kind}.json`);
    writeFileSync(file, JSON.stringify({ faults: FAULTS[kind] }));
    return [COMMAND, 'proxy', '0', `ws://127.0.0.1:${serverPort}`, '--faults', file];
  };
  const measured = [];
  try {
    for (const inFlight of ['1', '32']) {
      const rounds = [];
      for (let round = 0; round < ROUNDS; round++) {
        const direct = (await ask(serverPort, inFlight)).cpuMicrosPerMessage;
        const bare = await through([SELF, '--forward', serverPort], inFlight);
        const none = await through(proxyArgs('none'), inFlight);
        const watched = await through(proxyArgs('watched'), inFlight);
        rounds.push({
          direct,
          bare,
          none,
          watched,
          toBare: none / bare,
          toDirect: none / direct,
          watching: watched / none,
        });
      }
      const of = (name) => median(rounds.map((round) => round[name]));
      const micros = (name) => `${of(name).toFixed(1)} µs`;
      measured.push(
        {
          claim: `fault proxy, no fault on, ${inFlight} in flight: CPU a message passed`,
          goal: `< ${GOAL_MICROS} µs`,
          measured: `${micros('none')}: ${times(of('toDirect'))} of what the client takes to send and receive one`,
          reached: of('none') < GOAL_MICROS,
        },
        {
          claim: 'the same / two bare sockets in node',
          goal: `≤ ${GOAL_TO_BARE} ×`,
          measured: `${times(of('toBare'))} (bare ${micros('bare')})`,
          reached: of('toBare') <= GOAL_TO_BARE,
        },
        {
          claim: 'the same, looking at every message / not',
          goal: 'printed',
          measured: `${times(of('watching'))} (${micros('watched')})`,
          reached: null,
        },
      );
    }
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  return measured;
}

/** A process that says on its first line where it listens. @param {readonly string[]} args */
async function start(args) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  const port = await new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`${args.join(' ')} did not start`)));
    child.stdout.once('data', (data) => resolve(/:(\d+)\s*$/.exec(String(data))?.[1]));
  });
  return {
    pid: child.pid,
    port,
    stop() {
      process.off('exit', kill);
      kill();
    },
  };
}

/** User and system time of a process, from /proc.
 * @param {number} pid */
function cpuMicros(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS_PER_SECOND;
}

/** The least that a proxy in node does. @param {number} port */
function forwardTo(port) {
  const join = (from, to) => {
    from.setNoDelay(true);
    from.on('data', (bytes) => to.write(bytes) || from.pause());
    to.on('drain', () => from.resume());
    from.on('close', () => to.destroy());
    from.on('error', () => {});
  };
  const server = createServer((client) => {
    const target = connect(port, '127.0.0.1');
    join(client, target);
    join(target, client);
  });
  server.listen({ port: 0, host: '127.0.0.1' }, () => console.log(`listening :${server.address().port}`));
}

if (process.argv[2] === '--forward') forwardTo(Number(process.argv[3]));
