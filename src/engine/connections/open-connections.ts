// The clients that are open, and among them those that send, which are taken in turn. Removing one moves the last into its
// place: O(1), and every client still has its turn once a round, give or take the moved one.

import type { Client } from './client.ts';

export interface OpenConnections {
  count(): number;
  add(client: Client): void;
  remove(client: Client): void;
  all(): readonly Client[];
  /** The next in turn of those that send; null where none is open. */
  nextSender(): Client | null;
  senders(): readonly Client[];
}

/** `clientCount`: clients of this process; their `index` is below it. */
export function createOpenConnections(
  clientCount: number,
  isSender: (client: Client) => boolean = () => true,
): OpenConnections {
  const open = createList(clientCount);
  const senders = createList(clientCount);
  let cursor = 0;
  return {
    count: () => open.clients.length,
    add(client) {
      open.add(client);
      if (isSender(client)) senders.add(client);
    },
    remove(client) {
      open.remove(client);
      senders.remove(client);
    },
    all: () => open.clients,
    nextSender() {
      const { clients } = senders;
      if (clients.length === 0) return null;
      if (cursor >= clients.length) cursor = 0;
      return clients[cursor++]!;
    },
    senders: () => senders.clients,
  };
}

function createList(clientCount: number) {
  const clients: Client[] = [];
  /** By client: where it is in the list; −1 where it is not. */
  const positions = new Int32Array(clientCount).fill(-1);
  return {
    clients,
    add(client: Client): void {
      positions[client.index] = clients.length;
      clients.push(client);
    },
    remove(client: Client): void {
      const position = positions[client.index]!;
      if (position < 0) return;
      const last = clients.pop()!;
      if (last !== client) {
        clients[position] = last;
        positions[last.index] = position;
      }
      positions[client.index] = -1;
    },
  };
}
