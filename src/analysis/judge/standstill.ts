// When the generator stood still: a worker, or the coordinator with the fault proxy in it, did not get to its work, or the whole
// machine slept. What the service did in that time, and what it seemed to do, may be the generator's doing: answers are read late,
// a client that does not answer pings is dropped, a deadline passes unseen. This is so in every phase of a run.
//
// A short standstill costs a share of the times and nothing else: rules about times take that share off (`rule-doubts.ts`), and many of them
// are the doubt `eventLoop`. A long one is the doubt `standstill`. Pure.

import type { RunEvent } from '../../facts/event.ts';
import type { Window } from '../../facts/window.ts';
import type { Stage } from '../../plan/schedule/stages.ts';
import { formatDuration } from '../../units/duration.ts';
import { formatCount } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { appendStretch, type Stretch } from '../findings/steady.ts';
import type { HealthDoubt } from './touches.ts';

/** Services wait longer than this for a sign of life. */
const LONG_STANDSTILL_NS = 1e9;
/** Of a stage's time: the load was not what the plan asked for in more than this. */
const STAGE_SHARE = 0.01;
/** Where a process used less of the processor than this while it stood still, it was not its own code that kept it. */
const BUSY_SHARE = 0.5;

export interface Standstills {
  add(window: Window): void;
  doubts(): readonly HealthDoubt[];
}

interface Standstill {
  readonly who: string;
  readonly kind: 'stopped' | 'busy' | 'suspended';
  readonly ns: number;
  readonly at: Stretch;
  readonly phase: string;
}

/** `isProxyIn`: network faults are done in the coordinator's process. */
export function createStandstills(
  stages: readonly Stage[],
  events: readonly RunEvent[],
  isProxyIn: boolean,
): Standstills {
  const byStage = stages.map(() => ({ stalledNs: 0, elapsedNs: 0, during: [] as Stretch[] }));
  /** Of the long ones. */
  const during: Stretch[] = [];
  let longCount = 0;
  let longest: Standstill | null = null;

  function note(found: Standstill): void {
    if (longest === null || found.ns > longest.ns) longest = found;
    if (found.ns < LONG_STANDSTILL_NS) return;
    longCount++;
    appendStretch(during, found.at);
  }

  for (const event of isProxyIn ? events : []) {
    if (event.kind !== 'coordinatorStalled') continue;
    const at = { fromNs: event.atNs - event.forNs, toNs: event.atNs };
    note({ who: PROXY_PROCESS, kind: 'stopped', ns: event.forNs, at, phase: 'during the run' });
  }

  return {
    add({ worker, stage, untilNs, health: { stall, suspendedNs, elapsedNs } }) {
      const own = byStage[stage];
      if (own !== undefined) own.elapsedNs += elapsedNs;
      if (stall.ns === 0 && suspendedNs === 0) return;
      const at = { fromNs: untilNs - elapsedNs, toNs: untilNs };
      const phase =
        stage < 0
          ? 'while clients connected'
          : own === undefined
            ? 'during the drain'
            : `during ${stages[stage]!.name}`;
      if (suspendedNs > 0) note({ who: 'the machine', kind: 'suspended', ns: suspendedNs, at, phase });
      if (stall.ns === 0) return;
      const kind = stall.cpuNs < BUSY_SHARE * stall.ns ? 'stopped' : 'busy';
      note({ who: `worker ${worker}`, kind, ns: stall.longestNs, at, phase });
      if (own === undefined) return;
      own.stalledNs += stall.ns;
      appendStretch(own.during, at);
    },

    doubts() {
      const shares = byStage.filter(({ stalledNs, elapsedNs }) => stalledNs > STAGE_SHARE * elapsedNs);
      if (longest === null) return [];
      const { who, kind, ns, phase, at } = longest;
      if (longCount > 0) {
        const more = longCount > 1 ? `, the longest of ${formatCount(longCount)} pauses` : '';
        const detail = `${who} did not run for ${formatDuration(ns)} ${phase} (until ${formatDuration(at.toNs)})${more}: ${CAUSES[kind]}`;
        return [{ kind: 'standstill', rule: null, detail, during }];
      }
      if (shares.length === 0) return [];
      const share = Math.max(...shares.map(({ stalledNs, elapsedNs }) => stalledNs / elapsedNs));
      const detail = `the generator did not run for ${formatPercent(share)} of a stage, at most ${formatDuration(ns)} at a time; it read replies late`;
      return [{ kind: 'eventLoop', rule: null, detail, during: shares.flatMap((each) => each.during) }];
    },
  };
}

const PROXY_PROCESS = 'the coordinator (with the fault proxy)';

const CAUSES: Readonly<Record<Standstill['kind'], string>> = {
  stopped:
    'the process was stopped, or got no CPU. It read replies late, and the service may have dropped clients because of it',
  busy: 'its event loop was blocked, for example by a custom protocol or a very large message',
  suspended: 'it was suspended. Replies were read late, and the service may have dropped clients because of it',
};
