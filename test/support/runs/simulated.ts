// Runs that were never made, for tests of what is made of runs: seconds of response times whose level wanders as a machine's does.

import type { RunSample, SampleStep } from '../../../src/analysis/compare/run-sample.ts';
import { addCounts, NO_COUNTS, type StepCounts } from '../../../src/analysis/compare/step-counts.ts';
import { normalQuantile } from '../../../src/analysis/statistics/normal.ts';
import type { RunResult } from '../../../src/facts/result.ts';
import { indexOf } from '../../../src/histogram/layout.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { createRandom, type Random } from '../../../src/random/generator.ts';
import { makePlan, openMessages, SECOND } from '../engine/plans.ts';

export interface Simulation {
  readonly seed: number;
  readonly seconds: number;
  /** How many response times a second has. */
  readonly perSecond?: number;
  /** Of the median response time, in ms. */
  readonly levelMs?: number;
  /** From second to second, as a share of the level, and how much of it stays for the next second. */
  readonly noise?: number;
  readonly persistence?: number;
  /** From run to run. */
  readonly runNoise?: number;
  readonly plan?: Plan;
  readonly lostRatio?: number;
}

export function normal(random: Random): number {
  return normalQuantile(Math.min(1 - 1e-9, Math.max(1e-9, random())));
}

export function simulateRun(simulation: Simulation): RunSample {
  const {
    seed,
    seconds,
    perSecond = 400,
    levelMs = 5,
    noise = 0.05,
    persistence = 0.6,
    runNoise = 0,
    lostRatio = 0,
  } = simulation;
  const random = createRandom(seed);
  const runLevel = levelMs * 1e6 * Math.exp(runNoise * normal(random));
  let wandering = normal(random);
  const steps = Array.from({ length: seconds }, (): SampleStep => {
    wandering = persistence * wandering + Math.sqrt(1 - persistence ** 2) * normal(random);
    const level = runLevel * Math.exp(noise * wandering);
    const times = Array.from({ length: perSecond }, () => level * Math.exp(0.4 * normal(random)));
    const response = countsOf(times);
    const delivered = times.filter(() => random() >= lostRatio).length;
    return { counts: { response, service: response, fanout: NO_COUNTS }, delivered, sent: perSecond, seconds: 1 };
  });
  const total = (of: 'sent' | 'delivered'): number => steps.reduce((sum, step) => sum + step[of], 0);
  const messages = {
    sent: total('sent'),
    delivered: total('delivered'),
    deliveredRatio: total('delivered') / total('sent'),
  };
  const result = {
    plan: simulation.plan ?? makePlan({ messages: openMessages(perSecond, seconds * SECOND) }),
    run: { id: `run-${seed}`, name: 'simulated', startedAt: '2026-01-01T00:00:00.000Z', durationSeconds: seconds },
    messages,
    connections: {
      attempted: 100,
      failed: 0,
      handshake: { p99Ms: (runLevel / 1e6) * 2 * Math.exp(0.05 * normal(random)) },
    },
    fanout: null,
    pushes: null,
  } as unknown as RunResult;
  return { result, steps, stepSeconds: 1 };
}

export function countsOf(timesNs: readonly number[]): StepCounts {
  const indexes = timesNs.map((ns) => indexOf(ns)).sort((a, b) => a - b);
  const counts = new Map<number, number>();
  for (const index of indexes) counts.set(index, (counts.get(index) ?? 0) + 1);
  return addCounts(NO_COUNTS, {
    indexes: Uint16Array.from(counts.keys()),
    counts: Float64Array.from(counts.values()),
    length: counts.size,
    total: timesNs.length,
  });
}
