// What the reference target does with a message. Under most paths it sends every message back; under /rooms/NAME it sends
// it to everyone who is connected there, its sender included; under /assistants/NAME an assistant acknowledges it (`assistants.ts`);
// under /tickers/NAME it speaks of its own accord (`tickers.ts`);
// under /queues/NAME it waits its turn, or is refused (`queues.ts`).
// `?client=N` says which client a connection is of, for the truth log; an echo learns that from the messages.

import type { Behavior } from '../injection/behavior.ts';
import type { LogAct } from '../injection/truth.ts';
import { nameEcho } from '../protocols/echo/echo.ts';
import { assistantService } from './assistants.ts';
import {
  addressOf,
  createDelivery,
  type Delivery,
  deliveryTo,
  isFaultless,
  type Peer,
  type Serve,
} from './delivery.ts';
import { queueService } from './queues.ts';
import { tickerService } from './tickers.ts';

/** The service by the path of the request. */
export function createServices(behavior: Behavior, logAct: LogAct): Serve {
  const echo = echoService(behavior, logAct);
  const rooms = roomService(behavior, logAct);
  const assistants = assistantService(behavior, logAct);
  const tickers = tickerService(behavior, logAct);
  const queues = queueService(behavior, logAct);
  return (peer) => {
    if (peer.path.startsWith('/rooms/')) return rooms(peer);
    if (peer.path.startsWith('/tickers/')) return tickers(peer);
    if (peer.path.startsWith('/queues/')) return queues(peer);
    return peer.path.startsWith('/assistants/') ? assistants(peer) : echo(peer);
  };
}

/** Sends every message back as it came, but for what the behavior does wrong. */
function echoService(behavior: Behavior, logAct: LogAct): Serve {
  if (isFaultless(behavior)) {
    return (peer) => ({ receive: (data, isBinary) => peer.send(data, isBinary), closed: () => {} });
  }
  return (peer) => {
    let delivery: Delivery | null = null;
    return {
      receive(data, isBinary) {
        const name = nameEcho(data, !isBinary);
        if (name === null) {
          peer.send(data, isBinary);
          return;
        }
        delivery ??= createDelivery(behavior, name.stream, peer, logAct);
        delivery.deliver({ data, isBinary, stream: name.stream, seq: name.sequence });
      },
      closed: () => delivery?.closed(),
    };
  };
}

interface Member {
  readonly peer: Peer;
  /** Null where nothing goes wrong. */
  readonly delivery: Delivery | null;
}

/** Sends every message to all members of its room, in the order in which the messages came. */
function roomService(behavior: Behavior, logAct: LogAct): Serve {
  const rooms = new Map<string, Set<Member>>();
  return (peer) => {
    const { name: room, client } = addressOf(peer);
    const members = rooms.get(room) ?? new Set();
    rooms.set(room, members);
    const member: Member = {
      peer,
      delivery: isFaultless(behavior) ? null : deliveryTo(behavior, client, peer, logAct),
    };
    members.add(member);
    return {
      receive(data, isBinary) {
        const name = nameEcho(data, !isBinary);
        for (const other of members) {
          if (other.delivery === null || name === null) other.peer.send(data, isBinary);
          else other.delivery.deliver({ data, isBinary, stream: name.stream, seq: name.sequence });
        }
      },
      closed() {
        members.delete(member);
        if (members.size === 0) rooms.delete(room);
        member.delivery?.closed();
      },
    };
  };
}
