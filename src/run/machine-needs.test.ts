import { describe, expect, test } from 'vitest';
import { closedMessages, curve, makePlan, openMessages, SECOND } from '../../test/support/engine/plans.ts';
import { REFERENCE_TARGET } from '../plan/plan.ts';
import { machineNeeds, plannedSeconds } from './machine-needs.ts';
import type { MachineLimits } from './ports.ts';

const machine = (limits: Partial<MachineLimits> = {}): MachineLimits => ({
  cores: 4,
  memoryBytes: 8e9,
  filesPerProcess: 20_000,
  portsPerAddress: 28_232,
  platform: 'linux',
  cpuModel: 'test',
  hostname: 'here',
  nodeVersion: 'v20.20.2',
  ...limits,
});
const lanes = (count: number) => ({
  connections: curve({ to: count }, { hold: SECOND }),
  plan: { workers: 'auto' as const },
});

describe('what the machine lacks is said with what would be possible', () => {
  test('nothing', () => {
    expect(machineNeeds(makePlan(lanes(10_000)), machine()).problems).toEqual([]);
    const unknown = machine({ filesPerProcess: Number.POSITIVE_INFINITY, portsPerAddress: Number.POSITIVE_INFINITY });
    expect(machineNeeds(makePlan(lanes(1_000_000)), unknown).problems).toEqual([]);
  });

  test('file descriptors: how many lanes a worker may have, and how many workers it takes', () => {
    const plan = makePlan({ ...lanes(25_000), plan: { workers: 1 } });
    const { problems } = machineNeeds(plan, machine());
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^workers: 25,000 lanes a worker need more than the 20,000 files/);
    expect(problems[0]).toContain('at most 19,936 lanes a worker are possible');
    expect(problems[0]).toContain('Use 2 workers or more');
    expect(machineNeeds(makePlan({ ...lanes(19_936), plan: { workers: 1 } }), machine()).problems).toEqual([]);
    expect(machineNeeds(makePlan({ ...lanes(19_937), plan: { workers: 1 } }), machine()).problems).toHaveLength(1);
  });

  test('local ports: how many lanes there may be, and how many source addresses it takes', () => {
    const { problems } = machineNeeds(makePlan(lanes(100_000)), machine());
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^load\.connections: 100,000 lanes need more than the 28,232 local ports/);
    expect(problems[0]).toContain('at most 28,232 lanes are possible');
    expect(problems[0]).toContain('Give at least 4 target.sourceAddresses');
    const four = { sourceAddresses: ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'] };
    expect(machineNeeds(makePlan({ ...lanes(100_000), target: four }), machine()).problems).toEqual([]);
    expect(machineNeeds(makePlan({ ...lanes(28_232) }), machine()).problems).toEqual([]);
    expect(machineNeeds(makePlan({ ...lanes(28_233) }), machine()).problems).toHaveLength(1);
  });

  test('several target URLs have ports each, unless the source address is bound', () => {
    const urls = ['ws://a/', 'ws://b/', 'ws://c/', 'ws://d/'] as const;
    expect(machineNeeds(makePlan({ ...lanes(100_000), target: { urls } }), machine()).problems).toEqual([]);
    const bound = { urls, sourceAddresses: ['127.0.0.2'] };
    expect(machineNeeds(makePlan({ ...lanes(100_000), target: bound }), machine()).problems).toHaveLength(1);
  });

  test('the reference target is one process', () => {
    const urls = [REFERENCE_TARGET] as const;
    const { problems } = machineNeeds(makePlan({ ...lanes(20_000), target: { urls } }), machine());
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('at most 19,936 lanes are possible');
  });

  test('the proxy for faults on the way is one process, with two files a lane', () => {
    const fault = { kind: 'way', fault: 'down', name: 'down', atNs: 0, forNs: null, settings: {} } as const;
    const by = (count: number) => {
      const plan = makePlan({ ...lanes(count), plan: { workers: 'auto', faults: [fault] } });
      return machineNeeds(plan, machine()).problems;
    };
    expect(by(9_968)).toEqual([]);
    expect(by(9_969)).toEqual([expect.stringContaining('at most 9,968 lanes are possible')]);
  });

  test('all that is lacking is said at once', () => {
    const plan = makePlan({ ...lanes(100_000), target: { urls: [REFERENCE_TARGET] }, plan: { workers: 1 } });
    expect(machineNeeds(plan, machine())).toMatchObject({ problems: { length: 3 } });
  });
});

describe('workers', () => {
  const workers = (plan: Parameters<typeof makePlan>[0], limits: Partial<MachineLimits> = {}): number =>
    machineNeeds(makePlan({ ...plan, plan: { workers: 'auto' } }), machine(limits)).workers;

  test('as many as lanes, files and messages need, and one core is left free', () => {
    expect(workers(lanes(100))).toBe(1);
    expect(workers(lanes(30_001))).toBe(3);
    expect(workers(lanes(150_000), { filesPerProcess: 1e6 })).toBe(3);
    expect(workers(lanes(150_000), { filesPerProcess: 1e6, cores: 16 })).toBe(10);
    expect(workers({ messages: openMessages(100_000, SECOND) })).toBe(3);
    expect(workers({ messages: openMessages(100_000, SECOND) }, { cores: 1 })).toBe(1);
  });

  test('more than there are cores where one process may not open enough files', () => {
    expect(workers(lanes(100_000), { filesPerProcess: 1064 })).toBe(100);
  });

  test('exactly as many as the plan says', () => {
    expect(machineNeeds(makePlan({ plan: { workers: 7 } }), machine())).toMatchObject({
      workers: 7,
      lanesPerWorker: 1,
    });
  });
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
