// Turns the facts of a run into reasons to distrust it (doubts). `touches.ts` says which figures each doubt makes
// untrustworthy.

import { FAILURE_MEANINGS, OWN_LIMITS } from '../../facts/failure.ts';
import type { DeliveryResult } from '../../facts/result.ts';
import { UNREADABLE_TEXTS, type UnreadableKind } from '../../facts/unreadable.ts';
import { percentile } from '../../histogram/histogram.ts';
import { formatCores } from '../../units/cores.ts';
import { formatDuration, nsToSeconds } from '../../units/duration.ts';
import { isOrAre, plural } from '../../units/plural.ts';
import { formatCount } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { hasEnough } from '../figures/distribution.ts';
import type { Tally } from '../figures/tally.ts';
import { type IdleFault, whyIdle } from './idle-faults.ts';
import { isPart, type RecordFacts, type WindowGap } from './record-account.ts';
import type { HealthDoubt, HealthDoubtKind } from './touches.ts';

/** Facts about the generator while it was sending. */
export interface GeneratorFacts {
  /** Windows of the stages only: opening and closing thousands of clients is busy by nature. */
  readonly sending: Tally;
  readonly whole: Tally;
  /** Of the windows in which clients were sent on, the share with a CPU ratio above `BUSY_CPU_RATIO`. */
  readonly busyCpuShare: number;
  readonly workerCount: number;
  /** Fewer than the machine has where a quota or an affinity says so. */
  readonly allowedCores: number;
  readonly deadWorkers: number;
  /** How the first of them died; null where none did. */
  readonly firstDeath: string | null;
  /** Whether the record has its end. */
  readonly complete: boolean;
  /** Why faults of the plan could not be done, or undone. */
  readonly failedFaults: readonly string[];
  /** Faults of the plan that were on and changed nothing. */
  readonly idleFaults: readonly IdleFault[];
  /** How late the process of the proxy for network faults was, at its 99th percentile; null where there was none. */
  readonly proxyDelayNs: number | null;
  readonly record: RecordFacts;
  /** What came and could not be read. */
  readonly unreadable: DeliveryResult['unreadable'];
  /** Why the run ended before its plan did; null where it did not. */
  readonly endedBecause: string | null;
}

/** Doubts that are not about the generator itself. */
export const HEALTHY_DOUBTS: readonly string[] = [
  'incomplete',
  'damagedRecord',
  'repeatedRecord',
  'unmatched',
  'unreadable',
  'adapterError',
  'faultFailed',
  'faultWithoutEffect',
  'loadAbsent',
];
/** Of an example, in a doubt. */
const SHOWN = 80;
export const BUSY_CPU_RATIO = 0.9;
const BUSY_CPU_SHARE = 0.1;
const EVENT_LOOP_LIMIT_NS = 20e6;
/** Lag that nobody would notice is no doubt, whatever share of the response time it is. */
const LAG_FLOOR_NS = 10e6;
const LAG_TAIL_LIMIT_NS = 100e6;
const LAG_SHARE = 0.1;
const LATE_SHARE = 0.001;
/** What a quota takes makes times longer and never shorter: a little of it leaves no rule in doubt that is kept all the same. */
const THROTTLED_SHARE = 0.05;
/** So little can be why the generator was late, where it was. */
const THROTTLED_CAUSE_SHARE = 0.005;
export const LITTLE_LIMIT_RATIO = 0.05;

export function judgeHealth(facts: GeneratorFacts): readonly HealthDoubt[] {
  const ofRoom = [
    ...sendLagDoubts(facts.sending),
    ...eventLoopDoubts(facts.sending),
    ...proxyDoubts(facts),
    ...cpuDoubts(facts),
    ...lateDoubts(facts.whole, facts.sending),
  ];
  return [
    ...limitDoubts(facts.whole),
    ...throttledDoubts(facts, ofRoom.length > 0),
    ...ofRoom,
    ...(isPart(facts.record) ? [] : littleDoubts(facts.whole)),
    ...unmatchedDoubts(facts.whole),
    ...unreadableDoubts(facts),
    ...protocolDoubts(facts.whole),
    ...facts.idleFaults.map(idleFaultDoubt),
    ...recordDoubts(facts),
    ...damagedRecordDoubts(facts.record),
  ];
}

/** About the whole run. */
function doubt(kind: HealthDoubtKind, detail: string): HealthDoubt {
  return { kind, rule: null, detail, during: null };
}

/** What to change, by what the machine had no more of. */
const MORE_OF: Readonly<Record<(typeof OWN_LIMITS)[number], string>> = {
  fileDescriptors: 'raise the limit (ulimit -n), or use more workers',
  ports: 'add target.sourceAddresses or target URLs, or wait until the ports of earlier connections are free again',
  sourceAddress: 'assign the address to an interface of this machine, or choose another in target.sourceAddresses',
  socketMemory:
    'use fewer connections or smaller messages, or raise net.ipv4.tcp_mem and the memory limit of the cgroup',
};

/** Whatever the service would have answered: these never asked it. */
function limitDoubts({ connections: { failures, attempted } }: Tally): HealthDoubt[] {
  const met = OWN_LIMITS.flatMap((kind) => {
    const { [kind]: count = 0 } = failures;
    if (count === 0) return [];
    return [
      `${formatCount(count)} of ${plural(attempted, 'connection attempt')} failed on this machine, not at the service: ` +
        `${FAILURE_MEANINGS[kind]}; ${MORE_OF[kind]}`,
    ];
  });
  return met.length === 0 ? [] : [doubt('generatorLimits', met.join('. '))];
}

/** Of the time of the windows, the share in which a quota kept the generator from running. */
export function throttledRatio({ health: { throttledNs, elapsedNs } }: Tally): number {
  return elapsedNs === 0 ? 0 : throttledNs / elapsedNs;
}

function moreRoom(sending: Tally, advice: string): string {
  return throttledRatio(sending) >= THROTTLED_CAUSE_SHARE
    ? 'raise its CPU quota (more workers would share the same quota)'
    : advice;
}

function throttledDoubts({ sending, workerCount, allowedCores }: GeneratorFacts, isLate: boolean): HealthDoubt[] {
  if (throttledRatio(sending) < (isLate ? THROTTLED_CAUSE_SHARE : THROTTLED_SHARE)) return [];
  // Every worker reads the same counter.
  const [heldNs, ofNs] = [sending.health.throttledNs / workerCount, sending.health.elapsedNs / workerCount];
  const calmer = sending.health.spinning ? ', or use --pace economical' : '';
  const detail =
    `the kernel throttled the generator for up to ${formatDuration(heldNs)} of ${formatDuration(ofNs)}: its CPU quota (cgroup) ` +
    `is ${formatCores(allowedCores)}; raise the quota, use less load${calmer}`;
  return [doubt('throttled', detail)];
}

function sendLagDoubts(sending: Tally): HealthDoubt[] {
  const { histograms } = sending;
  const lagP99Ns = percentile(histograms.sendLag, 99);
  const lagP999Ns = percentile(histograms.sendLag, 99.9);
  const responseP99Ns = percentile(histograms.response, 99) ?? Number.POSITIVE_INFINITY;
  if (lagP99Ns === null || lagP999Ns === null) return [];
  const isShare = lagP99Ns > LAG_FLOOR_NS && lagP99Ns > LAG_SHARE * responseP99Ns;
  if (!isShare && lagP999Ns <= LAG_TAIL_LIMIT_NS) return [];
  const tail = hasEnough(histograms.sendLag.count, 99.9)
    ? `p99.9 ${formatDuration(lagP999Ns)}`
    : `max ${formatDuration(histograms.sendLag.maxNs)}`;
  const detail =
    `the generator sent late: send lag while sending p99 ${formatDuration(lagP99Ns)}, ${tail}; ` +
    moreRoom(sending, 'use more workers, more machines or less load');
  return [doubt('sendLag', detail)];
}

function eventLoopDoubts({ histograms }: Tally): HealthDoubt[] {
  const delayNs = percentile(histograms.eventLoopDelay, 99);
  if (delayNs === null || delayNs <= EVENT_LOOP_LIMIT_NS) return [];
  const detail = `the generator's event loop was busy: delay p99 ${formatDuration(delayNs)}; it read replies late`;
  return [doubt('eventLoop', detail)];
}

function proxyDoubts({ proxyDelayNs }: GeneratorFacts): HealthDoubt[] {
  if (proxyDelayNs === null || proxyDelayNs <= EVENT_LOOP_LIMIT_NS) return [];
  const detail =
    `the proxy for network faults was busy: delay p99 ${formatDuration(proxyDelayNs)}; ` +
    'every message passes through it, so use less load';
  return [doubt('proxy', detail)];
}

function cpuDoubts({ sending, busyCpuShare }: GeneratorFacts): HealthDoubt[] {
  if (sending.health.spinning || busyCpuShare <= BUSY_CPU_SHARE) return [];
  const detail =
    `a worker used more than ${formatPercent(BUSY_CPU_RATIO)} of its core for ${formatPercent(busyCpuShare)} of the time; ` +
    'the target may be able to carry more load than this generator could offer';
  return [doubt('cpu', detail)];
}

function lateDoubts({ messages, unsent }: Tally, sending: Tally): HealthDoubt[] {
  if (unsent.overdue <= LATE_SHARE * messages.due) return [];
  const detail =
    `the generator was behind and did not send ${formatCount(unsent.overdue)} of ${plural(messages.due, 'message')}; ` +
    moreRoom(sending, 'use more workers or less load');
  return [doubt('unsentOverdue', detail)];
}

/**
 * Little's law, L = X·R: the in-flight count integrated over time must equal the time that all answers took, rejections
 * too. The two are counted in different places. Null where the time of a message is not known: of one that never came, of
 * one whose times are not remembered, or where a part of the record is missing.
 */
export function littlesLawError({ messages, histograms, health }: Tally): number | null {
  const { inFlightNs, rejectedNs, untimed } = health;
  // What never comes back is in flight until it is finalized: one lost message of a quick service outweighs thousands.
  const answered = messages.delivered + messages.rejected;
  if (answered === 0 || answered !== messages.sent || inFlightNs === 0 || untimed > 0) return null;
  const { service } = histograms;
  const answeredNs = service.sumHigh * 2 ** 52 + service.sumLowNs + rejectedNs;
  return Math.abs(inFlightNs - answeredNs) / inFlightNs;
}

function littleDoubts(tally: Tally): HealthDoubt[] {
  const error = littlesLawError(tally);
  if (error === null || error <= LITTLE_LIMIT_RATIO) return [];
  const detail = `service times and messages in flight differ by ${formatPercent(error)} (Little's law): the measurement contradicts itself`;
  return [doubt('littlesLaw', detail)];
}

/** Answers came, and not one of them is to a message of ours: then nothing is known about delivery. */
function unmatchedDoubts(tally: Tally): HealthDoubt[] {
  const { messages, pushes } = tally;
  const { unexpected } = tally.delivery;
  const understood = understoodOf(tally);
  if (understood === 0 && messages.sent === 0 && pushes.unjudged > 0) {
    const detail =
      `${plural(pushes.unjudged, 'message')} received, none with a sequence number where the plan says: ` +
      'set sequence to the field that has the number, and channel to the field that has the channel';
    return [doubt('unmatched', detail)];
  }
  if (understood === 0 && unexpected.otherOpcode > 0) {
    const detail =
      `${plural(unexpected.otherOpcode, 'message')} received, all of the other type: text for binary, or ` +
      'binary for text; send the other type (--text, or format: binary), or use protocol json if the service answers in JSON';
    return [doubt('unmatched', detail)];
  }
  if (understood > 0 || unexpected.foreign === 0) return [];
  const detail =
    `${plural(unexpected.foreign, 'message')} received, none matches a message that was sent: ` +
    'the protocol does not fit the service (echo: the service must return messages unchanged; json: set protocol.id to the field that has the id in a reply; push: messages must be JSON; custom protocol: it must return the ids that it was given)';
  return [doubt('unmatched', detail)];
}

function understoodOf({ messages, fanout, pushes }: Tally): number {
  return messages.delivered + messages.rejected + messages.acknowledged + fanout.received + pushes.received;
}

/** What could not be read may have been anything: a message that is missing, or one that came twice. */
function unreadableDoubts({ whole, unreadable }: GeneratorFacts): HealthDoubt[] {
  const kinds = Object.entries(unreadable) as [UnreadableKind, { count: number; first: { text: string } | null }][];
  if (kinds.length === 0) return [];
  const understood = understoodOf(whole);
  // A number that does not go up by one stands in a push that was received.
  const unread = whole.messages.unreadable - whole.delivery.unreadable.numbersNotByOne;
  const came = understood + unread + whole.messages.unexpected + whole.pushes.unjudged;
  const texts = kinds.map(([kind, { count, first }]) => {
    const { is, are, remedy } = UNREADABLE_TEXTS[kind];
    return `${formatCount(count)} ${count === 1 ? is : are}: ${remedy}${first === null ? '' : `; first: ${first.text.slice(0, SHOWN)}`}`;
  });
  const detail =
    `${formatCount(whole.messages.unreadable)} of ${plural(came, 'received message')} could not be read, ` +
    `so missing messages may be among them. ${texts.join('. ')}`;
  return [
    doubt('unreadable', detail),
    ...(understood > 0
      ? []
      : [doubt('unmatched', 'no received message could be read, so nothing is known about delivery')]),
  ];
}

/** What the protocol did not lay out was not sent, and what it did not read was not judged. */
function protocolDoubts({ connections: { failures } }: Tally): HealthDoubt[] {
  const { adapterError = 0 } = failures;
  if (adapterError === 0) return [];
  const often = adapterError === 1 ? 'once' : `${formatCount(adapterError)} times`;
  const detail = `the protocol adapter failed ${often}: the messages concerned were not judged`;
  return [doubt('adapterError', detail)];
}

/** The plan asked for a disturbance that never was: that the service bore it is not shown. */
function idleFaultDoubt(fault: IdleFault): HealthDoubt {
  const detail = `the fault ${fault.name} had no effect: ${whyIdle(fault)}`;
  return doubt('faultWithoutEffect', detail);
}

function recordDoubts({
  whole,
  deadWorkers,
  firstDeath,
  complete,
  endedBecause,
  failedFaults,
  record,
}: GeneratorFacts): HealthDoubt[] {
  const doubts: HealthDoubt[] = failedFaults.map((reason) =>
    doubt('faultFailed', `a fault of the plan failed: ${reason}`),
  );
  if (deadWorkers > 0) {
    const detail =
      `${plural(deadWorkers, 'worker')} died; ${deadWorkers === 1 ? 'its' : 'their'} load stopped` +
      (firstDeath === null ? '' : `; first: ${firstDeath}`);
    doubts.push(doubt('workerDied', detail));
  }
  if (!complete) {
    const detail = record.isGoingOn
      ? 'the run is still going: these are its figures so far'
      : 'the record has no end: the run was killed, so messages in flight at that moment are unresolved';
    doubts.push(doubt('incomplete', detail));
  }
  if (complete && endedBecause !== null) {
    const detail = `the run ended before the end of its plan: ${endedBecause}`;
    doubts.push(doubt('incomplete', detail));
  }
  if (whole.health.approximate) {
    const detail =
      'messages were so far out of order that a late message may be counted as a duplicate, or the reverse';
    doubts.push(doubt('approximate', detail));
  }
  return doubts;
}

const MOST_GAPS_REPORTED = 3;

/** What was repeated counts once, so that it only shows that somebody else wrote to the record. */
function damagedRecordDoubts({ windows, events, gaps }: RecordFacts): HealthDoubt[] {
  const doubts: HealthDoubt[] = [];
  if (windows.missing > 0) {
    const { missing, read } = windows;
    const further =
      gaps.length > MOST_GAPS_REPORTED ? ` and ${formatCount(gaps.length - MOST_GAPS_REPORTED)} more gaps` : '';
    const places = `${gaps.slice(0, MOST_GAPS_REPORTED).map(gapText).join(', ')}${further}`;
    const detail =
      `${formatCount(missing)} of ${plural(missing + read, 'window')} ${isOrAre(missing)} missing from windows.ndjson (${places}): ` +
      'no figure includes them; restore the file, or run again';
    doubts.push(doubt('damagedRecord', detail));
  }
  if (events.missing > 0) {
    const { missing, read } = events;
    const detail =
      `${formatCount(missing)} of ${plural(missing + read, 'line')} ${isOrAre(missing)} missing from events.ndjson: ` +
      'their events are unknown; restore the file, or run again';
    doubts.push(doubt('damagedRecord', detail));
  }
  const repeats = [
    ...(windows.repeated > 0 ? [`${formatCount(windows.repeated)} of windows.ndjson`] : []),
    ...(events.repeated > 0 ? [`${formatCount(events.repeated)} of events.ndjson`] : []),
  ];
  if (repeats.length > 0) {
    const detail = `the record has repeated lines (each counted once): ${repeats.join(', ')}; restore the files, or run again`;
    doubts.push(doubt('repeatedRecord', detail));
  }
  return doubts;
}

function gapText({ worker, group, fromNs, toNs }: WindowGap): string {
  const from = `${nsToSeconds(fromNs).toFixed(1)} s`;
  const until = toNs === null ? 'to the end' : `to ${nsToSeconds(toNs).toFixed(1)} s`;
  return `worker ${worker}${group === 0 ? '' : `, misbehaving group ${group}`}: ${from} ${until}`;
}
