// What the instrument thinks of itself. A doubt says what it makes untrustworthy: `timing` covers times
// and rates, whichever way the rule came out; `pass` covers every rule that seems kept, because what was
// not seen cannot be ruled out; `unread` covers what rules say of delivery, as far as what could not be read may decide it. A counted breach (a duplicate, a loss) stays a breach, unless all of `delivery` is
// in doubt, because the service was not understood.

import type { DeliveryResult, Doubt } from '../facts/result.ts';
import { UNREADABLE_TEXTS, type UnreadableKind } from '../facts/unreadable.ts';
import { percentile } from '../histogram/histogram.ts';
import { formatDuration } from '../units/duration.ts';
import { formatCount } from '../units/rate.ts';
import { formatPercent } from '../units/ratio.ts';
import type { Tally } from './tally.ts';

export interface HealthDoubt extends Doubt {
  readonly casts: 'timing' | 'pass' | 'delivery' | 'unread';
}

/** Facts about the generator while it was sending. */
export interface GeneratorFacts {
  /** Windows of the stages only: opening and closing thousands of lanes is busy by nature. */
  readonly sending: Tally;
  readonly whole: Tally;
  /** Of the windows in which lanes were sent on, the share with a CPU ratio above `BUSY_CPU_RATIO`. */
  readonly busyCpuShare: number;
  readonly deadWorkers: number;
  /** How the first of them died; null where none did. */
  readonly firstDeath: string | null;
  /** Whether the record has its end. */
  readonly complete: boolean;
  /** Why faults of the plan could not be done, or undone. */
  readonly failedFaults: readonly string[];
  /** How late the process of the proxy for faults on the way was, at its 99th percentile; null where there was none. */
  readonly proxyDelayNs: number | null;
  /** Of the record. */
  readonly unreadableWindows: number;
  /** What came and could not be read. */
  readonly unreadable: DeliveryResult['unreadable'];
  /** Why the run ended before its plan did; null where it did not. */
  readonly endedBecause: string | null;
}

/** Doubts that are not about the generator itself. */
export const HEALTHY_DOUBTS: readonly string[] = [
  'incomplete',
  'unmatched',
  'unreadable',
  'dialectError',
  'faultFailed',
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
export const LITTLE_LIMIT_RATIO = 0.05;

export function judgeHealth(facts: GeneratorFacts): readonly HealthDoubt[] {
  return [
    ...sendLagDoubts(facts.sending),
    ...eventLoopDoubts(facts.sending),
    ...proxyDoubts(facts),
    ...cpuDoubts(facts),
    ...lateDoubts(facts.whole),
    ...littleDoubts(facts.whole),
    ...unmatchedDoubts(facts.whole),
    ...unreadableDoubts(facts),
    ...dialectDoubts(facts.whole),
    ...recordDoubts(facts),
  ];
}

function sendLagDoubts({ histograms }: Tally): HealthDoubt[] {
  const lagP99Ns = percentile(histograms.sendLag, 99);
  const lagP999Ns = percentile(histograms.sendLag, 99.9);
  const responseP99Ns = percentile(histograms.response, 99) ?? Number.POSITIVE_INFINITY;
  if (lagP99Ns === null || lagP999Ns === null) return [];
  const isShare = lagP99Ns > LAG_FLOOR_NS && lagP99Ns > LAG_SHARE * responseP99Ns;
  if (!isShare && lagP999Ns <= LAG_TAIL_LIMIT_NS) return [];
  const detail =
    `the generator sent late: send lag p99 ${formatDuration(lagP99Ns)}, p99.9 ${formatDuration(lagP999Ns)}; ` +
    'use more workers, more machines or less load';
  return [{ kind: 'sendLag', rule: null, detail, casts: 'timing' }];
}

function eventLoopDoubts({ histograms }: Tally): HealthDoubt[] {
  const delayNs = percentile(histograms.eventLoopDelay, 99);
  if (delayNs === null || delayNs <= EVENT_LOOP_LIMIT_NS) return [];
  const detail = `the generator's event loop was busy: delay p99 ${formatDuration(delayNs)}; replies were read late`;
  return [{ kind: 'eventLoop', rule: null, detail, casts: 'timing' }];
}

function proxyDoubts({ proxyDelayNs }: GeneratorFacts): HealthDoubt[] {
  if (proxyDelayNs === null || proxyDelayNs <= EVENT_LOOP_LIMIT_NS) return [];
  const detail =
    `the proxy for faults on the way was busy: delay p99 ${formatDuration(proxyDelayNs)}; ` +
    'every message passes it, so use less load';
  return [{ kind: 'proxy', rule: null, detail, casts: 'timing' }];
}

function cpuDoubts({ sending, busyCpuShare }: GeneratorFacts): HealthDoubt[] {
  if (sending.spinning || busyCpuShare <= BUSY_CPU_SHARE) return [];
  const detail =
    `a worker used more than ${formatPercent(BUSY_CPU_RATIO)} of its core in ${formatPercent(busyCpuShare)} of the time; ` +
    'the target may carry more than was asked of it';
  return [{ kind: 'cpu', rule: null, detail, casts: 'timing' }];
}

function lateDoubts({ messages, unsent }: Tally): HealthDoubt[] {
  if (unsent.late <= LATE_SHARE * messages.due) return [];
  const detail = `${formatCount(unsent.late)} of ${formatCount(messages.due)} messages were given up as late by the generator`;
  return [{ kind: 'unsentLate', rule: null, detail, casts: 'timing' }];
}

/**
 * Little's law, L = X·R: the in-flight count integrated over time must equal the sum of service times.
 * The two are counted in different places. Null where a message is missing, which keeps the equation from holding.
 */
export function littlesLawError({ messages, histograms, inFlightNs }: Tally): number | null {
  // What never comes back is in flight until it is settled: one lost message of a quick service outweighs thousands.
  const missing = messages.lost + messages.unresolved;
  if (messages.delivered === 0 || inFlightNs === 0 || missing > 0) return null;
  const { service } = histograms;
  const serviceNs = service.sumHigh * 2 ** 52 + service.sumLowNs;
  return Math.abs(inFlightNs - serviceNs) / inFlightNs;
}

function littleDoubts(tally: Tally): HealthDoubt[] {
  const error = littlesLawError(tally);
  if (error === null || error <= LITTLE_LIMIT_RATIO) return [];
  const detail = `Little's law fails by ${formatPercent(error)}: service times and messages in flight disagree`;
  return [{ kind: 'littlesLaw', rule: null, detail, casts: 'timing' }];
}

/** Answers came, and not one of them is to a message of ours: then nothing is known about delivery. */
function unmatchedDoubts(tally: Tally): HealthDoubt[] {
  const { messages, strangers, pushes } = tally;
  const understood = understoodOf(tally);
  if (understood === 0 && messages.sent === 0 && pushes.unjudged > 0) {
    const detail =
      `none of the ${formatCount(pushes.unjudged)} messages that came has a number where it is looked for: ` +
      'the dialect does not fit the service (sequence says where a push has its number, channel where it has its channel)';
    return [{ kind: 'unmatched', rule: null, detail, casts: 'delivery' }];
  }
  if (understood > 0 || strangers.foreign === 0) return [];
  const detail =
    `none of the ${formatCount(strangers.foreign)} messages that came could be matched to one that was sent: ` +
    'the dialect does not fit the service (an echo must return messages unchanged; for json, dialect.id says where an answer has the id; for push, what comes must be JSON; a dialect of your own must find the ids that it laid out)';
  return [{ kind: 'unmatched', rule: null, detail, casts: 'delivery' }];
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
  return [{ kind: 'unreadable', rule: null, detail, casts: understood === 0 ? 'delivery' : 'unread' }];
}

/** What the dialect did not lay out was not sent, and what it did not read was not judged. */
function dialectDoubts({ failures }: Tally): HealthDoubt[] {
  const { dialectError = 0 } = failures;
  if (dialectError === 0) return [];
  const often = dialectError === 1 ? 'once' : `${formatCount(dialectError)} times`;
  const detail = `the dialect failed ${often}, so that messages were not judged`;
  return [{ kind: 'dialectError', rule: null, detail, casts: 'delivery' }];
}

function recordDoubts({
  whole,
  deadWorkers,
  firstDeath,
  complete,
  endedBecause,
  failedFaults,
  unreadableWindows,
}: GeneratorFacts): HealthDoubt[] {
  const doubts: HealthDoubt[] = failedFaults.map((reason) => ({
    kind: 'faultFailed',
    rule: null,
    detail: `a fault of the plan was not what it should be: ${reason}`,
    casts: 'pass',
  }));
  if (deadWorkers > 0) {
    const detail =
      `${deadWorkers} of the workers died, and its share of the load was not offered from then on` +
      (firstDeath === null ? '' : `; the first: ${firstDeath}`);
    doubts.push({ kind: 'workerDied', rule: null, detail, casts: 'pass' });
  }
  if (!complete) {
    const detail = 'the record has no end: the run was killed, and what was in flight then is unresolved';
    doubts.push({ kind: 'incomplete', rule: null, detail, casts: 'pass' });
  }
  // The last line of a run that was killed may be torn: that it was killed says it all.
  if (complete && unreadableWindows > 0) {
    const detail = `${formatCount(unreadableWindows)} lines of windows.ndjson cannot be read, and what they held is in no figure`;
    doubts.push({ kind: 'incomplete', rule: null, detail, casts: 'pass' });
  }
  if (complete && endedBecause !== null) {
    const detail = `the run ended before its plan did: ${endedBecause}`;
    doubts.push({ kind: 'incomplete', rule: null, detail, casts: 'pass' });
  }
  if (whole.approximate) {
    const detail = 'messages were so far out of order that duplicates and late arrivals may be confused';
    doubts.push({ kind: 'approximate', rule: null, detail, casts: 'pass' });
  }
  return doubts;
}
