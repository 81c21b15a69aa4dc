// The ready examples for CI: their commands are run as they stand there, with the built command behind `npx`, the first time
// without a baseline, then with one; and what they keep is there to be kept.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { HIGHWATER, temporaryDirectory, type WhenOver, writeInto } from '../support/highwater.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/ci/', import.meta.url));
const TOGETHER = { concurrent: true, timeout: 120_000 } as const;
const PLAN = `
name: chat
target: { url: reference }
load: { connections: 1000, messages: { open: [ { to: 8000/s }, { hold: 10min } ] } }
contract: { delivery: exactly-once }
thresholds: [ "connections.failed == 0" ]
profiles: { ci: { load: { connections: 2, messages: { open: [ { to: 20/s }, { hold: 3s } ] } } } }
`;

interface GithubStep {
  readonly name?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly with?: { readonly path?: string };
}

/** A checkout in which `npx highwater` is the built command, and nothing else is to be had. */
function checkout(whenOver: WhenOver): string {
  const directory = temporaryDirectory(whenOver);
  writeInto(directory, 'load-test.yaml', PLAN);
  mkdirSync(path.join(directory, 'bin'));
  const shim = writeInto(
    directory,
    'bin/npx',
    `#!/bin/sh\n[ "$1" = highwater ] || exit 99\nshift\nexec "${process.execPath}" "${HIGHWATER}" "$@"\n`,
  );
  chmodSync(shim, 0o755);
  return directory;
}

function shell(directory: string, script: string): { readonly status: number | null; readonly text: string } {
  const { PATH = '', HOME = '/' } = process.env;
  const { status, stdout, stderr } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd: directory,
    env: { PATH: `${path.join(directory, 'bin')}:${PATH}`, HOME, LANG: 'C.UTF-8', CI: 'true' },
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, text: stdout + stderr };
}

function expectKept(directory: string, kept: readonly string[]): void {
  for (const file of kept) expect(existsSync(path.join(directory, file)), file).toBe(true);
}

function expectReports(directory: string): void {
  for (const file of ['report.html', 'junit.xml', 'report.md']) {
    expect(statSync(path.join(directory, 'load-test', file)).size, file).toBeGreaterThan(100);
  }
}

/**
 * A busy machine may make the instrument doubt itself, which ends a job and sets no baseline; a second commit may fare better.
 * Neither example may fail for any other reason.
 */
function untilSure(directory: string, script: string): boolean {
  for (let commit = 0; commit < 4; commit++) {
    const { status, text } = shell(directory, script);
    if (status === 0) return true;
    expect(status, text).toBe(2);
  }
  return false;
}

describe('the examples for CI', TOGETHER, () => {
  test('GitHub: the first run makes the baseline, the next is compared with it', ({ onTestFinished }) => {
    const { jobs } = parse(readFileSync(path.join(EXAMPLES, 'github-actions.yml'), 'utf8')) as {
      jobs: Record<string, { steps: readonly GithubStep[] }>;
    };
    const steps = jobs['load-test']!.steps;
    const scriptOf = (name: string): string => steps.find((step) => step.name === name)!.run!;
    const directory = checkout(onTestFinished);
    const isSure = untilSure(directory, scriptOf('Run and compare'));
    expectReports(directory);
    if (!isSure) return;
    const baseline = shell(directory, scriptOf('Make this run the baseline'));
    expect(baseline.status, baseline.text).toBe(0);
    const next = shell(directory, scriptOf('Run and compare'));
    expect([0, 1, 2], next.text).toContain(next.status);
    expect(next.text).toMatch(/weak: one run per side|not compared with baseline: /);
    expectKept(directory, [
      ...steps.flatMap((step) => (step.uses?.startsWith('actions/cache') === true ? [step.with!.path!] : [])),
      steps.find(({ uses }) => uses?.startsWith('actions/upload-artifact') === true)!.with!.path!,
    ]);
    expect(scriptOf('Comment on the pull request')).toContain('--body-file load-test/report.md');
  });

  test('GitLab: the same', ({ onTestFinished }) => {
    const jobs = parse(readFileSync(path.join(EXAMPLES, 'gitlab-ci.yml'), 'utf8')) as Record<
      string,
      {
        script: readonly string[];
        cache?: { paths: string[] };
        artifacts?: { paths: string[]; reports: { junit: string } };
      }
    >;
    const scriptOf = (job: string): string => jobs[job]!.script.filter((line) => line !== 'npm ci').join('\n');
    const directory = checkout(onTestFinished);
    const isSure = untilSure(directory, scriptOf('load-test-baseline'));
    expectReports(directory);
    if (!isSure) return;
    const next = shell(directory, scriptOf('load-test'));
    expect([0, 1, 2], next.text).toContain(next.status);
    expect(next.text).toMatch(/weak: one run per side|not compared with baseline: /);
    const { cache, artifacts } = jobs['load-test']!;
    expectKept(directory, [...cache!.paths, ...artifacts!.paths, artifacts!.reports.junit]);
  });
});
