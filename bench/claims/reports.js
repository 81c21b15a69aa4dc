// What a report costs: the page and the PDF of an hour's run, and of forty runs at once, each in a process of its own, beside
// what judging the run takes.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMAND, times } from '../highwater.js';
import { makeLongRun } from '../rig/long-run.js';

const RENDER = fileURLToPath(new URL('../rig/render-report.js', import.meta.url));
const MB = 1024 ** 2;
const CASES = [
  {
    what: 'the page of an hour, 2,000 clients',
    format: 'html',
    count: 1,
    mostSeconds: 2,
    mostMb: 400,
    mostBytes: 1.5 * MB,
  },
  { what: 'the PDF of it', format: 'pdf', count: 1, mostSeconds: 4, mostMb: 400, mostBytes: Infinity },
  {
    what: 'a page of forty such runs',
    format: 'html',
    count: 40,
    mostSeconds: 10,
    mostMb: Infinity,
    mostBytes: Infinity,
  },
];

export function rows() {
  const root = mkdtempSync(path.join(tmpdir(), 'highwater-bench-'));
  try {
    const run = makeLongRun(root, { seconds: 3600, workers: 2, connections: 2000, rate: '2000/s' });
    const startedMs = performance.now();
    spawnSync(process.execPath, [COMMAND, 'report', run], { stdio: 'ignore' });
    const judgingMs = performance.now() - startedMs;
    return CASES.map(({ what, format, count, mostSeconds, mostMb, mostBytes }) => {
      const { stdout, stderr } = spawnSync(
        process.execPath,
        [RENDER, path.join(run, 'result.json'), format, String(count)],
        {
          encoding: 'utf8',
        },
      );
      if (stdout === '') throw new Error(stderr);
      const { tookMs, bytes, rssBytes } = JSON.parse(stdout);
      const bounds = [`< ${mostSeconds} s`, ...(mostMb === Infinity ? [] : [`< ${mostMb} MB`])];
      if (mostBytes !== Infinity) bounds.push(`file < ${mostBytes / MB} MiB`);
      return {
        claim: what,
        goal: bounds.join(', '),
        measured:
          `${(tookMs / 1000).toFixed(2)} s, ${(rssBytes / 1e6).toFixed(0)} MB, file ${(bytes / MB).toFixed(2)} MiB ` +
          `(${times(tookMs / judgingMs)} of judging one)`,
        reached: tookMs < 1000 * mostSeconds && rssBytes < 1e6 * mostMb && bytes < mostBytes,
      };
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
