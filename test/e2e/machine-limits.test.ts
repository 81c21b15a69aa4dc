// Limits of this machine, through the built command: what the generator had no more of is said as that, before the run where it
// can be known, and is never laid on the service.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/facts/event.ts';
import type { RunResult } from '../../src/facts/result.ts';
import type { Window } from '../../src/facts/window.ts';
import { expectBalancedBooks, NOTHING } from '../support/books.ts';
import { limitedGroup, mayLimit } from '../support/cgroup.ts';
import { failureCauseText } from '../support/failures.ts';
import { type ForeignServer, startForeignServer } from '../support/foreign-server.ts';
import { runHighwater, startHighwater, temporaryDirectory, writeInto } from '../support/highwater.ts';
import { childrenOf, hasProc } from '../support/known-servers/processes.ts';
import { onRequest, startRawServer, switchingProtocols } from '../support/raw-server.ts';

let echo: ForeignServer;
beforeAll(async () => {
  echo = await startForeignServer('ws');
});
afterAll(() => echo?.stop());

const doubts = (result: RunResult): string[] => result.verdict.doubts.map(({ kind }) => kind);
const detailOf = (result: RunResult, kind: string): string =>
  result.verdict.doubts.find((doubt) => doubt.kind === kind)?.detail ?? '';
const ruleKinds = ({ verdict }: RunResult): Record<string, string> =>
  Object.fromEntries(verdict.thresholds.map(({ expression, kind }) => [expression, kind]));

function linesOf<T>(cwd: string, file: string): readonly T[] {
  const runs = path.join(cwd, '.highwater/runs');
  const text = readFileSync(path.join(runs, readdirSync(runs)[0]!, file), 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as T);
}

const isLinux = hasProc && process.platform === 'linux';
const canRun = (line: string): boolean => spawnSync('sh', ['-c', line], { stdio: 'ignore' }).status === 0;
const mayHaveNetwork = canRun('unshare --net ip link set lo up');
const mayChangeLimits = canRun('prlimit --version');
const mayBeNobody = canRun('setpriv --reuid=65534 --clear-groups true');
const isRequired = process.env.CI === 'true';
for (const [is, what] of [
  [isLinux, 'limits of processes need Linux'],
  [mayHaveNetwork, 'running out of ports needs root, unshare and ip'],
  [mayChangeLimits, 'running out of descriptors needs prlimit'],
  [mayBeNobody, 'limits of a user need root and setpriv'],
  [mayLimit('cpu'), 'a quota of CPU needs root and a cgroup file system that may be written'],
  [mayLimit('memory'), 'a limit of memory needs root and a cgroup file system that may be written'],
] as const) {
  if (!is) process.stderr.write(`SKIPPED: ${what}: its tests do not run here\n`);
}

describe.skipIf(!isLinux && !isRequired)('a limit too low to load the command is said by its name', () => {
  test.each([24, 40, 128, 511])('%d files', async (files) => {
    for (const args of [
      ['run', echo.url],
      ['check', echo.url],
      ['report', 'latest'],
      ['init', echo.url, '--yes'],
    ]) {
      const { exitCode, stdout, stderr } = await runHighwater(args, { before: `ulimit -n ${files}` });
      expect(stderr).toBe(
        `MACHINE_LIMIT  ulimit -n: expected at least 512 open files per process, got ${files}. Raise the limit\n` +
          'See docs/reference/errors.md#machine_limit\n',
      );
      expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: '' });
    }
  });

  test('and with as many as it asks for it works, with a target and a report', async () => {
    const args = ['run', 'reference', '-c', '5', '-r', '50/s', '-d', '500ms', '-o', 'html,csv', '--json'];
    const { stderr, result } = await runHighwater(args, { before: 'ulimit -n 512' });
    expect(stderr).toMatch(/report\.html$/m);
    expect(result.messages).toMatchObject({ ...NOTHING, due: 25, delivered: 25 });
  });

  test('of addresses', async () => {
    const { exitCode, stderr } = await runHighwater(['check', echo.url], { before: 'ulimit -v 1200000' });
    expect(stderr).toMatch(/^MACHINE_LIMIT {2}ulimit -v: expected at least 1500000 KiB .*, got 1200000 KiB/);
    expect(exitCode).toBe(64);
  });
});

describe('a source address', () => {
  test.each([
    'run',
    'check',
  ])('that this machine does not have is named by %s, and nothing is started', async (command) => {
    const cwd = temporaryDirectory();
    const sources = ['--source-address', '127.0.0.1', '--source-address', '192.0.2.77'];
    const { exitCode, stderr } = await runHighwater([command, echo.url, ...sources], { cwd });
    expect(stderr).toMatch(
      /^MACHINE_LIMIT {2}target\.sourceAddresses: expected addresses of this machine, got 192\.0\.2\.77\. /,
    );
    expect(exitCode).toBe(64);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('of another family than the target is refused before anything is sent', async () => {
    const { exitCode, stderr } = await runHighwater(['run', echo.url, '--source-address', '::1']);
    expect(stderr).toMatch(
      /^PLAN_INVALID {2}target\.sourceAddresses: expected IPv4 addresses, because the target is at 127\.0\.0\.1, got ::1$/m,
    );
    expect(exitCode).toBe(64);
  });

  test.skipIf(!isLinux)('of the loopback is one, though no interface lists it', async () => {
    const args = [
      'run',
      echo.url,
      '-c',
      '4',
      '-r',
      '40/s',
      '-d',
      '500ms',
      '--source-address',
      '127.0.0.2-127.0.0.5',
      '--json',
    ];
    const { result } = await runHighwater(args);
    expect(result.connections).toMatchObject({ opened: 4, failed: 0, failures: {} });
  });
});

const RULES = [
  'connections.opened == 15',
  'connections.failed == 0',
  'handshake.max < 60s',
  'lost == 0',
  'duplicated == 0',
];
const flagsOf = (rules: readonly string[]): string[] => rules.flatMap((rule) => ['-t', rule]);

describe.skipIf(!mayHaveNetwork && !isRequired)('local ports', () => {
  /** 20 ports, of which somebody else has 12. */
  const fewPorts = (cwd: string): string => {
    const holder = writeInto(
      cwd,
      'holder.mjs',
      `import net from 'node:net';
       import { writeFileSync } from 'node:fs';
       const parent = process.ppid;
       for (let port = 40000; port < 40012; port++)
         await new Promise((resolve) => net.createServer().listen(port, '0.0.0.0', resolve));
       writeFileSync('held', '');
       setInterval(() => process.ppid === parent || process.exit(), 50);`,
    );
    return (
      `echo 40000 40019 > /proc/sys/net/ipv4/ip_local_port_range && { ${process.execPath} ${holder} > /dev/null 2>&1 & } && ` +
      'until [ -e held ]; do sleep 0.05; done'
    );
  };

  test.each([
    ['of any address', [], 7, 'connect EADDRNOTAVAIL'],
    ['of a source address', ['--source-address', '127.0.0.2'], 8, 'connect EADDRINUSE'],
  ] as const)('%s that other processes have are a doubt, and no failure of the service', async (_, flags, free, said) => {
    const cwd = temporaryDirectory();
    const args = ['run', 'reference', '-c', '15', '-r', '50/s', '-d', '2s', ...flags, ...flagsOf(RULES), '--json'];
    const { exitCode, result } = await runHighwater(args, { cwd, ownNetwork: true, before: fewPorts(cwd) });
    // The reference target listens on one of them.
    expect(result.connections).toMatchObject({ attempted: 15, opened: free, failed: 15 - free });
    expect(Object.keys(result.connections.failures)).toEqual(['ports']);
    expect(result.connections.failures.ports?.count).toBe(15 - free);
    expect(failureCauseText(result, 'ports')).toContain(said);
    expect(detailOf(result, 'generatorLimits')).toMatch(
      new RegExp(
        `^${15 - free} of 15 connection attempts .*this machine ran out of local ports; add target\\.sourceAddresses`,
      ),
    );
    expect(result.generator.healthy).toBe(false);
    expect(ruleKinds(result)).toMatchObject({
      'connections.opened == 15': 'inconclusive',
      'connections.failed == 0': 'inconclusive',
      // Kept with half the load, which is no proof.
      'lost == 0': 'inconclusive',
      'duplicated == 0': 'inconclusive',
    });
    expect(doubts(result)).toContain('loadAbsent');
    expect(exitCode).toBe(2);
  });

  test('that are too few for the plan are said before the run, less those that are reserved', async () => {
    const before =
      'echo 40000 40019 > /proc/sys/net/ipv4/ip_local_port_range && echo 40005-40009 > /proc/sys/net/ipv4/ip_local_reserved_ports';
    const options = { ownNetwork: true, before } as const;
    const { exitCode, stderr } = await runHighwater(['check', 'ws://127.0.0.1:9', '-c', '16'], options);
    expect(stderr).toMatch(/^MACHINE_LIMIT {2}load\.connections: 16 clients need more than the 15 local ports/);
    expect(exitCode).toBe(64);
    const { stdout } = await runHighwater(['check', 'ws://127.0.0.1:9', '-c', '15'], options);
    expect(stdout).toMatch(/ports +15 from one address to one target; this machine has 15$/m);
  });
});

describe.skipIf(!(isLinux && mayChangeLimits) && !isRequired)('file descriptors', () => {
  test('that a worker runs out of while the run goes are a doubt; what it has open goes on', async () => {
    const cwd = temporaryDirectory();
    const plan = writeInto(
      cwd,
      'plan.json',
      JSON.stringify({
        target: { url: echo.url },
        load: {
          connections: [{ to: 5 }, { hold: '5s' }, { to: 45, over: '1s' }, { hold: '2s' }],
          messages: { open: { rate: '20/s', for: '8s' } },
        },
        workers: 1,
        thresholds: ['connections.opened == 45', 'connections.dropped == 0', 'lost == 0'],
      }),
    );
    const running = startHighwater(['run', plan, '--json'], { cwd });
    const runs = path.join(cwd, '.highwater/runs');
    const coordinator = await running.prints('stderr', /1 s {2}/).then(() => {
      const { pid } = JSON.parse(readFileSync(path.join(runs, readdirSync(runs)[0]!, 'coordinator.json'), 'utf8'));
      return pid as number;
    });
    const worker = childrenOf(coordinator).find(({ commandLine }) => commandLine.includes('entry/worker.js'))!.pid;
    const open = (): number => readdirSync(`/proc/${worker}/fd`).length;
    // Room for ten of the forty: descriptors are given from below.
    const most = open() + 10;
    expect(canRun(`prlimit --pid ${worker} --nofile=${most}:${most}`)).toBe(true);

    const { exitCode, result } = await running.finished;
    const { failures, failed } = result.connections;
    expect(failed).toBeGreaterThan(0);
    expect(failures.fileDescriptors?.count).toBe(failed);
    expect(Object.keys(failures)).toEqual(['fileDescriptors']);
    expect(detailOf(result, 'generatorLimits')).toMatch(
      new RegExp(`^${failed} of 45 connection attempts .*ran out of file descriptors; raise the limit \\(ulimit -n\\)`),
    );
    expect(result.generator.healthy).toBe(false);
    expect(result.messages).toMatchObject({ ...NOTHING, due: 160 });
    expectBalancedBooks(result);
    expect(ruleKinds(result)).toEqual({
      'connections.opened == 45': 'inconclusive',
      'connections.dropped == 0': 'inconclusive',
      'lost == 0': 'inconclusive',
    });
    expect(exitCode).toBe(2);
  });
});

describe.skipIf(!(isLinux && mayBeNobody) && !isRequired)('processes', () => {
  test('that a user may not start are what is said, and no bug', async () => {
    const cwd = temporaryDirectory();
    // The command itself is eleven threads.
    const before =
      'ulimit -u 13 && chmod 777 . && set -- setpriv --reuid=65534 --clear-groups --bounding-set=-all "$@"';
    const { exitCode, stderr } = await runHighwater(['run', 'reference', '-c', '2', '-r', '10/s', '-d', '1s'], {
      cwd,
      before,
    });
    expect(stderr).not.toMatch(/bug in Highwater/);
    expect(stderr).toMatch(/^(WORKER_START_FAILED|TARGET_START_FAILED|MACHINE_LIMIT) {2}/m);
    expect([64, 70]).toContain(exitCode);
  });
});

describe.skipIf(!mayLimit('cpu') && !isRequired)('a quota of CPU', () => {
  const load = (...flags: string[]): string[] => ['run', echo.url, '-c', '20', '-r', '500/s', '-d', '3s', ...flags];

  test('is what check says may be used, and leaves no core to spin on', async ({ onTestFinished }) => {
    const { enter } = limitedGroup({ cores: 0.4 }, onTestFinished);
    const { stdout } = await runHighwater(['check', ...load().slice(1)], { before: enter });
    expect(stdout).toMatch(
      /^ {2}cores +at most 2 processes busy at once; this process may use 0\.4 of \d+ cores \(cgroup quota\)$/m,
    );
    expect(stdout).toMatch(/^ {2}workers .* pace economical$/m);
  });

  test('that holds the generator back is why its times are in doubt; what it counts is not', async ({
    onTestFinished,
  }) => {
    const { enter } = limitedGroup({ cores: 0.2 }, onTestFinished);
    const rules = ['response.p99 < 1us', 'delivered >= 100%', 'duplicated == 0'];
    const cwd = temporaryDirectory();
    const { exitCode, result } = await runHighwater(load('--pace', 'precise', '--json', ...flagsOf(rules)), {
      cwd,
      before: enter,
    });
    expect(result.run.machine).toMatchObject({ allowedCores: 0.2 });
    expect(detailOf(result, 'throttled')).toMatch(
      /^the kernel throttled the generator for up to .* of \d\.\d s: its CPU quota \(cgroup\) is 0\.2 cores; raise the quota, use less load, or use --pace economical$/,
    );
    expect(JSON.stringify(result.verdict)).not.toContain('use more workers');
    expect(result.generator.healthy).toBe(false);
    expect(ruleKinds(result)).toEqual({
      'response.p99 < 1us': 'inconclusive',
      'delivered >= 100%': 'pass',
      'duplicated == 0': 'pass',
    });
    expect(exitCode).toBe(2);
    const windows = linesOf<Window>(cwd, 'windows.ndjson');
    expect(windows.some(({ health }) => health.throttledNs > 0)).toBe(true);
    expect(windows.every(({ health }) => health.throttledNs <= health.elapsedNs)).toBe(true);
  });

  test('that is never used up leaves no doubt, and neither does none', async ({ onTestFinished }) => {
    const { enter } = limitedGroup({ cores: 64 }, onTestFinished);
    for (const options of [{ before: enter }, {}]) {
      const cwd = temporaryDirectory();
      const { result } = await runHighwater(load('--json'), { cwd, ...options });
      expect(doubts(result)).not.toContain('throttled');
      expect(linesOf<Window>(cwd, 'windows.ndjson').map(({ health }) => health.throttledNs)).toEqual(
        expect.not.arrayContaining([expect.any(String)]),
      );
      expect(linesOf<Window>(cwd, 'windows.ndjson').every(({ health }) => health.throttledNs === 0)).toBe(true);
      expect(result.run.machine.allowedCores).toBeGreaterThanOrEqual(1);
    }
  });
});

describe.skipIf(!mayLimit('memory') && !isRequired)('a limit of memory', () => {
  test('is what check says may be used, and what is less than any run needs is refused', async ({ onTestFinished }) => {
    const enough = limitedGroup({ memoryBytes: 400 * 2 ** 20 }, onTestFinished);
    const { stdout } = await runHighwater(['check', echo.url, '-c', '10'], { before: enough.enter });
    expect(stdout).toMatch(/^ {2}memory +at least 55\.0 MB; this process may use 419 MB of .* GB \(cgroup limit\)$/m);
    const { exitCode, stderr } = await runHighwater(['check', echo.url, '-c', '200000', '-w', '20'], {
      before: enough.enter,
    });
    expect(stderr).toMatch(
      /^MACHINE_LIMIT {2}load\.connections: 200,000 clients .*more than the 419 MB that its cgroup allows/m,
    );
    expect(exitCode).toBe(64);
  });

  test('for which the kernel kills a worker is what the doubt about its death says', async ({ onTestFinished }) => {
    const { enter } = limitedGroup({ memoryBytes: 300 * 2 ** 20 }, onTestFinished);
    // Who is never read from has all of it waiting.
    const deaf = await startRawServer((socket) =>
      onRequest(socket, (request) => {
        socket.pause();
        socket.write(switchingProtocols(request));
      }),
    );
    const cwd = temporaryDirectory();
    const plan = writeInto(
      cwd,
      'plan.json',
      JSON.stringify({
        target: { url: deaf.url, maxBuffered: '1GB' },
        load: { connections: 20, bytes: '1MB', messages: { open: { rate: '100/s', for: '30s' } } },
        pace: 'economical',
        drain: '1s',
        thresholds: ['lost == 0'],
      }),
    );
    const { exitCode, result } = await runHighwater(['run', plan, '--json'], { cwd, before: enter });
    const deaths = linesOf<RunEvent>(cwd, 'events.ndjson').filter((event) => event.kind === 'workerDied');
    expect(deaths).toMatchObject([{ detail: 'signal SIGKILL: out of memory: the limit of its cgroup is 315 MB' }]);
    expect(detailOf(result, 'workerDied')).toContain('out of memory: the limit of its cgroup is 315 MB');
    expect(exitCode).toBe(2);
  });
});
