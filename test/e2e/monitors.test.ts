// What a run costs, through the built command: monitors of processes, of the machine, of metrics and of a program; leaks that
// are found with their slope, and none where there is none. Only the leaks take time: both targets are watched at once.

import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RunResult } from '../../src/facts/result.ts';
import { runHighwater, startHighwater, temporaryDirectory, writeInto } from '../support/highwater.ts';
import { childrenOf, hasProc } from '../support/known-servers/processes.ts';

if (!hasProc) console.warn('skipped: monitors of processes read /proc, which this system lacks');

const MB = 1e6;

/** A reference target of its own, and a run of 25 s against it that monitors it by its number. */
async function watchTarget(behavior: string): Promise<RunResult> {
  const cwd = temporaryDirectory();
  const file = writeInto(cwd, 'behavior.yaml', behavior);
  const target = startHighwater(['target', '--behavior', file], { cwd });
  const [, url] = await target.prints('stdout', /^listening (\S+)$/m);
  const { pid } = childrenOf(process.pid).find(({ commandLine }) => commandLine.includes(file))!;
  writeInto(
    cwd,
    'plan.yaml',
    `
name: watched
target: { url: "${url}" }
load: { connections: 10, messages: { open: { rate: 100/s, for: 25s } } }
thresholds: [lost == 0]
monitors: [{ name: target, pid: ${pid} }]
drain: 1s
`,
  );
  const { result } = await runHighwater(['run', 'plan.yaml', '--json', '--quiet'], { cwd });
  target.signal('SIGTERM');
  await target.finished;
  return result;
}

describe.skipIf(!hasProc)('a target', () => {
  test('that leaks is found out, within a tenth of its rate, and one that does not is not', async () => {
    const [leaky, calm] = await Promise.all([watchTarget('leak: 5MB/s'), watchTarget('seed: 1')]);
    const leaks = leaky.findings.filter(({ kind }) => kind === 'leak');
    expect(leaks.map(({ series }) => series)).toEqual(['target.rssBytes']);
    const { slopePerMinute, intervalPerMinute } = leaks[0]!.evidence[0];
    expect(slopePerMinute / (300 * MB)).toBeGreaterThan(0.9);
    expect(slopePerMinute / (300 * MB)).toBeLessThan(1.1);
    expect(intervalPerMinute[0]).toBeGreaterThan(0);
    expect(leaky.resources.target!.rssBytes!.max).toBeGreaterThan(100 * MB);
    expect(leaky.verdict.kind, 'a finding is no rule').not.toBe('fail');
    expect(calm.findings.filter(({ kind }) => kind === 'leak')).toEqual([]);
    // A machine that is busy with other things may cost a tick.
    expect(calm.monitors[0]!.readings).toBeGreaterThan(20);
  });
});

/** An endpoint on the loopback that answers everything alike. */
async function endpoint(contentType: string, body: string): Promise<string> {
  const server = http.createServer((_, response) => response.setHeader('content-type', contentType).end(body));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics?token=hush-hush`;
}

describe.skipIf(!hasProc)('monitors', () => {
  test('of every kind are read beside the run; what fails is a gap, and told', async () => {
    const cwd = temporaryDirectory();
    writeInto(cwd, 'depth.cjs', 'console.log("depth 7");');
    writeInto(
      cwd,
      'plan.yaml',
      `
name: watched
target: { url: reference }
load: { connections: 5, messages: { open: { rate: 50/s, for: 3s } } }
thresholds: [lost == 0]
drain: 1s
monitors:
  - { name: target, process: reference }
  - { name: machine, machine: true }
  - { name: app, prometheus: "${await endpoint('text/plain', 'up 1\nhits{code="200"} 4\nhits{code="500"} 2\n')}", series: [up, hits] }
  - { name: page, prometheus: "${await endpoint('text/html', '<html>hush-hush</html>')}", series: [up] }
  - { name: queue, command: [node, depth.cjs] }
  - { name: broken, command: [node, -e, "throw new Error('hush-hush')"] }
`,
    );
    const { stdout, stderr } = await runHighwater(['run', 'plan.yaml'], { cwd });
    for (const line of [
      /^ {2}monitors +target: CPU at most .* memory .* to .* open files \d+ to \d+/m,
      /^ {14}machine: CPU at most .* memory .* to /m,
      /^ {14}app: up 1 to 1, at most 1 {3}hits 6 to 6, at most 6/m,
      /^ {14}page: \d gaps, first: the answer is HTML, not metrics: check the path/m,
      /^ {14}queue: depth 7 to 7, at most 7/m,
      /^ {14}broken: \d gaps, first: ended with code 1: /m,
    ]) {
      expect(stdout).toMatch(line);
    }
    expect(stderr).toMatch(/monitor page: the answer is HTML/);
    expect(stderr.match(/monitor page:/g)).toHaveLength(1);

    const { result } = await runHighwater(['report', 'latest', '--json'], { cwd });
    const names = ['target', 'machine', 'app', 'page', 'queue', 'broken'];
    expect(result.monitors.map(({ name }) => name).sort()).toEqual(names.sort());
    expect(result.resources.target).toHaveProperty('threads');
    expect(Object.keys(result.resources.machine!)).toContain('tcpRetransmitsPerSecond');
    expect(result.timeline[1]!.resources).toMatchObject({ 'app.hits': 6 });
    const directory = path.join(cwd, '.highwater/runs', result.run.id);
    const events = readFileSync(path.join(directory, 'events.ndjson'), 'utf8');
    expect(events).toMatch(/"kind":"monitorGap","atNs":\d+,"monitor":"page"/);
    for (const file of ['plan.json', 'events.ndjson', 'monitors.ndjson', 'result.json']) {
      expect(readFileSync(path.join(directory, file), 'utf8'), file).not.toContain('hush-hush');
    }
    expect(stdout + stderr).not.toContain('hush-hush');
  });

  test('that cannot be read are named before anything is started', async () => {
    const cwd = temporaryDirectory();
    const plan = writeInto(
      cwd,
      'plan.yaml',
      `
target: { url: reference }
load: { connections: 5, messages: { open: { rate: 50/s, for: 1s } } }
monitors: [{ name: gone, pid: 2147483647 }, { name: queue, command: [./nothing.sh] }]
`,
    );
    for (const command of ['run', 'check']) {
      const { exitCode, stdout, stderr } = await runHighwater([command, plan], { cwd });
      expect([exitCode, stdout.includes('PASS')]).toEqual([64, false]);
      expect(stderr).toMatch(
        /MONITOR_UNREADABLE {2}monitors\[0\] \(gone\): expected a running process, got 2147483647/,
      );
      expect(stderr).toMatch(/MONITOR_UNREADABLE {2}monitors\[1\] \(queue\): expected an executable program/);
    }
  });

  test('of a process that ends in mid-run leave gaps, and the run goes on', async () => {
    const cwd = temporaryDirectory();
    const file = writeInto(cwd, 'behavior.yaml', 'seed: 1');
    const other = startHighwater(['target', '--behavior', file], { cwd });
    await other.prints('stdout', /^listening/m);
    const { pid } = childrenOf(process.pid).find(({ commandLine }) => commandLine.includes(file))!;
    const run = startHighwater(
      [
        'run',
        writeInto(
          cwd,
          'plan.yaml',
          `
target: { url: reference }
load: { connections: 5, messages: { open: { rate: 50/s, for: 4s } } }
thresholds: [lost == 0]
drain: 1s
monitors: [{ name: other, pid: ${pid} }]
`,
        ),
      ],
      { cwd },
    );
    await run.prints('stderr', /sending/);
    other.signal('SIGKILL');
    const { stdout } = await run.finished;
    expect(stdout).toMatch(/other: .* memory .* gaps?, first: process \d+ is gone/);
    expect(stdout).toMatch(/delivered 200 /);
  });
});
