// What the receivers of one worker received of every sender, as it travels to the coordinator at the end of a run, and is
// joined there with what the senders of all workers sent.

/** Numbers from `from` up to `to − 1` that so many receivers never received. */
export type HoleFacts = readonly [from: number, to: number, receivers: number];

/**
 * So many receivers are judged from number `from` on and received nothing from `to` on; 1: they stayed to the end of the run; 2: so
 * as well, and the last that came could not be read.
 */
export type SpanFacts = readonly [from: number, to: number, stayed: 0 | 1 | 2, receivers: number];

export interface StreamReceivers {
  readonly stream: number;
  readonly spans: readonly SpanFacts[];
  /** Holes of receivers whose connection lived. */
  readonly missed: readonly HoleFacts[];
  /** Holes of receivers whose connection died before they could be filled. */
  readonly unresolved: readonly HoleFacts[];
  /** Deliveries of these two kinds whose numbers are not remembered. */
  readonly unplaced: readonly [missed: number, unresolved: number];
}

export interface ReceiverFacts {
  /** By stream of this worker's clients: how many messages it sent. */
  readonly sent: readonly (readonly [stream: number, count: number])[];
  readonly streams: readonly StreamReceivers[];
  /** Of the receivers that were there from the first message to the end: what they received in all. */
  readonly receivers: readonly (readonly [client: number, received: number])[];
  /** By room: the number of the room, then the first messages in the order in which one of its clients received them. */
  readonly orders: readonly (readonly number[])[];
  /** What the service refused of this worker's messages, and what was in flight when a sender's connection died. */
  readonly refused: readonly (readonly [stream: number, from: number, to: number])[];
  readonly outstanding: readonly (readonly [stream: number, from: number, to: number])[];
  /** Messages that were sent while their receiver were offline, and did not reach them later. */
  readonly offline: number;
}

export function isReceiverFacts(value: unknown): value is ReceiverFacts {
  if (typeof value !== 'object' || value === null) return false;
  const { sent, streams, receivers, orders, refused, outstanding, offline } = value as Record<string, unknown>;
  return (
    isTable(sent, 2) &&
    isTable(refused, 3) &&
    isTable(outstanding, 3) &&
    Array.isArray(orders) &&
    orders.every((order) => Array.isArray(order) && order.every(Number.isSafeInteger)) &&
    isTable(receivers, 2) &&
    Number.isFinite(offline) &&
    Array.isArray(streams) &&
    streams.every(isStream)
  );
}

function isStream(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { stream, spans, missed, unresolved, unplaced } = value as Record<string, unknown>;
  return (
    Number.isFinite(stream) &&
    isTable(spans, 4) &&
    isTable(missed, 3) &&
    isTable(unresolved, 3) &&
    isTable([unplaced], 2)
  );
}

function isTable(value: unknown, columns: number): boolean {
  const isRow = (row: unknown): boolean =>
    Array.isArray(row) && row.length === columns && row.every((each) => Number.isFinite(each) && each >= 0);
  return Array.isArray(value) && value.every(isRow);
}
