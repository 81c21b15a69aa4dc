// The plan as everything below `plan/` sees it: fully resolved, every default filled in, times in
// nanoseconds, sizes in bytes. `parsePlan` makes it; nothing else does. It survives JSON unchanged,
// because workers receive it over IPC and `plan.json` stores it (redacted).

import type { NonEmpty } from '../units/non-empty.ts';
import type { MESSAGE_COUNTS } from './message-counts.ts';

export interface Plan {
  readonly name: string;
  /** The profile in force, or null where the plan runs as written. */
  readonly profile: string | null;
  /** Seeds every random choice of the run: arrivals, the mix, think times. */
  readonly seed: number;
  readonly target: Target;
  readonly protocol: Protocol;
  readonly load: Load;
  readonly contract: Contract | null;
  readonly thresholds: readonly Threshold[];
  /** Conditions that end the run as soon as one of them holds, such as `connections.failed > 50%`. */
  readonly abort: readonly Threshold[];
  /** Null where nothing is sent twice. */
  readonly resend: Resend | null;
  /** How a client that lost its connection opens again; null where it does not. */
  readonly reconnect: Reconnect | null;
  /** What is broken on purpose. */
  readonly faults: readonly Fault[];
  /** How long after the last send a message may still arrive before it is lost. */
  readonly drainNs: number;
  readonly workers: number | 'auto';
  readonly pace: Pace;
  /** What is read once a second while the run goes; each name once. */
  readonly monitors: readonly MonitorSettings[];
}

/** Where a monitor looks. */
export type MonitorSettings =
  /** A process and its children. */
  | { readonly kind: 'process'; readonly name: string; readonly pid: number }
  | { readonly kind: 'referenceTarget'; readonly name: string }
  | { readonly kind: 'machine'; readonly name: string }
  | {
      readonly kind: 'prometheus';
      readonly name: string;
      readonly url: string;
      /** `name` or `name{label="value"}`, each once. */
      readonly series: readonly string[];
    }
  | {
      readonly kind: 'command';
      readonly name: string;
      readonly program: string;
      readonly args: readonly string[];
      /** Where it is started; null for the working directory. */
      readonly directory: string | null;
    };

/** What is sent again, with the same id and content. */
export interface Resend {
  /** What was not acknowledged for so long is sent again, at most so often. */
  readonly afterNs: number;
  readonly atMost: number;
  /** A share of all messages is sent in so many further copies though nothing is wrong; null where none is. */
  readonly idempotencyCheck: { readonly share: number; readonly copies: number; readonly everyNs: number } | null;
}

/** Something that is broken on purpose, `atNs` from the first message on, or from the start of a run without messages. */
export type Fault = {
  readonly name: string;
  readonly atNs: number;
  /** 0 for what is over at once; null for what goes on to the end of the run. */
  readonly forNs: number | null;
} & (ProcessFault | PacketFault | NetworkFault);

export type ProcessFault =
  | { readonly kind: 'stop' | 'kill'; readonly process: 'reference' | number }
  /** The reference target is ended, and started again on its port when the time is over. */
  | { readonly kind: 'restart' }
  | {
      readonly kind: 'command';
      readonly run: NonEmpty<string>;
      readonly undo: NonEmpty<string> | null /** Where they are started; null for the working directory. */;
      readonly directory: string | null;
    };

/** Of the packets between clients and service, as far as they arrive at this machine. */
export type PacketFault =
  | { readonly kind: 'packet_loss'; readonly lossRatio: number }
  | { readonly kind: 'partition' }
  /** Of the network device to the service. */
  | { readonly kind: 'link_rate'; readonly bytesPerSecond: number };

/** On the way between clients and service, done by a proxy between them. */
export interface NetworkFault {
  readonly kind: 'way';
  /** Which: those who do it know it by this name, and read its settings. */
  readonly fault: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The pause before attempt n after a drop, from 0: `fromNs`, doubled n times where exponential, and at most `toNs`. */
export interface Reconnect {
  readonly backoff: 'exponential' | 'constant';
  readonly fromNs: number;
  readonly toNs: number;
  /** `full`: anything between nothing and that. */
  readonly jitter: 'full' | 'none';
  /** After so many attempts that failed a client is given up. */
  readonly atMost: number;
}

/** `economical` waits on a timer, `precise` spins when a send is near; `auto` chooses by the free cores. */
export type Pace = 'economical' | 'precise' | 'auto';

export interface Target {
  /** Where to connect: templates that may hold `${client}`, `${room}` and `${row.COLUMN}`; or the reference target. */
  readonly urls: NonEmpty<string>;
  readonly headers: Readonly<Record<string, string>>;
  readonly subprotocols: readonly string[];
  readonly compression: Compression;
  readonly tls: Tls;
  /** Local addresses to connect from, shared out among the clients; empty leaves it to the kernel. */
  readonly sourceAddresses: readonly string[];
  /** A CSV file whose rows give `${row.COLUMN}`, client by client; null where there is none. */
  readonly rowsFile: string | null;
  readonly rowsOrder: RowsOrder;
  readonly connectTimeoutNs: number;
  readonly handshakeTimeoutNs: number;
  /** Larger messages are refused with close code 1009. */
  readonly maxMessageBytes: number;
  /** Open model: a client with more than this unsent in its socket sends nothing further: `unsent: backpressure`. */
  readonly maxBufferedBytes: number;
  /** Null where clients send no pings. */
  readonly ping: Ping | null;
}

/** Each open connection sends a ping every `everyNs`; one without its pong after `timeoutNs`, which is no longer, is dead. */
export interface Ping {
  readonly everyNs: number;
  readonly timeoutNs: number;
}

/** `once`: there must be a row for each client. */
export type RowsOrder = 'sequential' | 'random' | 'once';

/** The name that stands for the target that ships with Highwater, in `target.urls`. */
export const REFERENCE_TARGET = 'reference';

/** RFC 7692 permessage-deflate; context takeover is asked for by side. */
export type Compression =
  | { readonly kind: 'off' }
  | { readonly kind: 'deflate'; readonly clientContextTakeover: boolean; readonly serverContextTakeover: boolean };

export interface Tls {
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  readonly passphrase: string | null;
  /** SNI and the name the certificate must carry; null takes it from the URL. */
  readonly serverName: string | null;
  readonly insecure: boolean;
}

export type Protocol = EchoProtocol | JsonProtocol | PushProtocol | ModuleProtocol;

/** A protocol that somebody else wrote: a module that exports `protocol` (`protocols/adapter.ts`). */
export interface ModuleProtocol {
  readonly kind: 'module';
  readonly file: string;
}

/** The service answers each message with a JSON document that carries its id. */
export interface JsonProtocol {
  readonly kind: 'json';
  /** JSON text with `${id}`, `${seq}`, `${client}`, `${room}`, `${type}`, `${priority}` and `${payload}` in it. */
  readonly template: string;
  /** Sent once a client is open, before its messages: JSON texts with `${client}` and `${room}` in them. */
  readonly join: readonly string[];
  /** Where an answer has the id: keys from the root down. */
  readonly id: readonly string[];
  /** An answer that has something there rejects the message; null where none does. */
  readonly error: readonly string[] | null;
  /** Where an acknowledgement has the id; null where the answer is the acknowledgement. */
  readonly ack: readonly string[] | null;
  /** An answer that has something there says that the message was a copy; null where none does. */
  readonly duplicate: readonly string[] | null;
  /** Where an answer has the service's state: how many messages it has taken, and their digest. */
  readonly state: {
    readonly count: readonly string[] | null;
    readonly digest: readonly string[] | null;
    /** All clients of a room have one state, or all clients where there are no rooms; else each has its own. */
    readonly shared: boolean;
  } | null;
  /** Where an answer returns the payload; null where it does not. */
  readonly payload: readonly string[] | null;
  /** Whether messages without an id are the service's right, or unexpected; or how they are numbered, and so judged. */
  readonly pushes: 'ignore' | 'unexpected' | Numbering;
}

/** The service speaks of its own accord, and only what arrives is judged. */
export interface PushProtocol {
  readonly kind: 'push';
  /** Sent once a client is open: JSON texts with `${client}` and `${room}` in them. */
  readonly join: readonly string[];
  readonly pushes: Numbering;
}

/** How a service numbers what it says of its own accord: each number is one more than the one before. */
export interface Numbering {
  readonly sequence: readonly string[];
  /** Numbers count within a channel; null where they count for the whole client. */
  readonly channel: readonly string[] | null;
  /** Every client receives the same numbers of a channel; else each is counted to by itself. */
  readonly shared: boolean;
}

export interface EchoProtocol {
  readonly kind: 'echo';
  readonly format: 'binary' | 'text';
}

export interface Load {
  /** Open connections over time, from the start of the run. The last level is held until the end. */
  readonly connections: Curve;
  readonly messages: Messages;
  readonly mix: NonEmpty<MessageType>;
  /** Null where every client receives only what it said itself. */
  readonly rooms: Rooms | null;
  /** Shares of the clients that behave badly; the others are judged by themselves. */
  readonly misbehaving: readonly MisbehavingClients[];
  /** A CSV file whose rows give `${feeder.COLUMN}`, message by message; null where there is none. */
  readonly feeder: { readonly file: string; readonly order: FeederOrder } | null;
}

export interface MisbehavingClients {
  /** Of all clients, above 0 and below 1. */
  readonly share: number;
  readonly misbehavior: Misbehavior;
}

/** What a client can do wrong. `afterNs`: so long after a client has opened it begins. */
export type Misbehavior =
  /** Takes no more than so many bytes a second; with 0, nothing at all. */
  | { readonly kind: 'slow-reader'; readonly bytesPerSecond: number; readonly afterNs: number }
  /** Is not there any more, and its connection is not closed: it neither reads, nor answers, nor says anything. */
  | { readonly kind: 'half-open'; readonly afterNs: number }
  | { readonly kind: 'no-pong' }
  /** Asks for its connection at so many bytes a second. */
  | { readonly kind: 'slow-handshake'; readonly bytesPerSecond: number }
  /** Sends a frame that nobody may send (RFC 6455 §5.2). */
  | { readonly kind: 'malformed-frames'; readonly afterNs: number }
  /** Sends a message of so many bytes. */
  | { readonly kind: 'oversized'; readonly bytes: number; readonly afterNs: number }
  /** Resets its connection, and comes back. */
  | { readonly kind: 'reset'; readonly afterNs: number }
  /** Goes without a word, and comes back. */
  | { readonly kind: 'churn'; readonly afterNs: number };

/** `sequential`: each client takes one row after the other, client n from row n on. */
export type FeederOrder = 'sequential' | 'random';

/** Clients that receive one another: client n is in room n mod `count` (`rooms.ts`). */
export interface Rooms {
  readonly count: number;
  /** Of each room, so many clients send: those with the lowest numbers. */
  readonly publishers: number;
  /** Whether the service returns a message to its own sender. */
  readonly self: boolean;
  /** From the opening of the last client to the first message: time to join. */
  readonly settleNs: number;
}

export type Messages =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'open';
      /** Messages per second over all clients. */
      readonly curve: Curve;
      readonly arrival: 'constant' | 'poisson';
      readonly start: MessagesStart;
    }
  | {
      readonly kind: 'closed';
      /** Messages in flight on each client. */
      readonly inFlight: number;
      readonly think: Think;
      /** A reply that takes longer gives its slot free; the message stays due for its outcome. */
      readonly replyTimeoutNs: number;
      /** How long clients go on sending. */
      readonly durationNs: number;
      readonly start: MessagesStart;
    };

/** The first message is due when the clients of the first connection segment are up, or at a time of the run. */
export type MessagesStart = { readonly kind: 'connected' } | { readonly kind: 'at'; readonly atNs: number };

/** Uniform between the two; equal bounds are a constant, zero is none. */
export interface Think {
  readonly minNs: number;
  readonly maxNs: number;
}

/** A curve starts at level 0 and each segment starts where the one before ended (a burst returns to the level before it). */
export type Curve = NonEmpty<Segment>;

export interface Segment {
  /** Unique within its curve; stages are named after it. */
  readonly name: string;
  readonly shape: 'linear' | 'exponential' | 'stepped' | 'instant' | 'hold' | 'burst';
  readonly from: number;
  readonly to: number;
  readonly durationNs: number;
  /** Equal steps, at least 1; 1 unless stepped. */
  readonly steps: number;
}

export interface MessageType {
  readonly type: string;
  readonly weight: number;
  readonly payloadBytes: number;
  /** By which rules can name it together with others; null where it has none. */
  readonly priority: string | null;
}

export interface Contract {
  readonly delivery: 'exactly-once' | 'at-least-once' | 'at-most-once' | 'none';
  /** `per-channel`: what every client of a room receives is in one order, whoever sent it. */
  readonly order: 'per-stream' | 'per-channel' | 'none';
  readonly integrity: 'checksum' | 'none';
  /** `missed`: what others said while a client was offline comes to it once it is back. */
  readonly replay: 'missed' | 'none';
}

/** A rule such as `response.p99 < 200ms`, as `parseThreshold` reads it. */
export interface Threshold {
  readonly expression: string;
  readonly metric: Metric;
  readonly operator: '<' | '<=' | '>' | '>=' | '==' | '!=';
  /** In the metric's own unit: nanoseconds, a count, a ratio of 0 to 1, or per second. */
  readonly limit: number;
  readonly unit: 'ns' | 'count' | 'ratio' | 'perSecond';
  /** The time that it is about; null for the whole run. */
  readonly scope: Scope | null;
}

export type Scope =
  /** While the fault of that name lasts, or any; or while it does not. */
  | { readonly kind: 'during' | 'outside'; readonly fault: string | null }
  | { readonly kind: 'stage'; readonly name: string };

export type Metric =
  | {
      readonly kind: 'distribution';
      readonly of: Times;
      readonly statistic: Statistic;
      readonly among: MessageClass | null;
    }
  | { readonly kind: 'messages'; readonly of: MessageCount; readonly among: MessageClass | null }
  | { readonly kind: 'connections'; readonly of: ConnectionCount }
  /** Deliveries to other clients. */
  | { readonly kind: 'fanout'; readonly of: DeliveryCount }
  /** What the service says of its own accord. */
  | { readonly kind: 'pushes'; readonly of: DeliveryCount }
  /** Pings of the clients that were answered, or not in time. */
  | { readonly kind: 'pings'; readonly of: PingCount }
  | { readonly kind: 'throughput'; readonly of: 'offered' | 'sent' | 'delivered' };

/** The messages of one type of the mix, or of all types of one priority. */
export interface MessageClass {
  readonly by: 'type' | 'priority';
  readonly name: string;
}

export type Times = 'response' | 'service' | 'sendLag' | 'handshake' | 'fanout' | 'firstPush' | 'outage' | 'ping';

/** Of what was expected. */
export type DeliveryCount = 'received' | 'missed';

export type PingCount = 'answered' | 'unanswered';

export type Statistic =
  | { readonly kind: 'percentile'; readonly percent: number }
  | { readonly kind: 'mean' | 'min' | 'max' | 'stdDev' };

export type MessageCount = 'unsent' | (typeof MESSAGE_COUNTS)[number];

export type ConnectionCount = 'opened' | 'failed' | 'dropped' | 'reconnected' | 'gaveUp';
