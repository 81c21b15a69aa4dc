// One second of facts from one worker: what travels from worker to coordinator and lies in
// `windows.ndjson`, one JSON line each. Every count is of this window alone, so windows add up in any
// order. A torn or foreign line decodes to null.

import { isSparseHistogram, type SparseHistogram } from '../histogram/sparse-codec.ts';
import { MESSAGE_COUNTS, TYPE_COUNTS } from '../plan/message-counts.ts';
import { FAILURE_KINDS, type FailureKind } from './failure.ts';
import { UNREADABLE_KINDS, type UnreadableKind } from './unreadable.ts';

export const WINDOW_SCHEMA = 'highwater/window/3';

/** Reasons why a message that was due was not sent. */
export const UNSENT_REASONS = ['overdue', 'backpressure', 'windowFull', 'socketClosed', 'adapterError'] as const;
export type UnsentReason = (typeof UNSENT_REASONS)[number];

export const MESSAGE_FACTS = ['due', ...MESSAGE_COUNTS] as const;
export type MessageFacts = Record<(typeof MESSAGE_FACTS)[number], number>;

export function zeroMessages(): MessageFacts {
  return {
    due: 0,
    sent: 0,
    delivered: 0,
    rejected: 0,
    lost: 0,
    unresolved: 0,
    duplicated: 0,
    reordered: 0,
    corrupted: 0,
    unexpected: 0,
    unreadable: 0,
    late: 0,
    acknowledged: 0,
    resent: 0,
    deduplicated: 0,
    diverged: 0,
    totalOrderViolations: 0,
  };
}

/** What is counted for each type of message where a plan has several. */
export type TypeCounts = Record<(typeof TYPE_COUNTS)[number], number>;

export function zeroTypeCounts(): TypeCounts {
  return { sent: 0, delivered: 0, rejected: 0, lost: 0, unresolved: 0, duplicated: 0, reordered: 0, corrupted: 0 };
}

export type TypeFacts = Readonly<TypeCounts> & { readonly response: SparseHistogram };

/** What was done to the bytes of a corrupted message; `mangled` where it is none of the others, or cannot be told. */
export const DAMAGE_KINDS = ['bitFlips', 'truncated', 'extended', 'spliced', 'mangled'] as const;
export type DamageKind = (typeof DAMAGE_KINDS)[number];

/** Why a message was not expected. */
export const UNEXPECTED_KINDS = ['foreign', 'stale', 'otherStream', 'neverSent', 'otherOpcode', 'refused'] as const;
export type UnexpectedKind = (typeof UNEXPECTED_KINDS)[number];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** How the streams' messages fared beside their outcomes. */
export interface DeliveryFacts {
  readonly damage: Readonly<Record<DamageKind, number>>;
  readonly unexpected: Readonly<Record<UnexpectedKind, number>>;
  readonly unreadable: Readonly<Record<UnreadableKind, number>>;
  /** Where the service acknowledges: `lost` of what it had acknowledged, `recovered` of what it had not and yet delivered. */
  readonly acknowledgements: { readonly lost: number; readonly recovered: number };
  /** Answers whose state was compared with the model. */
  readonly states: number;
  /** Arrivals whose content could not be checked: the message had no payload, or the protocol does not return it. */
  readonly unchecked: number;
  /** Over the clients that closed, each once (RFC 3550 §6.4.1). */
  readonly jitter: { readonly clients: number; readonly sumNs: number; readonly maxNs: number };
  /** Over the reordered messages whose extent is known (RFC 4737 §4.2.2). */
  readonly extent: { readonly count: number; readonly sum: number; readonly max: number };
  /** Arrivals out of their places, by displacement, and the most that a receiver would have held (RFC 5236). */
  readonly density: {
    readonly displaced: readonly (readonly [displacement: number, count: number])[];
    readonly mostHeld: number;
  };
  /** Of the lost messages, stream by stream (RFC 3357): see `measure/loss-pattern.ts`. */
  readonly loss: {
    /** Losses behind one another, without a delivery between them, are one period. */
    readonly periods: number;
    /** In losses. */
    readonly longestPeriod: number;
    /** Losses at most `NOTICEABLE_DISTANCE` behind the loss before. */
    readonly noticeable: number;
    /** In messages: the fewest that were under way on a client when later ones came before them; 0 where none did. */
    readonly smallestBacklog: number;
  };
}

/** A message, when it was due, and how long after that it reached each of this worker's receivers, in ns. */
export type SpreadFacts = readonly [stream: number, seq: number, dueNs: number, ...delaysNs: number[]];

/** What clients received of other clients of their room. */
export interface FanoutFacts {
  readonly received: number;
  /** Of them, compared in their order with what another client of the room received. */
  readonly compared: number;
  /** Of a sample of the messages. */
  readonly spread: readonly SpreadFacts[];
}

/** What the service said of its own accord, by its own numbers. */
export const PUSH_COUNTS = [
  'expected',
  'received',
  'missed',
  'unresolved',
  'offline',
  'unjudged',
  'accounts',
  'renumbered',
] as const;
/**
 * `offline`: while the client was not there. `unjudged`: without a number, of more channels than can be kept,
 * or from before the first that the client must have. `accounts`: finalized
 * ones of a client and channel; the first push of each has none before it. `renumbered`: how often the numbers of a client and
 * channel began anew on one connection, or on the next one where all clients receive the same.
 */
export type PushCounts = Record<(typeof PUSH_COUNTS)[number], number>;

export function zeroPushes(): PushCounts {
  return { expected: 0, received: 0, missed: 0, unresolved: 0, offline: 0, unjudged: 0, accounts: 0, renumbered: 0 };
}

/** Beside its counts: of a sample of the pushes when each client received them, from the start of the run. */
export type PushFacts = Readonly<PushCounts> & { readonly spread: readonly SpreadFacts[] };

/** Pings that clients sent. What was on its way when its connection ended is neither answered nor unanswered. */
export const PING_COUNTS = ['sent', 'answered', 'unanswered'] as const;
export type PingCounts = Record<(typeof PING_COUNTS)[number], number>;

export function zeroPings(): PingCounts {
  return { sent: 0, answered: 0, unanswered: 0 };
}

export function zeroExtent(): Mutable<DeliveryFacts['extent']> {
  return { count: 0, sum: 0, max: 0 };
}

export function zeroLoss(): Mutable<DeliveryFacts['loss']> {
  return { periods: 0, longestPeriod: 0, noticeable: 0, smallestBacklog: 0 };
}

export function zeroAcknowledgements(): Mutable<DeliveryFacts['acknowledgements']> {
  return { lost: 0, recovered: 0 };
}

export function zeroJitter(): Mutable<DeliveryFacts['jitter']> {
  return { clients: 0, sumNs: 0, maxNs: 0 };
}

export function zeroDamage(): Record<DamageKind, number> {
  return { bitFlips: 0, truncated: 0, extended: 0, spliced: 0, mangled: 0 };
}

export function zeroUnexpected(): Record<UnexpectedKind, number> {
  return { foreign: 0, stale: 0, otherStream: 0, neverSent: 0, otherOpcode: 0, refused: 0 };
}

export function zeroUnreadable(): Record<UnreadableKind, number> {
  return {
    notJson: 0,
    compressed: 0,
    severalDocuments: 0,
    otherEncoding: 0,
    notText: 0,
    tooDeep: 0,
    numberTooLarge: 0,
    numbersNotByOne: 0,
    byProtocol: 0,
  };
}

export function zeroUnsent(): Record<UnsentReason, number> {
  return { overdue: 0, backpressure: 0, windowFull: 0, socketClosed: 0, adapterError: 0 };
}

export interface Window {
  readonly schema: typeof WINDOW_SCHEMA;
  readonly worker: number;
  /** Of clients: 0 is of those that behave as they should. */
  readonly group: number;
  /** From 0 without a gap for each worker and group: a line of the record that is gone shows. */
  readonly number: number;
  /** Which second of the run, from 0. */
  readonly second: number;
  /** Index into `planStages`: a window is also cut where a stage ends. −1 before the first. */
  readonly stage: number;
  readonly untilNs: number;
  readonly messages: MessageFacts;
  readonly unsent: Readonly<Record<UnsentReason, number>>;
  readonly delivery: DeliveryFacts;
  readonly fanout: FanoutFacts;
  readonly pushes: PushFacts;
  readonly pings: Readonly<PingCounts>;
  /** In the order of the mix; empty where it has one type. */
  readonly types: readonly TypeFacts[];
  readonly connections: ConnectionFacts;
  readonly bytes: { readonly sent: number; readonly received: number };
  readonly histograms: Readonly<Record<HistogramName, SparseHistogram>>;
  readonly health: WorkerHealth;
}

/**
 * `fanout`: from a message's due time to its arrival at another client. `firstPush`: from the opening of a client to what the
 * service first says of its own accord. `outage`: from the loss of a client's connection until it is open again. `offline`: from
 * that loss until sending ended, of clients that were not open again by then. `lifetime`: from the opening of a connection
 * until the service, or the way to it, ended it. `ping`: from a ping to its pong.
 */
export const HISTOGRAM_NAMES = [
  'response',
  'service',
  'sendLag',
  'handshake',
  'eventLoopDelay',
  'fanout',
  'firstPush',
  'outage',
  'offline',
  'lifetime',
  'ping',
] as const;
export type HistogramName = (typeof HISTOGRAM_NAMES)[number];

/** How close handshakes went that we began (RFC 6455 §7.1.2). */
export const CLOSE_COUNTS = ['sent', 'unanswered', 'waitedOut'] as const;
/**
 * `sent`: close frames of ours that were not answers. `unanswered`: of them, no close frame came back before the connection
 * ended. `waitedOut`: connections that the service had not ended when our patience was over, answered or not.
 */
export type CloseCounts = Record<(typeof CLOSE_COUNTS)[number], number>;

export function zeroCloses(): CloseCounts {
  return { sent: 0, unanswered: 0, waitedOut: 0 };
}

/** What connections agreed on when they opened, each with how many; `none` for those that agreed on none. */
export const NEGOTIATED = ['subprotocol', 'compression'] as const;
export type NegotiatedFacts = Readonly<Record<(typeof NEGOTIATED)[number], Readonly<Record<string, number>>>>;

export interface ConnectionFacts {
  readonly attempted: number;
  readonly opened: number;
  /** Of the opened: clients that had been open before. */
  readonly reconnected: number;
  /** Attempts that did not open a connection, for one of the reasons in `failures`. */
  readonly failed: number;
  /** Clients that lost their connection and made all the attempts that they may. */
  readonly gaveUp: number;
  /** Open at the end of the window. */
  readonly open: number;
  readonly peakOpen: number;
  /** The fewest that were open at any time of the window. */
  readonly lowestOpen: number;
  /**
   * Time for which clients were wanted, and for which they were open, in client·ns. A client counts as wanted from its first opening or
   * failure on, and at the latest `OPENING_ALLOWANCE_NS` after the plan asked for it.
   */
  readonly wantedNs: number;
  readonly openNs: number;
  /** Of the time wanted: from the loss of a connection until the client was open again or not wanted any more, in client·ns. */
  readonly downNs: number;
  /** When clients lost their connections and were open again; null where none was. */
  readonly firstDropNs: number | null;
  readonly firstReopenNs: number | null;
  readonly lastReopenNs: number | null;
  readonly droppedByServer: number;
  /** Why clients could not open or had to go, by kind. */
  readonly failures: Readonly<Partial<Record<FailureKind, number>>>;
  /** How clients ended that had been open, by close code (1006 where none was received). */
  readonly closeCodes: Readonly<Record<string, number>>;
  readonly closes: Readonly<CloseCounts>;
  readonly negotiated: NegotiatedFacts;
}

export interface WorkerHealth {
  readonly cpuNs: number;
  /** For how long a quota of CPU kept the worker and all that share it from running; 0 where there is none. */
  readonly throttledNs: number;
  readonly rssBytes: number;
  /** Before the first client. */
  readonly idleRssBytes: number;
  /** Length of the window in ns as it really was. */
  readonly elapsedNs: number;
  /** The integral of messages in flight over time, in message·ns: an independent count for Little's law. */
  readonly inFlightNs: number;
  readonly inFlight: number;
  /** The sum of received − sent over the rejected messages, and how many answers came whose times are not remembered. */
  readonly rejectedNs: number;
  readonly untimed: number;
  /** True where a bound of the ledger was hit and duplicates may be confused with late arrivals. */
  readonly approximate: boolean;
  readonly stall: StallFacts;
  /** For so long the machine slept: its clock since boot went on, and the monotonic one stood still. */
  readonly suspendedNs: number;
  /** Whether the worker spins between sends, so that its CPU time says nothing about its load. */
  readonly spinning: boolean;
}

/** How long the process did not get to its work, where that was longer than a busy loop takes. */
export interface StallFacts {
  readonly ns: number;
  readonly longestNs: number;
  /** What the process used of the processor meanwhile: about as much where its own code was busy, nothing where it was stopped. */
  readonly cpuNs: number;
}

export function zeroStall(): Mutable<StallFacts> {
  return { ns: 0, longestNs: 0, cpuNs: 0 };
}

export function encodeWindow(window: Window): string {
  return JSON.stringify(window);
}

/** Of a line that another version has written: which; null for a window of ours, and for anything else. */
export function foreignSchema(line: string): string | null {
  const schema = /"schema":"(highwater\/window\/\d{1,6})"/.exec(line.slice(0, 200))?.[1] ?? null;
  return schema === WINDOW_SCHEMA ? null : schema;
}

/** Null for anything that is not a whole window of this version. */
export function decodeWindow(line: string): Window | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  return isWindow(value) ? value : null;
}

export function isWindow(value: unknown): value is Window {
  if (!isRecord(value) || value.schema !== WINDOW_SCHEMA) return false;
  const { messages, unsent, delivery, fanout, pushes, pings, types, connections, bytes, histograms, health } = value;
  return (
    hasCounts(value, ['worker', 'group', 'second', 'untilNs']) &&
    isNumbered(value.number) &&
    Number.isSafeInteger(value.stage) &&
    Number.isSafeInteger(value.second) &&
    hasCounts(messages, MESSAGE_FACTS) &&
    hasCounts(unsent, UNSENT_REASONS) &&
    isRecord(delivery) &&
    hasCounts(delivery.damage, DAMAGE_KINDS) &&
    hasCounts(delivery.unexpected, UNEXPECTED_KINDS) &&
    hasCounts(delivery.unreadable, UNREADABLE_KINDS) &&
    hasCounts(delivery.acknowledgements, ['lost', 'recovered']) &&
    hasCounts(delivery, ['states', 'unchecked']) &&
    hasCounts(delivery.jitter, ['clients', 'sumNs', 'maxNs']) &&
    hasCounts(delivery.extent, ['count', 'sum', 'max']) &&
    hasCounts(delivery.density, ['mostHeld']) &&
    isPairs(delivery.density.displaced) &&
    hasCounts(delivery.loss, ['periods', 'longestPeriod', 'noticeable', 'smallestBacklog']) &&
    hasCounts(fanout, ['received', 'compared']) &&
    Array.isArray(fanout.spread) &&
    fanout.spread.every(isSpread) &&
    hasCounts(pushes, PUSH_COUNTS) &&
    Array.isArray(pushes.spread) &&
    pushes.spread.every(isSpread) &&
    hasCounts(pings, PING_COUNTS) &&
    Array.isArray(types) &&
    types.every((type) => hasCounts(type, TYPE_COUNTS) && isSparseHistogram(type.response)) &&
    hasCounts(connections, [
      'attempted',
      'opened',
      'reconnected',
      'failed',
      'gaveUp',
      'openNs',
      'wantedNs',
      'downNs',
      'open',
      'peakOpen',
      'lowestOpen',
      'droppedByServer',
    ]) &&
    [connections.firstDropNs, connections.firstReopenNs, connections.lastReopenNs].every(isMoment) &&
    hasCounts(connections.failures, []) &&
    Object.keys(connections.failures).every((kind) => (FAILURE_KINDS as readonly string[]).includes(kind)) &&
    hasCounts(connections.failures, Object.keys(connections.failures)) &&
    hasCounts(connections.closeCodes, []) &&
    hasCounts(connections.closeCodes, Object.keys(connections.closeCodes)) &&
    hasCounts(connections.closes, CLOSE_COUNTS) &&
    isNegotiated(connections.negotiated) &&
    hasCounts(bytes, ['sent', 'received']) &&
    isRecord(histograms) &&
    HISTOGRAM_NAMES.every((name) => isSparseHistogram(histograms[name])) &&
    hasCounts(health, [
      'cpuNs',
      'throttledNs',
      'rssBytes',
      'idleRssBytes',
      'elapsedNs',
      'inFlightNs',
      'inFlight',
      'suspendedNs',
      'rejectedNs',
      'untimed',
    ]) &&
    hasCounts(health.stall, ['ns', 'longestNs', 'cpuNs']) &&
    typeof health.approximate === 'boolean' &&
    typeof health.spinning === 'boolean'
  );
}

function hasCounts(value: unknown, names: readonly string[]): value is Record<string, unknown> {
  return isRecord(value) && names.every((name) => isCount(value[name]));
}

/** Client·ns of a day of 100,000 clients are below it; what is larger was not counted. */
const MOST_COUNTED = 2 ** 63;

function isCount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value < MOST_COUNTED;
}

function isNumbered(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isNegotiated(value: unknown): boolean {
  return (
    isRecord(value) &&
    NEGOTIATED.every((of) => {
      const counts = value[of];
      return isRecord(counts) && hasCounts(counts, Object.keys(counts));
    })
  );
}

function isMoment(value: unknown): boolean {
  return value === null || (Number.isFinite(value) && (value as number) >= 0);
}

function isSpread(value: unknown): boolean {
  return Array.isArray(value) && value.length > 3 && value.every(Number.isSafeInteger);
}

function isPairs(value: unknown): boolean {
  const isPair = (pair: unknown): boolean =>
    Array.isArray(pair) && pair.length === 2 && pair.every(Number.isSafeInteger);
  return Array.isArray(value) && value.every(isPair);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
