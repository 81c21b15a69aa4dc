// `npm run bench:versions -- OTHER [names]`: this build beside another one, row by row, in alternating pairs. OTHER is a checkout
// that has been built. Each row is a cost of the same load in both: less is better. A row is slower where the whole 95 % interval
// of the ratio (Student's t over the logarithms of the pairs' ratios) lies above 1.03; then the exit code is 1.
//
// Plans are taken from `bench/versions/` of each checkout, so that each is in the words of its version.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mean, studentQuantile, variance } from '../dist/analysis/statistics/student.js';
import { COMMAND, runHighwater, steadyMicros } from './highwater.js';
import { buildRig } from './rig/build.js';
import { startEchoServer } from './rig/processes.js';

const commandOf = (root) => path.join(root, 'dist/cli/bin.js');
const MOST_RATIO = 1.03;

/** @typedef {{ root: string, directory: string, url: string, roomsUrl: string }} Side */
/** @type {Record<string, { what: string, cost: (side: Side) => Promise<number> | number }>} */
const ROWS = {
  path: { what: 'the message path in memory, send + receive', cost: pathNs },
  closed: { what: 'verified echo, 1 in flight: CPU a message', cost: ({ root, url }) => echoMicros(root, url, '1') },
  pipelined: { what: 'the same, 64 in flight', cost: ({ root, url }) => echoMicros(root, url, '64') },
  json: { what: 'JSON of 200 B, 1 in flight: CPU a message', cost: (side) => planMicros(side, 'json.json') },
  open: { what: '2,000 clients, 4,000 messages/s, open loop: CPU a message', cost: openMicros },
  rooms: { what: '1 publisher, 500 receivers: CPU a delivery', cost: roomMicros },
  idle: { what: '4,000 idle connections: memory of the worker', cost: idleBytes },
  help: { what: 'highwater --help: CPU', cost: ({ root }) => cpuMs(root, ['--help']) },
  judge: { what: 'judge a run again: CPU', cost: (side) => reportMs(side, []) },
  page: { what: 'judge it and write its page: CPU', cost: (side) => reportMs(side, ['-o', 'html']) },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pairs: { type: 'string', default: '12' } },
});
const [other, ...names] = positionals;
const pairs = Number(values.pairs);
const unknown = names.filter((name) => !Object.hasOwn(ROWS, name));
if (other === undefined || !existsSync(path.join(other, 'dist/cli/bin.js')) || unknown.length > 0) {
  console.error(
    `bench: expected a checkout that has been built, and some of ${Object.keys(ROWS).join(', ')}, got ${positionals.join(' ')}`,
  );
  process.exit(64);
}
if (!Number.isInteger(pairs) || pairs < 2) {
  console.error(`bench: --pairs: expected a whole number from 2, got ${values.pairs}`);
  process.exit(64);
}
if (buildRig() === null) {
  console.error('bench: expected a C compiler for the echo server, found none');
  process.exit(64);
}

/** The record that each version made of itself, by its root. */
const runs = new Map();
const directory = mkdtempSync(path.join(tmpdir(), 'highwater-versions-'));
const server = await startEchoServer({ core: 0, limitSeconds: 3600 });
const target = spawn(process.execPath, [COMMAND, 'target'], { stdio: ['ignore', 'pipe', 'inherit'] });
let isSlower = false;
try {
  const url = `ws://127.0.0.1:${server.ports[0]}`;
  const roomsUrl = await new Promise((resolve) =>
    target.stdout.once('data', (text) => resolve(`${/listening (\S+)/.exec(String(text))[1]}/rooms/\${room}`)),
  );
  const here = {
    root: fileURLToPath(new URL('..', import.meta.url)),
    directory: path.join(directory, 'here'),
    url,
    roomsUrl,
  };
  const there = { root: path.resolve(other), directory: path.join(directory, 'there'), url, roomsUrl };
  for (const name of names.length > 0 ? names : Object.keys(ROWS)) {
    const { what, cost } = ROWS[name];
    const ratios = [];
    for (let pair = 0; pair < pairs; pair++) {
      // Who goes first alternates: a machine that warms up, or cools down, favors neither.
      const [first, second] = pair % 2 === 0 ? [here, there] : [there, here];
      const [one, two] = [await cost(first), await cost(second)];
      ratios.push(first === here ? one / two : two / one);
    }
    const { low, middle, high } = interval(ratios);
    isSlower ||= low > MOST_RATIO;
    const word = low > MOST_RATIO ? 'slower' : high <= MOST_RATIO ? 'not slower' : 'undecided';
    console.log(
      `${word.padEnd(10)} ${what.padEnd(60)} ${middle.toFixed(3)} × (95 %: ${low.toFixed(3)} to ${high.toFixed(3)}, ${pairs} pairs)`,
    );
  }
} finally {
  target.kill();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
process.exitCode = isSlower ? 1 : 0;

/** @param {readonly number[]} ratios */
function interval(ratios) {
  const logs = ratios.map(Math.log);
  const middle = mean(logs);
  const half = studentQuantile(0.975, logs.length - 1) * Math.sqrt(variance(logs) / logs.length);
  return { low: Math.exp(middle - half), middle: Math.exp(middle), high: Math.exp(middle + half) };
}

/** @param {Side} side */
function pathNs({ root }) {
  const script = path.join(root, 'bench/claims/message-path.js');
  const { stdout, stderr } = spawnSync(process.execPath, [script, '--here'], { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  const { sendNs, receiveNs } = JSON.parse(stdout);
  return sendNs + receiveNs;
}

async function echoMicros(root, url, inFlight) {
  const args = [url, '-c', '100', '--bytes', '64', '--closed', inFlight, '-d', '5s', '-w', '1'];
  return steadyMicros(await runHighwater(1, args, { command: commandOf(root) }));
}

/** The plan of the version's own words, with this target.
 * @param {Side} side
 * @param {string} name
 * @param {string} url */
function planFor({ root, directory }, name, url) {
  const plan = JSON.parse(readFileSync(path.join(root, 'bench/versions', name), 'utf8'));
  const file = `${directory}-${name}`;
  writeFileSync(file, JSON.stringify({ ...plan, target: { url } }));
  return file;
}

async function planMicros(side, name) {
  return steadyMicros(await runHighwater(1, [planFor(side, name, side.url)], { command: commandOf(side.root) }));
}

async function openMicros({ root, url }) {
  const load = ['-c', '2000', '-r', '4000/s', '-d', '5s', '-w', '1', '--pace', 'economical'];
  return steadyMicros(await runHighwater(1, [url, ...load], { command: commandOf(root) }));
}

/** One reference target, of this build, passes on to all what one client says. */
async function roomMicros(side) {
  const result = await runHighwater(1, [planFor(side, 'rooms.json', side.roomsUrl)], { command: commandOf(side.root) });
  const points = result.timeline.filter((point) => point.second >= 2 && point.cpuRatio !== null).slice(0, -1);
  return points.reduce((sum, point) => sum + point.cpuRatio, 0) / points.length;
}

async function idleBytes(side) {
  const { generator } = await runHighwater(1, [planFor(side, 'idle.json', side.url)], {
    command: commandOf(side.root),
  });
  return generator.rssBytesMax;
}

/** User and system time of the command. */
function cpuMs(root, args) {
  const script = 'TIMEFORMAT="%U %S"; time "$0" "$@" >/dev/null 2>&1';
  const { stderr } = spawnSync('bash', ['-c', script, process.execPath, commandOf(root), ...args], {
    encoding: 'utf8',
  });
  const [userSeconds = 0, systemSeconds = 0] = stderr.trim().split(/\s+/).slice(-2).map(Number);
  return 1000 * (userSeconds + systemSeconds);
}

/** Each version judges a record that it made itself. */
function reportMs({ root, directory }, flags) {
  let run = runs.get(root);
  if (run === undefined) {
    const load = ['run', 'reference', '-c', '50', '-r', '500/s', '-d', '20s', '-w', '2', '-q', '--runs-dir', directory];
    spawnSync(process.execPath, [commandOf(root), ...load], { stdio: 'ignore' });
    run = path.join(directory, readdirSync(directory)[0]);
    runs.set(root, run);
  }
  return cpuMs(root, ['report', run, ...flags]);
}
