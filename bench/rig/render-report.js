// Renders one report of a judged run in a process of its own, and says what that took: FILE of a result, FORMAT, how many
// runs of it. Nothing is written but the report, into a directory that goes.

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jointFiles } from '../../dist/outputs/report-files.js';
import { writeReports } from '../../dist/outputs/write-reports.js';

const [file, format, count] = process.argv.slice(2);
const result = JSON.parse(readFileSync(file, 'utf8'));
const directory = mkdtempSync(path.join(tmpdir(), 'highwater-bench-'));
try {
  const startedMs = performance.now();
  const { files, problems } = await writeReports([format], jointFiles(Array(Number(count)).fill(result)), directory);
  const tookMs = performance.now() - startedMs;
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const bytes = statSync(files[0]).size;
  console.log(JSON.stringify({ tookMs, bytes, rssBytes: process.resourceUsage().maxRSS * 1024 }));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
