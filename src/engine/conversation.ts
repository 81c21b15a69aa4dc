// An open lane's life: frames in, pings answered, and its end, whoever brings it about. What was in
// flight when the connection died is unresolved; what had not come back when we closed it is lost.

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { CloseFacts } from '../facts/event.ts';
import type { FailureKind } from '../facts/failure.ts';
import { describeCloseCode, noCloseCode } from '../frames/close-codes.ts';
import { type DeflateAgreement, MessageDeflater } from '../frames/deflate.ts';
import { FrameReader, type FrameRules, type FrameSink, type ViolationCode } from '../frames/frame-reader.ts';
import { maxControlFrameBytes, writeCloseFrame, writeControlFrame } from '../frames/frame-writer.ts';
import { opcodes } from '../frames/opcodes.ts';
import { zlibDeflate, zlibInflate } from '../frames/zlib-codec.ts';
import { record } from '../histogram/histogram.ts';
import { countRecovered, forgetLane } from '../measure/acknowledgements.ts';
import { settleOrder } from '../measure/agreement.ts';
import { type Audience, receiverClosed, receiverOpened } from '../measure/audience.ts';
import { countByType } from '../measure/by-type.ts';
import type { Parting } from '../measure/heard.ts';
import { takeJitter } from '../measure/jitter.ts';
import { missingBetween, missingNumbers, settleLane } from '../measure/ledger.ts';
import { type LossPeriod, lossPeriods, noteLosses } from '../measure/loss-pattern.ts';
import { laneListens } from '../measure/pushes.ts';
import { changeGauge, changeInFlight, countCloseCode, countFailure, countJitter } from '../measure/recorder.ts';
import type { Plan } from '../plan/plan.ts';
import { isPublisher } from '../plan/rooms.ts';
import type { Clock } from './clock.ts';
import { flush, reserve } from './hot/outbox.ts';
import { stopHearingPushes } from './hot/pushed.ts';
import type { Speech } from './hot/speech.ts';
import { countDelivered, flushLane, nextMask, noteDisagreement, type Traffic } from './hot/traffic.ts';
import type { Lane } from './lane.ts';
import type { OpenLanes } from './open-lanes.ts';
import type { Pinger } from './pinger.ts';
import type { LinkError } from './transport.ts';
import type { Work } from './work.ts';

/** RFC 6455 §7.1.1: the server closes the TCP connection first; one that does not is not waited for. */
const CLOSE_TIMEOUT_NS = 2e9;
const NO_CLOSE_FRAME = 1006;
const NORMAL_CLOSE = 1000;

const KIND_OF_VIOLATION: Readonly<Record<ViolationCode, FailureKind>> = {
  1002: 'framing',
  1007: 'invalidUtf8',
  1009: 'tooBig',
};

export interface Conversation {
  opened(lane: Lane, deflate: DeflateAgreement | null): void;
  onBytes(lane: Lane, bytes: Uint8Array, start: number, end: number): void;
  onClose(lane: Lane, error: LinkError | null): void;
  /** The lane is open or drains, and its connection is dead though nothing said so. */
  drop(lane: Lane, kind: FailureKind, detail: string): void;
  /** The plan wants the lane closed: it sends nothing further and closes when its messages are back. */
  retire(lane: Lane): void;
  /** Declares what is outstanding lost, closes every open lane. */
  closeAll(): void;
  /** The lane is closing and is not waited for any longer. */
  giveUp(lane: Lane): void;
  /** The lane, where it is not open, will not get another connection: what was kept for that is unresolved. */
  abandon(lane: Lane): void;
  /** Whether the lane is open is of account from now on; and is not any longer. */
  wanted(lane: Lane): void;
  unwanted(lane: Lane): void;
  /** Looks after lanes that drain or close; call it now and then. `stalledNs`: so long nothing could be read since. */
  sweep(stalledNs: number): void;
}

export interface ConversationParts {
  readonly plan: Plan;
  readonly traffic: Traffic;
  readonly speech: Speech;
  readonly work: Work;
  readonly openLanes: OpenLanes;
  /** Null where lanes send no pings. */
  readonly pinger: Pinger | null;
  readonly clock: Clock;
  readonly answersPings: boolean;
  failed(lane: Lane, kind: FailureKind, detail: string, close?: CloseFacts): void;
  /** The lane is open and has been greeted: lays out what must go before its next message. */
  resumed(lane: Lane): void;
  /** Whether what is in flight on a connection that dies will be sent again on the lane's next one. */
  isResumed(lane: Lane): boolean;
  /** The link is gone and the lane may be opened again. */
  closed(lane: Lane): void;
}

export function createConversation(parts: ConversationParts): Conversation {
  const { plan, traffic, speech, work, openLanes, pinger, clock } = parts;
  const { recorder, ledger, acks, byType } = traffic;
  const { rooms } = plan.load;
  const inflate = zlibInflate(inflateRawSync);
  const rules = new Map<string, FrameRules>();
  /** Lanes that drain or close, with the time at which patience ends. */
  const leaving = new Map<Lane, number>();

  function opened(lane: Lane, deflate: DeflateAgreement | null): void {
    lane.state = 'open';
    lane.reader = new FrameReader<Lane>(rulesFor(deflate));
    lane.deflater =
      deflate?.sending.kind === 'compressed'
        ? new MessageDeflater(zlibDeflate(deflateRawSync, deflate.sending.windowBits), deflate.sending)
        : null;
    openLanes.add(lane);
    if (traffic.fanout !== null) receiverOpened(traffic.fanout.audience, lane.index, clock.nowNs());
    if (traffic.pushes !== null) laneListens(traffic.pushes, lane.index, clock.nowNs());
    recorder.opened++;
    const nowNs = clock.nowNs();
    noteUp(lane, nowNs);
    noteDownOver(lane, nowNs);
    if (lane.hasBeenOpen) {
      recorder.reconnected++;
      recorder.firstReopenNs ??= nowNs;
      recorder.lastReopenNs = nowNs;
    }
    lane.hasBeenOpen = true;
    lane.openedNs = nowNs;
    lane.droppedNs = Number.NaN;
    recorder.open++;
    recorder.peakOpen = Math.max(recorder.peakOpen, recorder.open);
    speech.greet(lane);
    parts.resumed(lane);
    flushLane(traffic, lane);
    if (rooms === null || isPublisher(rooms, lane.stream)) work.laneOpened(lane);
  }

  function wanted(lane: Lane, nowNs = clock.nowNs()): void {
    if (lane.isCounted) return;
    lane.isCounted = true;
    changeGauge(recorder.wantedTime, nowNs, 1);
  }

  function unwanted(lane: Lane): void {
    if (!lane.isCounted) return;
    const nowNs = clock.nowNs();
    noteDown(lane, nowNs);
    noteDownOver(lane, nowNs);
    lane.isCounted = false;
    changeGauge(recorder.wantedTime, nowNs, -1);
  }

  function noteUp(lane: Lane, nowNs: number): void {
    if (!lane.isWanted) return;
    wanted(lane, nowNs);
    lane.isUp = true;
    changeGauge(recorder.openTime, nowNs, 1);
  }

  function noteDown(lane: Lane, nowNs: number): void {
    if (!lane.isUp) return;
    lane.isUp = false;
    changeGauge(recorder.openTime, nowNs, -1);
  }

  /** A wanted lane has lost its connection. What never was open is not down. */
  function noteDropped(lane: Lane, nowNs: number): void {
    if (!lane.isCounted) return;
    lane.isDown = true;
    changeGauge(recorder.downTime, nowNs, 1);
  }

  function noteDownOver(lane: Lane, nowNs: number): void {
    if (!lane.isDown) return;
    lane.isDown = false;
    changeGauge(recorder.downTime, nowNs, -1);
  }

  /** One object for all lanes that agreed on the same. */
  function rulesFor(deflate: DeflateAgreement | null): FrameRules {
    const key = deflate === null ? '' : `${deflate.serverContextTakeover} ${deflate.serverWindowBits}`;
    let found = rules.get(key);
    if (found === undefined) {
      found = {
        maxMessageBytes: plan.target.maxMessageBytes,
        inflation: deflate === null ? null : { ...deflate, inflate },
      };
      rules.set(key, found);
    }
    return found;
  }

  const sink: FrameSink<Lane> = {
    message(lane, isText, bytes, start, end) {
      // Behind our close frame may still come what the service had sent before it read it (RFC 6455 §5.5.1).
      speech.receive(lane, isText, bytes, start, end);
    },
    ping(lane, bytes, start, end) {
      // RFC 6455 §5.5.3: not every ping needs its pong; a flood of them must not pile up here.
      if (!parts.answersPings || lane.link!.writableLength > plan.target.maxBufferedBytes) return;
      const at = reserve(traffic.outbox, maxControlFrameBytes);
      const frameEnd = writeControlFrame(
        traffic.outbox.bytes,
        at,
        opcodes.pong,
        bytes,
        start,
        end,
        nextMask(traffic) >>> 0,
      );
      traffic.outbox.length -= at + maxControlFrameBytes - frameEnd;
      flushLane(traffic, lane);
    },
    pong(lane, bytes, start, end) {
      pinger?.pong(lane, bytes, start, end);
    },
    close(lane, code, reason) {
      if (lane.state === 'closing') {
        lane.awaitsClose = false; // the answer to ours, or one that crossed it
        return;
      }
      const detail = reason === '' ? describeCloseCode(code) : `${describeCloseCode(code)}: ${reason}`;
      countFailure(recorder, 'closedByServer');
      leave(lane, 'droppedByServer', code);
      parts.failed(lane, 'closedByServer', `close code ${code}, ${detail}`, { code, reason });
      // RFC 6455 §5.5.1: a close frame is answered with one; 1005 may not be sent (§7.4.1).
      sendClose(lane, code === noCloseCode ? NORMAL_CLOSE : code);
    },
    violation(lane, code, rule) {
      if (lane.state === 'closing') return;
      const kind = KIND_OF_VIOLATION[code];
      countFailure(recorder, kind);
      leave(lane, 'brokeRules', code);
      parts.failed(lane, kind, rule);
      sendClose(lane, code);
    },
  };

  function onBytes(lane: Lane, bytes: Uint8Array, start: number, end: number): void {
    traffic.receivedNs = clock.nowNs();
    lane.reader?.feed(bytes, start, end, sink, lane);
    if (lane.credit > 0) {
      countDelivered(traffic, lane);
      work.repliesArrived(lane);
      lane.credit = 0;
      lane.lateCredit = 0;
    }
    if (lane.state === 'draining' && ledger.outstanding[lane.index] === 0) closeNow(lane);
  }

  function onClose(lane: Lane, error: LinkError | null): void {
    if (lane.state === 'open' || lane.state === 'draining') {
      const isOwnDoing = error?.kind === 'misbehaved';
      const kind = isOwnDoing ? 'misbehaved' : 'reset';
      leave(lane, isOwnDoing ? 'misbehaved' : 'droppedByServer', NO_CLOSE_FRAME);
      countFailure(recorder, kind);
      parts.failed(lane, kind, error?.detail ?? 'the connection was closed without a close frame');
    }
    noteUnanswered(lane);
    leaving.delete(lane);
    lane.state = 'idle';
    lane.link = null;
    lane.reader = null;
    lane.deflater = null;
    parts.closed(lane);
  }

  /** Whoever is to answer is not there: nobody says goodbye. */
  function drop(lane: Lane, kind: FailureKind, detail: string): void {
    countFailure(recorder, kind);
    leave(lane, 'droppedByServer', NO_CLOSE_FRAME);
    parts.failed(lane, kind, detail);
    lane.link!.destroy();
  }

  /** The connection dies under its messages: what is in flight is unresolved. */
  function leave(lane: Lane, why: 'droppedByServer' | 'brokeRules' | 'misbehaved', code: number): void {
    lane.droppedNs = clock.nowNs();
    // A service that breaks the rules of the protocol ends its connection as surely as one that closes it.
    if (why !== 'misbehaved') {
      recorder.droppedByServer++;
      record(recorder.histograms.lifetime, lane.droppedNs - lane.openedNs);
    }
    recorder.firstDropNs ??= lane.droppedNs;
    if (why !== 'misbehaved') countCloseCode(recorder, code);
    if (!parts.isResumed(lane)) settle(lane, 'unresolved');
    takeOut(lane, 'died');
    if (why === 'droppedByServer') noteDropped(lane, lane.droppedNs);
  }

  function takeOut(lane: Lane, parting: Parting): void {
    openLanes.remove(lane);
    pinger?.forget(lane);
    if (traffic.fanout !== null) stopListening(traffic.fanout.audience, lane, parting);
    if (traffic.pushes !== null) stopHearingPushes(traffic, traffic.pushes, lane, parting, clock.nowNs());
    recorder.open--;
    noteDown(lane, clock.nowNs());
    lane.state = 'closing';
  }

  /** What was in flight when its sender died the service may never have had; without its own copy that may be anything. */
  function noteUnsettled({ rooms: { self }, unsettled }: Audience, stream: number, index: number): void {
    if (!self) unsettled.push([stream, 0, ledger.next[index]!]);
    else for (const { from, to } of lossPeriods(missingNumbers(ledger, index))) unsettled.push([stream, from, to]);
  }

  function stopListening(audience: Audience, lane: Lane, parting: Parting): void {
    const { agreement } = audience;
    if (agreement !== null) {
      const before = agreement.compared;
      for (const found of settleOrder(agreement, lane.index, lane.stream)) noteDisagreement(traffic, lane, found);
      recorder.fanoutCompared += agreement.compared - before;
    }
    receiverClosed(audience, lane.index, lane.stream, parting);
  }

  /** Every message that is still outstanding has this fate, but for what was acknowledged: that is lost in any case. */
  function settle(lane: Lane, fate: 'lost' | 'unresolved'): void {
    const { index, stream } = lane;
    const outstanding = ledger.outstanding[index]!;
    const taken = acks?.taken[index] ?? null;
    if (fate === 'unresolved' && traffic.fanout !== null) noteUnsettled(traffic.fanout.audience, stream, index);
    const unreadable = unreadableBelow(index);
    const lost =
      fate === 'lost'
        ? outstanding - missingBetween(ledger, index, 0, unreadable)
        : countAbove(taken?.keys() ?? [], unreadable);
    const jitterNs = takeJitter(traffic.jitter, index);
    if (jitterNs !== null) countJitter(recorder, jitterNs);
    recorder.messages.lost += lost;
    recorder.messages.unresolved += outstanding - lost;
    if (byType !== null && outstanding > 0) {
      for (const sequence of missingNumbers(ledger, index)) {
        const isLost = sequence >= unreadable && (fate === 'lost' || taken?.has(sequence) === true);
        countByType(byType, isLost ? 'lost' : 'unresolved', stream, sequence);
      }
    }
    if (acks !== null) {
      recorder.acknowledgements.lost += countAbove(taken?.keys() ?? [], unreadable);
      recorder.acknowledgements.recovered += countRecovered(acks, ledger, index);
      forgetLane(acks, index);
    }
    if (outstanding > 0) traffic.states?.loseTrack(stream);
    const unsettled = settleLane(ledger, index);
    if (unsettled > 0) changeInFlight(recorder, clock.nowNs(), -unsettled);
  }

  function sendClose(lane: Lane, code: number): void {
    leaving.set(lane, clock.nowNs() + CLOSE_TIMEOUT_NS);
    const at = reserve(traffic.outbox, maxControlFrameBytes);
    const frameEnd = writeCloseFrame(traffic.outbox.bytes, at, code, '', nextMask(traffic) >>> 0);
    traffic.outbox.length -= at + maxControlFrameBytes - frameEnd;
    recorder.bytesSent += flush(traffic.outbox, lane.link!);
  }

  /** The lane lived through its drain: what has not come back is lost. */
  function closeNow(lane: Lane, parting: Parting = 'left'): void {
    noteLost(lane);
    settle(lane, 'lost');
    takeOut(lane, parting);
    recorder.closes.sent++;
    lane.awaitsClose = true;
    sendClose(lane, NORMAL_CLOSE);
  }

  /** RFC 6455 §5.5.1: whoever receives a close frame, and has sent none, must answer it. */
  function noteUnanswered(lane: Lane): void {
    if (lane.awaitsClose) recorder.closes.unanswered++;
    lane.awaitsClose = false;
  }

  /** It is closing, and the service has not ended its connection. */
  function giveUp(lane: Lane): void {
    if (leaving.delete(lane)) recorder.closes.waitedOut++;
    noteUnanswered(lane);
    lane.link?.destroy();
  }

  function noteLost(lane: Lane): void {
    if (ledger.outstanding[lane.index] === 0) return;
    const lost = (): Iterable<number> => numbersFrom(missingNumbers(ledger, lane.index), unreadableBelow(lane.index));
    noteLosses(recorder.loss, lossPeriods(lost()));
    for (const period of lossPeriods(lost())) {
      const neighbors = neighborsText(period, ledger.next[lane.index]!);
      for (let seq = period.from; seq < period.to; seq++) {
        if (traffic.violationsLeft === 0) return;
        traffic.violationsLeft--;
        const taken = acks?.taken[lane.index]?.has(seq) === true ? ', though it was acknowledged' : '';
        const detail = `#${seq} never came back${taken}; ${neighbors}`;
        traffic.report({ violation: 'lost', lane: lane.stream, stream: lane.stream, seq, detail }, clock.nowNs());
      }
    }
  }

  /** Of the messages below it what is missing may have come in a message that could not be read: it is unresolved. */
  function unreadableBelow(index: number): number {
    return traffic.unreadableBelow?.[index] ?? 0;
  }

  function retire(lane: Lane): void {
    if (lane.state !== 'open') return;
    if (ledger.outstanding[lane.index] === 0) {
      closeNow(lane);
      return;
    }
    lane.state = 'draining';
    openLanes.remove(lane);
    leaving.set(lane, clock.nowNs() + plan.drainNs);
  }

  function sweep(stalledNs: number): void {
    const nowNs = clock.nowNs();
    pinger?.beat(nowNs, stalledNs);
    if (stalledNs > 0) for (const [lane, deadlineNs] of leaving) leaving.set(lane, deadlineNs + stalledNs);
    for (const [lane, deadlineNs] of [...leaving]) {
      if (nowNs < deadlineNs) continue;
      if (lane.state !== 'draining') giveUp(lane);
      else {
        leaving.delete(lane);
        closeNow(lane);
      }
    }
  }

  function abandon(lane: Lane): void {
    const isOpen = lane.state === 'open' || lane.state === 'draining';
    if (!isOpen && ledger.outstanding[lane.index]! > 0) settle(lane, 'unresolved');
  }

  function closeAll(): void {
    for (const lane of [...openLanes.all(), ...leaving.keys()]) {
      if (lane.state === 'open' || lane.state === 'draining') closeNow(lane, lane.state === 'open' ? 'stayed' : 'left');
    }
  }

  return {
    opened,
    onBytes,
    onClose,
    drop,
    retire,
    closeAll,
    giveUp,
    abandon,
    wanted: (lane) => wanted(lane),
    unwanted,
    sweep,
  };
}

function* numbersFrom(numbers: Iterable<number>, from: number): Generator<number> {
  for (const n of numbers) if (n >= from) yield n;
}

function countAbove(numbers: Iterable<number>, from: number): number {
  let count = 0;
  for (const _ of numbersFrom(numbers, from)) count++;
  return count;
}

/** The messages on either side of a hole: what proves that it is one. */
function neighborsText({ from, to }: LossPeriod, sent: number): string {
  if (from === 0 && to === sent) return 'none of its stream did';
  if (from === 0) return `#${to} did`;
  return to === sent ? `#${from - 1} did, and nothing after it` : `#${from - 1} and #${to} did`;
}
