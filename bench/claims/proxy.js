// What the fault proxy costs a message that goes to a server and back through it: CPU of the proxy's process, beside that of a
// client on `ws` in the same run. With no fault on; with a fault of messages that never strikes, so that every frame is looked
// at; and what the client's messages cost with and without a proxy between. In turn, medians of the rounds' ratios.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMAND, median, times } from '../highwater.js';
import { runPinned, startEchoServer } from '../rig/processes.js';

const LANES = '100';
const BYTES = '64';
const SECONDS = 4;
const ROUNDS = 3;
const GOAL_MICROS = 20;
/** USER_HZ, in which /proc counts. */
const TICKS_PER_SECOND = 100;
const WS_CLIENT = fileURLToPath(new URL('../rig/ws-client.js', import.meta.url));
const FAULTS = { none: [], watched: [{ fault: 'drop', rate: '100%', from: '1h' }] };

export async function rows({ rig }) {
  if (rig === null) return [];
  const server = await startEchoServer({ core: 0 });
  const directory = mkdtempSync(path.join(tmpdir(), 'highwater-proxy-'));
  const ask = async (port, inFlight) =>
    JSON.parse(await runPinned(1, process.execPath, [WS_CLIENT, port, LANES, BYTES, inFlight, String(SECONDS)]));
  const through = async (kind, inFlight) => {
    const file = path.join(directory, `${kind}.json`);
    writeFileSync(file, JSON.stringify({ faults: FAULTS[kind] }));
    const proxy = await startProxy(`ws://127.0.0.1:${server.ports[0]}`, file);
    try {
      const before = cpuMicros(proxy.pid);
      const client = await ask(proxy.port, inFlight);
      return { micros: (cpuMicros(proxy.pid) - before) / client.messages, client: client.cpuMicrosPerMessage };
    } finally {
      proxy.stop();
    }
  };
  const measured = [];
  try {
    for (const inFlight of ['1', '32']) {
      const rounds = [];
      for (let round = 0; round < ROUNDS; round++) {
        const direct = await ask(String(server.ports[0]), inFlight);
        const none = await through('none', inFlight);
        const watched = await through('watched', inFlight);
        rounds.push({
          none: none.micros,
          watched: watched.micros,
          direct: direct.cpuMicrosPerMessage,
          ratio: none.micros / direct.cpuMicrosPerMessage,
          watchedRatio: watched.micros / none.micros,
        });
      }
      const of = (name) => median(rounds.map((round) => round[name]));
      measured.push(
        {
          claim: `fault proxy, no fault on, ${inFlight} in flight: its CPU a message / a ws client's`,
          goal: `< ${GOAL_MICROS} µs`,
          measured: `${times(of('ratio'))} (${of('none').toFixed(1)} µs; ws client ${of('direct').toFixed(1)})`,
          reached: of('none') < GOAL_MICROS,
        },
        {
          claim: `the same, looking at every message / not`,
          goal: 'printed',
          measured: `${times(of('watchedRatio'))} (${of('watched').toFixed(1)} µs)`,
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

/** @param {string} target @param {string} file */
async function startProxy(target, file) {
  const child = spawn(process.execPath, [COMMAND, 'proxy', '0', target, '--faults', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  const port = await new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('the proxy did not start')));
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
