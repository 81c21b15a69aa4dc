// `npm test`: everything that must hold, in the order in which it fails fastest, and one closing line.
// A step that is not a test runner counts as one test.

import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const report = path.join(tmpdir(), `highwater-tests-${process.pid}.json`);
const vitest = [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile=${report}`,
];

const steps = [
  { name: 'build', command: 'npm', args: ['run', '--silent', 'build'] },
  { name: 'types', command: 'npm', args: ['run', '--silent', 'types'] },
  { name: 'lint', command: 'npm', args: ['run', '--silent', 'lint'] },
  { name: 'unused code', command: 'npm', args: ['run', '--silent', 'unused'] },
  { name: 'system packages', command: process.execPath, args: ['scripts/install-test-packages.js'] },
];

let passed = 0;
let failed = 0;

for (const { name, command, args } of steps) {
  const startedMs = Date.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  const isGood = status === 0;
  if (isGood) passed++;
  else failed++;
  console.log(`${isGood ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
  if (!isGood && name === 'build') finish();
}

spawnSync(process.execPath, [...vitest, ...process.argv.slice(2)], { stdio: 'inherit' });
try {
  const result = JSON.parse(readFileSync(report, 'utf8'));
  passed += result.numPassedTests;
  failed += result.numFailedTests;
  // A file that does not load, or an error outside of any test, fails no single test.
  if (!result.success && result.numFailedTests === 0) failed++;
  if (result.numPendingTests > 0) console.log(`skipped: ${result.numPendingTests}`);
} catch (error) {
  console.error(`the test runner left no result: ${error.message}`);
  failed++;
}
finish();

function finish() {
  rmSync(report, { force: true });
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
