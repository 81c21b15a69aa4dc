// Who hears whom: lanes are dealt to rooms in turn, and of each room the lanes with the lowest numbers send.
//
//   count: 3, publishers: 1        room 0: 0* 3 6 …     room 1: 1* 4 7 …     room 2: 2* 5 8 …
//
// Pure arithmetic on numbers of lanes, so that every worker knows the members of a room without being told.

import type { Rooms } from './plan.ts';

export function roomOf({ count }: Rooms, lane: number): number {
  return lane % count;
}

/** Its place among the lanes of its room, from 0. */
export function seatOf({ count }: Rooms, lane: number): number {
  return Math.floor(lane / count);
}

export function isPublisher(rooms: Rooms, lane: number): boolean {
  return seatOf(rooms, lane) < rooms.publishers;
}
