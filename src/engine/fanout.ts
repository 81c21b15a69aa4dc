// What clients hear of one another, and of the service, for one process of a run: set up from the plan, begun with the first message, told at the
// end. The account itself is in `measure/`.

import type { ReceiverFacts } from '../facts/receivers.ts';
import type { DensityFacts } from '../measure/density.ts';
import type { Ledger } from '../measure/ledger.ts';
import { createPushes, type Pushes } from '../measure/pushes.ts';
import { createRoomTracking, receiverFactsOf, startRoomTracking } from '../measure/room-tracking.ts';
import { createSpread } from '../measure/spread.ts';
import type { Plan, Rooms } from '../plan/plan.ts';
import { numberingOf } from '../plan/protocols.ts';
import { unreachable } from '../units/unreachable.ts';
import type { Client } from './connections/client.ts';
import type { FanoutTracking } from './hot/accounting.ts';

/** Deliveries a second whose times are kept one by one, of all workers together: what the join can take. */
const SPREAD_PER_SECOND = 5000;
/** Where replies set the pace, so many rounds a second are reckoned with. */
const CLOSED_ROUNDS_PER_SECOND = 1000;
/** Of the time to join that the plan gives: who has been open for less when the first message is due is a late joiner. */
const JOINED_SHARE = 0.5;

export interface FanoutParts {
  readonly plan: Plan;
  readonly rooms: Rooms;
  readonly shard: number;
  readonly shards: number;
  /** The number of the first client of all processes that are of this kind. */
  readonly firstClient: number;
  /** Of this process, and of the whole run. */
  readonly clients: number;
  readonly allClients: number;
  /** Where the places of all arrivals are counted. */
  readonly density: DensityFacts;
}

export function createFanout({
  plan,
  rooms,
  shard,
  shards,
  firstClient,
  clients,
  allClients,
  density,
}: FanoutParts): FanoutTracking {
  const deliveriesPerSecond = (messagesPerSecond(plan, rooms, allClients) * allClients) / rooms.count;
  const spreadShare = deliveriesPerSecond === 0 ? 1 : Math.min(1, SPREAD_PER_SECOND / deliveriesPerSecond);
  return {
    indexOf(stream) {
      const index = (stream - firstClient - shard) / shards;
      return Number.isInteger(index) && index >= 0 && index < clients ? index : null;
    },
    roomTracking: createRoomTracking(rooms, clients, density, asksForOrder(plan)),
    spread: createSpread(plan.seed, spreadShare),
  };
}

/** A client is reckoned to receive so many pushes a second. */
const PUSHES_PER_SECOND = 10;

/** What the service says of its own accord; null where the plan does not say how it is numbered. */
export function pushesFor(plan: Plan, clients: number, allClients: number, density: DensityFacts): Pushes | null {
  const numbering = numberingOf(plan.protocol);
  if (numbering === null) return null;
  const sampledShare = Math.min(1, SPREAD_PER_SECOND / (PUSHES_PER_SECOND * allClients));
  return createPushes(numbering, { clients, density, seed: plan.seed, sampledShare });
}

/** At most, over all workers. */
function messagesPerSecond({ load: { messages } }: Plan, rooms: Rooms, allClients: number): number {
  switch (messages.kind) {
    case 'none':
      return 0;
    case 'open':
      return Math.max(...messages.curve.map(({ to }) => to));
    case 'closed':
      return Math.min(allClients, rooms.count * rooms.publishers) * messages.inFlight * CLOSED_ROUNDS_PER_SECOND;
    default:
      return unreachable(messages);
  }
}

/** Keeping one order in view costs memory for every room. */
function asksForOrder({ contract, thresholds }: Plan): boolean {
  const isAbout = thresholds.some(({ metric }) => metric.kind === 'messages' && metric.of === 'totalOrderViolations');
  return isAbout || contract?.order === 'per-channel';
}

/** The first message is due at `atNs`. */
export function startFanout({ roomTracking }: FanoutTracking, clients: readonly Client[], atNs: number): void {
  startRoomTracking(
    roomTracking,
    atNs,
    roomTracking.rooms.settleNs * JOINED_SHARE,
    (receiver) => clients[receiver]!.stream,
  );
}

/** Everything that the closed clients received, and what they sent. */
export function fanoutFacts(
  { roomTracking }: FanoutTracking,
  clients: readonly Client[],
  ledger: Ledger,
): ReceiverFacts {
  const sent = clients.flatMap(({ index, stream }) => {
    const count = ledger.next[index]!;
    return count === 0 ? [] : [[stream, count] as const];
  });
  return receiverFactsOf(roomTracking, sent, (receiver) => clients[receiver]!.stream);
}
