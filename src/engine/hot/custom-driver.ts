// A protocol of the user's own at work: each connection has a session, which lays messages out and says what arrived.
// Whatever it does wrong is counted and told, and never ends the run.

import { opcodes } from '../../frames/opcodes.ts';
import type { Incoming, Outgoing, ProtocolAdapter, ProtocolSession, Wire } from '../../protocols/adapter.ts';
import { describeThrown, incomingProblem, isWire } from '../../protocols/adapter-contract.ts';
import type { Rows } from '../../protocols/json/values.ts';
import {
  createMessageIds,
  MAX_ID_BYTES,
  type MessageName,
  readMessageId,
  writeMessageId,
} from '../../protocols/message-id.ts';
import { createTextFiller, textFillerMatches, writeTextFiller } from '../../protocols/text-filler.ts';
import type { Client } from '../connections/client.ts';
import { type Accounting, flushClient, nextNumber, noteState, unexpected } from './accounting.ts';
import type { ProtocolDriver } from './driver.ts';
import {
  appendFrame,
  MAX_NAMED_IN_FLIGHT,
  receiveAcknowledgement,
  receiveNamed,
  receiveRejection,
  receiveUnmatched,
  rememberTimes,
  timesInTable,
} from './named.ts';
import { noteUnreadable, sampleOf } from './unreadable.ts';

/** Of an author's words, in characters and in bytes: they are kept as examples. */
const MAX_WHY = 100;
const MAX_REASON_BYTES = 400;

export interface CustomSetting {
  /** The 32-bit nonce of the run. */
  readonly run: number;
  readonly mix: readonly { readonly type: string; readonly payloadBytes: number }[];
  /** Whether ids carry the times of their message. */
  readonly timed: boolean;
  /** Clients of this process. */
  readonly clients: number;
  readonly rows: Rows;
  roomOf(stream: number): number;
  /** The protocol threw, or returned what is none of its kinds. */
  adapterFailed(client: Client, message: string): void;
}

export function createCustomDriver(
  protocol: ProtocolAdapter,
  setting: CustomSetting,
  accounting: Accounting,
): ProtocolDriver {
  const { mix, timed } = setting;
  const { ledger } = accounting;
  const ids = createMessageIds(setting.run, timed);
  const characters = createTextFiller(setting.run);
  /** By index of the client; null until its connection has one, and after its factory threw. */
  const sessions = new Array<ProtocolSession | null>(setting.clients).fill(null);
  /** The message that `readId` read last. One for all: nothing keeps it beyond the call. */
  const name: MessageName = { stream: 0, sequence: 0, dueNs: Number.NaN, sentNs: Number.NaN };
  /** For ids and payloads on their way in and out; grows to the largest, and holds nothing between two calls. */
  let scratch = Buffer.alloc(4096);

  function join(client: Client): void {
    const { index, stream } = client;
    sessions[index] = null;
    attempt(client, 'protocol', () => {
      const { rows } = setting;
      const row = rows[stream % rows.length] ?? {};
      const session = protocol({ client: stream, room: setting.roomOf(stream), row });
      for (const wire of session.join ?? []) {
        if (!isWire(wire)) throw new TypeError(`expected a join message of strings or bytes, got ${typeof wire}`);
        appendWire(client, wire);
      }
      sessions[index] = session;
      if (session.acknowledges === true && accounting.acks !== null) {
        accounting.acks.isApart = true;
        accounting.acks.isNeeded = true;
      }
    });
  }

  function append(client: Client, type: number, dueNs: number, sentNs: number): boolean {
    const session = sessions[client.index] ?? null;
    if (session === null) return false;
    // The number is taken only when the message is laid out: where `encode` throws, nothing was sent.
    const sequence = ledger.next[client.index]!;
    const wire = layOut(client, session, type, sequence, dueNs, sentNs);
    if (wire === null) return false;
    nextNumber(accounting, client, dueNs, sentNs);
    if (!timed) rememberTimes(client, ledger.outstanding[client.index]!, sequence, dueNs, sentNs);
    appendWire(client, wire);
    return true;
  }

  function repeat(client: Client, type: number, sequence: number, dueNs: number, sentNs: number): void {
    const session = sessions[client.index] ?? null;
    const wire = session === null ? null : layOut(client, session, type, sequence, dueNs, sentNs);
    if (wire !== null) appendWire(client, wire);
  }

  function layOut(
    client: Client,
    session: ProtocolSession,
    type: number,
    sequence: number,
    dueNs: number,
    sentNs: number,
  ): Wire | null {
    return attempt(client, 'encode', () => {
      const laidOut = session.encode(outgoing(client.stream, sequence, type, dueNs, sentNs));
      if (!isWire(laidOut)) throw new TypeError(`expected a string or bytes, got ${typeof laidOut}`);
      return laidOut;
    });
  }

  function outgoing(stream: number, seq: number, type: number, dueNs: number, sentNs: number): Outgoing {
    const { type: typeName, payloadBytes } = mix[type]!;
    reserveScratch(MAX_ID_BYTES + payloadBytes);
    const idEnd = writeMessageId(ids, scratch, 0, {
      stream,
      sequence: seq,
      dueNs: Math.floor(dueNs),
      sentNs: Math.floor(sentNs),
    });
    const end = writeTextFiller(characters, scratch, idEnd, payloadBytes, stream, seq);
    return {
      id: scratch.toString('latin1', 0, idEnd),
      seq,
      type: typeName,
      payload: scratch.toString('latin1', idEnd, end),
    };
  }

  function reserveScratch(bytes: number): void {
    if (scratch.length < bytes) scratch = Buffer.alloc(2 * bytes);
  }

  function receive(client: Client, isText: boolean, bytes: Uint8Array, start: number, end: number): void {
    const session = sessions[client.index] ?? null;
    if (session === null) return;
    // The read buffer is used again: what the protocol may keep must be its own.
    const received = isText ? Buffer.from(bytes.subarray(start, end)).toString('utf8') : bytes.slice(start, end);
    const incoming = attempt(client, 'decode', () => {
      const found = session.decode(received);
      const problem = incomingProblem(found);
      if (problem !== null) throw new TypeError(`expected ${problem.expected}, got ${problem.got}`);
      return found;
    });
    for (const each of incoming ?? []) trackArrival(client, each, bytes, start, end);
  }

  function trackArrival(client: Client, incoming: Incoming, bytes: Uint8Array, start: number, end: number): void {
    switch (incoming.kind) {
      case 'message':
      case 'acknowledgement':
      case 'rejection': {
        const reading = readId(incoming.id);
        if (reading === 'stale') unexpected(accounting, client, 'stale', end - start);
        else if (reading === 'none') receiveUnmatched(accounting, client, true, bytes, start, end);
        else if (incoming.kind === 'rejection') receiveRejected(client, incoming.reason, bytes, start, end);
        else receiveOurs(client, incoming, end - start);
        return;
      }
      case 'unexpected':
        receiveUnmatched(accounting, client, true, bytes, start, end);
        return;
      case 'unreadable': {
        const { why } = incoming;
        const sample = sampleOf(bytes, start, end);
        noteUnreadable(
          accounting,
          client,
          'byProtocol',
          null,
          why === undefined ? sample : () => `${why.slice(0, MAX_WHY)}: ${sample()}`,
        );
        return;
      }
      case 'reply':
        if (client.state === 'closing') return; // RFC 6455 §5.5.1: nothing behind a close frame
        appendWire(client, incoming.send);
        flushClient(accounting, client);
        return;
    }
  }

  /** Where the protocol gives no reason, all that came is one. */
  function receiveRejected(
    client: Client,
    reason: string | undefined,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (reason === undefined) receiveRejection(accounting, client, name, bytes, start, end);
    else {
      reserveScratch(MAX_REASON_BYTES);
      receiveRejection(
        accounting,
        client,
        name,
        scratch,
        0,
        scratch.write(reason.slice(0, MAX_REASON_BYTES), 0, MAX_REASON_BYTES),
      );
    }
  }

  function receiveOurs(
    client: Client,
    incoming: Extract<Incoming, { kind: 'message' | 'acknowledgement' }>,
    bytes: number,
  ): void {
    const isCopy = incoming.duplicate === true;
    if (incoming.kind === 'acknowledgement') receiveAcknowledgement(accounting, client, name, isCopy);
    else {
      if (incoming.payload === undefined || incoming.payload === '') accounting.recorder.delivery.unchecked++;
      receiveNamed(accounting, client, name, { isWhole: isWhole(incoming.payload), isCopy, bytes });
    }
    const { state } = incoming;
    if (state !== undefined && name.stream === client.stream) {
      noteState(accounting, client, name.sequence, state.expected, state.got);
    }
  }

  function readId(id: string): 'ours' | 'stale' | 'none' {
    if (id.length > MAX_ID_BYTES) return 'none';
    return readMessageId(ids, scratch, 0, scratch.write(id, 0, 'latin1'), name);
  }

  /** Whether the payload that came back is the one that was sent, in one of the sizes of the mix. */
  function isWhole(payload: string | undefined): boolean {
    if (payload === undefined) return true;
    if (!mix.some(({ payloadBytes }) => payloadBytes === payload.length)) return false;
    reserveScratch(payload.length);
    scratch.write(payload, 0, 'latin1');
    return textFillerMatches(characters, scratch, 0, payload.length, name.stream, name.sequence);
  }

  function appendWire(client: Client, wire: Wire): void {
    if (typeof wire === 'string') appendFrame(accounting, client, opcodes.text, Buffer.from(wire, 'utf8'));
    else appendFrame(accounting, client, opcodes.binary, wire);
  }

  /** Runs the author's code. What it throws is counted and told; null then. */
  function attempt<T>(client: Client, where: string, call: () => T): T | null {
    try {
      return call();
    } catch (error) {
      setting.adapterFailed(client, `${where}: ${describeThrown(error)}`);
      return null;
    }
  }

  return {
    maxInFlight: mix.map(() => MAX_NAMED_IN_FLIGHT),
    join,
    append,
    repeat,
    sentTimes: timesInTable,
    receive,
  };
}
