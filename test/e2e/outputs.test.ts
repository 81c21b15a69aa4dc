// Reports as files, through the built command.

import { spawnSync } from 'node:child_process';
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
    '.highwater-reports.json',
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
  [['-o', 'md', '--output-dir', 'plan.yaml/x'], /--output-dir: expected a writable directory, got plan.yaml\/x/],
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

test('several runs go into one report, a page each behind an overview; the gravest decides', async ({
  onTestFinished,
}) => {
  const cwd = temporaryDirectory(onTestFinished);
  const whenOver = onTestFinished;
  await runHighwater([...LOAD, '--name', 'first'], { cwd, whenOver });
  await runHighwater([...LOAD, '--name', 'second', '-t', 'delivered < 1%'], { cwd, whenOver });
  const ids = readdirSync(path.join(cwd, '.highwater/runs')).sort();
  const { exitCode, stdout, stderr } = await runHighwater(['report', ...ids, '-o', 'html,pdf'], { cwd, whenOver });
  expect(exitCode).toBe(1);
  expect(stderr).toBe('report     report.html\nreport     report.pdf\n');
  expect(stdout).toMatch(/ first [\s\S]*FAIL +second /);
  const page = readFileSync(path.join(cwd, 'report.html'), 'utf8');
  expect(page).toMatch(/<h1>2 runs<\/h1>/);
  for (const run of ['run-1', 'run-2']) expect(page).toContain(`id="${run}-verdict"`);
  const text = spawnSync('pdftotext', ['-layout', path.join(cwd, 'report.pdf'), '-'], { encoding: 'utf8' }).stdout;
  const [front] = text.split('\f');
  expect(front).toMatch(
    /2 runs[\s\S]*1\. first[\s\S]*FAIL +2\. second[\s\S]*Contents[\s\S]*first +\d[\s\S]*second +\d/,
  );
  const ofMany = await runHighwater(['report', ...ids, '-o', 'csv'], { cwd, whenOver });
  expect(ofMany.exitCode).toBe(64);
  expect(ofMany.stderr).toMatch(/--output: expected some of html, pdf for several runs, got "csv"/);
});

test('--open hands the page to what opens pages here', async ({ onTestFinished }) => {
  const cwd = temporaryDirectory(onTestFinished);
  const browser = writeInto(
    cwd,
    'browser.sh',
    '#!/bin/sh\nprintf %s "$1" > opened.txt.new && mv opened.txt.new opened.txt\n',
  );
  chmodSync(browser, 0o755);
  const { exitCode, stderr } = await runHighwater([...LOAD, '--open'], {
    cwd,
    whenOver: onTestFinished,
    env: { BROWSER: browser },
  });
  // A busy machine may put the run in doubt.
  expect([0, 2]).toContain(exitCode);
  const [, file] = /^report {5}(\S+report\.html)$/m.exec(stderr)!;
  const opened = path.join(cwd, 'opened.txt');
  await expect.poll(() => existsSync(opened), { timeout: 20_000 }).toBe(true);
  expect(readFileSync(opened, 'utf8')).toContain(file);
});

test('a format that has nothing of a run says so', async ({ onTestFinished }) => {
  const cwd = temporaryDirectory(onTestFinished);
  const plan = { name: 'idle', target: { url: 'reference' }, load: { connections: [{ to: 2 }, { hold: '500ms' }] } };
  const file = writeInto(cwd, 'plan.json', JSON.stringify(plan));
  const { stderr } = await runHighwater(['run', file, '-q', '-o', 'hgrm,html,pdf'], { cwd, whenOver: onTestFinished });
  expect(stderr).toMatch(/^report {5}no hgrm: the run has no data for it$/m);
  expect(stderr).toMatch(/report\.html\n/);
  expect(stderr).toMatch(/report\.pdf\n/);
});
