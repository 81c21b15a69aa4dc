// What was counted in a part of the run's time: in a stage, while a fault lasted, or while none did. A window counts wholly to
// a fault that lasted in any part of it. Of the drain nothing counts, but what came there is of an earlier time, and of which is
// not known: so everything is counted a second time, with the drain.

import type { RunEvent } from '../../facts/event.ts';
import type { Window } from '../../facts/window.ts';
import type { Plan, Scope } from '../../plan/plan.ts';
import { planStages } from '../../plan/schedule/stages.ts';
import { addTypes, createTypeTallies, type TypeTally } from '../figures/by-type.ts';
import { faultSpans } from '../figures/fault-spans.ts';
import { rateSeconds } from '../figures/rates.ts';
import { addWindow, createTally, type Tally } from '../figures/tally.ts';
import { appendStretch, type Stretch } from '../findings/steady.ts';
import type { Evidence } from './evidence.ts';
import type { HealthDoubt } from './touches.ts';

export interface Scopes {
  add(window: Window): void;
  evidence(scope: Scope, whole: WholeRun): { readonly certain: Evidence; readonly withDrain: Evidence };
  /** Of doubts about stretches of the run those that reach into the scope, or into the drain, whose arrivals may be of any time. */
  doubts(scope: Scope, health: readonly HealthDoubt[]): readonly HealthDoubt[];
}

export interface WholeRun {
  /** Connections, of which a share of connections is. */
  readonly attempted: number;
  readonly fanout: Evidence['fanout'];
}

interface Counted {
  readonly scope: Scope;
  readonly tally: Tally;
  readonly types: readonly TypeTally[];
  readonly drainTally: Tally;
  readonly drainTypes: readonly TypeTally[];
  readonly byWorkerNs: Map<number, number>;
  readonly stretches: Stretch[];
}

export function createScopes(plan: Pick<Plan, 'faults' | 'load' | 'thresholds'>, events: readonly RunEvent[]): Scopes {
  const stages = planStages(plan).map(({ name }) => name);
  const spans = faultSpans(plan, events).filter(({ isDone }) => isDone);
  const counted = new Map(
    plan.thresholds.flatMap(({ scope }) => {
      if (scope === null) return [];
      const facts: Counted = {
        scope,
        tally: createTally(),
        types: createTypeTallies(plan.load.mix),
        drainTally: createTally(),
        drainTypes: createTypeTallies(plan.load.mix),
        byWorkerNs: new Map(),
        stretches: [],
      };
      return [[keyOf(scope), facts] as const];
    }),
  );

  let drainFromNs = Number.POSITIVE_INFINITY;

  function isIn(scope: Scope, window: Window): boolean {
    const stage = stages[window.stage];
    if (stage === undefined) return false;
    if (scope.kind === 'stage') return stage === scope.name;
    const fromNs = window.untilNs - window.health.elapsedNs;
    const isDuring = spans.some(
      (span) =>
        (scope.fault === null || span.fault.name === scope.fault) &&
        span.fromNs < window.untilNs &&
        // One that was never ended lasts on.
        (span.toNs === null || span.toNs >= fromNs),
    );
    return isDuring === (scope.kind === 'during');
  }

  return {
    add(window) {
      const isDrain = window.stage >= stages.length;
      const stretch = { fromNs: window.untilNs - window.health.elapsedNs, toNs: window.untilNs };
      if (isDrain) drainFromNs = Math.min(drainFromNs, stretch.fromNs);
      for (const { scope, tally, types, drainTally, drainTypes, byWorkerNs, stretches } of counted.values()) {
        const isCertain = isIn(scope, window);
        if (!isCertain && !isDrain) continue;
        addWindow(drainTally, window);
        addTypes(drainTypes, window);
        if (!isCertain) continue;
        appendStretch(stretches, stretch);
        addWindow(tally, window);
        addTypes(types, window);
        byWorkerNs.set(window.worker, (byWorkerNs.get(window.worker) ?? 0) + window.health.elapsedNs);
      }
    },
    doubts(scope, health) {
      const { stretches } = counted.get(keyOf(scope))!;
      return health.filter(
        ({ during }) =>
          during === null ||
          during.some(
            ({ fromNs, toNs }) =>
              toNs > drainFromNs || stretches.some((stretch) => fromNs < stretch.toNs && toNs > stretch.fromNs),
          ),
      );
    },
    evidence(scope, { attempted, fanout }) {
      const { tally, types, drainTally, drainTypes, byWorkerNs } = counted.get(keyOf(scope))!;
      const longestNs = Math.max(0, ...byWorkerNs.values());
      const sendingSeconds = rateSeconds(longestNs);
      // Of a time that never was there is nothing to say, whatever came in the drain.
      const wasThere = tally.windows > 0;
      const certain = { tally, types, fanout, sendingSeconds, attempted: wasThere ? attempted : 0 };
      if (!wasThere) return { certain, withDrain: certain };
      return { certain, withDrain: { ...certain, tally: drainTally, types: drainTypes } };
    },
  };
}

function keyOf(scope: Scope): string {
  return JSON.stringify(scope);
}
