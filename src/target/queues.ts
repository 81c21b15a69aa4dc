// Queues: each NAME is one, bounded, for all that are connected to it. It is worked off at a rate, the highest priority
// first and the first that came within one. Where it is full, the newest of the lowest priority is refused, and receives so.
//
//   → {"id": "…", "priority": "high", "text": "…"}
//   ← {"id": "…", "text": "…"}                     when it is worked off, to its sender
//   ← {"id": "…", "error": "overflow"}             at once, to the sender of the one that had to go

import { startTimer, type Timer } from '../engine/clock.ts';
import type { Behavior } from '../injection/behavior.ts';
import type { QueueSettings } from '../injection/queue.ts';
import type { LogAct } from '../injection/truth.ts';
import { addressOf, type Delivery, deliveryTo, type Peer, type Serve } from './delivery.ts';
import { encode, type JsonMessage, nameOfId, readMessage, sayWhatIsExpected } from './json-messages.ts';
import { createPriorityQueue } from './priority-queue.ts';

interface Sender {
  readonly peer: Peer;
  readonly delivery: Delivery;
}

interface Waiting {
  readonly message: JsonMessage;
  readonly level: number;
  readonly sender: Sender;
}

export function queueService(behavior: Behavior, logAct: LogAct): Serve {
  const { priorities } = behavior.queue;
  const queues = new Map<string, WorkQueue>();
  return (peer) => {
    const { name, client } = addressOf(peer);
    const sender: Sender = { peer, delivery: deliveryTo(behavior, client, peer, logAct) };
    const queue = queues.get(name) ?? createWorkQueue(behavior.queue, work);
    queues.set(name, queue);
    queue.senders.add(sender);
    return {
      receive(data) {
        const message = readMessage(data);
        if (message === null) {
          sayWhatIsExpected(peer);
          return;
        }
        const level = levelOf(message.priority, priorities);
        const refused = queue.put({ message, level, sender });
        if (refused !== null) refuse(refused);
      },
      closed() {
        queue.senders.delete(sender);
        if (queue.senders.size === 0) queues.delete(name);
        for (const { message } of queue.leave(sender)) {
          logAct({ act: 'drop', to: client, ...nameOfId(message.id), why: 'held' });
        }
        sender.delivery.closed();
      },
    };
  };

  function refuse({ message: { id }, level, sender: { peer, delivery } }: Waiting): void {
    logAct({ act: 'refuse', to: delivery.to, ...nameOfId(id), priority: priorities[level] ?? null });
    peer.send(encode({ id, error: 'overflow' }), false);
  }
}

function work({ message: { id, text }, sender: { peer, delivery } }: Waiting): void {
  const data = encode({ id, text });
  const name = nameOfId(id);
  if (name.seq < 0) peer.send(data, false);
  else delivery.deliver({ data, isBinary: false, ...name });
}

/** What names no priority of the list comes after all that do. */
function levelOf(priority: unknown, priorities: readonly string[]): number {
  const level = typeof priority === 'object' ? -1 : priorities.indexOf(String(priority));
  return level < 0 ? priorities.length : level;
}

interface WorkQueue {
  readonly senders: Set<Sender>;
  /** Returns the one that has to go for it; null where there is room. */
  put(item: Waiting): Waiting | null;
  /** What waits of a sender that is gone. */
  leave(sender: Sender): readonly Waiting[];
}

/**
 * Each message takes its share of a second. A timer that comes late has several due at once, so that the rate holds; the
 * time in which nothing waited is gone.
 */
function createWorkQueue(settings: QueueSettings, workOne: (item: Waiting) => void): WorkQueue {
  const { capacity, perSecond, priorities } = settings;
  const waiting = createPriorityQueue<Waiting>(capacity, priorities.length + 1);
  const eachMs = 1000 / perSecond;
  let freeAtMs = 0;
  let timer: Timer | undefined;

  function workOff(): void {
    const nowMs = performance.now();
    while (waiting.size > 0 && freeAtMs <= nowMs) {
      freeAtMs += eachMs;
      workOne(waiting.take()!);
    }
    if (waiting.size > 0) {
      timer ??= startTimer(freeAtMs - nowMs, wake);
      return;
    }
    freeAtMs = Math.max(freeAtMs, nowMs);
    timer?.cancel();
    timer = undefined;
  }

  function wake(): void {
    timer = undefined;
    workOff();
  }

  return {
    senders: new Set(),
    put(item) {
      // Whoever is due already has made room, however late the timer is.
      workOff();
      const refused = waiting.put(item.level, item);
      workOff();
      return refused;
    },
    leave(sender) {
      const gone = waiting.remove((item) => item.sender === sender);
      workOff();
      return gone;
    },
  };
}
