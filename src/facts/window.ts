// One second of facts from one worker: what travels from worker to coordinator and lies in
// `windows.ndjson`, one JSON line each. Every count is of this window alone, so windows add up in any
// order. A torn or foreign line decodes to null.

import { MESSAGE_COUNTS, TYPE_COUNTS } from '../plan/message-counts.ts';
import { areFacts, type Counted, type Counters, each, type Facts, type Fields } from './merge-rules.ts';
import { UNREADABLE_KINDS } from './unreadable.ts';

export const WINDOW_SCHEMA = 'highwater/window/3';

/** Reasons why a message that was due was not sent. */
export const UNSENT_REASONS = ['overdue', 'backpressure', 'windowFull', 'socketClosed', 'adapterError'] as const;
export type UnsentReason = (typeof UNSENT_REASONS)[number];

export const MESSAGE_FACTS = ['due', ...MESSAGE_COUNTS] as const;

/** What was done to the bytes of a corrupted message; `mangled` where it is none of the others, or cannot be told. */
export const DAMAGE_KINDS = ['bitFlips', 'truncated', 'extended', 'spliced', 'mangled'] as const;
export type DamageKind = (typeof DAMAGE_KINDS)[number];

/** Why a message was not expected. */
export const UNEXPECTED_KINDS = ['foreign', 'stale', 'otherStream', 'neverSent', 'otherOpcode', 'refused'] as const;
export type UnexpectedKind = (typeof UNEXPECTED_KINDS)[number];

/** What the service said of its own accord, by its own numbers. */
export const PUSH_COUNTS = [
  'expected',
  'received',
  'missed',
  'unresolved',
  /** While the client was not there. */
  'offline',
  /** Without a number, of more channels than can be kept, or from before the first that the client must have. */
  'unjudged',
  /** Finalized ones of a client and channel; the first push of each has none before it. */
  'accounts',
  /** How often the numbers of a client and channel began anew on one connection, or on the next one where all receive the same. */
  'renumbered',
] as const;
export type PushCounts = Record<(typeof PUSH_COUNTS)[number], number>;

/** Pings that clients sent. What was on its way when its connection ended is neither answered nor unanswered. */
export const PING_COUNTS = ['sent', 'answered', 'unanswered'] as const;
export type PingCounts = Record<(typeof PING_COUNTS)[number], number>;

const HISTOGRAM_NAMES = [
  'response',
  'service',
  'sendLag',
  'handshake',
  'eventLoopDelay',
  /** From a message's due time to its arrival at another client. */
  'fanout',
  /** From the opening of a client to what the service first says of its own accord. */
  'firstPush',
  /** From the loss of a client's connection until it is open again. */
  'outage',
  /** From that loss until sending ended, of clients that were not open again by then. */
  'offline',
  /** From the opening of a connection until the service, or the way to it, ended it. */
  'lifetime',
  /** From a ping to its pong. */
  'ping',
] as const;

/** How close handshakes went that we began (RFC 6455 §7.1.2). */
const CLOSE_COUNTS = [
  /** Close frames of ours that were not answers. */
  'sent',
  /** Of them, no close frame came back before the connection ended. */
  'unanswered',
  /** Connections that the service had not ended when our patience was over, answered or not. */
  'waitedOut',
] as const;
export type CloseCounts = Record<(typeof CLOSE_COUNTS)[number], number>;

/** What is counted for each type of message where a plan has several. */
export const TYPE_FIELDS = { ...each(TYPE_COUNTS, 'sum'), response: 'histogram' } as const satisfies Fields;
export type TypeCounters = Counters<typeof TYPE_FIELDS>;
export type TypeCounts = Record<(typeof TYPE_COUNTS)[number], number>;

/** Every counter of a window, and how those of several windows become one: a new one is declared here and nowhere else. */
export const WINDOW_FIELDS = {
  messages: each(MESSAGE_FACTS, 'sum'),
  unsent: each(UNSENT_REASONS, 'sum'),
  /** How the streams' messages fared beside their outcomes. */
  delivery: {
    damage: each(DAMAGE_KINDS, 'sum'),
    unexpected: each(UNEXPECTED_KINDS, 'sum'),
    unreadable: each(UNREADABLE_KINDS, 'sum'),
    /** Where the service acknowledges: `lost` of what it had acknowledged, `recovered` of what it had not and yet delivered. */
    acknowledgements: { lost: 'sum', recovered: 'sum' },
    /** Answers whose state was compared with the model. */
    states: 'sum',
    /** Arrivals whose content could not be checked: the message had no payload, or the protocol does not return it. */
    unchecked: 'sum',
    /** Over the clients that closed, each once (RFC 3550 §6.4.1). */
    jitter: { clients: 'sum', sumNs: 'sum', maxNs: 'max' },
    /** Over the reordered messages whose extent is known (RFC 4737 §4.2.2). */
    extent: { count: 'sum', sum: 'sum', max: 'max' },
    /** Arrivals out of their places, by displacement, and the most that a receiver would have held (RFC 5236). */
    density: { displaced: 'byNumber', mostHeld: 'max' },
    /** Of the lost messages, stream by stream (RFC 3357): see `measure/loss-pattern.ts`. */
    loss: {
      /** Losses behind one another, without a delivery between them, are one period. */
      periods: 'sum',
      /** In losses. */
      longestPeriod: 'max',
      /** Losses at most `NOTICEABLE_DISTANCE` behind the loss before. */
      noticeable: 'sum',
      /** In messages: the fewest that were under way on a client when later ones came before them; 0 where none did. */
      smallestBacklog: 'leastAboveZero',
      /** How many were sent in which second of the run, where that is known: they are found lost much later. */
      bySecondSent: 'byNumber',
    },
  },
  /** What clients received of other clients of their room. `compared`, of them: in order with what another client received. */
  fanout: { received: 'sum', compared: 'sum', spread: 'samples' },
  /** `spread`: of a sample of the pushes when each client received them, from the start of the run. */
  pushes: { ...each(PUSH_COUNTS, 'sum'), spread: 'samples' },
  pings: each(PING_COUNTS, 'sum'),
  connections: {
    attempted: 'sum',
    opened: 'sum',
    /** Of the opened: clients that had been open before. */
    reconnected: 'sum',
    /** Attempts that did not open a connection, for one of the reasons in `failures`. */
    failed: 'sum',
    /** Clients that lost their connection and made all the attempts that they may. */
    gaveUp: 'sum',
    /**
     * Time for which clients were wanted, and for which they were open, in client·ns. A client counts as wanted from its first
     * opening or failure on, and at the latest `OPENING_ALLOWANCE_NS` after the plan asked for it.
     */
    wantedNs: 'sum',
    openNs: 'sum',
    /** Of the time wanted: from the loss of a connection until the client was open again or not wanted any more, in client·ns. */
    downNs: 'sum',
    /** When clients lost their connections and were open again. */
    firstDropNs: 'earliest',
    firstReopenNs: 'earliest',
    lastReopenNs: 'latest',
    /** Open at the end of the window. */
    open: 'level',
    peakOpen: 'level',
    /** The fewest that were open at any time of the window. */
    lowestOpen: 'level',
    droppedByServer: 'sum',
    /** Why clients could not open or had to go. */
    failures: 'byFailure',
    /** How clients ended that had been open (1006 where no code was received). */
    closeCodes: 'byCode',
    closes: each(CLOSE_COUNTS, 'sum'),
    /** What connections agreed on when they opened, each with how many; `none` for those that agreed on none. */
    negotiated: { subprotocol: 'byName', compression: 'byName' },
  },
  bytes: { sent: 'sum', received: 'sum' },
  histograms: each(HISTOGRAM_NAMES, 'histogram'),
  /** Of the worker. */
  health: {
    cpuNs: 'sum',
    /** For how long a quota of CPU kept the worker and all that share it from running; 0 where there is none. */
    throttledNs: 'sum',
    rssBytes: 'level',
    /** Before the first client. */
    idleRssBytes: 'level',
    /** Length of the window in ns as it really was. */
    elapsedNs: 'sum',
    /** The integral of messages in flight over time, in message·ns: an independent count for Little's law. */
    inFlightNs: 'sum',
    inFlight: 'level',
    /** The sum of received − sent over the rejected messages, and how many answers came whose times are not remembered. */
    rejectedNs: 'sum',
    untimed: 'sum',
    /** True where a bound of the ledger was hit and duplicates may be confused with late arrivals. */
    approximate: 'either',
    /** How long the process did not get to its work, where that was longer than a busy loop takes. */
    stall: {
      ns: 'sum',
      longestNs: 'max',
      /** What the process used of the processor meanwhile: about as much where its own code was busy, nothing where it was stopped. */
      cpuNs: 'sum',
    },
    /** For so long the machine slept: its clock since boot went on, and the monotonic one stood still. */
    suspendedNs: 'sum',
    /** Whether the worker spins between sends, so that its CPU time says nothing about its load. */
    spinning: 'either',
  },
} as const satisfies Fields;

/** What windows add up to. */
export type WindowCounters = Counters<typeof WINDOW_FIELDS>;
/** All of a window that is counted and merged. */
export type WindowCounts = Counted<typeof WINDOW_FIELDS>;
type WindowFacts = Facts<typeof WINDOW_FIELDS>;
export type PushFacts = WindowFacts['pushes'];
export type NegotiatedFacts = WindowFacts['connections']['negotiated'];
export type TypeFacts = Facts<typeof TYPE_FIELDS>;

export interface Window extends WindowFacts {
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
  /** In the order of the mix; empty where it has one type. */
  readonly types: readonly TypeFacts[];
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
  if (typeof value !== 'object' || value === null) return false;
  const { schema, worker, group, number, second, stage, untilNs, types } = value as Partial<Record<string, unknown>>;
  return (
    schema === WINDOW_SCHEMA &&
    [worker, group, number, second].every(isIndex) &&
    Number.isSafeInteger(stage) &&
    Number.isFinite(untilNs) &&
    (untilNs as number) >= 0 &&
    areFacts(WINDOW_FIELDS, value) &&
    Array.isArray(types) &&
    types.every((type) => areFacts(TYPE_FIELDS, type))
  );
}

function isIndex(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
