// The run so far, kept while it goes: totals for the abort rules and the state of all rules, the last second for the live
// view.
// Fixed memory. The result is not made from this but from the record.

import { rateSeconds } from '../../analysis/figures/rates.ts';
import { addWindow, createTally, resetTally, type Tally } from '../../analysis/figures/tally.ts';
import { sumOf } from '../../analysis/figures/timeline.ts';
import type { Evidence } from '../../analysis/judge/evidence.ts';
import { judgeThreshold } from '../../analysis/judge/rules.ts';
import { judgeSoFar } from '../../analysis/judge/rules-so-far.ts';
import type { LiveFigures, Phase } from '../../facts/live-figures.ts';
import type { ThresholdResult } from '../../facts/result.ts';
import type { Window } from '../../facts/window.ts';
import { percentile } from '../../histogram/histogram.ts';
import type { Plan, Threshold } from '../../plan/plan.ts';
import { planStages } from '../../plan/schedule/stages.ts';
import { secondsToNs } from '../../units/duration.ts';
import type { MachineNeeds } from '../preflight/machine-needs.ts';

interface Second {
  readonly tally: Tally;
  /** Workers whose last window of this second is in. */
  readonly workers: Set<number>;
}

export interface LiveView {
  add(window: Window): void;
  shownSecond(): number;
  /** Whether so many workers have reported of the second. */
  isComplete(second: number, workers: number): boolean;
  progress(second: number, phase: Phase, elapsedSeconds: number, totalSeconds: number | null): LiveFigures;
  /** Every client that was tried has failed. */
  allConnectionsFailed(): boolean;
  /** The first of the conditions that holds for the run so far. */
  metCondition(conditions: readonly Threshold[]): ThresholdResult | null;
}

/** Seconds of which some worker has not reported yet; when one is further behind, the oldest is given up unshown. */
const MAX_PENDING_SECONDS = 3;

/** `plan`: as it may be shown. */
export function createLiveView(plan: Plan, needs: MachineNeeds): LiveView {
  const stages = planStages(plan).length;
  const total = createTally();
  /** Tallies are large; those of past seconds serve again. */
  const spare: Tally[] = [];
  const pending = new Map<number, Second>();
  const open = new Map<number, number>();
  /** By worker: the time of the windows in which it was to send, so that a rate is over the time that its count is of. */
  const sendingNs = new Map<number, number>();
  let shown = -1;

  function forget(second: number): void {
    const { tally } = pending.get(second)!;
    pending.delete(second);
    resetTally(tally);
    spare.push(tally);
  }

  function evidence(): Evidence {
    const sendingSeconds = rateSeconds(sendingNs.size === 0 ? 0 : sumOf(sendingNs.values()) / sendingNs.size);
    return { tally: total, types: [], fanout: null, sendingSeconds, attempted: total.connections.attempted };
  }

  return {
    add(window) {
      if (window.group > 0) return;
      addWindow(total, window);
      open.set(window.worker, window.connections.open);
      if (window.stage >= 0 && window.stage < stages) {
        sendingNs.set(window.worker, (sendingNs.get(window.worker) ?? 0) + window.health.elapsedNs);
      }
      let second = pending.get(window.second);
      if (second === undefined) {
        if (pending.size >= MAX_PENDING_SECONDS) forget(Math.min(...pending.keys()));
        second = { tally: spare.pop() ?? createTally(), workers: new Set() };
        pending.set(window.second, second);
      }
      addWindow(second.tally, window);
      // A second may come in several windows, cut where stages end.
      if (window.untilNs >= secondsToNs(window.second + 1)) second.workers.add(window.worker);
    },
    shownSecond: () => shown,
    isComplete: (second, workers) => (pending.get(second)?.workers.size ?? 0) >= workers,
    progress(second, phase, elapsedSeconds, totalSeconds) {
      shown = second;
      const { tally } = pending.get(second)!;
      for (const key of [...pending.keys()]) if (key < second) forget(key);
      const { messages } = total;
      return {
        name: plan.name,
        phase,
        elapsedSeconds,
        totalSeconds,
        connectionsOpen: sumOf(open.values()),
        connectionsPlanned: needs.clients,
        sentPerSecond: tally.messages.sent,
        deliveredPerSecond: tally.messages.delivered,
        receivedPerSecond: tally.fanout.received + tally.pushes.received,
        responseP50Ns: percentile(tally.histograms.response, 50),
        responseP99Ns: percentile(tally.histograms.response, 99),
        sent: messages.sent,
        delivered: messages.delivered,
        rejected: messages.rejected,
        unsent: sumOf(Object.values(total.unsent)),
        duplicated: messages.duplicated,
        reordered: messages.reordered,
        corrupted: messages.corrupted,
        unexpected: messages.unexpected,
        failedConnections: total.connections.failed,
        droppedConnections: total.connections.droppedByServer,
        sendLagP99Ns: percentile(tally.histograms.sendLag, 99),
        rules: judgeSoFar(plan, evidence()),
      };
    },
    allConnectionsFailed: () =>
      total.connections.opened === 0 &&
      total.connections.failed > 0 &&
      total.connections.failed >= total.connections.attempted,
    metCondition(conditions) {
      const soFar = evidence();
      for (const condition of conditions) {
        const { result } = judgeThreshold(condition, soFar, []);
        if (result.kind === 'pass') return result;
      }
      return null;
    },
  };
}
