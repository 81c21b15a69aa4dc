// What the instrument thinks of itself: from the facts of a run to the doubts about it. What each doubt makes untrustworthy
// stands in `touches.ts`.

import { FAILURE_MEANINGS, OWN_LIMITS } from '../facts/failure.ts';
import type { DeliveryResult } from '../facts/result.ts';
import { UNREADABLE_TEXTS, type UnreadableKind } from '../facts/unreadable.ts';
import { percentile } from '../histogram/histogram.ts';
import { formatCores } from '../units/cores.ts';
import { formatDuration, nsToSeconds } from '../units/duration.ts';
import { formatCount } from '../units/rate.ts';
import { formatPercent } from '../units/ratio.ts';
import { type IdleFault, whyIdle } from './idle-faults.ts';
import { isPart, type RecordFacts, type WindowGap } from './record-account.ts';
import type { Tally } from './tally.ts';
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
  ports: 'add target.sourceAddresses or target URLs, or let the ports of earlier connections get free first',
  sourceAddress: 'give it to an interface of this machine, or name another in target.sourceAddresses',
  socketMemory: 'use fewer connections or smaller messages, or raise net.ipv4.tcp_mem and the limit of the cgroup',
};

/** Whatever the service would have answered: these never asked it. */
function limitDoubts({ failures, attempted }: Tally): HealthDoubt[] {
  const met = OWN_LIMITS.flatMap((kind) => {
    const { [kind]: count = 0 } = failures;
    if (count === 0) return [];
    return [
      `${formatCount(count)} of ${formatCount(attempted)} attempts to connect failed here, not at the service: ` +
        `${FAILURE_MEANINGS[kind]}; ${MORE_OF[kind]}`,
    ];
  });
  return met.length === 0 ? [] : [doubt('generatorLimits', met.join('. '))];
}

/** Of the time of the windows, the share in which a quota kept the generator from running. */
export function throttledRatio({ throttledNs, elapsedNs }: Tally): number {
  return elapsedNs === 0 ? 0 : throttledNs / elapsedNs;
}

function moreRoom(sending: Tally, advice: string): string {
  return throttledRatio(sending) >= THROTTLED_CAUSE_SHARE ? 'more workers would share its quota of CPU' : advice;
}

function throttledDoubts({ sending, workerCount, allowedCores }: GeneratorFacts, isLate: boolean): HealthDoubt[] {
  if (throttledRatio(sending) < (isLate ? THROTTLED_CAUSE_SHARE : THROTTLED_SHARE)) return [];
  // Every worker reads the same counter.
  const [heldNs, ofNs] = [sending.throttledNs / workerCount, sending.elapsedNs / workerCount];
  const calmer = sending.spinning ? ', or use --pace economical' : '';
  const detail =
    `the kernel held the generator back for up to ${formatDuration(heldNs)} of ${formatDuration(ofNs)}, as its cgroup may use ` +
    `${formatCores(allowedCores)}: raise that quota, use less load${calmer}`;
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
  const detail =
    `the generator sent late: send lag p99 ${formatDuration(lagP99Ns)}, p99.9 ${formatDuration(lagP999Ns)}; ` +
    moreRoom(sending, 'use more workers, more machines or less load');
  return [doubt('sendLag', detail)];
}

function eventLoopDoubts({ histograms }: Tally): HealthDoubt[] {
  const delayNs = percentile(histograms.eventLoopDelay, 99);
  if (delayNs === null || delayNs <= EVENT_LOOP_LIMIT_NS) return [];
  const detail = `the generator's event loop was busy: delay p99 ${formatDuration(delayNs)}; replies were read late`;
  return [doubt('eventLoop', detail)];
}

function proxyDoubts({ proxyDelayNs }: GeneratorFacts): HealthDoubt[] {
  if (proxyDelayNs === null || proxyDelayNs <= EVENT_LOOP_LIMIT_NS) return [];
  const detail =
    `the proxy for network faults was busy: delay p99 ${formatDuration(proxyDelayNs)}; ` +
    'every message passes it, so use less load';
  return [doubt('proxy', detail)];
}

function cpuDoubts({ sending, busyCpuShare }: GeneratorFacts): HealthDoubt[] {
  if (sending.spinning || busyCpuShare <= BUSY_CPU_SHARE) return [];
  const detail =
    `a worker used more than ${formatPercent(BUSY_CPU_RATIO)} of its core in ${formatPercent(busyCpuShare)} of the time; ` +
    'the target may carry more than was asked of it';
  return [doubt('cpu', detail)];
}

function lateDoubts({ messages, unsent }: Tally, sending: Tally): HealthDoubt[] {
  if (unsent.overdue <= LATE_SHARE * messages.due) return [];
  const detail =
    `${formatCount(unsent.overdue)} of ${formatCount(messages.due)} messages were given up as late by the generator; ` +
    moreRoom(sending, 'use more workers or less load');
  return [doubt('unsentOverdue', detail)];
}

/**
 * Little's law, L = X·R: the in-flight count integrated over time must equal the time that all answers took, rejections
 * too. The two are counted in different places. Null where the time of a message is not known: of one that never came, of
 * one whose times are not remembered, or where a part of the record is missing.
 */
export function littlesLawError({ messages, histograms, inFlightNs, rejectedNs, untimed }: Tally): number | null {
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
  const detail = `Little's law fails by ${formatPercent(error)}: service times and messages in flight disagree`;
  return [doubt('littlesLaw', detail)];
}

/** Answers came, and not one of them is to a message of ours: then nothing is known about delivery. */
function unmatchedDoubts(tally: Tally): HealthDoubt[] {
  const { messages, unexpected, pushes } = tally;
  const understood = understoodOf(tally);
  if (understood === 0 && messages.sent === 0 && pushes.unjudged > 0) {
    const detail =
      `none of the ${formatCount(pushes.unjudged)} messages that came has a number where it is looked for: ` +
      'the protocol does not fit the service (sequence says where a push has its number, channel where it has its channel)';
    return [doubt('unmatched', detail)];
  }
  if (understood === 0 && unexpected.otherOpcode > 0) {
    const detail =
      `none of the ${formatCount(unexpected.otherOpcode)} messages that came is of the kind that was sent: text came for binary, or ` +
      'binary for text; send the other kind (--text, or format: binary), or use json where the service answers in JSON';
    return [doubt('unmatched', detail)];
  }
  if (understood > 0 || unexpected.foreign === 0) return [];
  const detail =
    `none of the ${formatCount(unexpected.foreign)} messages that came could be matched to one that was sent: ` +
    'the protocol does not fit the service (an echo must return messages unchanged; for json, protocol.id says where an answer has the id; for push, what comes must be JSON; a custom protocol must find the ids that it laid out)';
  return [doubt('unmatched', detail)];
}

function understoodOf({ messages, fanoutReceived, pushes }: Tally): number {
  return messages.delivered + messages.rejected + messages.acknowledged + fanoutReceived + pushes.received;
}

/** What could not be read may have been anything: a message that is missing, or one that came twice. */
function unreadableDoubts({ whole, unreadable }: GeneratorFacts): HealthDoubt[] {
  const kinds = Object.entries(unreadable) as [UnreadableKind, { count: number; first: { text: string } | null }][];
  if (kinds.length === 0) return [];
  const understood = understoodOf(whole);
  // A number that does not go up by one stands in a push that was received.
  const unread = whole.messages.unreadable - whole.unreadable.numbersNotByOne;
  const came = understood + unread + whole.messages.unexpected + whole.pushes.unjudged;
  const texts = kinds.map(([kind, { count, first }]) => {
    const { are, remedy } = UNREADABLE_TEXTS[kind];
    return `${formatCount(count)} ${are}: ${remedy}${first === null ? '' : `; the first: ${first.text.slice(0, SHOWN)}`}`;
  });
  const detail =
    `${formatCount(whole.messages.unreadable)} of ${formatCount(came)} messages that came could not be read or placed, ` +
    `and what is missing may have been in them. ${texts.join('. ')}`;
  return [
    doubt('unreadable', detail),
    ...(understood > 0
      ? []
      : [doubt('unmatched', 'nothing that came could be read, so nothing is known about delivery')]),
  ];
}

/** What the protocol did not lay out was not sent, and what it did not read was not judged. */
function protocolDoubts({ failures }: Tally): HealthDoubt[] {
  const { adapterError = 0 } = failures;
  if (adapterError === 0) return [];
  const often = adapterError === 1 ? 'once' : `${formatCount(adapterError)} times`;
  const detail = `the protocol failed ${often}, so that messages were not judged`;
  return [doubt('adapterError', detail)];
}

/** The plan asked for a disturbance that never was: that the service bore it is not shown. */
function idleFaultDoubt(fault: IdleFault): HealthDoubt {
  const detail = `the fault ${fault.name} did nothing: ${whyIdle(fault)}`;
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
    doubt('faultFailed', `a fault of the plan was not what it should be: ${reason}`),
  );
  if (deadWorkers > 0) {
    const detail =
      `${deadWorkers} of the workers died, and its share of the load was not offered from then on` +
      (firstDeath === null ? '' : `; the first: ${firstDeath}`);
    doubts.push(doubt('workerDied', detail));
  }
  if (!complete) {
    const detail = record.isGoingOn
      ? 'the run is still going on: this is what it has recorded so far'
      : 'the record has no end: the run was killed, and what was in flight then is unresolved';
    doubts.push(doubt('incomplete', detail));
  }
  if (complete && endedBecause !== null) {
    const detail = `the run ended before its plan did: ${endedBecause}`;
    doubts.push(doubt('incomplete', detail));
  }
  if (whole.approximate) {
    const detail = 'messages were so far out of order that duplicates and late arrivals may be confused';
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
      `${formatCount(missing)} of ${formatCount(missing + read)} windows are missing from windows.ndjson (${places}), ` +
      'and no figure has what they held; restore the file, or run again';
    doubts.push(doubt('damagedRecord', detail));
  }
  if (events.missing > 0) {
    const { missing, read } = events;
    const detail =
      `${formatCount(missing)} of ${formatCount(missing + read)} lines are missing from events.ndjson, ` +
      'and nothing is known of what they told; restore the file, or run again';
    doubts.push(doubt('damagedRecord', detail));
  }
  const repeats = [
    ...(windows.repeated > 0 ? [`${formatCount(windows.repeated)} of windows.ndjson`] : []),
    ...(events.repeated > 0 ? [`${formatCount(events.repeated)} of events.ndjson`] : []),
  ];
  if (repeats.length > 0) {
    const detail = `lines of the record are repeated, and count once: ${repeats.join(', ')}; restore the files, or run again`;
    doubts.push(doubt('repeatedRecord', detail));
  }
  return doubts;
}

function gapText({ worker, group, fromNs, toNs }: WindowGap): string {
  const from = `${nsToSeconds(fromNs).toFixed(1)} s`;
  const until = toNs === null ? 'to the end' : `to ${nsToSeconds(toNs).toFixed(1)} s`;
  return `worker ${worker}${group === 0 ? '' : `, misbehaving group ${group}`}: ${from} ${until}`;
}
