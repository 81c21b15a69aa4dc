// An open connection's life: frames in, pings answered, and its end, whoever brings it about. What was in
// flight when the connection died is unresolved; what had not come back when we closed it is lost.

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { noCloseCode } from '../../facts/close-codes.ts';
import type { FailureKind } from '../../facts/failure.ts';
import type { FailureCause } from '../../facts/failure-cause.ts';
import { type DeflateParameters, MessageDeflater } from '../../frames/deflate.ts';
import { FrameReader, type FrameRules, type FrameSink, type ViolationCode } from '../../frames/frame-reader.ts';
import { maxControlFrameBytes, writeCloseFrame, writeControlFrame } from '../../frames/frame-writer.ts';
import { opcodes } from '../../frames/opcodes.ts';
import { zlibDeflate, zlibInflate } from '../../frames/zlib-codec.ts';
import { record } from '../../histogram/histogram.ts';
import { countRecovered, forgetClient, timesOf } from '../../measure/acknowledgements.ts';
import { countByType } from '../../measure/by-type.ts';
import { takeJitter } from '../../measure/jitter.ts';
import { finalizeClient, missingBetween, missingNumbers } from '../../measure/ledger.ts';
import { lossPeriods, noteLosses } from '../../measure/loss-pattern.ts';
import { clientListens } from '../../measure/pushes.ts';
import type { ConnectionEnd } from '../../measure/receiver-tracking.ts';
import {
  changeGauge,
  changeInFlight,
  countCloseCode,
  countFailure,
  countJitter,
  countLostBySecond,
} from '../../measure/recorder.ts';
import { type RoomTracking, receiverClosed, receiverOpened } from '../../measure/room-tracking.ts';
import { forgetStretches, sentBetween } from '../../measure/sent-marks.ts';
import { finalizeOrder } from '../../measure/total-order.ts';
import type { Plan } from '../../plan/plan.ts';
import { isPublisher } from '../../plan/schedule/rooms.ts';
import type { Clock } from '../clock.ts';
import { type Accounting, countDelivered, flushClient, nextMask, noteTotalOrderViolation } from '../hot/accounting.ts';
import type { ProtocolDriver } from '../hot/driver.ts';
import { flush, reserve } from '../hot/outbox.ts';
import { endPushTracking } from '../hot/pushed.ts';
import type { LoadModel } from '../load/load-model.ts';
import { forgetDamaged, type LostFacts, reportLost } from '../violations.ts';
import type { Client } from './client.ts';
import type { OpenConnections } from './open-connections.ts';
import type { Pinger } from './pinger.ts';
import type { SocketError } from './transport.ts';

/** RFC 6455 §7.1.1: the server closes the TCP connection first; one that does not is not waited for. */
const CLOSE_TIMEOUT_NS = 2e9;
const NO_CLOSE_FRAME = 1006;
const NORMAL_CLOSE = 1000;

const KIND_OF_VIOLATION: Readonly<Record<ViolationCode, FailureKind>> = {
  1002: 'framing',
  1007: 'invalidUtf8',
  1009: 'tooBig',
};

export interface ConnectionLifecycle {
  opened(client: Client, deflate: DeflateParameters | null): void;
  onBytes(client: Client, bytes: Uint8Array, start: number, end: number): void;
  onClose(client: Client, error: SocketError | null): void;
  /** The client is open or drains, and its connection is dead though nothing said so. */
  drop(client: Client, kind: FailureKind, cause: FailureCause): void;
  /** The plan wants the client closed: it sends nothing further and closes when its messages are back. */
  retire(client: Client): void;
  /** Declares what is outstanding lost, closes every open connection. */
  closeAll(): void;
  /** The client is closing and is not waited for any longer. */
  giveUp(client: Client): void;
  /** The client, where it is not open, will not get another connection: what was kept for that is unresolved. */
  abandon(client: Client): void;
  /** Whether the client is open is of account from now on; and is not any longer. */
  wanted(client: Client): void;
  unwanted(client: Client): void;
  /** Looks after clients that drain or close; call it now and then. `stalledNs`: so long nothing could be read since. */
  sweep(stalledNs: number): void;
}

export interface LifecycleParts {
  readonly plan: Plan;
  readonly accounting: Accounting;
  readonly driver: ProtocolDriver;
  readonly loadModel: LoadModel;
  readonly openConnections: OpenConnections;
  /** Null where clients send no pings. */
  readonly pinger: Pinger | null;
  readonly clock: Clock;
  readonly answersPings: boolean;
  failed(client: Client, kind: FailureKind, cause: FailureCause): void;
  /** The client is open and has joined: lays out what must go before its next message. */
  resumed(client: Client): void;
  /** Whether what is in flight on a connection that dies will be sent again on the client's next one. */
  isResumed(client: Client): boolean;
  /** The socket is gone and the client may be opened again. */
  closed(client: Client): void;
}

export function createConnectionLifecycle(parts: LifecycleParts): ConnectionLifecycle {
  const { plan, accounting, driver, loadModel, openConnections, pinger, clock } = parts;
  const { recorder, ledger, acks, byType } = accounting;
  const { rooms } = plan.load;
  const inflate = zlibInflate(inflateRawSync);
  const rules = new Map<string, FrameRules>();
  /** Clients that drain or close, with the time at which patience ends. */
  const leaving = new Map<Client, number>();

  function opened(client: Client, deflate: DeflateParameters | null): void {
    client.state = 'open';
    client.reader = new FrameReader<Client>(rulesFor(deflate));
    client.deflater =
      deflate?.sending.kind === 'compressed'
        ? new MessageDeflater(zlibDeflate(deflateRawSync, deflate.sending.windowBits), deflate.sending)
        : null;
    openConnections.add(client);
    if (accounting.fanout !== null) receiverOpened(accounting.fanout.roomTracking, client.index, clock.nowNs());
    if (accounting.pushes !== null) clientListens(accounting.pushes, client.index, clock.nowNs());
    recorder.connections.opened++;
    const nowNs = clock.nowNs();
    noteUp(client, nowNs);
    noteDownOver(client, nowNs);
    if (client.hasBeenOpen) {
      recorder.connections.reconnected++;
      recorder.connections.firstReopenNs ??= nowNs;
      recorder.connections.lastReopenNs = nowNs;
    }
    client.hasBeenOpen = true;
    client.openedNs = nowNs;
    client.droppedNs = Number.NaN;
    recorder.open++;
    recorder.peakOpen = Math.max(recorder.peakOpen, recorder.open);
    driver.join(client);
    parts.resumed(client);
    flushClient(accounting, client);
    if (rooms === null || isPublisher(rooms, client.stream)) loadModel.connectionOpened(client);
  }

  function wanted(client: Client, nowNs = clock.nowNs()): void {
    if (client.isCounted) return;
    client.isCounted = true;
    changeGauge(recorder.wantedTime, nowNs, 1);
  }

  function unwanted(client: Client): void {
    if (!client.isCounted) return;
    const nowNs = clock.nowNs();
    noteDown(client, nowNs);
    noteDownOver(client, nowNs);
    client.isCounted = false;
    changeGauge(recorder.wantedTime, nowNs, -1);
  }

  function noteUp(client: Client, nowNs: number): void {
    if (!client.isWanted) return;
    wanted(client, nowNs);
    client.isUp = true;
    changeGauge(recorder.openTime, nowNs, 1);
  }

  function noteDown(client: Client, nowNs: number): void {
    if (!client.isUp) return;
    client.isUp = false;
    changeGauge(recorder.openTime, nowNs, -1);
  }

  /** A wanted client has lost its connection. What never was open is not down. */
  function noteDropped(client: Client, nowNs: number): void {
    if (!client.isCounted) return;
    client.isDown = true;
    changeGauge(recorder.downTime, nowNs, 1);
  }

  function noteDownOver(client: Client, nowNs: number): void {
    if (!client.isDown) return;
    client.isDown = false;
    changeGauge(recorder.downTime, nowNs, -1);
  }

  /** One object for all clients that agreed on the same. */
  function rulesFor(deflate: DeflateParameters | null): FrameRules {
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

  const sink: FrameSink<Client> = {
    message(client, isText, bytes, start, end) {
      // Behind our close frame may still come what the service had sent before it read it (RFC 6455 §5.5.1).
      driver.receive(client, isText, bytes, start, end);
    },
    ping(client, bytes, start, end) {
      // RFC 6455 §5.5.3: not every ping needs its pong; a flood of them must not pile up here.
      if (!parts.answersPings || client.socket!.writableLength > plan.target.maxBufferedBytes) return;
      const at = reserve(accounting.outbox, maxControlFrameBytes);
      const frameEnd = writeControlFrame(
        accounting.outbox.bytes,
        at,
        opcodes.pong,
        bytes,
        start,
        end,
        nextMask(accounting) >>> 0,
      );
      accounting.outbox.length -= at + maxControlFrameBytes - frameEnd;
      flushClient(accounting, client);
    },
    pong(client, bytes, start, end) {
      pinger?.pong(client, bytes, start, end);
    },
    close(client, code, reason) {
      if (client.state === 'closing') {
        client.awaitsClose = false; // the answer to ours, or one that crossed it
        return;
      }
      countFailure(recorder, 'closedByServer');
      leave(client, 'droppedByServer', code);
      parts.failed(client, 'closedByServer', { kind: 'closeFrame', code, reason });
      // RFC 6455 §5.5.1: a close frame is answered with one; 1005 may not be sent (§7.4.1).
      sendClose(client, code === noCloseCode ? NORMAL_CLOSE : code);
    },
    violation(client, code, rule) {
      if (client.state === 'closing') return;
      const kind = KIND_OF_VIOLATION[code];
      countFailure(recorder, kind);
      leave(client, 'brokeRules', code);
      parts.failed(client, kind, { kind: 'brokenRule', rule });
      sendClose(client, code);
    },
  };

  function onBytes(client: Client, bytes: Uint8Array, start: number, end: number): void {
    accounting.receivedNs = clock.nowNs();
    client.reader?.feed(bytes, start, end, sink, client);
    if (client.credit > 0) {
      countDelivered(accounting, client);
      loadModel.repliesArrived(client);
      client.credit = 0;
      client.lateCredit = 0;
    }
    if (client.state === 'draining' && ledger.outstanding[client.index] === 0) closeNow(client);
  }

  function onClose(client: Client, error: SocketError | null): void {
    if (client.state === 'open' || client.state === 'draining') {
      const isOwnDoing = error?.kind === 'misbehaved';
      const kind = isOwnDoing ? 'misbehaved' : 'reset';
      leave(client, isOwnDoing ? 'misbehaved' : 'droppedByServer', NO_CLOSE_FRAME);
      countFailure(recorder, kind);
      parts.failed(client, kind, error?.cause ?? { kind: 'ended', isOpen: true });
    }
    noteUnanswered(client);
    leaving.delete(client);
    client.state = 'idle';
    client.socket = null;
    client.reader = null;
    client.deflater = null;
    parts.closed(client);
  }

  /** Whoever is to answer is not there: nobody says goodbye. */
  function drop(client: Client, kind: FailureKind, cause: FailureCause): void {
    countFailure(recorder, kind);
    leave(client, 'droppedByServer', NO_CLOSE_FRAME);
    parts.failed(client, kind, cause);
    client.socket!.destroy();
  }

  /** The connection dies under its messages: what is in flight is unresolved. */
  function leave(client: Client, why: 'droppedByServer' | 'brokeRules' | 'misbehaved', code: number): void {
    client.droppedNs = clock.nowNs();
    // A service that breaks the rules of the protocol ends its connection as surely as one that closes it.
    if (why !== 'misbehaved') {
      recorder.connections.droppedByServer++;
      record(recorder.histograms.lifetime, client.droppedNs - client.openedNs);
    }
    recorder.connections.firstDropNs ??= client.droppedNs;
    if (why !== 'misbehaved') countCloseCode(recorder, code);
    if (!parts.isResumed(client)) finalize(client, 'unresolved');
    takeOut(client, 'died');
    if (why === 'droppedByServer') noteDropped(client, client.droppedNs);
  }

  function takeOut(client: Client, ending: ConnectionEnd): void {
    openConnections.remove(client);
    pinger?.forget(client);
    if (accounting.fanout !== null) stopListening(accounting.fanout.roomTracking, client, ending);
    if (accounting.pushes !== null) endPushTracking(accounting, accounting.pushes, client, ending, clock.nowNs());
    recorder.open--;
    recorder.lowestOpen = Math.min(recorder.lowestOpen, recorder.open);
    noteDown(client, clock.nowNs());
    client.state = 'closing';
  }

  /** What was in flight when its sender died the service may never have had; without its own copy that may be anything. */
  function noteOutstanding({ rooms: { self }, outstanding }: RoomTracking, stream: number, index: number): void {
    if (!self) outstanding.push([stream, 0, ledger.next[index]!]);
    else for (const { from, to } of lossPeriods(missingNumbers(ledger, index))) outstanding.push([stream, from, to]);
  }

  function stopListening(roomTracking: RoomTracking, client: Client, ending: ConnectionEnd): void {
    const { totalOrder } = roomTracking;
    if (totalOrder !== null) {
      const before = totalOrder.compared;
      for (const found of finalizeOrder(totalOrder, client.index, client.stream))
        noteTotalOrderViolation(accounting, client, found);
      recorder.fanout.compared += totalOrder.compared - before;
    }
    receiverClosed(roomTracking, client.index, client.stream, ending);
  }

  /** Every message that is still outstanding has this outcome, but for what was acknowledged: that is lost in any case. */
  function finalize(client: Client, outcome: 'lost' | 'unresolved'): void {
    const { index, stream } = client;
    const outstanding = ledger.outstanding[index]!;
    const taken = acks?.taken[index] ?? null;
    if (outcome === 'unresolved' && accounting.fanout !== null)
      noteOutstanding(accounting.fanout.roomTracking, stream, index);
    const unreadable = unreadableBelow(index);
    const lost =
      outcome === 'lost'
        ? outstanding - missingBetween(ledger, index, 0, unreadable)
        : countAbove(taken?.keys() ?? [], unreadable);
    const jitterNs = takeJitter(accounting.jitter, index);
    if (jitterNs !== null) countJitter(recorder, jitterNs);
    recorder.messages.lost += lost;
    recorder.messages.unresolved += outstanding - lost;
    if (lost > 0 || (byType !== null && outstanding > 0)) {
      const nowNs = clock.nowNs();
      for (const sequence of missingNumbers(ledger, index)) {
        const isLost = sequence >= unreadable && (outcome === 'lost' || taken?.has(sequence) === true);
        if (byType !== null) countByType(byType, isLost ? 'lost' : 'unresolved', stream, sequence);
        if (isLost) countLostBySecond(recorder, sentBetween(accounting.sentMarks, index, sequence, nowNs));
      }
    }
    forgetStretches(accounting.sentMarks, index);
    if (acks !== null) {
      recorder.delivery.acknowledgements.lost += countAbove(taken?.keys() ?? [], unreadable);
      recorder.delivery.acknowledgements.recovered += countRecovered(acks, ledger, index);
      forgetClient(acks, index);
    }
    if (outstanding > 0) accounting.states?.loseTrack(stream);
    forgetDamaged(accounting.violations, index);
    const finalized = finalizeClient(ledger, index);
    if (finalized > 0) changeInFlight(recorder, clock.nowNs(), -finalized);
  }

  function sendClose(client: Client, code: number): void {
    leaving.set(client, clock.nowNs() + CLOSE_TIMEOUT_NS);
    const at = reserve(accounting.outbox, maxControlFrameBytes);
    const frameEnd = writeCloseFrame(accounting.outbox.bytes, at, code, '', nextMask(accounting) >>> 0);
    accounting.outbox.length -= at + maxControlFrameBytes - frameEnd;
    recorder.bytes.sent += flush(accounting.outbox, client.socket!);
  }

  /** The client lived through its drain: what has not come back is lost. */
  function closeNow(client: Client, ending: ConnectionEnd = 'left'): void {
    noteLost(client);
    finalize(client, 'lost');
    takeOut(client, ending);
    recorder.connections.closes.sent++;
    client.awaitsClose = true;
    sendClose(client, NORMAL_CLOSE);
  }

  /** RFC 6455 §5.5.1: whoever receives a close frame, and has sent none, must answer it. */
  function noteUnanswered(client: Client): void {
    if (client.awaitsClose) recorder.connections.closes.unanswered++;
    client.awaitsClose = false;
  }

  /** It is closing, and the service has not ended its connection. */
  function giveUp(client: Client): void {
    if (leaving.delete(client)) recorder.connections.closes.waitedOut++;
    noteUnanswered(client);
    client.socket?.destroy();
  }

  function noteLost(client: Client): void {
    if (ledger.outstanding[client.index] === 0) return;
    const lost = (): Iterable<number> =>
      numbersFrom(missingNumbers(ledger, client.index), unreadableBelow(client.index));
    noteLosses(recorder.delivery.loss, lossPeriods(lost()));
    const sent = ledger.next[client.index]!;
    for (const { from, to } of lossPeriods(lost())) {
      for (let seq = from; seq < to; seq++) {
        if (accounting.violations.left.lost === 0) return;
        const lost = {
          acknowledged: acks?.taken[client.index]?.has(seq) === true,
          previous: from === 0 ? null : from - 1,
          next: to === sent ? null : to,
          ...timesOfLost(client, seq),
        };
        reportLost(accounting.violations, client, seq, lost, clock.nowNs());
      }
    }
  }

  /** Exactly, where somebody remembers it, or else between which marks it was sent. */
  function timesOfLost(client: Client, sequence: number): Pick<LostFacts, 'dueNs' | 'sentFromNs' | 'sentToNs'> {
    const kept = (acks === null ? null : timesOf(acks, client.index, sequence)) ?? driver.sentTimes(client, sequence);
    if (kept !== null) return { dueNs: kept.dueNs, sentFromNs: kept.sentNs, sentToNs: kept.sentNs };
    const between = sentBetween(accounting.sentMarks, client.index, sequence, clock.nowNs());
    return { dueNs: null, sentFromNs: between?.fromNs ?? null, sentToNs: between?.toNs ?? null };
  }

  /** Of the messages below it what is missing may have come in a message that could not be read: it is unresolved. */
  function unreadableBelow(index: number): number {
    return accounting.unreadableBelow?.[index] ?? 0;
  }

  function retire(client: Client): void {
    if (client.state !== 'open') return;
    if (ledger.outstanding[client.index] === 0) {
      closeNow(client);
      return;
    }
    client.state = 'draining';
    openConnections.remove(client);
    leaving.set(client, clock.nowNs() + plan.drainNs);
  }

  function sweep(stalledNs: number): void {
    const nowNs = clock.nowNs();
    pinger?.tick(nowNs, stalledNs);
    if (stalledNs > 0) for (const [client, deadlineNs] of leaving) leaving.set(client, deadlineNs + stalledNs);
    for (const [client, deadlineNs] of [...leaving]) {
      if (nowNs < deadlineNs) continue;
      if (client.state !== 'draining') giveUp(client);
      else {
        leaving.delete(client);
        closeNow(client);
      }
    }
  }

  function abandon(client: Client): void {
    const isOpen = client.state === 'open' || client.state === 'draining';
    if (!isOpen && ledger.outstanding[client.index]! > 0) finalize(client, 'unresolved');
  }

  function closeAll(): void {
    for (const client of [...openConnections.all(), ...leaving.keys()]) {
      if (client.state === 'open' || client.state === 'draining')
        closeNow(client, client.state === 'open' ? 'stayed' : 'left');
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
    wanted: (client) => wanted(client),
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
