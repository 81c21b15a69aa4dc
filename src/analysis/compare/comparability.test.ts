import { describe, expect, test } from 'vitest';
import { makePlan, openMessages, SECOND, threshold } from '../../../test/support/engine/plans.ts';
import type { RunResult } from '../../facts/result.ts';
import type { Plan } from '../../plan/plan.ts';
import { differencesOf } from './comparability.ts';

const PLAN = makePlan({ messages: openMessages(100, 10 * SECOND) });
const MACHINE = {
  platform: 'linux',
  cpuModel: 'one',
  cores: 2,
  allowedCores: 2,
  memoryBytes: 8e9,
  allowedMemoryBytes: 8e9,
  hostname: 'here',
};

function resultOf(
  id: string,
  plan: Plan = PLAN,
  more: { readonly run?: object; readonly result?: object } = {},
): RunResult {
  return {
    plan,
    run: { id, end: 'completed', endedBecause: null, machine: MACHINE, ...more.run },
    generator: { healthy: true },
    verdict: { kind: 'pass', doubts: [] },
    ...more.result,
  } as unknown as RunResult;
}

const between = (one: Plan, other: Plan) => differencesOf(resultOf('a', one), [resultOf('b', other)]);

describe('runs are comparable', () => {
  test('that only differ in the service, its place, and what is asked of it', () => {
    const other: Plan = {
      ...PLAN,
      name: 'another',
      profile: 'ci',
      seed: 99,
      thresholds: [threshold('lost == 0')],
      target: { ...PLAN.target, urls: ['wss://elsewhere/ws'], headers: { Authorization: '[redacted]' } },
    };
    expect(between(PLAN, other)).toEqual([]);
  });

  test('whose files lie elsewhere, and whose processes have other numbers', () => {
    const at = (directory: string, process: number): Plan => ({
      ...PLAN,
      protocol: { kind: 'module', file: `${directory}/chat.ts` },
      target: { ...PLAN.target, rowsFile: `${directory}/rows.csv` },
      load: { ...PLAN.load, feeder: { file: `${directory}/feeder.csv`, order: 'sequential' } },
      faults: [{ name: 'stop', kind: 'stop', process, atNs: 1e9, forNs: 1e9 }],
    });
    expect(between(at('/one', 17), at('/two', 18))).toEqual([]);
  });

  test('read back from a record, where nothing is undefined', () => {
    expect(between(PLAN, JSON.parse(JSON.stringify(PLAN)) as Plan)).toEqual([]);
  });
});

describe('runs are not comparable', () => {
  test.each([
    ['load.messages.open[0].to', makePlan({ messages: openMessages(200, 10 * SECOND) }), '100/s', '200/s'],
    ['load.messages.open[1].hold', makePlan({ messages: openMessages(100, 9 * SECOND) }), '10s', '9s'],
    ['drain', { ...PLAN, drainNs: 1 }, '5s', '1ns'],
    ['drain', { ...PLAN, drainNs: 1500e6 }, '5s', '1500ms'],
    [
      'contract',
      { ...PLAN, contract: { delivery: 'exactly-once', order: 'none', integrity: 'none', replay: 'none' } },
      'nothing',
      '{"delivery":"exactly-once","order":"none","integrity":"none","replay":"none"}',
    ],
    [
      'target.ping',
      { ...PLAN, target: { ...PLAN.target, ping: { everyNs: 1, timeoutNs: 1 } } },
      'nothing',
      '{"every":"1ns","timeout":"1ns"}',
    ],
    [
      'faults[0]',
      { ...PLAN, faults: [{ name: 'x', kind: 'restart', atNs: 0, forNs: 1 }] },
      'nothing',
      '{"name":"x","kind":"restart","at":"0s","for":"1ns"}',
    ],
    [
      'reconnect',
      { ...PLAN, reconnect: { backoff: 'constant', fromNs: 1, toNs: 1, jitter: 'none', atMost: 1 } },
      'nothing',
      '{"backoff":"constant","from":"1ns","to":"1ns","jitter":"none","atMost":1}',
    ],
  ] as const)('that differ in %s, which is named with both values', (where, plan, before, now) => {
    expect(between(PLAN, plan as Plan).filter((each) => 'where' in each && each.where === where)).toEqual([
      { kind: 'plan', where, baseline: before, other: now, otherRun: 'b' },
    ]);
  });

  test('from another kind of machine, told once however many they are', () => {
    const elsewhere = (id: string): RunResult => resultOf(id, PLAN, { run: { machine: { ...MACHINE, cores: 64 } } });
    expect(differencesOf(resultOf('a'), [elsewhere('b'), elsewhere('c')])).toEqual([
      { kind: 'machine', where: 'machine.cores', baseline: '2', other: '64', otherRun: 'b' },
    ]);
  });

  test('where one was cut off, or its generator was in doubt', () => {
    const doubts = [
      { kind: 'noRules', rule: null, detail: 'there is nothing to pass' },
      { kind: 'sendLag', rule: null, detail: 'it sent late' },
    ];
    const flawed = resultOf('b', PLAN, {
      run: { end: 'aborted', endedBecause: 'every worker died' },
      result: { generator: { healthy: false }, verdict: { kind: 'inconclusive', doubts } },
    });
    expect(differencesOf(resultOf('a'), [flawed])).toEqual([
      { kind: 'outcome', run: 'b', detail: 'aborted: every worker died' },
      { kind: 'generator', run: 'b', detail: 'it sent late' },
    ]);
  });
});
