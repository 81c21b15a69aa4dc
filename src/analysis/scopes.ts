// What was counted in a part of the run's time: in a stage, while a fault lasted, or while none did. A window counts wholly to
// a fault that lasted in any part of it. Of the drain nothing counts: what is settled there is of an earlier time.

import type { RunEvent } from '../facts/event.ts';
import type { Window } from '../facts/window.ts';
import type { Plan, Scope } from '../plan/plan.ts';
import { planStages } from '../plan/stages.ts';
import { nsToSeconds } from '../units/duration.ts';
import { addTypes, createTypeTallies } from './by-type.ts';
import type { Evidence } from './rules.ts';
import { addWindow, createTally } from './tally.ts';

export interface Scopes {
  add(window: Window): void;
  /** `attempted`: connections in the whole run, of which a share of connections is. */
  evidence(scope: Scope, attempted: number): Evidence;
}

interface Span {
  readonly name: string;
  readonly fromNs: number;
  readonly untilNs: number;
}

export function createScopes(plan: Pick<Plan, 'faults' | 'load' | 'thresholds'>, events: readonly RunEvent[]): Scopes {
  const stages = planStages(plan).map(({ name }) => name);
  const spans = faultSpans(plan, events);
  const counted = new Map(
    plan.thresholds.flatMap(({ scope }) => {
      if (scope === null) return [];
      const facts = {
        scope,
        tally: createTally(),
        types: createTypeTallies(plan.load.mix),
        byWorkerNs: new Map<number, number>(),
      };
      return [[keyOf(scope), facts] as const];
    }),
  );

  function isIn(scope: Scope, window: Window): boolean {
    const stage = stages[window.stage];
    if (stage === undefined) return false;
    if (scope.kind === 'stage') return stage === scope.name;
    const fromNs = window.untilNs - window.health.elapsedNs;
    const isDuring = spans.some(
      (span) =>
        (scope.fault === null || span.name === scope.fault) && span.fromNs < window.untilNs && span.untilNs >= fromNs,
    );
    return isDuring === (scope.kind === 'during');
  }

  return {
    add(window) {
      for (const { scope, tally, types, byWorkerNs } of counted.values()) {
        if (!isIn(scope, window)) continue;
        addWindow(tally, window);
        addTypes(types, window);
        byWorkerNs.set(window.worker, (byWorkerNs.get(window.worker) ?? 0) + window.health.elapsedNs);
      }
    },
    evidence(scope, attempted) {
      const { tally, types, byWorkerNs } = counted.get(keyOf(scope))!;
      const longestNs = Math.max(0, ...byWorkerNs.values());
      const known = tally.windows === 0 ? tally : { ...tally, attempted };
      return { tally: known, types, fanout: null, sendingSeconds: longestNs === 0 ? null : nsToSeconds(longestNs) };
    },
  };
}

function keyOf(scope: Scope): string {
  return JSON.stringify(scope);
}

/** As they were, and not as they were planned; one that was never ended lasts on. */
function faultSpans({ faults }: Pick<Plan, 'faults'>, events: readonly RunEvent[]): readonly Span[] {
  const told = events.flatMap((event) => (event.kind === 'fault' ? [event] : []));
  return faults.flatMap(({ name }, index): Span[] => {
    const began = told.find(({ fault, phase }) => fault === index && phase === 'began');
    // One that could not be begun was not there.
    if (began === undefined || began.detail !== null) return [];
    const ended = told.find(({ fault, phase }) => fault === index && phase === 'ended');
    return [{ name, fromNs: began.atNs, untilNs: ended?.atNs ?? Number.POSITIVE_INFINITY }];
  });
}
