// A dialect of the user's own at work: each connection has a conversation, which lays messages out and says what arrived.
// Whatever it does wrong is counted and told, and never ends the run.

import type { Dialect, DialectConversation, Incoming, Outgoing, Wire } from '../../dialects/dialect.ts';
import { describeThrown, incomingProblem, isWire } from '../../dialects/dialect-contract.ts';
import { createLetters, lettersMatch, writeLetters } from '../../dialects/letters.ts';
import {
  createMessageIds,
  MAX_ID_BYTES,
  type MessageName,
  readMessageId,
  writeMessageId,
} from '../../dialects/message-id.ts';
import { opcodes } from '../../frames/opcodes.ts';
import type { Lane } from '../lane.ts';
import type { Rows } from '../site.ts';
import {
  appendFrame,
  hearAcknowledgement,
  hearNamed,
  hearNothing,
  hearRejection,
  MAX_NAMED_IN_FLIGHT,
  rememberTimes,
} from './named.ts';
import type { Speech } from './speech.ts';
import { flushLane, nextNumber, noteState, type Traffic, unexpected } from './traffic.ts';
import { noteUnreadable, sampleOf } from './unreadable.ts';

const MAX_WHY = 100;

const MAX_REASON_BYTES = 400;

export interface OwnSetting {
  /** The 32-bit mark of the run. */
  readonly run: number;
  readonly mix: readonly { readonly type: string; readonly payloadBytes: number }[];
  /** Whether ids carry the times of their message. */
  readonly timed: boolean;
  /** Lanes of this process. */
  readonly lanes: number;
  readonly rows: Rows;
  roomOf(stream: number): number;
  /** The dialect threw, or returned what is none of its kinds. */
  dialectFailed(lane: Lane, detail: string): void;
}

export function speakOwn(dialect: Dialect, setting: OwnSetting, traffic: Traffic): Speech {
  const { mix, timed } = setting;
  const { ledger } = traffic;
  const ids = createMessageIds(setting.run, timed);
  const letters = createLetters(setting.run);
  const conversations = new Array<DialectConversation | null>(setting.lanes).fill(null);
  const name: MessageName = { stream: 0, sequence: 0, dueNs: Number.NaN, sentNs: Number.NaN };
  let scratch = Buffer.alloc(4096);

  function greet(lane: Lane): void {
    const { index, stream } = lane;
    conversations[index] = null;
    attempt(lane, 'dialect', () => {
      const { rows } = setting;
      const row = rows[stream % rows.length] ?? {};
      const conversation = dialect({ lane: stream, room: setting.roomOf(stream), row });
      for (const wire of conversation.hello ?? []) {
        if (!isWire(wire)) throw new TypeError(`expected a hello of strings or bytes, got ${typeof wire}`);
        appendWire(lane, wire);
      }
      conversations[index] = conversation;
      if (conversation.acknowledges === true && traffic.acks !== null) {
        traffic.acks.isApart = true;
        traffic.acks.isNeeded = true;
      }
    });
  }

  function append(lane: Lane, type: number, dueNs: number, sentNs: number): boolean {
    const conversation = conversations[lane.index] ?? null;
    if (conversation === null) return false;
    const sequence = ledger.next[lane.index]!;
    const wire = layOut(lane, conversation, type, sequence, dueNs, sentNs);
    if (wire === null) return false;
    nextNumber(traffic, lane, dueNs, sentNs);
    if (!timed) rememberTimes(lane, ledger.outstanding[lane.index]!, sequence, dueNs, sentNs);
    appendWire(lane, wire);
    return true;
  }

  function repeat(lane: Lane, type: number, sequence: number, dueNs: number, sentNs: number): void {
    const conversation = conversations[lane.index] ?? null;
    const wire = conversation === null ? null : layOut(lane, conversation, type, sequence, dueNs, sentNs);
    if (wire !== null) appendWire(lane, wire);
  }

  function layOut(
    lane: Lane,
    conversation: DialectConversation,
    type: number,
    sequence: number,
    dueNs: number,
    sentNs: number,
  ): Wire | null {
    return attempt(lane, 'encode', () => {
      const laidOut = conversation.encode(outgoing(lane.stream, sequence, type, dueNs, sentNs));
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
    const end = writeLetters(letters, scratch, idEnd, payloadBytes, stream, seq);
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

  function receive(lane: Lane, isText: boolean, bytes: Uint8Array, start: number, end: number): void {
    const conversation = conversations[lane.index] ?? null;
    if (conversation === null) return;
    // The read buffer is used again: what the dialect may keep must be its own.
    const received = isText ? Buffer.from(bytes.subarray(start, end)).toString('utf8') : bytes.slice(start, end);
    const incoming = attempt(lane, 'decode', () => {
      const found = conversation.decode(received);
      const problem = incomingProblem(found);
      if (problem !== null) throw new TypeError(`expected ${problem.expected}, got ${problem.got}`);
      return found;
    });
    for (const each of incoming ?? []) hear(lane, each, bytes, start, end);
  }

  function hear(lane: Lane, incoming: Incoming, bytes: Uint8Array, start: number, end: number): void {
    switch (incoming.kind) {
      case 'message':
      case 'acknowledgement':
      case 'rejection': {
        const reading = readId(incoming.id);
        if (reading === 'stale') unexpected(traffic, lane, 'stale', end - start);
        else if (reading === 'none') hearNothing(traffic, lane, true, bytes, start, end);
        else if (incoming.kind === 'rejection') hearRefused(lane, incoming.reason, bytes, start, end);
        else hearOurs(lane, incoming, end - start);
        return;
      }
      case 'stranger':
        hearNothing(traffic, lane, true, bytes, start, end);
        return;
      case 'unreadable': {
        const { why } = incoming;
        const sample = sampleOf(bytes, start, end);
        noteUnreadable(
          traffic,
          lane,
          'byDialect',
          null,
          why === undefined ? sample : () => `${why.slice(0, MAX_WHY)}: ${sample()}`,
        );
        return;
      }
      case 'reply':
        if (lane.state === 'closing') return; // RFC 6455 §5.5.1: nothing behind a close frame
        appendWire(lane, incoming.send);
        flushLane(traffic, lane);
        return;
    }
  }

  /** Where the dialect gives no reason, all that came is one. */
  function hearRefused(lane: Lane, reason: string | undefined, bytes: Uint8Array, start: number, end: number): void {
    if (reason === undefined) hearRejection(traffic, lane, name, bytes, start, end);
    else {
      reserveScratch(MAX_REASON_BYTES);
      hearRejection(
        traffic,
        lane,
        name,
        scratch,
        0,
        scratch.write(reason.slice(0, MAX_REASON_BYTES), 0, MAX_REASON_BYTES),
      );
    }
  }

  function hearOurs(
    lane: Lane,
    incoming: Extract<Incoming, { kind: 'message' | 'acknowledgement' }>,
    bytes: number,
  ): void {
    const isCopy = incoming.duplicate === true;
    if (incoming.kind === 'acknowledgement') hearAcknowledgement(traffic, lane, name, isCopy);
    else {
      if (incoming.payload === undefined || incoming.payload === '') traffic.recorder.unchecked++;
      hearNamed(traffic, lane, name, { isWhole: isWhole(incoming.payload), isCopy, bytes });
    }
    const { state } = incoming;
    if (state !== undefined && name.stream === lane.stream) {
      noteState(traffic, lane, name.sequence, state.expected, state.got);
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
    return lettersMatch(letters, scratch, 0, payload.length, name.stream, name.sequence);
  }

  function appendWire(lane: Lane, wire: Wire): void {
    if (typeof wire === 'string') appendFrame(traffic, lane, opcodes.text, Buffer.from(wire, 'utf8'));
    else appendFrame(traffic, lane, opcodes.binary, wire);
  }

  function attempt<T>(lane: Lane, where: string, call: () => T): T | null {
    try {
      return call();
    } catch (error) {
      setting.dialectFailed(lane, `${where}: ${describeThrown(error)}`);
      return null;
    }
  }

  return { maxInFlight: mix.map(() => MAX_NAMED_IN_FLIGHT), greet, append, repeat, receive };
}
