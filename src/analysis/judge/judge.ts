// From the record of a run to its result: the plan, what happened, and the windows in any order. The live
// command and `highwater report` both end here, so a stored run is judged by the same rules.

import type { Manifest, RunEvent, StopReason } from '../../facts/event.ts';
import type { MonitorReading } from '../../facts/monitor.ts';
import type { ReceiverFacts } from '../../facts/receivers.ts';
import {
  type Distribution,
  type FanoutResult,
  type MessageResult,
  type PushResult,
  RESULT_SCHEMA,
  type RunResult,
  type StageResult,
  type Throughput,
  type TimelinePoint,
} from '../../facts/result.ts';
import type { StateFacts } from '../../facts/states.ts';
import { MAX_VIOLATIONS_OF_A_KIND, type ViolationKind } from '../../facts/violation.ts';
import type { Window } from '../../facts/window.ts';
import { type Histogram, percentile } from '../../histogram/histogram.ts';
import type { Plan } from '../../plan/plan.ts';
import { numberingOf } from '../../plan/protocols.ts';
import { planStages } from '../../plan/schedule/stages.ts';
import { nsToMs, nsToSeconds } from '../../units/duration.ts';
import { closeBooks } from '../figures/books.ts';
import { addTypes, createTypeTallies, describeTypes } from '../figures/by-type.ts';
import { describeDelivery, unreadableOf } from '../figures/delivery.ts';
import { describeDistribution } from '../figures/distribution.ts';
import { failuresOf } from '../figures/failures.ts';
import { createSpreadJoin, type Fanout, joinReceivers } from '../figures/fanout.ts';
import { createHeat } from '../figures/heat.ts';
import { createMisbehavingJudge } from '../figures/misbehaving.ts';
import { rateSeconds } from '../figures/rates.ts';
import { createRecoveryJudge } from '../figures/recovery.ts';
import { createResources } from '../figures/resources.ts';
import { joinStates } from '../figures/states.ts';
import { addWindow, createTally, type Tally } from '../figures/tally.ts';
import { cpuRatio, createTimeline, type Second, sumOf, timelinePoint } from '../figures/timeline.ts';
import { findDrifts, findLeaks } from '../findings/findings.ts';
import { type RunTimes, runTimes, steadyStretch } from '../findings/steady.ts';
import { judgeContract } from './contract.ts';
import { BUSY_CPU_RATIO, HEALTHY_DOUBTS, judgeHealth, littlesLawError } from './health.ts';
import { idleFaults } from './idle-faults.ts';
import { closeReasonsOf, createLoadPresence } from './load-presence.ts';
import { isPart, type RecordFacts, WHOLE_RECORD } from './record-account.ts';
import { judgeScoped, judgeThreshold } from './rules.ts';
import { createScopes } from './scopes.ts';
import { createStandstills } from './standstill.ts';
import { inOrderOfGravity, touching } from './touches.ts';
import { verdictOf } from './verdict.ts';

const MAX_REJECTIONS = 10;

export interface Judge {
  window(window: Window): void;
  /** Of each monitor in the order of time. */
  reading(reading: MonitorReading): void;
  /** `record`: how much of it there was. */
  finish(record?: RecordFacts): RunResult;
}

/** `encodeHdr`: HdrHistogram's compressed V2 form, which needs zlib. */
export function createJudge(plan: Plan, events: readonly RunEvent[], encodeHdr: (h: Histogram) => string): Judge {
  const record = readEvents(events);
  const stages = planStages(plan);
  const whole = createTally();
  const sending = createTally();
  const stageTallies = stages.map(() => createTally());
  const points: TimelinePoint[] = [];
  const peaks = { open: 0, openedPerSecond: 0, rssBytes: 0, idleRssBytes: 0, cpuRatio: null as number | null };
  const openAtEnd = new Map<number, number>();
  const { rooms } = plan.load;
  // Where a worker did not live to say what its clients received, nobody knows who was expected what.
  const isReported = record.receiverFacts.length === record.manifest.workerCount;
  const fanout = rooms !== null && isReported ? joinReceivers(rooms, record.receiverFacts) : null;
  const spread = createSpreadJoin();
  const numbering = numberingOf(plan.protocol);
  const pushSpread = createSpreadJoin();
  const types = createTypeTallies(plan.load.mix);
  const heat = createHeat();
  const describe = (h: Histogram) => describeDistribution(h, encodeHdr);
  const recovery = createRecoveryJudge(plan, events, describe);
  const misbehaving = createMisbehavingJudge(plan, events);
  const scopes = createScopes(plan, events);
  const presence = createLoadPresence(plan, events);
  const standstills = createStandstills(stages, events, record.proxyDelayNs !== null);
  const steady = steadyStretch(plan, record);
  const resources = createResources(steady);
  let sendingWindows = 0;
  let busyWindows = 0;
  let lastNs = 0;
  const timeline = createTimeline((second, facts) => {
    for (const [worker, open] of facts.open) openAtEnd.set(worker, open);
    points.push(timelinePoint(second, facts, openAtEnd));
    heat.add(second, facts.tally.histograms.response);
    notePeaks(facts);
  });

  /** A worker that says nothing for a second still has what it had. */
  const peakByWorker = new Map<number, number>();

  function notePeaks(facts: Second): void {
    for (const [worker, open] of facts.peakOpen) peakByWorker.set(worker, open);
    peaks.open = Math.max(peaks.open, sumOf(peakByWorker.values()));
    peaks.openedPerSecond = Math.max(peaks.openedPerSecond, facts.tally.connections.opened);
    const rssBytes = sumOf(facts.rssBytes.values());
    if (rssBytes > peaks.rssBytes) {
      peaks.rssBytes = rssBytes;
      peaks.idleRssBytes = sumOf(facts.idleRssBytes.values());
    }
  }

  return {
    window(window) {
      if (window.group > 0) {
        misbehaving.add(window);
        return;
      }
      addWindow(whole, window);
      addTypes(types, window);
      recovery.add(window);
      timeline.add(window);
      scopes.add(window);
      presence.add(window);
      standstills.add(window);
      spread.add(window.second, window.fanout.spread);
      pushSpread.add(window.second, window.pushes.spread);
      lastNs = Math.max(lastNs, window.untilNs);
      const stageTally = stageTallies[window.stage];
      if (stageTally === undefined) return;
      addWindow(stageTally, window);
      addWindow(sending, window);
      const ratio = cpuRatio(window);
      if (ratio === null) return;
      sendingWindows++;
      if (ratio > BUSY_CPU_RATIO) busyWindows++;
      peaks.cpuRatio = Math.max(ratio, peaks.cpuRatio ?? 0);
    },

    reading: resources.add,

    finish(facts = WHOLE_RECORD) {
      timeline.finish();
      resources.addGenerator(points);
      const { series, monitors, bySecond } = resources.finish();
      const endNs = record.endedNs ?? lastNs;
      const originNs = record.messagesStartedNs;
      const plannedSendingNs = plan.load.messages.kind === 'none' ? 0 : (stages.at(-1)?.toNs ?? 0);
      const sendingNs =
        originNs === null ? 0 : Math.max(0, Math.min(plannedSendingNs, (record.stoppingNs ?? endNs) - originNs));
      // What was in flight when a record broke off is unresolved, in the rules too. A whole record has finalized it.
      if (rooms !== null && fanout !== null && !rooms.self) finalizeByReceivers(whole, fanout);
      if (fanout !== null) takeOverReceivers(whole, fanout);
      // As with rooms: a worker that did not live to tell leaves nothing to compare.
      if (record.states.length === record.manifest.workerCount) takeOverStates(whole, record.states.flat());
      const isBroken = record.endedNs === null || record.deadWorkers > 0;
      whole.messages.unresolved = closeBooks(whole, isBroken).unresolved;
      if (isBroken) whole.pushes.expected = whole.pushes.received + whole.pushes.missed + whole.pushes.unresolved;
      const unreadable = unreadableOf(whole.delivery, events);
      const isMixed = plan.load.misbehaving.length > 0;
      const health = inOrderOfGravity([
        ...presence.doubts({
          ...whole.connections,
          originNs,
          lifetime: whole.histograms.lifetime,
          offline: whole.histograms.offline,
        }),
        ...standstills.doubts(),
        ...judgeHealth({
          sending: sending.windows > 0 ? sending : whole,
          whole,
          busyCpuShare: sendingWindows === 0 ? 0 : busyWindows / sendingWindows,
          workerCount: record.manifest.workerCount,
          allowedCores: record.manifest.machine.allowedCores,
          deadWorkers: record.deadWorkers,
          firstDeath: record.firstDeath,
          complete: record.endedNs !== null,
          endedBecause: record.endedBecause,
          failedFaults: record.failedFaults,
          idleFaults: idleFaults(plan, events),
          proxyDelayNs: record.proxyDelayNs,
          record: facts,
          unreadable,
        }),
      ]);
      // Where the generator doubts its own times, a drift may be its own.
      const isTimed = touching(health, ['answerTimes'], false).length === 0;
      // Of a part of the facts the counts are what was counted; how they stand to one another is not known.
      const isDamaged = isPart(facts);
      const withoutRatio = (books: MessageResult): MessageResult =>
        isDamaged ? { ...books, deliveredRatio: null } : books;
      const delivery = describeDelivery(whole, fanout, plan, unreadable);
      const evidence = {
        tally: whole,
        types,
        fanout,
        sendingSeconds: rateSeconds(sendingNs),
        attempted: whole.connections.attempted,
      };
      const outcomes = [
        ...plan.thresholds.map((threshold) => {
          if (threshold.scope === null) return judgeThreshold(threshold, evidence, health);
          const parts = scopes.evidence(threshold.scope, { attempted: whole.connections.attempted, fanout });
          return judgeScoped(threshold, parts, scopes.doubts(threshold.scope, health));
        }),
        ...(plan.contract === null ? [] : judgeContract(plan.contract, evidence, health)),
      ];
      return {
        schema: RESULT_SCHEMA,
        run: {
          id: record.manifest.id,
          name: plan.name,
          startedAt: record.manifest.startedAt,
          durationSeconds: nsToSeconds(endNs),
          end: record.end ?? (facts.isGoingOn ? 'running' : 'aborted'),
          messagesStartedSeconds: originNs === null ? null : nsToSeconds(originNs),
          stopReason: record.stopReason,
          endedBecause: record.endedBecause,
          highwaterVersion: record.manifest.highwaterVersion,
          nodeVersion: record.manifest.nodeVersion,
          workerCount: record.manifest.workerCount,
          machine: record.manifest.machine,
          git: record.manifest.git,
          unusedProxy: record.manifest.unusedProxy,
          targetDeath: targetDeathOf(plan, events),
        },
        record: { windows: facts.windows, events: facts.events, readings: facts.readings },
        plan,
        verdict: verdictOf(outcomes, health),
        connections: {
          attempted: whole.connections.attempted,
          opened: whole.connections.opened,
          failed: whole.connections.failed,
          peakOpen: peaks.open,
          droppedByServer: whole.connections.droppedByServer,
          reconnected: whole.connections.reconnected,
          gaveUp: whole.connections.gaveUp,
          outage: describe(whole.histograms.outage),
          offline: whole.histograms.offline.count,
          lifetime: describe(whole.histograms.lifetime),
          openedPerSecondPeak: peaks.openedPerSecond,
          connectedSeconds: record.connectedNs === null ? null : nsToSeconds(record.connectedNs),
          handshake: describe(whole.histograms.handshake),
          closeCodes: whole.connections.closeCodes,
          closeReasons: closeReasonsOf(events),
          closes: whole.connections.closes,
          failures: failuresOf(whole.connections, events, 0),
        },
        negotiated: {
          subprotocol: Object.fromEntries(whole.connections.negotiated.subprotocol),
          compression: Object.fromEntries(whole.connections.negotiated.compression),
        },
        messages: withoutRatio(closeBooks(whole, false)),
        delivery: { ...delivery, consistentWith: isDamaged ? null : delivery.consistentWith },
        fanout: fanout === null ? null : describeFanout(fanout, whole, spread.finish(), describe, isDamaged),
        pushes:
          numbering === null
            ? null
            : describePushes(whole, numbering.shared ? pushSpread.finish() : null, describe, isDamaged),
        pings: plan.target.ping === null ? null : { ...whole.pings, time: describe(whole.histograms.ping) },
        types: describeTypes(types, describe),
        recovery: recovery.finish(points),
        misbehaving: misbehaving.finish({
          tally: whole,
          points,
          connectedNs: record.connectedNs,
          resources: bySecond,
          isBroken,
        }),
        response: describe(whole.histograms.response),
        service: describe(whole.histograms.service),
        sendLag: describe(whole.histograms.sendLag),
        throughput: throughputOf(whole, sending, sendingNs),
        generator: {
          healthy: health.every((doubt) => HEALTHY_DOUBTS.includes(doubt.kind)),
          cpuRatioMax: peaks.cpuRatio,
          eventLoopDelayMsP99: eventLoopDelayMs(sending.windows > 0 ? sending : whole),
          rssBytesMax: peaks.rssBytes === 0 ? null : peaks.rssBytes,
          // Where other clients are counted apart, what the process used is not of these alone.
          cpuMicrosPerMessage:
            whole.health.spinning || whole.messages.sent === 0 || isMixed
              ? null
              : whole.health.cpuNs / 1e3 / whole.messages.sent,
          rssBytesPerConnection:
            peaks.open === 0 || isMixed ? null : Math.max(0, peaks.rssBytes - peaks.idleRssBytes) / peaks.open,
          missedWorkers: record.deadWorkers,
          littlesLawErrorRatio: isDamaged ? null : littlesLawError(whole),
        },
        resources: series,
        monitors,
        findings: [...findLeaks(resources.inSteadyTime()), ...(isTimed ? findDrifts(points, steady) : [])],
        stages: stages.map((stage, index): StageResult => {
          const tally = stageTallies[index]!;
          const base = plan.load.messages.kind === 'none' ? 0 : (originNs ?? 0);
          // As far as the run came: a stage that was cut short has no rate over the time that it should have had.
          const reachedNs =
            originNs === null && plan.load.messages.kind !== 'none' ? 0 : (record.stoppingNs ?? endNs) - base;
          return {
            name: stage.name,
            fromSecond: nsToSeconds(base + stage.fromNs),
            toSecond: nsToSeconds(base + stage.toNs),
            messages: withoutRatio(closeBooks(tally, false)),
            response: describe(tally.histograms.response),
            service: describe(tally.histograms.service),
            sendLag: describe(tally.histograms.sendLag),
            throughput: throughputOf(tally, tally, Math.min(stage.toNs, reachedNs) - stage.fromNs),
          };
        }),
        timeline: points.map((point) => ({ ...point, resources: bySecond.get(point.second) ?? {} })),
        responseHeat: heat.finish(),
        rejections: record.rejections,
        violations: record.violations,
      };
    },
  };
}

/** Where the sender receives nothing of its own messages, they fared as they did with those that should have received them. */
function finalizeByReceivers({ messages }: Tally, { messagesMissed, messagesUnresolved }: Fanout): void {
  messages.lost = messagesMissed;
  messages.unresolved = messagesUnresolved;
  messages.delivered = Math.max(0, messages.sent - messages.rejected - messagesMissed - messagesUnresolved);
}

/** What only the join of all workers can know. */
function takeOverReceivers(tally: Tally, { totalOrderViolations, forged }: Fanout): void {
  tally.messages.totalOrderViolations += totalOrderViolations;
  tally.fanout.received -= forged;
  tally.messages.unexpected += forged;
  tally.delivery.unexpected.neverSent += forged;
}

function takeOverStates({ messages }: Tally, facts: readonly StateFacts[]): void {
  const { lostUpdates, excess } = joinStates(facts);
  messages.diverged += lostUpdates + excess;
}

function describeFanout(
  fanout: Fanout,
  tally: Tally,
  { messages, histograms }: ReturnType<ReturnType<typeof createSpreadJoin>['finish']>,
  describe: (histogram: Histogram) => Distribution,
  isDamaged: boolean,
): FanoutResult {
  const { expected, missed, unresolved, offline, receivers, firstMissed } = fanout;
  return {
    expected,
    received: tally.fanout.received,
    missed,
    unresolved,
    offline,
    receivedRatio: expected === 0 || isDamaged ? null : tally.fanout.received / expected,
    receivers,
    firstMissed,
    compared: tally.fanout.compared + fanout.compared,
    times: describe(tally.histograms.fanout),
    spread: {
      messages,
      first: describe(histograms.first),
      median: describe(histograms.median),
      last: describe(histograms.last),
      skew: describe(histograms.skew),
    },
  };
}

function describePushes(
  { pushes, histograms }: Tally,
  spread: ReturnType<ReturnType<typeof createSpreadJoin>['finish']> | null,
  describe: (histogram: Histogram) => Distribution,
  isDamaged: boolean,
): PushResult {
  return {
    ...pushes,
    receivedRatio: pushes.expected === 0 || isDamaged ? null : pushes.received / pushes.expected,
    firstPush: describe(histograms.firstPush),
    skew: spread === null ? null : { pushes: spread.histograms.skew.count, times: describe(spread.histograms.skew) },
  };
}

/** Over less than a second there is none. Bytes are those of the sending time alone; a message counts as delivered also when it arrives in the drain. */
function throughputOf(tally: Tally, whileSending: Tally, sendingNs: number): Throughput {
  const seconds = rateSeconds(sendingNs);
  const perSecond = (count: number): number | null => (seconds === null ? null : count / seconds);
  return {
    offeredPerSecond: perSecond(tally.messages.due),
    sentPerSecond: perSecond(tally.messages.sent),
    deliveredPerSecond: perSecond(tally.messages.delivered),
    bytesSentPerSecond: perSecond(whileSending.bytes.sent),
    bytesReceivedPerSecond: perSecond(whileSending.bytes.received),
  };
}

function eventLoopDelayMs(tally: Tally): number | null {
  const ns = percentile(tally.histograms.eventLoopDelay, 99);
  return ns === null ? null : nsToMs(ns);
}

/** The events folded to what the result needs. */
interface EventRecord extends RunTimes {
  readonly manifest: Manifest;
  readonly stopReason: StopReason | null;
  readonly endedBecause: string | null;
  readonly end: RunResult['run']['end'] | null;
  readonly deadWorkers: number;
  /** What could not be broken, or mended, and why. */
  readonly failedFaults: readonly string[];
  readonly proxyDelayNs: number | null;
  readonly firstDeath: string | null;
  readonly receiverFacts: readonly ReceiverFacts[];
  readonly states: readonly (readonly StateFacts[])[];
  readonly rejections: RunResult['rejections'];
  readonly violations: RunResult['violations'];
}

function readEvents(events: readonly RunEvent[]): EventRecord {
  const manifest = events.find((event) => event.kind === 'runStarted')?.manifest;
  if (manifest === undefined) throw new RangeError('the record does not say which run it is of: no runStarted event');
  const stopping = events.find((event) => event.kind === 'stopping');
  const ended = events.find((event) => event.kind === 'runEnded');
  return {
    manifest,
    ...runTimes(events),
    stopReason: stopping?.reason ?? null,
    endedBecause: stopping?.detail ?? null,
    end: ended?.end ?? null,
    failedFaults: events.flatMap((event) => (event.kind === 'fault' && event.detail !== null ? [event.detail] : [])),
    proxyDelayNs: events.find((event) => event.kind === 'proxyDelay')?.delayNs ?? null,
    deadWorkers: events.filter((event) => event.kind === 'workerDied').length,
    firstDeath: events.find((event) => event.kind === 'workerDied')?.detail ?? null,
    states: events.flatMap((event) => (event.kind === 'states' ? [event.states] : [])),
    receiverFacts: events.flatMap((event) =>
      event.kind === 'receivers' && event.group === 0 ? [event.receivers] : [],
    ),
    rejections: firstRejections(events),
    violations: events
      .filter((event) => event.kind === 'violation')
      .filter(upTo(MAX_VIOLATIONS_OF_A_KIND))
      .map(({ kind: _, worker: __, atNs, ...violation }) => ({ ...violation, atSecond: nsToSeconds(atNs) })),
  };
}

/** Keeps the first of each kind of violation: a flood of one hides no other. */
function upTo(most: number): (violation: { readonly violation: ViolationKind }) => boolean {
  const counts = new Map<ViolationKind, number>();
  return ({ violation }) => {
    const count = (counts.get(violation) ?? 0) + 1;
    counts.set(violation, count);
    return count <= most;
  };
}

/** The first of each kind, whichever worker met it. */
function firstRejections(events: readonly RunEvent[]): RunResult['rejections'] {
  const known = new Set<string>();
  return events
    .flatMap((event) => {
      if (event.kind !== 'rejection') return [];
      const kind = event.detail.replace(/\w*\d\w*/g, '');
      if (known.has(kind)) return [];
      known.add(kind);
      const { client, seq, detail, atNs } = event;
      return [{ client, seq, text: detail, atSecond: nsToSeconds(atNs) }];
    })
    .slice(0, MAX_REJECTIONS);
}

/** Where no fault of the plan had killed it. */
function targetDeathOf({ faults }: Plan, events: readonly RunEvent[]): RunResult['run']['targetDeath'] {
  const death = events.find((event) => event.kind === 'targetDied');
  if (death === undefined) return null;
  const isPlanned = events.some((event) => {
    const fault = event.kind === 'fault' && event.phase === 'began' ? faults[event.fault] : undefined;
    return fault?.kind === 'kill' && (fault.process === 'reference' || fault.process === death.pid);
  });
  const { pid, exitCode, signal, atNs } = death;
  return isPlanned ? null : { pid, exitCode, signal, atSecond: nsToSeconds(atNs) };
}
