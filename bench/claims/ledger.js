// What the delivery ledger costs: CPU per message of a verified echo beside a copy of the program in which an arrival is
// only counted, and memory per stream, in order and with a disorder of 1,024 messages.

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, runHighwater, steadyMicros, times } from '../highwater.js';
import { runPinned, startEchoServer } from '../rig/processes.js';

const ROUNDS = 5;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The first line of `noteArrival`; behind it everything is what the ledger costs. */
const BODY = 'export function noteArrival(ledger, lane, sequence) {';
const ONLY_COUNTED = `${BODY}
    ledger.outstanding[lane]--;
    ledger.expected[lane] = ledger.low[lane] = sequence + 1;
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
  const measured = JSON.parse(
    await runPinned(1, process.execPath, [
      '--expose-gc',
      '--input-type=module',
      '--eval',
      MEASURE_MEMORY.replace('LEDGER', new URL('../../dist/measure/ledger.js', import.meta.url).href),
    ]),
  );
  return [
    {
      claim: 'ledger memory a stream and receiver, all within 1,024 messages of disorder (in order)',
      goal: '≤ 0.25 KB',
      measured: `${(measured.disorder / 1e3).toFixed(2)} KB (${(measured.inOrder / 1e3).toFixed(2)} KB)`,
      reached: measured.disorder <= 250,
    },
  ];
}

const MEASURE_MEMORY = `
import { createLedger, noteArrival, takeNumber } from 'LEDGER';
const STREAMS = 20000;
const used = () => { gc(); gc(); const m = process.memoryUsage(); return m.heapUsed + m.external; };
const before = used();
const ledger = createLedger(STREAMS);
const sendAll = (count) => { for (let lane = 0; lane < STREAMS; lane++) for (let n = 0; n < count; n++) takeNumber(ledger, lane); };
sendAll(1);
for (let lane = 0; lane < STREAMS; lane++) noteArrival(ledger, lane, 0);
const inOrder = (used() - before) / STREAMS;
sendAll(1024);
for (let lane = 0; lane < STREAMS; lane++) { noteArrival(ledger, lane, 1024); noteArrival(ledger, lane, 2); }
const disorder = (used() - before) / STREAMS;
console.log(JSON.stringify({ inOrder, disorder, streams: ledger.next.length }));
`;
