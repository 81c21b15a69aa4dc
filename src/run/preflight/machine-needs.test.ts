import { describe, expect, test } from 'vitest';
import { closedMessages, curve, makePlan, openMessages, SECOND } from '../../../test/support/engine/plans.ts';
import { REFERENCE_TARGET } from '../../plan/plan.ts';
import type { MachineLimits } from '../ports.ts';
import { machineNeeds, plannedSeconds } from './machine-needs.ts';

const machine = (limits: Partial<MachineLimits> = {}): MachineLimits => ({
  cores: 4,
  allowedCores: limits.cores ?? 4,
  coresBoundBy: 'machine',
  memoryBytes: 8e9,
  allowedMemoryBytes: 8e9,
  filesPerProcess: 20_000,
  portsPerAddress: 28_232,
  platform: 'linux',
  cpuModel: 'test',
  hostname: 'here',
  nodeVersion: 'v20.20.2',
  ...limits,
});
const clients = (count: number) => ({
  connections: curve({ to: count }, { hold: SECOND }),
  plan: { workers: 'auto' as const },
});

describe('what the machine lacks is said with what would be possible', () => {
  test('nothing', () => {
    expect(machineNeeds(makePlan(clients(10_000)), machine()).problems).toEqual([]);
    const unknown = machine({ filesPerProcess: Number.POSITIVE_INFINITY, portsPerAddress: Number.POSITIVE_INFINITY });
    expect(machineNeeds(makePlan(clients(1_000_000)), unknown).problems).toEqual([]);
  });

  test('file descriptors: how many clients per worker may have, and how many workers it takes', () => {
    const plan = makePlan({ ...clients(25_000), plan: { workers: 1 } });
    const { problems } = machineNeeds(plan, machine());
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^workers: 25,000 clients per worker need more than the 20,000 files/);
    expect(problems[0]).toContain('at most 19,936 clients per worker are possible');
    expect(problems[0]).toContain('Use 2 workers or more');
    expect(machineNeeds(makePlan({ ...clients(19_936), plan: { workers: 1 } }), machine()).problems).toEqual([]);
    expect(machineNeeds(makePlan({ ...clients(19_937), plan: { workers: 1 } }), machine()).problems).toHaveLength(1);
  });

  test('local ports: how many clients there may be, and how many source addresses it takes', () => {
    const { problems } = machineNeeds(makePlan(clients(100_000)), machine());
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^load\.connections: 100,000 clients need more than the 28,232 local ports/);
    expect(problems[0]).toContain('at most 28,232 clients are possible');
    expect(problems[0]).toContain('Set at least 4 target.sourceAddresses');
    const four = { sourceAddresses: ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'] };
    expect(machineNeeds(makePlan({ ...clients(100_000), target: four }), machine()).problems).toEqual([]);
    expect(machineNeeds(makePlan({ ...clients(28_232) }), machine()).problems).toEqual([]);
    expect(machineNeeds(makePlan({ ...clients(28_233) }), machine()).problems).toHaveLength(1);
  });

  test('several target URLs have ports each, unless the source address is bound', () => {
    const urls = ['ws://a/', 'ws://b/', 'ws://c/', 'ws://d/'] as const;
    expect(machineNeeds(makePlan({ ...clients(100_000), target: { urls } }), machine()).problems).toEqual([]);
    const bound = { urls, sourceAddresses: ['127.0.0.2'] };
    expect(machineNeeds(makePlan({ ...clients(100_000), target: bound }), machine()).problems).toHaveLength(1);
  });

  test('the reference target is one process', () => {
    const urls = [REFERENCE_TARGET] as const;
    const { problems } = machineNeeds(makePlan({ ...clients(20_000), target: { urls } }), machine());
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('at most 19,936 clients are possible');
  });

  test('the proxy for network faults is one process, with two files a client', () => {
    const fault = { kind: 'way', fault: 'down', name: 'down', atNs: 0, forNs: null, settings: {} } as const;
    const by = (count: number) => {
      const plan = makePlan({ ...clients(count), plan: { workers: 'auto', faults: [fault] } });
      return machineNeeds(plan, machine()).problems;
    };
    expect(by(9_966)).toEqual([]);
    expect(by(9_967)).toEqual([expect.stringContaining('at most 9,966 clients are possible')]);
  });

  test('all that is lacking is said at once', () => {
    const plan = makePlan({ ...clients(100_000), target: { urls: [REFERENCE_TARGET] }, plan: { workers: 1 } });
    expect(machineNeeds(plan, machine())).toMatchObject({ problems: { length: 3 } });
  });
});

describe('workers', () => {
  const workers = (plan: Parameters<typeof makePlan>[0], limits: Partial<MachineLimits> = {}): number =>
    machineNeeds(makePlan({ ...plan, plan: { workers: 'auto' } }), machine(limits)).workers;

  test('as many as clients, files and messages need, and one core is left free', () => {
    expect(workers(clients(100))).toBe(1);
    expect(workers(clients(30_001))).toBe(3);
    expect(workers(clients(150_000), { filesPerProcess: 1e6 })).toBe(3);
    expect(workers(clients(150_000), { filesPerProcess: 1e6, cores: 16 })).toBe(10);
    expect(workers({ messages: openMessages(100_000, SECOND) })).toBe(3);
    expect(workers({ messages: openMessages(100_000, SECOND) }, { cores: 1 })).toBe(1);
  });

  test('more than there are cores where one process may not open enough files', () => {
    expect(workers(clients(100_000), { filesPerProcess: 1064 })).toBe(100);
  });

  test('exactly as many as the plan says', () => {
    expect(machineNeeds(makePlan({ plan: { workers: 7 } }), machine())).toMatchObject({
      workers: 7,
      connectionsPerWorker: 1,
    });
  });
});

test('a quota of CPU leaves as many workers as whole cores, less one, and no core to spin on', () => {
  const plan = (count: number) =>
    makePlan({ messages: openMessages(count, SECOND), plan: { workers: 'auto', pace: 'auto' } });
  const under = (allowedCores: number, rate = 100) =>
    machineNeeds(plan(rate), machine({ cores: 16, allowedCores, coresBoundBy: 'quota' }));
  expect(under(0.4)).toMatchObject({ workers: 1, precise: false });
  expect(under(1.9)).toMatchObject({ workers: 1, precise: false });
  expect(under(2)).toMatchObject({ workers: 1, precise: true });
  expect(under(16)).toMatchObject({ workers: 1, precise: true });
  expect(under(3.5, 400_000)).toMatchObject({ workers: 2, precise: true });
  expect(under(16, 400_000)).toMatchObject({ workers: 10, precise: true });
  expect(under(0.4, 400_000).workers).toBe(1);
});

test('memory: at least what idle processes and their clients take, and no more than the cgroup allows', () => {
  const plan = makePlan({ ...clients(1000), plan: { workers: 2 } });
  expect(machineNeeds(plan, machine())).toMatchObject({ processes: 3, memoryBytes: 77e6, problems: [] });
  expect(machineNeeds(plan, machine({ allowedMemoryBytes: 77e6 })).problems).toEqual([]);
  expect(machineNeeds(plan, machine({ allowedMemoryBytes: 76e6 })).problems).toEqual([
    'load.connections: 1,000 clients (workers: 2) need at least 77.0 MB of memory, more than the 76.0 MB that its cgroup allows. ' +
      'Use fewer clients or workers, or raise the limit',
  ]);
  expect(machineNeeds(plan, machine({ memoryBytes: 5e7, allowedMemoryBytes: 5e7 })).problems[0]).toContain(
    'more than the 50.0 MB of this machine',
  );
});

test('the process that starts the workers has files of its own, for each of them', () => {
  const plan = makePlan({ ...clients(10), plan: { workers: 60 } });
  expect(machineNeeds(plan, machine({ filesPerProcess: 304 }))).toMatchObject({ coordinatorFiles: 304, problems: [] });
  expect(machineNeeds(plan, machine({ filesPerProcess: 303 })).problems).toEqual([
    expect.stringMatching(
      /^workers: 60 workers need 304 files .* the 303 .*Use fewer workers, or raise the limit \(ulimit -n\)$/,
    ),
  ]);
});

test('pace: precise where asked for, or where a core is free for it and the schedule is open', () => {
  const precise = (plan: Parameters<typeof makePlan>[0], cores: number): boolean =>
    machineNeeds(makePlan(plan), machine({ cores })).precise;
  const open = { messages: openMessages(100, SECOND) };
  const closed = { messages: closedMessages(1, SECOND) };
  expect(precise({ ...open, plan: { pace: 'auto' } }, 2)).toBe(true);
  expect(precise({ ...open, plan: { pace: 'auto' } }, 1)).toBe(false);
  expect(precise({ ...open, plan: { pace: 'auto' }, target: { urls: [REFERENCE_TARGET] } }, 2)).toBe(false);
  expect(precise({ ...closed, plan: { pace: 'auto' } }, 8)).toBe(false);
  expect(precise({ ...open, plan: { pace: 'economical' } }, 8)).toBe(false);
  expect(precise({ ...closed, plan: { pace: 'precise' } }, 1)).toBe(true);
});

test('how long it lasts by plan: the longer of connections and messages', () => {
  const connections = curve({ to: 10, over: 2 * SECOND }, { hold: 3 * SECOND });
  expect(plannedSeconds(makePlan({ connections }))).toBe(5);
  expect(plannedSeconds(makePlan({ connections, messages: openMessages(10, SECOND) }))).toBe(5);
  expect(plannedSeconds(makePlan({ connections, messages: openMessages(10, 10 * SECOND) }))).toBe(12);
  expect(plannedSeconds(makePlan({ connections, messages: closedMessages(1, 10 * SECOND) }))).toBe(12);
  const at = { ...openMessages(10, 10 * SECOND), start: { kind: 'at', atNs: 7 * SECOND } } as never;
  expect(plannedSeconds(makePlan({ connections, messages: at }))).toBe(17);
});
