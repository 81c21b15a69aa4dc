// How quick a long history is listed: 3,000 runs of a minute each by their summaries, beside the same list made from their results.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { COMMAND, median } from '../highwater.js';

const RUNS = 3_000;
const SECONDS = 60;
const ROUNDS = 5;

export async function rows() {
  const root = mkdtempSync(path.join(tmpdir(), 'highwater-history-'));
  try {
    fill(root);
    const bySummary = wallMs(root, ROUNDS);
    for (const id of readdirSync(root)) rmSync(path.join(root, id, 'summary.json'));
    const byResult = wallMs(root, 1);
    return [
      {
        claim: `list ${RUNS.toLocaleString('en')} runs, by their summaries beside by their results`,
        goal: '< 1,000 ms',
        measured: `${bySummary.toFixed(0)} ms (${(byResult / bySummary).toFixed(0)} × by results, ${byResult.toFixed(0)} ms)`,
        reached: bySummary < 1_000,
      },
    ];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** One real run, with a timeline of a minute, under as many names as there are to be runs. */
function fill(root) {
  const load = ['run', 'reference', '-c', '2', '-r', '100/s', '-d', '1s', '--quiet', '--runs-dir', root];
  spawnSync(process.execPath, [COMMAND, ...load]);
  const first = path.join(root, readdirSync(root)[0]);
  const text = (name) => JSON.parse(readFileSync(path.join(first, name), 'utf8'));
  const result = text('result.json');
  const summary = text('summary.json');
  result.timeline = Array.from({ length: SECONDS }, (_, second) => ({ ...result.timeline[0], second }));
  for (let number = 0; number < RUNS; number++) {
    const startedAt = new Date(Date.UTC(2026, 0, 1) + number * 600_000).toISOString();
    const id = `${startedAt.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-run-${number.toString(16).padStart(4, '0')}`;
    const directory = path.join(root, id);
    cpSync(first, directory, { recursive: true });
    const write = (name, value) => writeFileSync(path.join(directory, name), JSON.stringify(value, null, 2));
    write('result.json', { ...result, run: { ...result.run, id, startedAt } });
    write('summary.json', { ...summary, id, startedAt });
  }
  rmSync(first, { recursive: true });
}

/** The median, with the start of the command. Throws where a run is missing. */
function wallMs(root, rounds) {
  const times = Array.from({ length: rounds }, () => {
    const startedMs = performance.now();
    const { stdout } = spawnSync(process.execPath, [COMMAND, 'history', '--json', '--runs-dir', root], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    const tookMs = performance.now() - startedMs;
    const judged = JSON.parse(stdout).filter(({ state }) => state === 'judged');
    if (judged.length !== RUNS) throw new Error(`expected ${RUNS} judged runs, got ${judged.length}`);
    return tookMs;
  });
  return median(times);
}
