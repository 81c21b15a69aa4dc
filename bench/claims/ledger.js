// What the delivery ledger costs: CPU per message of a verified echo beside a copy of the program in which an arrival is
// only counted; and memory per stream and receiver, at rest and with all clients in a disorder of 1,024 messages at once.

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, runHighwater, steadyMicros, times } from '../highwater.js';
import { runPinned, startEchoServer } from '../rig/processes.js';

const ROUNDS = 5;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The first line of `noteArrival`; behind it everything is what the ledger costs. */
const BODY = 'export function noteArrival(ledger, client, sequence) {';
const ONLY_COUNTED = `${BODY}
    ledger.outstanding[client]--;
    ledger.expected[client] = ledger.low[client] = sequence + 1;
    return Arrival.inOrder;`;

export async function rows({ rig }) {
  return [...(rig === null ? [] : await cpuRows()), ...(await memoryRows())];
}

async function cpuRows() {
  const copy = copyWithoutLedger();
  const server = await startEchoServer({ core: 0 });
  const args = [`ws://127.0.0.1:${server.ports[0]}`, '-c', '100', '--bytes', '64', '--closed', '1', '-d', '6s'];
  const rounds = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const without = steadyMicros(await runHighwater(1, args, { command: path.join(copy, 'dist/cli/bin.js') }));
      const full = steadyMicros(await runHighwater(1, args));
      rounds.push(full / without);
    }
  } finally {
    await server.stop();
    rmSync(copy, { recursive: true, force: true });
  }
  const ratio = median(rounds);
  return [
    {
      claim: 'full ledger, closed-loop echo: CPU per message against no ledger',
      goal: '≤ 1.10 ×',
      measured: times(ratio),
      reached: ratio <= 1.1,
    },
  ];
}

function copyWithoutLedger() {
  const copy = mkdtempSync(path.join(tmpdir(), 'highwater-ledger-'));
  cpSync(path.join(ROOT, 'dist'), path.join(copy, 'dist'), { recursive: true });
  cpSync(path.join(ROOT, 'package.json'), path.join(copy, 'package.json'));
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  const file = path.join(copy, 'dist/measure/ledger.js');
  const source = readFileSync(file, 'utf8');
  if (source.split(BODY).length !== 2) throw new Error('noteArrival does not begin as this benchmark expects');
  writeFileSync(file, source.replace(BODY, ONLY_COUNTED));
  return copy;
}

async function memoryRows() {
  const shapes = {};
  for (const shape of ['few', 'one', 'random']) shapes[shape] = await memoryOf(shape);
  const { few, one, random } = shapes;
  const kilobytes = (bytes) => `${(bytes / 1e3).toFixed(3)} KB`;
  const goal = '≤ 0.25 KB';
  return [
    {
      claim: 'ledger memory a stream and receiver, at rest',
      goal: 'printed',
      measured: kilobytes(few.rest),
      reached: null,
    },
    {
      claim: '… all in disorder at once, 2 of 1,024 messages have come, the last first',
      goal,
      measured: kilobytes(few.disorder),
      reached: few.disorder <= 250,
    },
    {
      claim: '… all in disorder at once, 1 of 1,024 messages is late, the rest has come',
      goal,
      measured: kilobytes(one.disorder),
      reached: one.disorder <= 250,
    },
    {
      claim: '… all in disorder at once, every message late by 0 to 1,023 places at random',
      goal: 'printed',
      measured: kilobytes(random.disorder),
      reached: null,
    },
  ];
}

async function memoryOf(shape) {
  const ledger = new URL('../../dist/measure/ledger.js', import.meta.url).href;
  const args = ['--expose-gc', '--input-type=module', '--eval', MEASURE_MEMORY, ledger, shape];
  return JSON.parse(await runPinned(1, process.execPath, args));
}

/**
 * All clients go through the same disorder in step, so all are at its worst at the same time, and memory is measured where
 * the window is 1,024 wide. What the ledger holds for later counts, not only what is lent.
 */
const MEASURE_MEMORY = `
const [, ledgerModule, shape] = process.argv;
const { createLedger, noteArrival, takeNumber } = await import(ledgerModule);
// So many that what the compiler keeps meanwhile, some 300 KB, is a few bytes a connection.
const WINDOW = 1024, CLIENTS = shape === 'random' ? 20000 : 100000;
// Several times: what the start of the process, or an array that was outgrown, leaves behind must be gone.
const used = async () => {
  for (let round = 0; round < 5; round++) { gc(); await new Promise((done) => setTimeout(done, 20)); }
  const m = process.memoryUsage();
  return m.heapUsed + m.external;
};
let seed = 1;
const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
const numbers = Array.from({ length: 4 * WINDOW }, (_, n) => n);
const orders = {
  few: [WINDOW, 2],
  one: numbers.slice(2, WINDOW + 1),
  random: numbers.map((n) => [n + Math.floor(random() * WINDOW), n]).sort(([a], [b]) => a - b).map(([, n]) => n + 1).slice(0, 3 * WINDOW),
};
const order = orders[shape];
const before = await used();
const ledger = createLedger(CLIENTS);
for (let client = 0; client < CLIENTS; client++) noteArrival(ledger, client, takeNumber(ledger, client));
const rest = (await used() - before) / CLIENTS;
for (let client = 0; client < CLIENTS; client++) for (let n = 0; n < 4 * WINDOW; n++) takeNumber(ledger, client);
for (const n of order) for (let client = 0; client < CLIENTS; client++) noteArrival(ledger, client, n);
let widest = 0, ordered = 0;
for (let client = 0; client < CLIENTS; client++) {
  widest = Math.max(widest, ledger.expected[client] - ledger.low[client]);
  if (ledger.low[client] === ledger.expected[client]) ordered++;
}
if (widest > WINDOW || ordered > 0) throw new Error('not the disorder that is claimed: ' + widest + ' wide, ' + ordered + ' in order');
const disorder = (await used() - before) / CLIENTS;
// Names the ledger behind the last measurement, so that it is not collected before.
console.log(JSON.stringify({ rest, disorder, clients: ledger.next.length }));
`;
