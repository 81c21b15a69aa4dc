// Whether all clients of a room receive all messages in one order, whoever sent them. In each room one client is the reference;
// every other client's order is compared with its, message by message as they come.
//
//   reference   a b c d e          place 0 1 2 3 4
//   a client      a c b · e          b is received after c, which stands behind it: a violation
//
// A client may be ahead of the reference: what it receives then waits until the reference has received it. What one of the two never
// receives is not compared, so that a loss is no violation.

import type { Rooms } from '../plan/plan.ts';
import { isPublisher, roomOf } from '../plan/schedule/rooms.ts';
import { messageKey, messageOfKey } from './message-key.ts';

/** Places of the reference that are remembered, and how far ahead of it a client may be. */
const REMEMBERED = 4096;
const MAX_AHEAD = 1024;
/** How much of each reference's order is handed up, so that those of several workers can be compared: of a room, of all. */
const MAX_REPORTED = 1000;
const MAX_REPORTED_IN_ALL = 20_000;

interface RoomOrder {
  readonly reference: number;
  /** The stream of the reference; its own messages it may not receive. */
  readonly own: number;
  /** By place, modulo their number: which message; and the reverse. */
  readonly keys: number[];
  readonly places: Map<number, number>;
  received: number;
  readonly told: number[];
}

export interface TotalOrder {
  readonly rooms: Rooms;
  /** By room, for rooms that have clients here. */
  readonly orders: Map<number, RoomOrder>;
  /** By receiver: the furthest place of the reference that it has received, and what it has received ahead of it. */
  readonly furthest: Float64Array;
  readonly ahead: number[][];
  compared: number;
  told: number;
}

export interface TotalOrderViolation {
  readonly stream: number;
  readonly seq: number;
  /** What was received before it, and after it by the reference. */
  readonly before: { readonly stream: number; readonly seq: number };
}

/** `receivers`: clients of this process. */
export function createTotalOrder(rooms: Rooms, receivers: number): TotalOrder {
  return {
    rooms,
    orders: new Map(),
    furthest: new Float64Array(receivers).fill(-1),
    ahead: Array.from({ length: receivers }, () => []),
    compared: 0,
    told: 0,
  };
}

/** Makes a client the reference of its room, unless that has one that is better: one that only listens. */
export function offerReference({ rooms, orders }: TotalOrder, receiver: number, own: number): void {
  const room = roomOf(rooms, own);
  const known = orders.get(room);
  if (known !== undefined && (!isPublisher(rooms, known.own) || isPublisher(rooms, own))) return;
  orders.set(room, {
    reference: receiver,
    own,
    keys: [],
    places: new Map(),
    received: 0,
    told: [],
  });
}

/** A receiver has received a message for the first time. Null where nothing disagrees. */
export function noteOrder(
  totalOrder: TotalOrder,
  receiver: number,
  own: number,
  stream: number,
  sequence: number,
): TotalOrderViolation | null {
  const order = totalOrder.orders.get(roomOf(totalOrder.rooms, own));
  if (order === undefined) return null;
  const key = messageKey(stream, sequence);
  if (receiver === order.reference) {
    hearReference(totalOrder, order, key);
    return null;
  }
  // What the reference does not receive cannot be compared with it.
  if (stream === order.own && !totalOrder.rooms.self) return null;
  const ahead = totalOrder.ahead[receiver]!;
  const place = ahead.length === 0 ? order.places.get(key) : undefined;
  if (place !== undefined) return compare(totalOrder, order, receiver, key, place);
  ahead.push(key);
  if (ahead.length > MAX_AHEAD) ahead.shift();
  return catchUp(totalOrder, order, receiver, ahead);
}

function hearReference(totalOrder: TotalOrder, order: RoomOrder, key: number): void {
  const place = order.received++;
  const slot = place % REMEMBERED;
  if (place >= REMEMBERED) order.places.delete(order.keys[slot]!);
  order.keys[slot] = key;
  order.places.set(key, place);
  if (order.told.length < MAX_REPORTED && totalOrder.told < MAX_REPORTED_IN_ALL) {
    order.told.push(key);
    totalOrder.told++;
  }
}

/** What the reference has received by now, up to the first disagreement: what is behind that is looked at the next time. */
function catchUp(
  totalOrder: TotalOrder,
  order: RoomOrder,
  receiver: number,
  ahead: number[],
): TotalOrderViolation | null {
  let taken = 0;
  let found: TotalOrderViolation | null = null;
  while (taken < ahead.length && found === null) {
    const place = order.places.get(ahead[taken]!);
    if (place === undefined) break;
    found = compare(totalOrder, order, receiver, ahead[taken]!, place);
    taken++;
  }
  if (taken === ahead.length) ahead.length = 0;
  else if (taken > 0) ahead.splice(0, taken);
  return found;
}

function compare(
  totalOrder: TotalOrder,
  order: RoomOrder,
  receiver: number,
  key: number,
  place: number,
): TotalOrderViolation | null {
  totalOrder.compared++;
  const furthest = totalOrder.furthest[receiver]!;
  if (place > furthest) {
    totalOrder.furthest[receiver] = place;
    return null;
  }
  return { ...messageOfKey(key), before: messageOfKey(order.keys[furthest % REMEMBERED]!) };
}

/** The client goes: what it received ahead is compared as far as the reference has received it since. */
export function finalizeOrder(totalOrder: TotalOrder, receiver: number, own: number): readonly TotalOrderViolation[] {
  const order = totalOrder.orders.get(roomOf(totalOrder.rooms, own));
  const ahead = totalOrder.ahead[receiver]!;
  const found: TotalOrderViolation[] = [];
  if (order !== undefined && receiver !== order.reference) {
    for (const key of ahead) {
      const place = order.places.get(key);
      const disagreement = place === undefined ? null : compare(totalOrder, order, receiver, key, place);
      if (disagreement !== null) found.push(disagreement);
    }
  }
  ahead.length = 0;
  totalOrder.furthest[receiver] = -1;
  return found;
}

/** The beginnings of the references' orders, room by room. */
export function reportedOrders({ orders }: TotalOrder): readonly (readonly number[])[] {
  return [...orders].flatMap(([room, { told }]) => (told.length < 2 ? [] : [[room, ...told]]));
}
