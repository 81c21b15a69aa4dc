// The command and the library as their users meet them: help, plans from every source, what stands on stdout and
// stderr, exit codes.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FAULTS } from '../../src/faults/catalog.ts';
import type * as Highwater from '../../src/index.ts';
import { expectBalancedBooks, expectPerfectDelivery } from '../support/books.ts';
import { HIGHWATER, runHighwater, startHighwater, temporaryDirectory, writeInto } from '../support/highwater.ts';

const BRIEFLY = ['-r', '60/s', '-d', '500ms', '--drain', '30s'];
// biome-ignore lint/suspicious/noControlCharactersInRegex: that there is none is what is tested
const ESCAPE_CODE = /[\u001b\u009b]/;

describe('help', () => {
  test('lists the commands and the exit codes on stdout, and is no error', async () => {
    const { exitCode, stdout, stderr } = await runHighwater(['--help']);
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    for (const command of ['init', 'run', 'check', 'report', 'target', 'proxy']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    }
    expect(stdout).toMatch(/Exit codes: 0 pass, 1 .*, 2 inconclusive, 64 /);
  });

  test('of a command lists its flags', async () => {
    const { exitCode, stdout } = await runHighwater(['run', '--help']);
    expect(exitCode).toBe(0);
    for (const flag of ['--connections', '--rate', '--closed', '--header', '--threshold', '--json', '--runs-dir']) {
      expect(stdout).toContain(flag);
    }
  });

  test('of the proxy lists its faults, with an example', async () => {
    const { exitCode, stdout } = await runHighwater(['proxy', '--help']);
    expect(exitCode).toBe(0);
    for (const name of Object.keys(FAULTS)) expect(stdout).toContain(name);
    expect(stdout).toContain('highwater proxy 9001 ws://127.0.0.1:9000 --faults faults.yaml');
  });

  test('the version is that of the package', async () => {
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect((await runHighwater(['--version'])).stdout).toBe(`${manifest.version}\n`);
  });
});

describe('mistakes on the command line end with exit 64 and a hint', () => {
  test.each([
    ['no command', [], /Usage: highwater/],
    ['an unknown command', ['rnu'], /unknown command 'rnu'[\s\S]*Did you mean run\?/],
    ['an unknown flag', ['run', 'reference', '--rat', '5/s'], /unknown option '--rat'[\s\S]*Did you mean --rate\?/],
    ['no plan', ['run'], /ARGUMENTS_INVALID {2}expected a plan file, a ws:\/\/ .* got nothing\. Try: highwater run/],
    ['a file that is not there', ['run', 'no-plan.yaml'], /PLAN_UNREADABLE {2}no-plan\.yaml: .*got no such file/],
    [
      'a URL of the web',
      ['run', 'https://example.com'],
      /PLAN_INVALID {2}target\.url: .*\(write wss:\/\/ instead of https:\/\/\)/,
    ],
    ['a count that is none', ['run', 'reference', '-c', 'many'], /ARGUMENTS_INVALID {2}--connections: .*got "many"/],
    ['a rate without a unit', ['run', 'reference', '-r', '5'], /PLAN_INVALID {2}--rate: .*\(add a unit: 5\/s\)/],
    ['two load models', ['run', 'reference', '-r', '5/s', '--closed', '1'], /--rate and --closed: .*Leave one out/],
    [
      'think time without a closed loop',
      ['run', 'reference', '-r', '5/s', '--think', '1s'],
      /--think: expected --closed/,
    ],
    ['no workers', ['run', 'reference', '-w', '0'], /ARGUMENTS_INVALID {2}--workers: /],
    ['a pace that is none', ['run', 'reference', '--pace', 'fast'], /Allowed choices are auto, economical, precise/],
    ['a threshold that is none', ['run', 'reference', '-t', 'p99 < 5'], /PLAN_INVALID {2}--threshold: /],
    ['a header without a colon', ['run', 'reference', '-H', 'nonsense'], /--header: expected "Name: value"/],
    [
      'a profile that is not declared',
      ['run', 'reference', '--profile', 'quick'],
      /PLAN_INVALID {2}profiles: .*"quick"/,
    ],
    [
      'an unknown run',
      ['report', 'yesterday'],
      /RUN_NOT_FOUND {2}yesterday: expected a run in .*There are no runs yet/,
    ],
    ['no latest run', ['report', 'latest'], /RUN_NOT_FOUND {2}latest: /],
    ['a port that is none', ['target', '--port', '99999'], /--port: expected a port from 0 to 65535/],
  ])('%s', async (_what, args, message) => {
    const directory = temporaryDirectory();
    const { exitCode, stdout, stderr } = await runHighwater(args, { cwd: directory });
    expect(exitCode).toBe(64);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(path.join(directory, '.highwater'))).toBe(false);
  });

  test('an unknown run beside known ones is told the latest', async () => {
    const cwd = temporaryDirectory();
    await runHighwater(['run', 'reference', ...BRIEFLY], { cwd });
    const [id] = readdirSync(path.join(cwd, '.highwater', 'runs'));
    const { exitCode, stderr } = await runHighwater(['report', 'yesterday'], { cwd });
    expect(exitCode).toBe(64);
    expect(stderr).toContain(`The latest is ${id}`);
  });
});

describe('a run', () => {
  const DISTRIBUTION = [
    ...['count', 'minMs', 'meanMs', 'stdDevMs', 'p50Ms', 'p75Ms', 'p90Ms', 'p95Ms', 'p99Ms', 'p999Ms', 'p9999Ms'],
    ...['maxMs', 'hdr'],
  ];
  /** The names that are fixed: more may stand beside them. */
  const FIXED: Readonly<Record<string, readonly string[]>> = {
    '': [
      ...[
        'schema',
        'run',
        'plan',
        'verdict',
        'connections',
        'messages',
        'response',
        'service',
        'sendLag',
        'throughput',
      ],
      ...['generator', 'resources', 'monitors', 'findings', 'stages', 'timeline', 'violations'],
    ],
    run: [
      ...['id', 'name', 'startedAt', 'durationSeconds', 'end', 'highwaterVersion', 'nodeVersion', 'workerCount'],
      'machine',
    ],
    verdict: ['kind', 'breaches', 'doubts', 'thresholds'],
    'verdict.thresholds.0': ['expression', 'observed', 'kind'],
    connections: [
      ...['attempted', 'opened', 'failed', 'peakOpen', 'droppedByServer', 'reconnected', 'openedPerSecondPeak'],
      ...['handshake', 'closeCodes', 'failures'],
    ],
    'connections.handshake': DISTRIBUTION,
    messages: [
      ...['due', 'sent', 'unsent', 'delivered', 'rejected', 'lost', 'unresolved', 'duplicated', 'reordered'],
      ...['corrupted', 'unexpected', 'deliveredRatio'],
    ],
    'messages.unsent': ['overdue', 'backpressure', 'windowFull', 'socketClosed'],
    response: DISTRIBUTION,
    service: DISTRIBUTION,
    sendLag: DISTRIBUTION,
    throughput: [
      ...['offeredPerSecond', 'sentPerSecond', 'deliveredPerSecond', 'bytesSentPerSecond', 'bytesReceivedPerSecond'],
    ],
    generator: [
      ...[
        'healthy',
        'cpuRatioMax',
        'eventLoopDelayMsP99',
        'rssBytesMax',
        'cpuMicrosPerMessage',
        'rssBytesPerConnection',
      ],
      'missedWorkers',
    ],
    'stages.0': ['name', 'fromSecond', 'toSecond', 'messages', 'response', 'service', 'sendLag', 'throughput'],
    'stages.0.response': DISTRIBUTION,
    'timeline.0': [
      'second',
      'connectionsOpen',
      'connectionsOpenLowest',
      'sent',
      'delivered',
      'lost',
      'errors',
      'responseP50Ms',
      'responseP99Ms',
    ],
  };

  test('with --json prints the result with all its fixed names and nothing else on stdout, and keeps the same', async () => {
    const cwd = temporaryDirectory();
    const args = ['run', 'reference', '-c', '3', ...BRIEFLY, '-t', 'lost == 0', '--name', 'fixed names', '--json'];
    const { exitCode, stdout, stderr, result } = await runHighwater(args, { cwd });
    expect([0, 2]).toContain(exitCode);
    expectPerfectDelivery(result);
    expect(stdout).toMatch(/^\{.*\}\n$/);
    expect(result.schema).toBe('highwater/result/2');
    expect(result.run).toMatchObject({ name: 'fixed names', end: 'completed', workerCount: 1 });
    expect(result.verdict.thresholds).toMatchObject([{ expression: 'lost == 0', observed: 0 }]);
    for (const [where, names] of Object.entries(FIXED)) {
      const at =
        where === '' ? result : where.split('.').reduce<unknown>((value, key) => (value as never)?.[key], result);
      expect(Object.keys(at as object), where).toEqual(expect.arrayContaining([...names]));
    }
    const kept = path.join(cwd, '.highwater', 'runs', result.run.id);
    expect(readdirSync(kept).sort()).toEqual([
      'coordinator.json',
      'events.ndjson',
      'plan.json',
      'result.json',
      'summary.json',
      'windows.ndjson',
    ]);
    expect(JSON.parse(readFileSync(path.join(kept, 'result.json'), 'utf8'))).toEqual(result);
    expect(stderr).not.toMatch(ESCAPE_CODE);
  });

  test('that is not on a terminal prints a summary and progress lines without escape codes', async () => {
    const args = ['run', 'reference', '-c', '3', '-r', '60/s', '-d', '2s', '-t', 'lost == 0'];
    const { exitCode, stdout, stderr } = await runHighwater(args, { env: { TERM: 'xterm-256color' } });
    expect([0, 2]).toContain(exitCode);
    expect(stdout).toMatch(/^ (PASS|INCONCLUSIVE) .* 3 clients .* vs reference/);
    expect(stdout).toMatch(/^ {2}(pass|undecided) +lost == 0 +0$/m);
    expect(stdout).toMatch(/^ {2}messages +due 120 /m);
    expect(stdout).toMatch(/^ {2}record +\.highwater\/runs\//m);
    expect(stderr).toMatch(
      /^reference {2}\d+ s {2}sending {2}connections 3 {2}sent .* {2}rules 1 at the end {2}errors none$/m,
    );
    expect(stdout + stderr).not.toMatch(ESCAPE_CODE);
  });

  test('with --quiet prints no progress', async () => {
    const { stderr } = await runHighwater(['run', 'reference', ...BRIEFLY, '--quiet']);
    expect(stderr).toBe('');
  });

  test('with --runs-dir, or HIGHWATER_RUNS_DIR, is kept there, and `report` prints it again with the same exit code', async () => {
    const cwd = temporaryDirectory();
    const args = ['run', 'reference', '-c', '2', ...BRIEFLY, '-t', 'duplicated == 1', '--json'];
    const { exitCode, result } = await runHighwater([...args, '--runs-dir', 'here'], { cwd });
    expect(exitCode).toBe(1);
    const kept = path.join(cwd, 'here', result.run.id);
    expect(existsSync(kept)).toBe(true);
    expect(existsSync(path.join(cwd, '.highwater'))).toBe(false);

    const inTheEnvironment = { cwd, env: { HIGHWATER_RUNS_DIR: 'here' } };
    const shown = [
      await runHighwater(['report', 'latest', '--json', '--runs-dir', 'here'], { cwd }),
      await runHighwater(['report', result.run.id, '--json'], inTheEnvironment),
      await runHighwater(['report', kept, '--json']),
    ];
    for (const report of shown) {
      expect(report.exitCode).toBe(1);
      expect(report.result).toEqual(result);
    }
    const summary = await runHighwater(['report', result.run.id.slice(0, 20)], inTheEnvironment);
    expect(summary.stdout).toMatch(/^ FAIL {4}reference/);
  });

  test('into a directory that cannot be written is refused', async () => {
    const cwd = temporaryDirectory();
    const file = writeInto(cwd, 'file', '');
    const { exitCode, stdout, stderr } = await runHighwater(['run', 'reference', ...BRIEFLY, '--runs-dir', file], {
      cwd,
    });
    expect(exitCode).toBe(64);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^RUN_DIRECTORY_UNWRITABLE .*--runs-dir/m);
  });

  test('whose reader goes away before the answer keeps its exit code and leaves no stack', () => {
    const cwd = temporaryDirectory();
    const command = `"$@" 2>stderr | true; echo "\${PIPESTATUS[0]}"; cat stderr`;
    const args = [process.execPath, HIGHWATER, 'run', 'reference', ...BRIEFLY, '-t', 'duplicated == 1', '--quiet'];
    expect(execFileSync('bash', ['-c', command, 'bash', ...args], { cwd, encoding: 'utf8' })).toBe('1\n');
  });
});

/** The command under a terminal of its own, by util-linux's `script`. */
function onTerminal(args: readonly string[], env: Readonly<Record<string, string>>): string {
  const command = [process.execPath, HIGHWATER, ...args].map((word) => `'${word}'`).join(' ');
  const { PATH = '' } = process.env;
  return execFileSync('/usr/bin/script', ['-qec', command, '/dev/null'], {
    cwd: temporaryDirectory(),
    env: { PATH, LANG: 'C.UTF-8', TERM: 'xterm', ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Without colors, on a terminal of so many columns. */
function screenOf(args: readonly string[], columns: number): string {
  const command = [process.execPath, HIGHWATER, ...args].map((word) => `'${word}'`).join(' ');
  // Its exit code is not what is tested.
  const { stdout } = spawnSync('/usr/bin/script', ['-qec', `stty cols ${columns}; ${command}`, '/dev/null'], {
    cwd: temporaryDirectory(),
    env: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', TERM: 'xterm', NO_COLOR: '1' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return stdout.replaceAll('\r', '');
}

describe('on a terminal', () => {
  const check = ['check', 'reference'];
  test('colors are used', () => {
    expect(onTerminal(check, {})).toMatch(ESCAPE_CODE);
  });

  test.each([
    ['NO_COLOR', { NO_COLOR: '1' }],
    ['TERM=dumb', { TERM: 'dumb' }],
  ])('%s takes the colors away', (_what, env) => {
    expect(onTerminal(check, env)).not.toMatch(ESCAPE_CODE);
  });

  test.each([
    ['the help of the command', ['--help']],
    ['the help of run, with its examples', ['run', '--help']],
    ['the help of the proxy, with its faults', ['proxy', '--help']],
    ['what check says', ['check', 'reference']],
    ['an error', ['run', 'no-such-plan.yaml']],
    ['a mistake in a flag', ['run', 'reference', '--rat', '5/s']],
  ])('%s is broken between words at the width of the terminal', (_what, args) => {
    for (const columns of [40, 80]) {
      const lines = screenOf(args, columns).split('\n');
      expect(lines.length).toBeGreaterThan(1);
      // A word that is longer than the terminal is wide is left to it.
      for (const line of lines) {
        if (line.trim().includes(' ')) expect(line.trimEnd().length, line).toBeLessThanOrEqual(columns);
      }
    }
  });

  test('the progress block refreshes itself, and with CI=true it is lines', () => {
    const run = ['run', 'reference', '-r', '60/s', '-d', '2s'];
    const shown = (env: Readonly<Record<string, string>>): string => {
      try {
        return onTerminal(run, env);
      } catch (error) {
        return (error as { stdout: string }).stdout; // no rules: inconclusive, exit 2
      }
    };
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there is one is what is tested
    const cursorUp = /\u001b\[\d+A/;
    expect(shown({})).toMatch(cursorUp);
    expect(shown({ CI: 'true' })).not.toMatch(cursorUp);
  });
});

describe('check', () => {
  test('explains load, need and rules, starts nothing, and ends with 0 where the plan can run', async () => {
    const cwd = temporaryDirectory();
    const plan = writeInto(
      cwd,
      'plan.yaml',
      `
name: to-check
target: { url: 'ws://127.0.0.1:9/chat' }
load:
  connections: [ { to: 100, over: 2s }, { hold: 60s } ]
  messages: { open: [ { to: 500/s, over: 10s }, { hold: 50s }, { burst: 900/s, for: 2s } ], arrival: poisson }
  mix: [ { type: chat, weight: 70, bytes: 100 }, { type: image, weight: 30, bytes: 4096 } ]
thresholds: [ 'response.p99 < 200ms' ]
contract: { delivery: exactly-once }
workers: 2
`,
    );
    const { exitCode, stdout, stderr } = await runHighwater(['check', plan], { cwd });
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    for (const line of [
      /^ to-check {3}can run here {3}profile none$/m,
      /^ {2}target +ws:\/\/127\.0\.0\.1:9\/chat$/m,
      /^ {2}connections +linear to 100 over 2\.0 s, then hold for 60\.0 s$/m,
      /^ {2}messages +linear to 500\/s over 10\.0 s, .*burst of 900\/s for 2\.0 s; poisson arrival/m,
      /^ {2}mix +chat 100 B \(weight 70\), image 4\.\d+ KB \(weight 30\)$/m,
      /^ {2}rules +response\.p99 < 200ms, delivery exactly-once$/m,
      /^ {2}workers +2 with 50 clients each/m,
      /^ {2}cores +at most 3 processes busy at once; this process may use \d/m,
      /^ {2}memory +at least 75\.2 MB; this process may use \d/m,
      /^ {2}files +114 per worker, 72 for the command/m,
      /^ {2}ports +100 from one address/m,
    ]) {
      expect(stdout).toMatch(line);
    }
    expect(stdout).not.toMatch(ESCAPE_CODE);
    expect(readdirSync(cwd)).toEqual(['plan.yaml']);
  });

  test('with --json prints the resolved plan and nothing else', async () => {
    const { exitCode, stdout } = await runHighwater([
      'check',
      'reference',
      '-c',
      '7',
      '-r',
      '50/s',
      '-d',
      '3s',
      '--json',
    ]);
    expect(exitCode).toBe(0);
    const plan = JSON.parse(stdout);
    expect(plan.target.urls).toEqual(['reference']);
    expect(plan.load.connections.at(-1).to).toBe(7);
  });

  test('ends with 64 where the machine lacks something, and explains the plan all the same', async () => {
    const { exitCode, stdout, stderr } = await runHighwater(['check', 'ws://127.0.0.1:9', '-c', '100000']);
    expect(exitCode).toBe(64);
    expect(stdout).toContain('cannot run here');
    expect(stderr).toMatch(/^MACHINE_LIMIT /m);
  });

  test('says where no rule can make it a pass', async () => {
    expect((await runHighwater(['check', 'reference'])).stdout).toMatch(/rules +none, so the verdict cannot be a pass/);
  });
});

describe('a plan', () => {
  const DOCUMENT = {
    name: 'from-a-file',
    target: { url: 'reference' },
    load: { connections: 3, messages: { open: { rate: '40/s', for: '500ms' } } },
    thresholds: ['lost == 0'],
    drain: '30s',
    profiles: {
      small: { load: { connections: 2 }, name: 'small-profile' },
      ci: { load: { connections: 4 } },
    },
  };
  const typed = `const clients: number = 3;
interface Plan { readonly name: string }
export default { ...${JSON.stringify(DOCUMENT)}, name: 'clients-' + clients } satisfies Plan;`;

  test.each([
    ['in JSON', 'plan.json', JSON.stringify(DOCUMENT), 'from-a-file'],
    ['in YAML, which JSON is too', 'plan.yaml', JSON.stringify(DOCUMENT), 'from-a-file'],
    ['as a TypeScript module', 'plan.ts', typed, 'clients-3'],
    ['as a JavaScript module', 'plan.mjs', `export default ${JSON.stringify(DOCUMENT)}`, 'from-a-file'],
  ])('%s runs', async (_what, name, text, expectedName) => {
    const cwd = temporaryDirectory();
    writeInto(cwd, name, text);
    const { exitCode, result } = await runHighwater(['run', name, '--json'], { cwd });
    expect([0, 2]).toContain(exitCode);
    expectPerfectDelivery(result);
    expect(result.run.name).toBe(expectedName);
    expect(result.messages.due).toBe(20);
    expect(result.connections.opened).toBe(3);
  });

  test.each([
    [
      'that has no default export',
      'export const plan = {};',
      /PLAN_UNREADABLE {2}plan\.ts: .*without a default export/,
    ],
    ['that throws', 'throw new Error("boom");', /PLAN_UNREADABLE {2}plan\.ts: .*boom/],
    ['that does not parse', 'export default {', /PLAN_UNREADABLE {2}plan\.ts: /],
    ['that is no plan', 'export default () => 1;', /PLAN_INVALID /],
  ])('as a module %s is refused', async (_what, text, message) => {
    const cwd = temporaryDirectory();
    writeInto(cwd, 'plan.ts', text);
    const { exitCode, stderr } = await runHighwater(['run', 'plan.ts'], { cwd });
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  /** What is resolved: its name, profile and number of clients. */
  async function resolved(
    flags: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<readonly unknown[]> {
    const cwd = temporaryDirectory();
    writeInto(cwd, 'plan.json', JSON.stringify(DOCUMENT));
    const { stdout, stderr } = await runHighwater(['check', 'plan.json', '--json', ...flags], { cwd, env });
    expect(stdout, stderr).not.toBe('');
    const plan = JSON.parse(stdout);
    return [plan.name, plan.profile, plan.load.connections.at(-1).to];
  }

  test.each([
    ['the plan as written', [], {}, ['from-a-file', null, 3]],
    ['a profile goes over the plan', ['--profile', 'small'], {}, ['small-profile', 'small', 2]],
    ['HIGHWATER_PROFILE chooses one too', [], { HIGHWATER_PROFILE: 'small' }, ['small-profile', 'small', 2]],
    ['CI=true chooses ci', [], { CI: 'true' }, ['from-a-file', 'ci', 4]],
    ['HIGHWATER_PROFILE goes before CI', [], { CI: 'true', HIGHWATER_PROFILE: 'small' }, ['small-profile', 'small', 2]],
    [
      '--profile goes before both',
      ['--profile', 'none'],
      { CI: 'true', HIGHWATER_PROFILE: 'small' },
      ['from-a-file', null, 3],
    ],
    [
      'the environment goes over the profile',
      ['--profile', 'small'],
      { HIGHWATER_CONNECTIONS: '5' },
      ['small-profile', 'small', 5],
    ],
    [
      'a flag goes over the environment',
      ['--profile', 'small', '-c', '6'],
      { HIGHWATER_CONNECTIONS: '5' },
      ['small-profile', 'small', 6],
    ],
    ['a flag goes over everything', ['--profile', 'small', '--name', 'by-flag'], {}, ['by-flag', 'small', 2]],
  ])('precedence: %s', async (_what, flags, env, expected) => {
    expect(await resolved(flags, env as Readonly<Record<string, string>>)).toEqual(expected);
  });

  test('the environment alone makes a load: HIGHWATER_CONNECTIONS, _RATE, _DURATION, _BYTES, _SEED, _WORKERS, _PACE', async () => {
    const env = {
      HIGHWATER_CONNECTIONS: '5',
      HIGHWATER_RATE: '70/s',
      HIGHWATER_DURATION: '1s',
      HIGHWATER_BYTES: '200',
      HIGHWATER_SEED: '9',
      HIGHWATER_WORKERS: '2',
      HIGHWATER_PACE: 'economical',
    };
    const { result } = await runHighwater(['run', 'reference', '--drain', '30s', '--json'], { env });
    expectPerfectDelivery(result);
    expect(result.messages.due).toBe(70);
    expect(result.connections.opened).toBe(5);
    expect(result.run.workerCount).toBe(2);
    expect(result.plan).toMatchObject({ seed: 9, pace: 'economical', load: { mix: [{ payloadBytes: 200 }] } });
  });

  test('a closed loop that a flag asks for takes the place of a rate in the environment', async () => {
    const { exitCode, stdout } = await runHighwater(['check', 'reference', '--closed', '3', '--json'], {
      env: { HIGHWATER_RATE: '70/s', HIGHWATER_DURATION: '2s' },
    });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).load.messages).toMatchObject({ kind: 'closed', inFlight: 3, durationNs: 2e9 });
  });

  test('thresholds of flags stand beside those of the plan, headers too', async () => {
    const cwd = temporaryDirectory();
    const target = { url: 'reference', headers: { 'X-One': 'a', 'X-Two': 'b' } };
    writeInto(cwd, 'plan.json', JSON.stringify({ ...DOCUMENT, target }));
    const flags = ['-t', 'duplicated == 0', '-H', 'X-Two: c', '-H', 'X-Three: d'];
    const { stdout } = await runHighwater(['check', 'plan.json', '--json', ...flags], { cwd });
    const plan = JSON.parse(stdout);
    expect(plan.thresholds.map(({ expression }: { expression: string }) => expression)).toEqual([
      'lost == 0',
      'duplicated == 0',
    ]);
    expect(plan.target.headers).toEqual({ 'X-One': 'a', 'X-Two': 'c', 'X-Three': 'd' });
  });
});

describe('the reference target by itself', () => {
  test.each([
    'SIGTERM',
    'SIGINT',
  ] as const)('prints where it listens, carries a run, and ends on %s', async (signal) => {
    const target = startHighwater(['target', '--port', '0']);
    const [, url = ''] = await target.prints('stdout', /^listening (ws:\/\/127\.0\.0\.1:\d+)$/m);
    const { result } = await runHighwater(['run', url, '-c', '3', ...BRIEFLY, '--json']);
    expectPerfectDelivery(result);
    target.signal(signal);
    const { exitCode, stderr } = await target.finished;
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
  });

  test('ends on a signal while clients are open', async () => {
    const target = startHighwater(['target']);
    const [, url = ''] = await target.prints('stdout', /^listening (\S+)$/m);
    const run = startHighwater(['run', url, '-c', '3', '-r', '30/s', '-d', '60s', '--drain', '1s', '--json']);
    await run.prints('stderr', /connections 3/);
    target.signal('SIGTERM');
    expect((await target.finished).exitCode).toBe(0);
    run.signal('SIGINT');
    const { exitCode, result } = await run.finished;
    expect(exitCode).toBe(130);
    expect(result.connections.droppedByServer).toBe(3);
    expectBalancedBooks(result);
  });

  test('says when the port is taken', async () => {
    const target = startHighwater(['target']);
    const [, port = ''] = await target.prints('stdout', /^listening .*:(\d+)$/m);
    const { exitCode, stderr } = await runHighwater(['target', '--port', port]);
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(/^ARGUMENTS_INVALID .*EADDRINUSE/m);
  });
});

describe('the library', () => {
  const PLAN = `
target: { url: reference }
load: { connections: 3, messages: { open: { rate: 60/s, for: 500ms } } }
thresholds: [ 'lost == 0' ]
drain: 30s
`;
  const library = (): Promise<typeof Highwater> => import(pathToFileURL(path.resolve('dist/index.js')).href);

  test('runs a plan, resolves with the result, and prints nothing', async () => {
    const cwd = temporaryDirectory();
    const index = pathToFileURL(path.resolve('dist/index.js')).href;
    const script = `
      import { parsePlan, runPlan } from ${JSON.stringify(index)};
      const result = await runPlan(parsePlan(${JSON.stringify(PLAN)}));
      if (result.messages.delivered !== 30 || result.verdict.kind === 'fail') process.exitCode = 5;
    `;
    const file = writeInto(temporaryDirectory(), 'program.mjs', script);
    const output = execFileSync(process.execPath, [file], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    expect(output.toString()).toBe('');
    expect(readdirSync(path.join(cwd, '.highwater', 'runs'))).toHaveLength(1);
  });

  test('throws every problem of a plan at once', async () => {
    const { parsePlan, HighwaterError } = await library();
    const problemsOf = (source: string | object): readonly string[] => {
      try {
        parsePlan(source);
      } catch (error) {
        if (error instanceof HighwaterError) return error.problems;
      }
      throw new Error('expected a HighwaterError');
    };
    expect(problemsOf({ target: { url: 'http://x' }, load: { connections: 'many' } })).toHaveLength(2);
    expect(problemsOf('target: [')).not.toHaveLength(0);
  });

  test('takes an object, a profile and an environment, and reports progress', async () => {
    const { parsePlan, runPlan } = await library();
    const document = {
      name: `\${env.NAME}`,
      target: { url: 'reference' },
      load: { connections: 1, messages: { open: { rate: '60/s', for: '2s' } } },
      profiles: { more: { load: { connections: 4 } } },
    };
    const parsed = parsePlan(document, { env: { NAME: 'given' }, profile: 'more' });
    const seen: number[] = [];
    const result = await runPlan(parsed, {
      runsDirectory: temporaryDirectory(),
      onProgress: (figures) => seen.push(figures.connectionsOpen),
    });
    expect(result.connections.opened).toBe(4);
    expect(result.plan.profile).toBe('more');
    expect(seen).toContain(4);
    expectPerfectDelivery(result);
  });

  test('stops when its signal is aborted, and resolves with what there was', async () => {
    const { parsePlan, runPlan } = await library();
    const plan = PLAN.replace('500ms', '10m');
    const abortion = new AbortController();
    const result = await runPlan(parsePlan(plan), {
      runsDirectory: temporaryDirectory(),
      signal: abortion.signal,
      onProgress: (figures) => {
        if (figures.delivered > 0) abortion.abort();
      },
    });
    expect(result.run.end).toBe('interrupted');
    expect(result.messages.delivered).toBeGreaterThan(0);
    expect(result.messages.due).toBeLessThan(36_000);
    expectBalancedBooks(result);
  });

  test('stops at once when its signal was aborted before', async () => {
    const { parsePlan, runPlan } = await library();
    const signal = AbortSignal.abort();
    const result = await runPlan(parsePlan(PLAN.replace('500ms', '10m')), {
      runsDirectory: temporaryDirectory(),
      signal,
    });
    expect(result.run.end).toBe('interrupted');
    expect(result.messages.due).toBeLessThan(36_000);
    expectBalancedBooks(result);
  });

  test('rejects with the code of what was wrong', async () => {
    const { parsePlan, runPlan } = await library();
    const plan = parsePlan(PLAN.replace('reference', 'ws://no-such-host.invalid:9'));
    await expect(runPlan(plan, { runsDirectory: temporaryDirectory() })).rejects.toMatchObject({
      code: 'TARGET_UNREACHABLE',
      exitCode: 69,
    });
  });
});
