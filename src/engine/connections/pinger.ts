// Pings of our own (RFC 6455 §5.5.2), to find connections that are dead without a word: a client whose pong does not come in
// time is dropped. Two hands go round the clients of the process, in the order of their numbers, once in every interval:
//
//                       ┌── judged: looks whether the pong has come, `timeoutNs` after the ping
//                       ▼            ▼── passed: sends a ping to each open connection
//   client  0   1   2   3   4   5   6   7   8   9      client n is passed at n / clients of every interval
//
// So pings are spread however clients open, a client is passed for the first time at most one interval after its opening, and
// what waits for its pong lies between the hands, in the order of its deadlines: no queue, and nothing allocated for a ping.
// The hands are never more than one round apart, and a client has one ping without its pong at most; so a pong that is not of
// that one is of an older one, or was never asked for, and means nothing (§5.5.3).

import type { FailureCause } from '../../facts/failure-cause.ts';
import { maxControlFrameBytes, writeControlFrame } from '../../frames/frame-writer.ts';
import { opcodes } from '../../frames/opcodes.ts';
import { record } from '../../histogram/histogram.ts';
import type { Ping } from '../../plan/plan.ts';
import type { Clock } from '../clock.ts';
import { type Accounting, flushClient, nextMask } from '../hot/accounting.ts';
import { reserve } from '../hot/outbox.ts';
import type { Client } from './client.ts';

/** The run's nonce, and the number of the ping among those of this process: 32 bits each. */
const PAYLOAD_BYTES = 8;

export interface Pinger {
  /** Call it now and then; no timer is needed. `stalledNs`: for so long of the time since, this process stood still. */
  tick(nowNs: number, stalledNs: number): void;
  /** A pong with this payload has come, at the time of the current read event. */
  pong(client: Client, bytes: Uint8Array, start: number, end: number): void;
  /** The client's connection has ended, or is about to: nothing is expected on it. */
  forget(client: Client): void;
}

export interface PingerParts {
  readonly ping: Ping;
  readonly run: number;
  /** Of this process. */
  readonly clients: readonly Client[];
  /** Of the whole run. */
  readonly clientCount: number;
  readonly accounting: Accounting;
  readonly clock: Clock;
  /** The client's pong did not come in time; `forget` must follow. */
  silent(client: Client, cause: FailureCause): void;
}

export function createPinger({ ping, run, clients, clientCount, accounting, clock, silent }: PingerParts): Pinger {
  const { recorder } = accounting;
  const cause: FailureCause = { kind: 'timeout', of: 'pong', afterNs: ping.timeoutNs };
  const payload = new Uint8Array(PAYLOAD_BYTES);
  const payloadView = new DataView(payload.buffer);
  payloadView.setUint32(0, run);
  let lastNumber = 0;
  /** By client: the number of its last ping, and when it was sent. */
  const numbers = new Uint32Array(clients.length);
  const sentNs = new Float64Array(clients.length);
  /** By client: when its pong is overdue, in time that this process was awake; NaN where none is waited for. */
  const deadlines = new Float64Array(clients.length).fill(Number.NaN);
  /** How many clients the hands have passed since the start of the run. */
  let passed = 0;
  let judged = 0;
  let stoodStillNs = 0;
  let lookedNs = 0;

  function send(client: Client): void {
    const { index } = client;
    numbers[index] = ++lastNumber;
    payloadView.setUint32(4, numbers[index]!);
    const at = reserve(accounting.outbox, maxControlFrameBytes);
    const mask = nextMask(accounting) >>> 0;
    const end = writeControlFrame(accounting.outbox.bytes, at, opcodes.ping, payload, 0, PAYLOAD_BYTES, mask);
    accounting.outbox.length -= at + maxControlFrameBytes - end;
    sentNs[index] = clock.nowNs();
    deadlines[index] = sentNs[index]! - stoodStillNs + ping.timeoutNs;
    recorder.pings.sent++;
    // Also where its socket takes nothing: that is what is to be found.
    flushClient(accounting, client);
  }

  /** When the client after so many is passed. */
  function dueNs(count: number): number {
    const round = Math.floor(count / clients.length);
    return (round + clients[count % clients.length]!.stream / clientCount) * ping.everyNs;
  }

  function sendThoseDue(awakeNs: number): void {
    while (passed - judged < clients.length && dueNs(passed) <= awakeNs) {
      const client = clients[passed++ % clients.length]!;
      if (client.state === 'open' || client.state === 'draining') send(client);
    }
  }

  function judgeThoseDue(awakeNs: number): void {
    for (; judged < passed; judged++) {
      const client = clients[judged % clients.length]!;
      const deadlineNs = deadlines[client.index]!;
      if (deadlineNs > awakeNs) return;
      if (Number.isNaN(deadlineNs)) continue;
      recorder.pings.unanswered++;
      silent(client, cause);
    }
  }

  return {
    tick(nowNs, stalledNs) {
      stoodStillNs += stalledNs;
      const awakeNs = nowNs - stoodStillNs;
      // As of the tick before: a pong that had come by then has been read since, however busy this process was.
      judgeThoseDue(lookedNs);
      sendThoseDue(awakeNs);
      lookedNs = awakeNs;
    },
    pong(client, bytes, start, end) {
      if (Number.isNaN(deadlines[client.index]!) || !isPayload(bytes, start, end, numbers[client.index]!)) return;
      deadlines[client.index] = Number.NaN;
      recorder.pings.answered++;
      record(recorder.histograms.ping, accounting.receivedNs - sentNs[client.index]!);
    },
    forget(client) {
      deadlines[client.index] = Number.NaN;
    },
  };

  function isPayload(bytes: Uint8Array, start: number, end: number, number: number): boolean {
    if (end - start !== PAYLOAD_BYTES) return false;
    payloadView.setUint32(4, number);
    for (let i = 0; i < PAYLOAD_BYTES; i++) if (bytes[start + i] !== payload[i]) return false;
    return true;
  }
}
