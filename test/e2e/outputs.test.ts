// Reports as files, through the built command.

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runHighwater, temporaryDirectory, writeInto } from '../support/highwater.ts';

const LOAD = ['run', 'reference', '-c', '2', '-r', '100/s', '-d', '1s', '-t', 'lost == 0', '-q'];

test('a run writes those asked for into its directory and says where; a stored run writes them again, the same', async () => {
  const cwd = temporaryDirectory();
  const ran = await runHighwater([...LOAD, '-o', 'md,csv', '-o', 'junit', '--json'], { cwd });
  const directory = path.join(cwd, '.highwater/runs', ran.result.run.id);
  const named = [...ran.stderr.matchAll(/^report {5}(\S+)$/gm)].map(([, file]) => path.basename(file!));
  expect(named).toEqual(['report.md', 'timeline.csv', 'summary.csv', 'heat.csv', 'junit.xml']);
  for (const name of named) expect(existsSync(path.join(directory, name)), name).toBe(true);
  const again = await runHighwater(['report', 'latest', '-o', 'md,hgrm', '--output-dir', 'again/deep'], { cwd });
  expect(again.exitCode).toBe(ran.exitCode);
  expect(readdirSync(path.join(cwd, 'again/deep'))).toEqual([
    'report.md',
    'response.hgrm',
    'sendLag.hgrm',
    'service.hgrm',
  ]);
  expect(readFileSync(path.join(cwd, 'again/deep/report.md'), 'utf8')).toBe(
    readFileSync(path.join(directory, 'report.md'), 'utf8'),
  );
});

test.each([
  [['-o', 'md,pdff'], /--output: expected some of csv, hgrm, hlog, html, json, junit, md, pdf, got "pdff"/],
  [['-o', 'Md'], /got "Md" \(did you mean "md"\?\)/],
  [['-o', ''], /got ""/],
  [['--output-dir', 'here'], /--output-dir: expected --output with it/],
  [
    ['-o', 'md', '--output-dir', 'plan.yaml/x'],
    /--output-dir: expected a directory that can be written, got plan.yaml\/x/,
  ],
])('%j is refused before anything is started', async (args, message) => {
  const cwd = temporaryDirectory();
  writeInto(cwd, 'plan.yaml', 'x');
  const { exitCode, stderr } = await runHighwater([...LOAD, ...args], { cwd });
  expect(exitCode).toBe(64);
  expect(stderr).toMatch(message);
  expect(existsSync(path.join(cwd, '.highwater'))).toBe(false);
});

test('one that cannot be written is told, and the others are, with the run untouched', async () => {
  const cwd = temporaryDirectory();
  const out = path.join(cwd, 'out');
  mkdirSync(path.join(out, 'report.md'), { recursive: true });
  chmodSync(out, 0o755);
  const { exitCode, stderr, result } = await runHighwater(
    [...LOAD, '-o', 'md,junit', '--output-dir', 'out', '--json'],
    { cwd },
  );
  expect(exitCode).toBe(64);
  expect(stderr).toMatch(/OUTPUT_UNWRITABLE {2}md: expected to write it to out, got: EISDIR/);
  expect(existsSync(path.join(out, 'junit.xml'))).toBe(true);
  expect(existsSync(path.join(cwd, '.highwater/runs', result.run.id, 'result.json'))).toBe(true);
});
