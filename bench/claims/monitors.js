// What monitors cost: CPU of the coordinator, which reads them, beside a run without any. One process, the machine and an
// endpoint of a thousand lines, once a second.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, startHighwater } from '../highwater.js';

const ROUNDS = 5;
const FROM_SECONDS = 5;
const FOR_SECONDS = 20;
const METRICS = `${Array.from({ length: 1000 }, (_, n) => `requests_total{path="/${n}",code="200"} ${n}`).join('\n')}\nprocess_open_fds 7\n`;

export async function rows() {
  const endpoint = http.createServer((_, response) => response.end(METRICS));
  await new Promise((resolve) => endpoint.listen(0, '127.0.0.1', () => resolve(null)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (endpoint.address());
  const monitors = [
    { name: 'target', process: 'reference' },
    { name: 'machine', machine: true },
    { name: 'app', prometheus: `http://127.0.0.1:${port}/metrics`, series: ['process_open_fds', 'requests_total'] },
  ];
  try {
    const without = [];
    const extra = [];
    for (let round = 0; round < ROUNDS; round++) {
      const base = await coordinatorRatio([]);
      extra.push((await coordinatorRatio(monitors)) - base);
      without.push(base);
    }
    const cost = median(extra);
    return [
      {
        claim: 'three monitors, read once a second: CPU of the coordinator',
        goal: '< 1 % of a core more',
        measured: `${(cost * 100).toFixed(2)} % more than the ${(median(without) * 100).toFixed(2)} % without`,
        reached: cost < 0.01,
      },
    ];
  } finally {
    endpoint.close();
  }
}

/** CPU seconds a second of the process that conducts a small run, once it has settled. */
async function coordinatorRatio(monitors) {
  const directory = mkdtempSync(path.join(tmpdir(), 'highwater-monitors-'));
  const plan = path.join(directory, 'plan.json');
  const rate = { rate: '100/s', for: `${FROM_SECONDS + FOR_SECONDS + 5}s` };
  writeFileSync(
    plan,
    JSON.stringify({ target: { url: 'reference' }, load: { connections: 10, messages: { open: rate } }, monitors }),
  );
  const child = startHighwater([plan, '-w', '1'], directory);
  try {
    child.stdout.resume();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await sleep(FROM_SECONDS * 1000);
    const startedMs = performance.now();
    const before = cpuSeconds(child.pid);
    await sleep(FOR_SECONDS * 1000);
    const ratio = (cpuSeconds(child.pid) - before) / ((performance.now() - startedMs) / 1000);
    child.kill('SIGINT');
    await ended;
    return ratio;
  } finally {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
}

/** All threads of it, in steps of a hundredth of a second. */
function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
