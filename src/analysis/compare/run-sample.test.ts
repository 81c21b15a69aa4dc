import { describe, expect, test } from 'vitest';
import { makePlan, openMessages, SECOND } from '../../../test/support/engine/plans.ts';
import { completedRun, makeWindow } from '../../../test/support/engine/windows.ts';
import { countsOf } from '../../../test/support/runs/simulated.ts';
import { comparableParts, comparedPart, createSampler, stepSecondsOf } from './run-sample.ts';
import { countOf } from './step-counts.ts';

const plan = (seconds: number) => makePlan({ messages: openMessages(100, seconds * SECOND) });
const partsOf = (seconds: number) => comparableParts(plan(seconds), completedRun(0, (seconds + 1) * SECOND));
const window = (second: number, worker = 0, group = 0) =>
  makeWindow({
    second,
    worker,
    group,
    messages: { sent: 10, delivered: 9 },
    times: { response: [1e6 * (second + 1)], service: [1e5] },
    health: { elapsedNs: 1e9 },
  });

describe('the part that is compared', () => {
  test('is the steady one, less its warm-up, where every run has it', () => {
    const { part, stretches } = comparedPart([partsOf(20), partsOf(20)]);
    expect(part).toEqual({ kind: 'steady', seconds: 16 });
    expect(stretches).toEqual([
      { fromNs: 4e9, toNs: 20e9 },
      { fromNs: 4e9, toNs: 20e9 },
    ]);
  });

  test('is all the sending where one is too short to have it', () => {
    expect(comparedPart([partsOf(20), partsOf(5)]).part).toEqual({ kind: 'sending', seconds: 5 });
  });
});

describe('a sample', () => {
  test('has what happened in its part, second by second, of all workers and of healthy clients alone', () => {
    const sampler = createSampler({
      stretch: { fromNs: 2e9, toNs: 4e9 },
      kind: 'steady',
      stepSeconds: 1,
      workers: 2,
    });
    for (const second of [3, 1, 2, 4]) for (const worker of [0, 1]) sampler.add(window(second, worker));
    sampler.add(window(2, 0, 1));
    const steps = sampler.finish();
    expect(steps.map(({ sent, delivered, seconds }) => [sent, delivered, seconds])).toEqual([
      [20, 18, 1],
      [20, 18, 1],
    ]);
    expect(steps.map(({ counts }) => counts.response)).toEqual([countsOf([3e6, 3e6]), countsOf([4e6, 4e6])]);
  });

  test('as one step is the same in sum', () => {
    const sampler = createSampler({
      stretch: { fromNs: 0, toNs: 10e9 },
      kind: 'steady',
      stepSeconds: Number.POSITIVE_INFINITY,
      workers: 1,
    });
    for (let second = 0; second < 10; second++) sampler.add(window(second));
    const [step, ...others] = sampler.finish();
    expect(others).toEqual([]);
    expect([step!.sent, step!.seconds, countOf(step!.counts.response)]).toEqual([100, 10, 10]);
  });

  test('of all the sending has what came in the drain in its last step, in no more seconds', () => {
    const stretch = { fromNs: 0, toNs: 3e9 };
    const sampler = createSampler({ stretch, kind: 'sending', stepSeconds: 1, workers: 1 });
    for (let second = 0; second < 5; second++) sampler.add(window(second));
    const steps = sampler.finish();
    expect(steps.map(({ delivered, seconds }) => [delivered, seconds])).toEqual([
      [9, 1],
      [9, 1],
      [27, 1],
    ]);
  });

  test('of a run of days has no more steps than one of an hour', () => {
    expect(stepSecondsOf([{ fromNs: 0, toNs: 3600e9 }])).toBe(1);
    expect(stepSecondsOf([{ fromNs: 0, toNs: 86_400e9 }])).toBe(24);
  });
});
