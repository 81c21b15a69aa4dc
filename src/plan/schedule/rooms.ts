// Who receives whom: clients are dealt to rooms in turn, and of each room the clients with the lowest numbers send.
//
//   count: 3, publishers: 1        room 0: 0* 3 6 …     room 1: 1* 4 7 …     room 2: 2* 5 8 …
//
// Pure arithmetic on numbers of clients, so that every worker knows the members of a room without being told.

import type { Rooms } from '../plan.ts';

export function roomOf({ count }: Rooms, client: number): number {
  return client % count;
}

/** Its place among the clients of its room, from 0. */
export function publisherOf({ count }: Rooms, client: number): number {
  return Math.floor(client / count);
}

export function isPublisher(rooms: Rooms, client: number): boolean {
  return publisherOf(rooms, client) < rooms.publishers;
}
