import { expect, test } from 'vitest';
import {
  closedMessages,
  curve,
  makePlan,
  openMessages,
  SECOND,
  threshold,
} from '../../../test/support/engine/plans.ts';
import type { Plan } from '../../plan/plan.ts';
import { type Outlook, renderCheck } from './check.ts';
import { plainStyle } from './style.ts';

const needs = {
  clients: 100,
  messages: 1000,
  workers: 2,
  connectionsPerWorker: 50,
  filesPerWorker: 114,
  coordinatorFiles: 72,
  processes: 3,
  memoryBytes: 204e6,
  portsPerAddress: 100,
  precise: true,
  problems: [] as string[],
};
const machine: Outlook['machine'] = {
  cores: 4,
  allowedCores: 4,
  coresBoundBy: 'machine',
  memoryBytes: 8e9,
  allowedMemoryBytes: 8e9,
  filesPerProcess: 20_000,
  portsPerAddress: 28_232,
};
const render = (plan: Plan, more: Partial<typeof needs> = {}, limits: Partial<typeof machine> = {}): string =>
  renderCheck(
    { plan, plannedSeconds: 12, needs: { ...needs, ...more }, machine: { ...machine, ...limits }, unusedProxy: null },
    plainStyle(false),
  );

test('says that a proxy of the environment is not used, and nothing where there is none', () => {
  const text = (unusedProxy: string | null): string =>
    renderCheck({ plan: makePlan(), plannedSeconds: 12, needs, machine, unusedProxy }, plainStyle(false));
  expect(text('HTTP_PROXY')).toMatch(/^ {2}proxy +HTTP_PROXY is set in the environment but not used: /m);
  expect(text(null)).not.toMatch(/proxy/i);
});

test('says what would happen: clients, messages, stages, how long, rules', () => {
  const text = render(
    makePlan({
      connections: curve({ to: 100, over: 2 * SECOND }, { hold: 10 * SECOND }),
      messages: openMessages(100, 10 * SECOND, 'poisson'),
      plan: {
        thresholds: [threshold('response.p99 < 200ms')],
        contract: { delivery: 'exactly-once', order: 'none', integrity: 'none', replay: 'none' },
      },
    }),
  );
  expect(text).toContain('can run here');
  expect(text).toMatch(/connections +linear to 100 over 2\.0 s, then hold for 10\.0 s/);
  expect(text).toMatch(
    /messages +100\/s at once, then hold for 10\.0 s; poisson arrival, when the first clients are connected/,
  );
  expect(text).toMatch(/rules +response\.p99 < 200ms, delivery exactly-once/);
  expect(text).toContain('12.0 s');
  expect(text).toContain('2 with 50 clients each, pace precise');
  expect(text).toMatch(/^[\x20-\x7e\n]*$/);
});

test('says what is monitored', () => {
  const text = render(
    makePlan({
      plan: {
        monitors: [
          { kind: 'process', name: 'broker', pid: 4711 },
          { kind: 'referenceTarget', name: 'target' },
          { kind: 'machine', name: 'machine' },
          { kind: 'prometheus', name: 'app', url: 'http://10.0.0.1/metrics', series: ['a', 'b'] },
          { kind: 'command', name: 'queue', program: 'node', args: ['depth.js'], directory: '/srv' },
        ],
      },
    }),
  );
  expect(text).toMatch(
    /monitors +broker \(process 4711\), target \(the reference target\), machine \(this machine\), app \(2 series of http:\/\/10\.0\.0\.1\/metrics\), queue \(node depth\.js\)/,
  );
  expect(render(makePlan())).not.toMatch(/monitors/);
});

test('says what the run needs of this machine, and how much of that it may use', () => {
  const text = render(makePlan());
  expect(text).toMatch(/cores +at most 3 processes busy at once; this process may use 4 cores$/m);
  expect(text).toMatch(/memory +at least 204 MB; this process may use 8\.0 GB$/m);
  expect(text).toMatch(/files +114 per worker, 72 for the command; a process may open 20,000$/m);
  expect(text).toMatch(/ports +100 from one address to one target; this machine has 28,232$/m);

  const bound = render(makePlan(), {}, { allowedCores: 0.4, coresBoundBy: 'quota', allowedMemoryBytes: 512e6 });
  expect(bound).toMatch(/cores .*; this process may use 0\.4 of 4 cores \(cgroup quota\)$/m);
  expect(bound).toMatch(/memory .*; this process may use 512 MB of 8\.0 GB \(cgroup limit\)$/m);
  expect(render(makePlan(), {}, { allowedCores: 1, coresBoundBy: 'affinity' })).toMatch(
    /cores .*; this process may use 1 of 4 cores \(CPU affinity\)$/m,
  );
});

test('says whether this machine can do it', () => {
  expect(render(makePlan(), { problems: ['workers: too many clients'] })).toContain('cannot run here');
  expect(render(makePlan())).toContain(' can run here');
});

test('a closed loop, no messages at all, and no rules are said as such', () => {
  expect(render(makePlan({ messages: closedMessages(4, 10 * SECOND, { thinkNs: SECOND }) }))).toMatch(
    /messages +closed loop, 4 in flight per client, think time 1\.0 s to 1\.0 s, for 10\.0 s/,
  );
  expect(render(makePlan())).toContain('none; connections are only opened and held');
  expect(render(makePlan())).toContain('none, so the verdict cannot be a pass');
});

test('a name from outside cannot harm the terminal', () => {
  const text = render(
    makePlan({
      plan: { name: '\u001b[2Jevil', profile: '\u202e' },
      mix: [{ type: '\u0007', weight: 1, payloadBytes: 1, priority: null }],
    }),
  );
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test('says how often clients ping, and when one is dropped', () => {
  const ping = { everyNs: 10 * SECOND, timeoutNs: 5 * SECOND };
  expect(render(makePlan({ target: { ping } }))).toMatch(
    /pings +every 10\.0 s on each connection; a connection without a pong after 5\.0 s is dropped/,
  );
  expect(render(makePlan())).not.toMatch(/pings/);
});

test.each([40, 80])('is no wider than a terminal of %d columns, and says the same', (columns) => {
  const plan = makePlan({
    connections: curve({ to: 100, over: 2 * SECOND }, { hold: 10 * SECOND }),
    messages: openMessages(100, 10 * SECOND, 'poisson'),
    plan: { thresholds: ['response.p99 < 200ms', 'duplicated == 0', 'connections.failed < 1%'].map(threshold) },
  });
  const outlook = { plan, plannedSeconds: 12, needs, machine, unusedProxy: null };
  const text = renderCheck(outlook, plainStyle(false, columns));
  for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns);
  expect(text.split(/\s+/)).toEqual(renderCheck(outlook, plainStyle(false)).split(/\s+/));
});
