// Pings of our own (RFC 6455 §5.5.2), to find connections that are dead without a word: a lane whose pong does not come in
// time is dropped. Two hands go round the lanes of the process, in the order of their numbers, once in every interval:
//
//                       ┌── judged: looks whether the pong has come, `timeoutNs` after the ping
//                       ▼            ▼── passed: sends a ping to each open lane
//   lane  0   1   2   3   4   5   6   7   8   9      lane n is passed at n / lanes of every interval
//
// So pings are spread however lanes open, a lane is passed for the first time at most one interval after its opening, and
// what waits for its pong lies between the hands, in the order of its deadlines: no queue, and nothing allocated for a ping.
// The hands are never more than one round apart, and a lane has one ping without its pong at most; so a pong that is not of
// that one is of an older one, or was never asked for, and means nothing (§5.5.3).

import { maxControlFrameBytes, writeControlFrame } from '../frames/frame-writer.ts';
import { opcodes } from '../frames/opcodes.ts';
import { record } from '../histogram/histogram.ts';
import type { Ping } from '../plan/plan.ts';
import { formatDuration } from '../units/duration.ts';
import type { Clock } from './clock.ts';
import { reserve } from './hot/outbox.ts';
import { flushLane, nextMask, type Traffic } from './hot/traffic.ts';
import type { Lane } from './lane.ts';

/** The run's mark, and the number of the ping among those of this process: 32 bits each. */
const PAYLOAD_BYTES = 8;

export interface Pinger {
  /** Call it now and then; no timer is needed. `stalledNs`: for so long of the time since, this process stood still. */
  beat(nowNs: number, stalledNs: number): void;
  /** A pong with this payload has come, at the time of the current read event. */
  pong(lane: Lane, bytes: Uint8Array, start: number, end: number): void;
  /** The lane's connection has ended, or is about to: nothing is expected on it. */
  forget(lane: Lane): void;
}

export interface PingerParts {
  readonly ping: Ping;
  readonly run: number;
  /** Of this process. */
  readonly lanes: readonly Lane[];
  /** Of the whole run. */
  readonly laneCount: number;
  readonly traffic: Traffic;
  readonly clock: Clock;
  /** The lane's pong did not come in time; `forget` must follow. */
  silent(lane: Lane, detail: string): void;
}

export function createPinger({ ping, run, lanes, laneCount, traffic, clock, silent }: PingerParts): Pinger {
  const { recorder } = traffic;
  const detail = `no pong within ${formatDuration(ping.timeoutNs)}`;
  const payload = new Uint8Array(PAYLOAD_BYTES);
  const payloadView = new DataView(payload.buffer);
  payloadView.setUint32(0, run);
  let lastNumber = 0;
  /** By lane: the number of its last ping, and when it was sent. */
  const numbers = new Uint32Array(lanes.length);
  const sentNs = new Float64Array(lanes.length);
  /** By lane: when its pong is overdue, in time that this process was awake; NaN where none is waited for. */
  const deadlines = new Float64Array(lanes.length).fill(Number.NaN);
  /** How many lanes the hands have passed since the start of the run. */
  let passed = 0;
  let judged = 0;
  let stoodStillNs = 0;
  let lookedNs = 0;

  function send(lane: Lane): void {
    const { index } = lane;
    numbers[index] = ++lastNumber;
    payloadView.setUint32(4, numbers[index]!);
    const at = reserve(traffic.outbox, maxControlFrameBytes);
    const mask = nextMask(traffic) >>> 0;
    const end = writeControlFrame(traffic.outbox.bytes, at, opcodes.ping, payload, 0, PAYLOAD_BYTES, mask);
    traffic.outbox.length -= at + maxControlFrameBytes - end;
    sentNs[index] = clock.nowNs();
    deadlines[index] = sentNs[index]! - stoodStillNs + ping.timeoutNs;
    recorder.pings.sent++;
    // Also where its socket takes nothing: that is what is to be found.
    flushLane(traffic, lane);
  }

  /** When the lane after so many is passed. */
  function dueNs(count: number): number {
    const round = Math.floor(count / lanes.length);
    return (round + lanes[count % lanes.length]!.stream / laneCount) * ping.everyNs;
  }

  function sendThoseDue(awakeNs: number): void {
    while (passed - judged < lanes.length && dueNs(passed) <= awakeNs) {
      const lane = lanes[passed++ % lanes.length]!;
      if (lane.state === 'open' || lane.state === 'draining') send(lane);
    }
  }

  function judgeThoseDue(awakeNs: number): void {
    for (; judged < passed; judged++) {
      const lane = lanes[judged % lanes.length]!;
      const deadlineNs = deadlines[lane.index]!;
      if (deadlineNs > awakeNs) return;
      if (Number.isNaN(deadlineNs)) continue;
      recorder.pings.unanswered++;
      silent(lane, detail);
    }
  }

  return {
    beat(nowNs, stalledNs) {
      stoodStillNs += stalledNs;
      const awakeNs = nowNs - stoodStillNs;
      // As of the beat before: a pong that had come by then has been read since, however busy this process was.
      judgeThoseDue(lookedNs);
      sendThoseDue(awakeNs);
      lookedNs = awakeNs;
    },
    pong(lane, bytes, start, end) {
      if (Number.isNaN(deadlines[lane.index]!) || !isPayload(bytes, start, end, numbers[lane.index]!)) return;
      deadlines[lane.index] = Number.NaN;
      recorder.pings.answered++;
      record(recorder.histograms.ping, traffic.receivedNs - sentNs[lane.index]!);
    },
    forget(lane) {
      deadlines[lane.index] = Number.NaN;
    },
  };

  function isPayload(bytes: Uint8Array, start: number, end: number, number: number): boolean {
    if (end - start !== PAYLOAD_BYTES) return false;
    payloadView.setUint32(4, number);
    for (let i = 0; i < PAYLOAD_BYTES; i++) if (bytes[start + i] !== payload[i]) return false;
    return true;
  }
}
