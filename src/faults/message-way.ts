// What a fault can do with the messages of one connection and direction. Every wrong act goes to the truth log, so that what a
// tester finds can be compared with what was done. What is held back is bounded: beyond it the source waits.

import type { Timer } from '../engine/clock.ts';
import { closeFrame, encodeFrame, fragmentsOf, joined, type WireFrame } from '../frames/wire-frame.ts';
import { randomFor } from '../injection/decide.ts';
import { NO_CLOSE_FRAME } from '../injection/fault-fields.ts';
import { createOrderKeeper, type OrderKeeper } from '../injection/order-keeper.ts';
import type { LogAct } from '../injection/truth.ts';
import type { Random } from '../random/generator.ts';
import type { Assembled, LayOut } from './assembler.ts';
import { type FaultMeter, NO_METER } from './fault-meter.ts';
import type { StageContext } from './stage.ts';

/** A message that has a name: its own, or that of its connection and its number there. */
export interface Message extends Assembled {
  readonly stream: number;
  readonly seq: number;
}

export type MessageDamage = 'bitFlips' | 'truncated' | 'extended' | 'utf8' | 'header';

export interface MessageWay {
  /** Of this message alone. */
  random(message: Message): Random;
  /** Whole, and for the first time. */
  send(message: Message): void;
  sendAgain(message: Message): void;
  /** With other content; `alter` may change the frame too. */
  sendDamaged(message: Message, how: MessageDamage, payload: Uint8Array, alter?: (frame: WireFrame) => WireFrame): void;
  /** In so many fragments. */
  sendSplit(message: Message, fragments: number): void;
  /** Behind a message, although nobody has sent it. */
  fabricate(behind: Message, payload: Uint8Array): void;
  drop(message: Message): void;
  /** Goes once so many later ones of its stream have gone, or when the time is over. */
  hold(message: Message, later: number, limitNs: number): void;
  /** The same, and told. */
  delay(message: Message, forNs: number): void;
  /** It and so many that come next go in one write, or what there is of them when the time is over. */
  gather(message: Message, others: number, limitNs: number): void;
  /** The last messages that went, the oldest first. */
  recent(): readonly Message[];
  /** Instead of the message; 1006 resets the connection. Nothing goes this way afterwards. */
  disconnect(message: Message, code: number): void;
}

export interface MessageWayHost {
  readonly context: StageContext;
  readonly layOut: LayOut;
  readonly seed: number;
  /** The client at the connection's client. */
  readonly to: () => number;
  readonly logAct: LogAct;
}

export interface HostedWay extends MessageWay {
  /** Whose the acts are that follow. */
  countBy(meter: FaultMeter): void;
  /** Bytes that are no message, in their place. */
  pass(bytes: Uint8Array): void;
  /** Everything that is held goes now. */
  flush(): void;
  /** Nothing goes any more: what is held is told as dropped, and the sum of the way is told. */
  over(received: number): void;
  readonly isOver: boolean;
}

const RECENT_MESSAGES = 32;
const RECENT_BYTES = 1024 ** 2;
const HELD_LIMIT_BYTES = 1024 ** 2;

interface Held {
  readonly message: Message;
  readonly meter: FaultMeter;
  left: number;
  readonly timer: Timer;
}

export function createMessageWay({ context, layOut, seed, to, logAct }: MessageWayHost): HostedWay {
  const order = new Map<number, OrderKeeper>();
  const held = new Set<Held>();
  let heldBytes = 0;
  const recent: Message[] = [];
  let gathered: {
    readonly parts: Uint8Array[];
    left: number;
    readonly timer: Timer;
    readonly meter: FaultMeter;
  } | null = null;
  let meter = NO_METER;
  let isOver = false;

  function write(bytes: Uint8Array): void {
    if (isOver) return;
    if (gathered === null) {
      context.next.push(bytes);
      return;
    }
    gathered.parts.push(bytes);
    if (gathered.left-- === 0) writeGathered();
  }

  function writeGathered(): void {
    if (gathered === null) return;
    const { parts, timer, meter: counts } = gathered;
    gathered = null;
    timer.cancel();
    if (parts.length > 1) counts.add('coalesced', parts.length);
    if (parts.length > 0) context.next.push(joined(parts));
  }

  function send(message: Message): void {
    write(message.bytes ?? encodeFrame(layOut(message)));
    sent(message);
  }

  /** How far it came out of its place: of one that was not held back, that is not this way's doing. */
  function sent(message: Message): number {
    const { stream, seq } = message;
    const keeper = orderOf(stream);
    const extent = keeper.sent(seq);
    remember(message);
    // The copy, since a release is itself a message sent, is made only where something is held.
    for (const other of held.size === 0 ? [] : [...held]) {
      const isLater = other.message.stream === stream && other.message.seq < seq;
      if (isLater && --other.left === 0) release(other);
    }
    if (held.size === 0) keeper.clear();
    return extent;
  }

  function remember(message: Message): void {
    if (message.payload.length > RECENT_BYTES / RECENT_MESSAGES) return;
    if (recent.push(message) > RECENT_MESSAGES) recent.shift();
  }

  function hold(message: Message, left: number, limitNs: number): void {
    const waiting: Held = { message, meter, left, timer: context.after(limitNs, () => release(waiting)) };
    held.add(waiting);
    addHeld(message.payload.length);
  }

  function release(waiting: Held): void {
    if (!held.delete(waiting)) return;
    waiting.timer.cancel();
    const { message, meter: counts } = waiting;
    addHeld(-message.payload.length);
    write(message.bytes ?? encodeFrame(layOut(message)));
    const extent = sent(message);
    if (extent === 0) return;
    counts.add('reordered');
    logAct({ act: 'reorder', to: to(), stream: message.stream, seq: message.seq, extent });
  }

  function addHeld(bytes: number): void {
    heldBytes += bytes;
    if (heldBytes > HELD_LIMIT_BYTES) context.gate.close();
    else if (heldBytes <= HELD_LIMIT_BYTES / 2) context.gate.open();
  }

  function orderOf(stream: number): OrderKeeper {
    const known = order.get(stream) ?? createOrderKeeper();
    order.set(stream, known);
    return known;
  }

  function close(): void {
    for (const { message, timer, meter: counts } of held) {
      timer.cancel();
      counts.add('dropped');
      logAct({ act: 'drop', to: to(), stream: message.stream, seq: message.seq, why: 'held' });
    }
    held.clear();
    writeGathered();
    isOver = true;
    context.gate.open();
  }

  return {
    countBy(next) {
      meter = next;
    },
    random: ({ stream, seq }) => randomFor({ seed }, stream, seq),
    send,
    sendAgain(message) {
      meter.add('duplicated');
      logAct({ act: 'duplicate', to: to(), stream: message.stream, seq: message.seq });
      write(message.bytes ?? encodeFrame(layOut(message)));
    },
    sendDamaged(message, how, payload, alter = (frame) => frame) {
      meter.add('damaged');
      logAct({ act: 'damage', to: to(), stream: message.stream, seq: message.seq, how });
      write(encodeFrame(alter(layOut({ ...message, payload }))));
    },
    sendSplit(message, fragments) {
      meter.add('split');
      logAct({ act: 'split', to: to(), stream: message.stream, seq: message.seq });
      const parts = fragmentsOf(layOut(message), fragments).map(encodeFrame);
      write(joined(parts));
      sent(message);
    },
    fabricate(behind, payload) {
      meter.add('fabricated');
      logAct({ act: 'fabricate', to: to(), stream: behind.stream });
      write(encodeFrame(layOut({ ...behind, payload })));
    },
    drop({ stream, seq }) {
      meter.add('dropped');
      logAct({ act: 'drop', to: to(), stream, seq, why: 'fault' });
    },
    hold,
    delay(message, forNs) {
      meter.add('delayed');
      logAct({ act: 'delay', to: to(), stream: message.stream, seq: message.seq, forNs });
      hold(message, Number.POSITIVE_INFINITY, forNs);
    },
    gather(message, others, limitNs) {
      logAct({ act: 'coalesce', to: to(), stream: message.stream, seq: message.seq });
      gathered ??= { parts: [], left: others, timer: context.after(limitNs, writeGathered), meter };
      send(message);
    },
    recent: () => recent,
    disconnect(message, code) {
      meter.add('disconnected');
      logAct({ act: 'disconnect', to: to(), stream: message.stream, seq: message.seq, code });
      if (code !== NO_CLOSE_FRAME) write(encodeFrame(closeFrame(code, message.maskKey)));
      close();
      if (code === NO_CLOSE_FRAME) context.sever('reset');
    },
    pass: write,
    flush() {
      for (const waiting of [...held]) release(waiting);
      writeGathered();
    },
    over(received) {
      if (!isOver) close();
      if (received === 0) return;
      const counts = [...order].map(([stream, keeper]) => ({ isOwn: stream === to(), count: keeper.count() }));
      const sum = (own: boolean): number =>
        counts.reduce((all, { isOwn, count }) => all + (isOwn === own ? count : 0), 0);
      logAct({ act: 'closed', to: to(), received, returned: sum(true), passedOn: sum(false) });
    },
    get isOver() {
      return isOver;
    },
  };
}
