// The sample reports of docs/samples, made by the built command: `npm run samples`. The run stays in a directory that goes;
// the machine's name is taken out of it, which is nobody's business.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const samples = path.join(root, 'docs/samples');
const runs = mkdtempSync(path.join(tmpdir(), 'highwater-samples-'));
const highwater = (...args) => {
  const { status } = spawnSync(process.execPath, [path.join(root, 'dist/cli/bin.js'), ...args], { stdio: 'inherit' });
  if (status !== 0 && status !== 1) throw new Error(`highwater ${args.join(' ')} ended with ${status}`);
};

try {
  highwater('run', path.join(samples, 'sick-chat.yaml'), '--profile', 'none', '--runs-dir', runs);
  const run = path.join(runs, readdirSync(runs)[0]);
  const events = path.join(run, 'events.ndjson');
  writeFileSync(events, readFileSync(events, 'utf8').replace(/"hostname":"[^"]*"/, '"hostname":"example"'));
  highwater('report', run, '-o', 'html,pdf,md,junit,csv,json,hgrm,hlog', '--output-dir', samples, '--overwrite');
} finally {
  rmSync(runs, { recursive: true, force: true });
}
