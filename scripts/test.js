// Runs what must hold, what fails fastest first, and ends in one line: `N passed, N failed`. A step that is not a test runner counts
// as one test.
//
//   npm test               everything
//   npm run test:unit      types and the tests beside the code: no build, no system package
//   npm test -- PATH ...   only the files below these paths, and the steps that they need

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const SLOWEST = 10;
/** These need neither the built command nor a system package. */
const UNIT = ['src', 'test/architecture'];

const script = (name) => ({ name, command: 'npm', args: ['run', '--silent', name] });
const BUILD = script('build');
const TYPES = script('types');
const PACKAGES = { name: 'system packages', command: process.execPath, args: ['scripts/install-test-packages.js'] };
const ALL = [BUILD, TYPES, script('lint'), { ...script('unused'), name: 'unused code' }, PACKAGES];

const isUnit = process.argv[2] === '--unit';
const given = process.argv.slice(isUnit ? 3 : 2);
const paths = isUnit ? [...UNIT, ...given] : given.filter((argument) => existsSync(argument));
const needsCommand = paths.some((place) => !UNIT.some((unit) => isBelow(place, unit)));
const some = needsCommand ? [BUILD, TYPES, PACKAGES] : [TYPES];

const report = path.join(tmpdir(), `highwater-tests-${process.pid}.json`);
let passed = 0;
let failed = 0;

for (const { name, command, args } of paths.length === 0 ? ALL : some) {
  const startedMs = Date.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  const isGood = status === 0;
  if (isGood) passed++;
  else failed++;
  console.log(`${isGood ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
  if (!isGood && name === 'build') finish();
}

const reporters = ['--reporter=default', '--reporter=json', `--outputFile=${report}`];
const runner = ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...(isUnit ? UNIT : []), ...given];
spawnSync(process.execPath, runner, { stdio: 'inherit' });
try {
  const result = JSON.parse(readFileSync(report, 'utf8'));
  passed += result.numPassedTests;
  failed += result.numFailedTests;
  // A file that does not load, or an error outside of any test, fails no single test.
  if (!result.success && result.numFailedTests === 0) failed++;
  if (result.numPendingTests > 0) console.log(`skipped: ${result.numPendingTests}`);
  printSlowest(result.testResults);
} catch (error) {
  console.error(`the test runner left no result: ${error.message}`);
  failed++;
}
finish();

function isBelow(place, folder) {
  const relative = path.relative(folder, place);
  return relative === '' || !relative.startsWith('..');
}

function printSlowest(files) {
  const slowest = files
    .map(({ name, startTime, endTime }) => ({ file: path.relative('.', name), seconds: (endTime - startTime) / 1000 }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, SLOWEST);
  console.log('slowest files');
  for (const { file, seconds } of slowest) console.log(`${seconds.toFixed(1).padStart(8)} s  ${file}`);
}

function finish() {
  rmSync(report, { force: true });
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
