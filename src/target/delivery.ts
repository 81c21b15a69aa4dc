// One connection's outgoing side: it sends what it is given, and does wrong what its behavior says. Every wrong act goes to
// the truth log, so that what a tester finds can be compared with what was done.

import { startTimer, type Timer } from '../engine/clock.ts';
import type { Behavior } from '../injection/behavior.ts';
import { appendBytes, canSplice, cutOff, flipBits, randomBytes, spliceTogether } from '../injection/damage.ts';
import { createDecide, randomFor } from '../injection/decide.ts';
import { createOrderKeeper, type OrderKeeper } from '../injection/order-keeper.ts';
import type { LogAct } from '../injection/truth.ts';
import { uniform } from '../random/distributions.ts';
import { nsToMs } from '../units/duration.ts';
import { unreachable } from '../units/unreachable.ts';

/** Where a connection goes, and which client it says it is; −1 where it does not say. */
export function addressOf({ path }: Peer): { readonly name: string; readonly client: number } {
  const url = new URL(path, 'ws://target');
  return { name: url.pathname, client: Number(url.searchParams.get('client') ?? -1) };
}

/** What a behavior needs of a connection. */
export interface Peer {
  /** Path and query of its request. */
  readonly path: string;
  /** Bytes sent and not yet taken by the kernel. */
  readonly bufferedBytes: number;
  send(data: Uint8Array, isBinary: boolean): void;
  /** 1006 drops the connection without a close frame. */
  close(code: number): void;
}

/** One connection's side of the service. */
export interface ServiceSession {
  receive(data: Uint8Array, isBinary: boolean): void;
  /** The connection is gone. */
  closed(): void;
}

export type Serve = (peer: Peer) => ServiceSession;

export function isFaultless({ faults, dropBeyondBytes }: Behavior): boolean {
  return faults.length === 0 && dropBeyondBytes === null;
}

/** The messages that a replay is taken from. */
const RECENT_MESSAGES = 32;
/** A message that is held back for later ones is sent when so long none came. */
const HOLD_LIMIT_MS = 100;

/** A message that says whose it is. */
export interface NamedMessage {
  readonly data: Uint8Array;
  readonly isBinary: boolean;
  readonly stream: number;
  readonly seq: number;
}

interface Held extends NamedMessage {
  /** How many later messages still go first. */
  left: number;
  readonly timer: Timer;
}

export interface Delivery {
  /** The client at the other end. */
  readonly to: number;
  deliver(message: NamedMessage): void;
  /** Of each stream: the first number that went out whole, and the highest. */
  spans(): readonly { readonly stream: number; readonly first: number; readonly highest: number }[];
  /** The connection is gone. */
  closed(): void;
}

export function createDelivery(behavior: Behavior, to: number, peer: Peer, logAct: LogAct): Delivery {
  const decide = createDecide(behavior, to);
  const order = new Map<number, OrderKeeper>();
  const recent: NamedMessage[] = [];
  const held = new Set<Held>();
  let stalled: NamedMessage[] | null = null;
  let stallTimer: Timer | undefined;
  let before: NamedMessage | null = null;
  let received = 0;
  let isEvicted = false;
  let isOver = false;

  function deliver(message: NamedMessage): void {
    if (isOver) return;
    received++;
    if (stalled === null) treat(message);
    else stalled.push(message);
  }

  function treat(message: NamedMessage): void {
    const { seq } = message;
    const previous = before;
    before = message;
    if (isEvicted) {
      logAct({ act: 'drop', to, stream: message.stream, seq, why: 'evicted' });
      return;
    }
    const fault = decide(message.stream, seq);
    if (fault === null) {
      send(message);
      return;
    }
    const random = randomFor(behavior, message.stream, seq);
    switch (fault.kind) {
      case 'drop':
        logAct({ act: 'drop', to, stream: message.stream, seq, why: 'fault' });
        return;
      case 'duplicate':
        if (send(message)) for (let copy = 0; copy < fault.copies; copy++) sendAgain(message);
        return;
      case 'reorder':
        hold(message, fault.by, HOLD_LIMIT_MS);
        return;
      case 'delay':
        delay(message, uniform(random, fault.minNs, fault.maxNs));
        return;
      case 'corrupt':
        sendDamaged(message, 'bitFlips', flipBits(message.data, fault.bits, !message.isBinary, random));
        return;
      case 'truncate':
        sendDamaged(message, 'truncated', cutOff(message.data, !message.isBinary, random));
        return;
      case 'extend':
        sendDamaged(message, 'extended', appendBytes(message.data, fault.bytes, !message.isBinary, random));
        return;
      case 'splice':
        if (
          previous?.stream !== message.stream ||
          ![previous, message].every(({ data, isBinary }) => canSplice(data, !isBinary))
        )
          send(message);
        else sendDamaged(message, 'spliced', spliceTogether(message.data, previous.data));
        return;
      case 'replay':
        send(message);
        if (recent.length > 0) sendAgain(recent[Math.floor(random() * recent.length)]!);
        return;
      case 'fabricate':
        send(message);
        logAct({ act: 'fabricate', to, stream: message.stream });
        peer.send(randomBytes(message.data.length, !message.isBinary, random), message.isBinary);
        return;
      case 'disconnect':
        logAct({ act: 'disconnect', to, stream: message.stream, seq, code: fault.code });
        end();
        peer.close(fault.code);
        return;
      case 'evict':
        isEvicted = true;
        logAct({ act: 'drop', to, stream: message.stream, seq, why: 'evicted' });
        return;
      case 'swallowAck':
      case 'ackThenLose':
      case 'applyTwice':
      case 'forget':
        // What affects the service and not the way back: `assistants.ts`.
        send(message);
        return;
      case 'stall':
        stall(message, uniform(random, fault.minNs, fault.maxNs));
        return;
      default:
        unreachable(fault);
    }
  }

  /** Whole and for the first time. False where it was dropped instead. */
  function send(message: NamedMessage): boolean {
    if (behavior.dropBeyondBytes !== null && peer.bufferedBytes > behavior.dropBeyondBytes) {
      logAct({ act: 'drop', to, stream: message.stream, seq: message.seq, why: 'slowReader' });
      return false;
    }
    const extent = orderOf(message.stream).sent(message.seq);
    if (extent > 0) logAct({ act: 'reorder', to, stream: message.stream, seq: message.seq, extent });
    peer.send(message.data, message.isBinary);
    if (recent.push(message) > RECENT_MESSAGES) recent.shift();
    for (const other of [...held]) {
      if (other.stream === message.stream && other.seq < message.seq && --other.left === 0) release(other);
    }
    return true;
  }

  function sendAgain(message: NamedMessage): void {
    logAct({ act: 'duplicate', to, stream: message.stream, seq: message.seq });
    peer.send(message.data, message.isBinary);
  }

  function sendDamaged(
    message: NamedMessage,
    how: 'bitFlips' | 'truncated' | 'extended' | 'spliced',
    data: Uint8Array,
  ): void {
    logAct({ act: 'damage', to, stream: message.stream, seq: message.seq, how });
    peer.send(data, message.isBinary);
  }

  /** Until so many later ones have gone, or the time is over. */
  function hold(message: NamedMessage, left: number, limitMs: number): void {
    const waiting: Held = { ...message, left, timer: startTimer(limitMs, () => release(waiting)) };
    held.add(waiting);
  }

  function release(message: Held): void {
    if (!held.delete(message)) return;
    message.timer.cancel();
    send(message);
  }

  function delay(message: NamedMessage, forNs: number): void {
    logAct({ act: 'delay', to, stream: message.stream, seq: message.seq, forNs });
    hold(message, Number.POSITIVE_INFINITY, nsToMs(forNs));
  }

  function stall(message: NamedMessage, forNs: number): void {
    logAct({ act: 'stall', to, stream: message.stream, seq: message.seq, forNs });
    stalled = [message];
    stallTimer = startTimer(nsToMs(forNs), goOn);
  }

  function goOn(): void {
    const [first, ...others] = stalled ?? [];
    stalled = null;
    if (first !== undefined) send(first);
    for (const [index, next] of others.entries()) {
      if (isOver) return;
      treat(next);
      // One of those that waited may begin a stall of its own: the rest wait on.
      if (stalled !== null) {
        stalled = [...(stalled as NamedMessage[]), ...others.slice(index + 1)];
        return;
      }
    }
  }

  function end(): void {
    isOver = true;
    stallTimer?.cancel();
    for (const { timer, stream, seq } of held) {
      timer.cancel();
      logAct({ act: 'drop', to, stream, seq, why: 'held' });
    }
    for (const { stream, seq } of stalled ?? []) logAct({ act: 'drop', to, stream, seq, why: 'held' });
    held.clear();
    stalled = null;
  }

  function orderOf(stream: number): OrderKeeper {
    const known = order.get(stream);
    if (known !== undefined) return known;
    const created = createOrderKeeper();
    order.set(stream, created);
    return created;
  }

  return {
    to,
    deliver,
    spans: () =>
      [...order].flatMap(([stream, keeper]) => {
        const span = keeper.span();
        return span === null ? [] : [{ stream, ...span }];
      }),
    closed() {
      if (!isOver) end();
      if (received === 0) return;
      const counts = [...order].map(([stream, keeper]) => ({ isOwn: stream === to, count: keeper.count() }));
      const sum = (own: boolean): number =>
        counts.reduce((all, { isOwn, count }) => all + (isOwn === own ? count : 0), 0);
      logAct({ act: 'closed', to, received, returned: sum(true), passedOn: sum(false) });
    },
  };
}

/** The same, where a message goes to many: which deliveries go wrong is chosen for each receiver by itself. */
export function deliveryTo(behavior: Behavior, to: number, peer: Peer, logAct: LogAct): Delivery {
  return createDelivery({ ...behavior, seed: behavior.seed + SEED_STEP * (to + 1) }, to, peer, logAct);
}

const SEED_STEP = 7919;
