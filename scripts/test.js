// Runs what must hold, what fails fastest first, and ends in one line: `N passed, N failed`. A step that is not a test runner counts
// as one test.
//
//   npm test               everything
//   npm run test:unit      types and the tests beside the code: no build, no system package, and simulations repeated a few times
//   npm test -- PATH ...   only the files below these paths, and the steps that they need

import { spawn } from 'node:child_process';
import { once } from 'node:events';
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

const reporters = ['--reporter=default', '--reporter=json', `--outputFile=${report}`];
const TESTS = {
  command: process.execPath,
  args: ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...(isUnit ? UNIT : []), ...given],
  // Read by test/support/repeats.ts.
  env: { ...process.env, HIGHWATER_TEST_REPEATS: isUnit ? 'few' : 'all' },
};

if (isUnit) {
  // The test runner leaves a part of two cores idle while it starts and ends.
  const types = run(TYPES, 'pipe');
  await run(TESTS);
  tell(TYPES.name, await types);
} else {
  for (const step of paths.length === 0 ? ALL : some) {
    const done = await run(step);
    tell(step.name, done);
    if (done.status !== 0 && step === BUILD) finish();
  }
  await run(TESTS);
}
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

/** With `pipe`, what it prints is kept until it is told. */
async function run({ command, args, env = process.env }, output = 'inherit') {
  const startedMs = Date.now();
  const child = spawn(command, args, { stdio: ['inherit', output, output], env });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      printed += text;
    });
  }
  const [status] = await once(child, 'close');
  return { status, seconds: (Date.now() - startedMs) / 1000, printed };
}

function tell(name, { status, seconds, printed }) {
  const isGood = status === 0;
  if (isGood) passed++;
  else failed++;
  process.stdout.write(printed);
  console.log(`${isGood ? 'ok  ' : 'FAIL'} ${name} (${seconds.toFixed(1)} s)`);
}

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
