// `result.json`: what a run came to. Names are fixed; a field may be added, none renamed.
// Times are in milliseconds here, because this is an edge; a number that cannot be known is null.

import type { Misbehavior, Plan } from '../plan/plan.ts';
import type { NonEmpty } from '../units/non-empty.ts';
import type { GitState, Machine, RunEnd, StopReason } from './event.ts';
import type { FailureKind } from './failure.ts';
import type { FailureCause } from './failure-cause.ts';
import type { FaultCounts } from './fault-counts.ts';
import type { UnreadableKind } from './unreadable.ts';
import type { Violation } from './violation.ts';
import type {
  CloseCounts,
  DamageKind,
  NegotiatedFacts,
  PingCounts,
  TypeCounts,
  UnexpectedKind,
  UnsentReason,
} from './window.ts';

export const RESULT_SCHEMA = 'highwater/result/2';

export interface RunResult {
  readonly schema: typeof RESULT_SCHEMA;
  readonly run: RunFacts;
  /** What it was made from. */
  readonly record: RecordResult;
  readonly plan: Plan;
  readonly verdict: Verdict & { readonly thresholds: readonly ThresholdResult[] };
  readonly connections: ConnectionResult;
  /** What connections agreed on when they opened: how many on what, `none` for nothing. Each opening counts. */
  readonly negotiated: NegotiatedFacts;
  readonly messages: MessageResult;
  readonly delivery: DeliveryResult;
  /** Null where the plan has no rooms. */
  readonly fanout: FanoutResult | null;
  /** Null where what the service says of its own accord is not judged. */
  readonly pushes: PushResult | null;
  /** Null where the plan asks for none. */
  readonly pings: PingResult | null;
  /** In the order of the mix; empty where it has one type. */
  readonly types: readonly TypeResult[];
  /** Null where the plan breaks nothing and opens no client again. */
  readonly recovery: RecoveryResult | null;
  /** In the order of the plan; all other figures are of the clients that behave as they should. */
  readonly misbehaving: readonly MisbehavingResult[];
  readonly response: Distribution;
  readonly service: Distribution;
  readonly sendLag: Distribution;
  readonly throughput: Throughput;
  readonly generator: GeneratorResult;
  /** What monitors read, by monitor and series; and of the generator, what its workers used. */
  readonly resources: Readonly<Record<string, Readonly<Record<string, ResourceSeries>>>>;
  /** In the order in which they first read; the generator is none. */
  readonly monitors: readonly MonitorResult[];
  readonly findings: readonly Finding[];
  readonly stages: readonly StageResult[];
  readonly timeline: readonly TimelinePoint[];
  /** Null where nothing was answered. */
  readonly responseHeat: HeatResult | null;
  /** The first of each kind: what differs only in words with digits in them is of one kind. At most 10. */
  readonly rejections: readonly RejectionResult[];
  /** The first 100. */
  readonly violations: readonly (Violation & { readonly atSecond: number })[];
}

/** How much of the record there was to judge by. */
export interface RecordResult {
  readonly windows: LineCounts;
  readonly events: LineCounts;
  /** Of monitors. */
  readonly readings: number;
}

export interface LineCounts {
  /** Each number once. */
  readonly read: number;
  /** Their numbers are not there, or their lines cannot be read. */
  readonly missing: number;
  /** Lines whose number had been there before: they count once. */
  readonly repeated: number;
}

/** Of clients that behave badly on purpose. */
export interface MisbehavingResult {
  readonly kind: Misbehavior['kind'];
  readonly clients: number;
  readonly connections: {
    readonly attempted: number;
    readonly opened: number;
    readonly failed: number;
    readonly droppedByServer: number;
    /** By the client itself, as the plan says. */
    readonly endedByClient: number;
    readonly closeCodes: Readonly<Record<string, number>>;
    readonly failures: Readonly<Partial<Record<FailureKind, FailureResult>>>;
  };
  readonly messages: MessageResult;
  /** In rooms: deliveries that did not come though the client was there; null where the plan has none. */
  readonly missed: number | null;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Of slow readers: how the service deals with them; null for others. */
  readonly policy: ReaderPolicy | null;
}

/**
 * `disconnects`, `drops` messages, `stopsReading` what such a client sends, or `buffers` what it does not read; `unknown` where
 * nothing of that shows.
 */
export interface ReaderPolicy {
  readonly kind: 'disconnects' | 'drops' | 'stopsReading' | 'buffers' | 'unknown';
  /** Whether healthy clients were served more slowly since; null where there is too little to compare. */
  readonly slowsOthers: boolean | null;
  /** In a sentence. */
  readonly evidence: string;
}

/** The reference target ended while the run went on, and no fault of the plan had killed it. */
export interface TargetDeath {
  readonly pid: number;
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** From the start of the run. */
  readonly atSecond: number;
}

/** A message that the service refused, with what the service said of it. */
export interface RejectionResult {
  readonly client: number;
  readonly seq: number;
  /** Redacted, printable, at most a few hundred characters. */
  readonly text: string;
  readonly atSecond: number;
}

export interface RunFacts {
  readonly id: string;
  readonly name: string;
  readonly startedAt: string;
  readonly durationSeconds: number;
  /** `running`: it is judged while it still goes on, and such a result is not kept. */
  readonly end: RunEnd | 'running';
  /** When the first message was due, from the start of the run; null where none was. */
  readonly messagesStartedSeconds: number | null;
  /** Why it ended early; null where it ran to its end, or its record breaks off. */
  readonly stopReason: StopReason | null;
  /** The same in a sentence. */
  readonly endedBecause: string | null;
  readonly highwaterVersion: string;
  readonly nodeVersion: string;
  readonly workerCount: number;
  readonly machine: Machine;
  /** Of the directory in which it was started; null where that is none of a repository. */
  readonly git: GitState | null;
  /** The environment variable that names a proxy for the target, which is not used; null where none does. */
  readonly unusedProxy: string | null;
  /** Null where the run started none, or it lived. */
  readonly targetDeath: TargetDeath | null;
}

/** An empty list does not type-check: a fail names what was breached, an inconclusive what is in doubt. */
export type Verdict =
  | { readonly kind: 'pass'; readonly breaches: readonly []; readonly doubts: readonly [] }
  | { readonly kind: 'fail'; readonly breaches: NonEmpty<Breach>; readonly doubts: readonly Doubt[] }
  | { readonly kind: 'inconclusive'; readonly breaches: readonly []; readonly doubts: NonEmpty<Doubt> };

export interface Breach {
  /** The threshold's expression or the contract's clause. */
  readonly rule: string;
  readonly detail: string;
}

export const DOUBT_KINDS = [
  'noRules',
  'noSamples',
  'tooFewSamples',
  'unresolved',
  'unplaced',
  'sendLag',
  'eventLoop',
  'proxy',
  'cpu',
  'throttled',
  'generatorLimits',
  'unsentOverdue',
  'workerDied',
  'incomplete',
  'damagedRecord',
  'repeatedRecord',
  'littlesLaw',
  'approximate',
  'unmatched',
  'unreadable',
  'adapterError',
  'faultFailed',
  'faultWithoutEffect',
  'standstill',
  'loadAbsent',
  'renumbered',
] as const;

/** A reason not to trust a number. */
export interface Doubt {
  readonly kind: (typeof DOUBT_KINDS)[number];
  /** The rule it casts doubt on; null where it is the whole run. */
  readonly rule: string | null;
  readonly detail: string;
}

export interface ThresholdResult {
  readonly expression: string;
  /** In the unit of the limit (ns, count, ratio, per second); null where there is none. */
  readonly observed: number | null;
  /** The same for people, e.g. "812 ms". */
  readonly observedText: string;
  readonly kind: Verdict['kind'];
}

export interface ConnectionResult {
  readonly attempted: number;
  readonly opened: number;
  readonly failed: number;
  readonly peakOpen: number;
  readonly droppedByServer: number;
  /** Connections opened again after they had been open. */
  readonly reconnected: number;
  /** Clients that lost their connection and made all the attempts that they may. */
  readonly gaveUp: number;
  /** From the loss of a client's connection until it was open again. */
  readonly outage: Distribution;
  /** Clients that had lost their connection and were not open again when sending ended. They count as missing in `outage`. */
  readonly offline: number;
  /** Of connections that the service, or the way to it, ended: from their opening. */
  readonly lifetime: Distribution;
  readonly openedPerSecondPeak: number;
  /** Until every client of the first connection segment was open or had failed; null where that never was. */
  readonly connectedSeconds: number | null;
  readonly handshake: Distribution;
  readonly closeCodes: Readonly<Record<string, number>>;
  /** By close code: what the service said with it, the first time; empty where it gave no reason. */
  readonly closeReasons: Readonly<Record<string, string>>;
  /** Of the close handshakes that Highwater began. */
  readonly closes: Readonly<CloseCounts>;
  readonly failures: Readonly<Partial<Record<FailureKind, FailureResult>>>;
}

export interface FailureResult {
  readonly count: number;
  /** Of the first one, redacted; null where its description did not get into the record. */
  readonly cause: FailureCause | null;
}

export interface MessageResult {
  readonly due: number;
  readonly sent: number;
  readonly unsent: Readonly<Record<UnsentReason, number>>;
  readonly delivered: number;
  readonly rejected: number;
  readonly lost: number;
  readonly unresolved: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly corrupted: number;
  readonly unexpected: number;
  /** Came, and could not be read: what it was nobody knows. */
  readonly unreadable: number;
  /** Arrived after it had been counted as lost or unresolved. */
  readonly late: number;
  /** By the service, apart from what it delivered; 0 where it does not acknowledge. */
  readonly acknowledged: number;
  /** Copies sent beside the first, under the same id. */
  readonly resent: number;
  /** Copies that the service said it had seen before. */
  readonly deduplicated: number;
  /** Answers whose state was not what the messages so far make of it. */
  readonly diverged: number;
  /** Received by a client in another order than by another client of its room. */
  readonly totalOrderViolations: number;
  /** Delivered of sent; null where nothing was sent. */
  readonly deliveredRatio: number | null;
}

/** The weaker ones by what they allow: losses, duplicates, both. */
export type Guarantee = 'exactly-once' | 'at-least-once' | 'at-most-once' | 'none';

export interface DeliveryResult {
  /** Consistent with, in so many messages: no finite run proves a guarantee. Null where no message was finalized. */
  readonly consistentWith: Guarantee | null;
  /** Delivered or lost: what the statement rests on. */
  readonly messages: number;
  /** With 95 % confidence; null where one was lost, or there is nothing to go by. */
  readonly lossRatioBelow: number | null;
  readonly duplicateRatioBelow: number | null;
  /** No connection was dropped or opened again: the run says nothing about what a failure does to messages. */
  readonly faultFreeOnly: boolean;
  /** A bound of the ledger was hit: duplicates and late messages may be confused. */
  readonly approximate: boolean;
  /** Null where the service does not acknowledge apart from delivering. */
  readonly acknowledgements: {
    /** Acknowledged and never delivered: lost, whatever became of the connection. */
    readonly lost: number;
    /** Never acknowledged and yet delivered. */
    readonly recovered: number;
  } | null;
  /** Interarrival jitter of the clients (RFC 3550 §6.4.1); null where no client had two answers. */
  readonly jitter: { readonly meanMs: number; readonly maxMs: number } | null;
  readonly reordering: {
    /** Of the delivered (RFC 4737 §3.3). */
    readonly ratio: number | null;
    /** In messages (RFC 4737 §4.2.2). */
    readonly meanExtent: number | null;
    readonly maxExtent: number | null;
    /** RFC 5236: of the delivered, by displacement in messages (late above 0, early below); those in their places left out. */
    readonly density: Readonly<Record<string, number>>;
    /** What a receiver would have had to hold at once, at most, to restore the order of a stream; null where one stayed away, or none came. */
    readonly mostHeld: number | null;
  };
  /** RFC 3357. */
  readonly loss: {
    readonly periods: number;
    readonly longestPeriod: number;
    readonly meanPeriod: number | null;
    /** Of the lost, those at most 16 behind the one before. */
    readonly noticeableRatio: number | null;
    /**
     * The least that was under way on a client when later messages came before others, in bytes of the mean size; null where
     * that never was. Where it is much, the service may drop in silence what a slow reader does not take in time.
     */
    readonly smallestBacklogBytes: number | null;
  };
  readonly damage: Readonly<Record<DamageKind, number>>;
  readonly unexpected: Readonly<Record<UnexpectedKind, number>>;
  /** By what they were. */
  readonly unreadable: Readonly<Partial<Record<UnreadableKind, UnreadableResult>>>;
}

export interface UnreadableResult {
  readonly count: number;
  /** The first one; null where its worker died before it told of it. */
  readonly first: { readonly client: number; readonly atSecond: number; readonly text: string } | null;
}

/** One type of message of the mix, by itself. A message that was due and not sent has no type yet. */
export interface TypeResult {
  readonly type: string;
  readonly priority: string | null;
  readonly payloadBytes: number;
  readonly messages: Readonly<TypeCounts>;
  readonly response: Distribution;
}

/** What clients received of one another: expected = received + missed + unresolved, counted in deliveries. */
export interface FanoutResult {
  readonly expected: number;
  readonly received: number;
  readonly missed: number;
  /** Of receivers whose connection died before they could have them. */
  readonly unresolved: number;
  /** Sent while their receiver was offline, and not sent to it later: not expected. */
  readonly offline: number;
  /** Received of expected; null where nothing was expected. */
  readonly receivedRatio: number | null;
  /** Of those that were there from the first message to the end. */
  readonly receivers: {
    readonly count: number;
    /** They received everything. */
    readonly complete: number;
    /** The ten that missed most. */
    readonly worst: readonly { readonly client: number; readonly expected: number; readonly received: number }[];
  };
  /** The first ten messages, by number, that other members missed, and how many of them did. */
  readonly firstMissed: readonly { readonly stream: number; readonly seq: number; readonly receivers: number }[];
  /** How many deliveries were compared in their order with what another client of the room received. */
  readonly compared: number;
  /** From due to received by another client, over all deliveries. */
  readonly times: Distribution;
  /** Over a sample of the messages: until the first, the median and the last receiver had it, and between first and last. */
  readonly spread: {
    readonly messages: number;
    readonly first: Distribution;
    readonly median: Distribution;
    readonly last: Distribution;
    readonly skew: Distribution;
  };
}

/** What the service said of its own accord, by its own numbers: expected = received + missed + unresolved. */
export interface PushResult {
  /** From the first number that a client received of a channel to the last that it received, or could have, when the run ended. */
  readonly expected: number;
  readonly received: number;
  readonly missed: number;
  /** On connections that died before they could come. */
  readonly unresolved: number;
  /** Given out while the client was offline, and not sent to it later: not expected. */
  readonly offline: number;
  /** Without a number, of more channels than can be kept, or from before the first that its client must have. */
  readonly unjudged: number;
  /** Settled accounts of a client and a channel; the first push of each has none before it. */
  readonly accounts: number;
  /** How often the numbers of a client and channel began anew. */
  readonly renumbered: number;
  /** Received of expected; null where nothing was expected. */
  readonly receivedRatio: number | null;
  /** From the opening of a client to the first that it received. */
  readonly firstPush: Distribution;
  /** Between the first and the last client that received a push, over a sample; null where each client is counted to by itself. */
  readonly skew: { readonly pushes: number; readonly times: Distribution } | null;
}

/** What was on its way when its connection ended is neither answered nor unanswered. */
export interface PingResult extends Readonly<PingCounts> {
  /** From a ping to its pong. */
  readonly time: Distribution;
}

/** What faults did, and how the way back was. */
export interface RecoveryResult {
  /** Of the time for which clients were wanted, the share for which they were open; null where none was. */
  readonly availabilityRatio: number | null;
  /** Connections that the service, or the way to it, dropped. */
  readonly drops: number;
  /** The time that clients were open, over the drops; and the time from a drop on that they were not. Null without drops. */
  readonly meanSecondsBetweenDrops: number | null;
  readonly meanSecondsDown: number | null;
  /** The faults of the plan that began, in the order in which they did. */
  readonly incidents: readonly IncidentResult[];
}

/**
 * From the beginning of a fault to that of the next, or to the end. Times count from its beginning, or from that of the first
 * of several that began in one second.
 */
export interface IncidentResult {
  readonly name: string;
  readonly kind: string;
  readonly fromSecond: number;
  /** When it was undone; null where it never was. */
  readonly toSecond: number | null;
  /** Why it could not be done, or undone; null where it was. */
  readonly failedBecause: string | null;
  /** What it did, counted by whoever did it; null where nobody can know, or the record has no end. */
  readonly did: FaultCounts | null;
  /** Faults that began in the same second, or were still on: all figures below are of them too, as nobody can tell them apart. */
  readonly together: readonly string[];
  readonly dropped: number;
  readonly reconnected: number;
  readonly gaveUp: number;
  /** Null where no connection was dropped, or came back. */
  readonly firstDropSeconds: number | null;
  readonly firstReconnectSeconds: number | null;
  readonly lastReconnectSeconds: number | null;
  /** From the loss of a client's connection until it was open again. */
  readonly outage: Distribution;
  /** The herd: connections in the busiest second. */
  readonly mostOpenedInASecond: number;
  readonly messages: Readonly<Record<'lost' | 'unresolved' | 'duplicated' | 'resent' | 'unsent', number>>;
  /** To the nearest second; null where it never was back, or cannot be compared. */
  readonly responseBackSeconds: number | null;
  readonly throughputBackSeconds: number | null;
  /** Whether there were seconds enough before the first fault to compare with. */
  readonly isCompared: boolean;
}

/** Over survivors only. A percentile is null where there are too few samples to bound it with 95 % confidence. */
export interface Distribution {
  readonly count: number;
  readonly minMs: number | null;
  readonly meanMs: number | null;
  readonly stdDevMs: number | null;
  readonly p50Ms: number | null;
  readonly p75Ms: number | null;
  readonly p90Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly p999Ms: number | null;
  readonly p9999Ms: number | null;
  readonly maxMs: number | null;
  /** 95 % order-statistic intervals, [low, high]. */
  readonly intervals: Readonly<Record<string, readonly [number, number] | null>>;
  /** HdrHistogram V2, compressed, base64, values in nanoseconds. */
  readonly hdr: string;
}

export interface Throughput {
  readonly offeredPerSecond: number | null;
  readonly sentPerSecond: number | null;
  readonly deliveredPerSecond: number | null;
  readonly bytesSentPerSecond: number | null;
  readonly bytesReceivedPerSecond: number | null;
}

export interface GeneratorResult {
  readonly healthy: boolean;
  readonly cpuRatioMax: number | null;
  readonly eventLoopDelayMsP99: number | null;
  readonly rssBytesMax: number | null;
  readonly cpuMicrosPerMessage: number | null;
  readonly rssBytesPerConnection: number | null;
  readonly missedWorkers: number;
  /** |L − X·R| / L over the run; null where nothing was in flight. */
  readonly littlesLawErrorRatio: number | null;
}

/** In the series' own unit; its slope is that of the time under an even load, null where that is too short to have one. */
export interface ResourceSeries {
  readonly first: number;
  readonly max: number;
  readonly last: number;
  readonly slopePerMinute: number | null;
}

export interface MonitorResult {
  readonly name: string;
  /** Ticks at which it read something, and at which something was missing. */
  readonly readings: number;
  readonly gaps: number;
  /** Why something was missing, the first time; null where nothing ever was. */
  readonly firstGap: string | null;
}

/** Something about the service that no rule asked for: what grew all the time under an even load. Sentences: `report/words/finding-text.ts`. */
export interface Finding {
  /** Memory or descriptors; response times. */
  readonly kind: 'leak' | 'drift';
  /** `MONITOR.SERIES`, or `response.p50` and `response.p99`. */
  readonly series: string;
  readonly fromSecond: number;
  readonly toSecond: number;
  /** One less the p-value that is left after the correction for autocorrelation; not the chance that it is right. */
  readonly confidence: number;
  readonly evidence: NonEmpty<FindingEvidence>;
}

/** What a finding rests on. Values are in the unit. */
export interface FindingEvidence {
  readonly kind: 'growth';
  readonly unit: 'bytes' | 'count' | 'ms';
  /** The line through the lowest points: where it begins, and what it gains until the end. */
  readonly start: number;
  readonly growth: number;
  readonly slopePerMinute: number;
  /** 95 %. */
  readonly intervalPerMinute: readonly [number, number];
  /** Mann-Kendall, two-sided, corrected for autocorrelation. */
  readonly pValue: number;
  readonly points: number;
}

export interface StageResult {
  readonly name: string;
  readonly fromSecond: number;
  readonly toSecond: number;
  readonly messages: MessageResult;
  readonly response: Distribution;
  readonly service: Distribution;
  readonly sendLag: Distribution;
  readonly throughput: Throughput;
}

/** How many messages were answered in each stretch of the run, by their response time. */
export interface HeatResult {
  /** The length of a column; the first begins with the run. */
  readonly columnSeconds: number;
  /** The edges of the rows from the lowest, one more than there are rows. */
  readonly edgesMs: readonly number[];
  /** By column, in each of its rows. */
  readonly columns: readonly (readonly number[])[];
}

export interface TimelinePoint {
  readonly second: number;
  /** At the end of the second. */
  readonly connectionsOpen: number;
  /**
   * The fewest that were open at any time of the second, summed over workers. Several workers may have had their fewest at
   * different times: then more were open at once.
   */
  readonly connectionsOpenLowest: number;
  readonly due: number;
  readonly sent: number;
  readonly unsent: number;
  readonly delivered: number;
  /** By clients that had not sent them: of other clients, or what the service said of its own accord. */
  readonly received: number;
  readonly lost: number;
  readonly unresolved: number;
  readonly errors: number;
  readonly responseP50Ms: number | null;
  readonly responseP99Ms: number | null;
  readonly responseMaxMs: number | null;
  readonly serviceP99Ms: number | null;
  readonly sendLagP99Ms: number | null;
  readonly cpuRatio: number | null;
  readonly rssBytes: number;
  /** What monitors read in this second, as `MONITOR.SERIES`: the first few series. */
  readonly resources: Readonly<Record<string, number>>;
}
