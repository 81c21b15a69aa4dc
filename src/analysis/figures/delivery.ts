// What the run says about delivery beyond its counts: which guarantee it is consistent with and how much that proves, how
// far messages came out of order, how losses lay, and what kind of damage there was.

import type { RunEvent } from '../../facts/event.ts';
import type { DeliveryResult, Guarantee, UnreadableResult } from '../../facts/result.ts';
import { exampleText, UNREADABLE_KINDS, type UnreadableKind } from '../../facts/unreadable.ts';
import type { MessageType, Plan } from '../../plan/plan.ts';
import { acknowledgesApart } from '../../plan/protocols.ts';
import { nsToMs, nsToSeconds } from '../../units/duration.ts';
import { CONFIDENCE } from './distribution.ts';
import type { Fanout } from './fanout.ts';
import type { Tally } from './tally.ts';

/** `messages.unresolved` prove nothing either way and are left out. */
export function describeDelivery(
  tally: Tally,
  fanout: Fanout | null,
  { protocol, load: { mix } }: Pick<Plan, 'protocol' | 'load'>,
  unreadable: DeliveryResult['unreadable'],
): DeliveryResult {
  const { messages } = tally;
  const { acknowledgements, jitter, extent, density, loss, damage, unexpected } = tally.delivery;
  const finalized = messages.delivered + messages.lost + tally.pushes.received + tally.pushes.missed;
  // A message that one client of its room missed did not arrive as it should have.
  const lost = messages.lost + (fanout?.missed ?? 0) + tally.pushes.missed;
  const hearsItself = fanout?.hearsItself !== false;
  const arrived = (hearsItself ? messages.delivered : 0) + tally.fanout.received + tally.pushes.received;
  const acknowledges = messages.acknowledged > 0 || acknowledgesApart(protocol);
  return {
    consistentWith: finalized === 0 ? null : guaranteeOf(lost, messages.duplicated),
    messages: finalized,
    lossRatioBelow: finalized === 0 || lost > 0 ? null : zeroEventsBound(finalized),
    duplicateRatioBelow: finalized === 0 || messages.duplicated > 0 ? null : zeroEventsBound(finalized),
    faultFreeOnly: tally.connections.reconnected === 0 && tally.connections.droppedByServer === 0,
    approximate: tally.health.approximate,
    acknowledgements: acknowledges && hearsItself ? { ...acknowledgements } : null,
    jitter:
      jitter.clients === 0 ? null : { meanMs: nsToMs(jitter.sumNs / jitter.clients), maxMs: nsToMs(jitter.maxNs) },
    reordering: {
      ratio: arrived === 0 ? null : messages.reordered / arrived,
      meanExtent: extent.count === 0 ? null : extent.sum / extent.count,
      maxExtent: extent.count === 0 ? null : extent.max,
      density: densityOf(density.displaced, arrived),
      mostHeld: arrived === 0 || lost + messages.unresolved + tally.pushes.unresolved > 0 ? null : density.mostHeld,
    },
    loss: {
      periods: loss.periods,
      longestPeriod: loss.longestPeriod,
      meanPeriod: loss.periods === 0 ? null : messages.lost / loss.periods,
      noticeableRatio: messages.lost === 0 ? null : loss.noticeable / messages.lost,
      smallestBacklogBytes:
        loss.periods === 0 || loss.smallestBacklog === 0 ? null : loss.smallestBacklog * meanPayloadBytes(mix),
    },
    damage: { ...damage },
    unexpected: { ...unexpected },
    unreadable,
  };
}

/** By kind, each with the first that any worker told of. */
export function unreadableOf(
  { unreadable }: Pick<Tally['delivery'], 'unreadable'>,
  events: readonly RunEvent[],
): DeliveryResult['unreadable'] {
  const described: Partial<Record<UnreadableKind, UnreadableResult>> = {};
  for (const kind of UNREADABLE_KINDS) {
    if (unreadable[kind] === 0) continue;
    const first = events.find((event) => event.kind === 'unreadable' && event.group === 0 && event.unreadable === kind);
    described[kind] = {
      count: unreadable[kind],
      first:
        first?.kind !== 'unreadable'
          ? null
          : { client: first.client, atSecond: nsToSeconds(first.atNs), text: exampleText(first) },
    };
  }
  return described;
}

function meanPayloadBytes(mix: readonly MessageType[]): number {
  const weight = mix.reduce((sum, type) => sum + type.weight, 0);
  return mix.reduce((sum, type) => sum + type.weight * type.payloadBytes, 0) / weight;
}

function densityOf(displaced: ReadonlyMap<number, number>, arrived: number): Readonly<Record<string, number>> {
  const ascending = [...displaced].sort(([a], [b]) => a - b);
  return Object.fromEntries(ascending.map(([displacement, count]) => [displacement, count / arrived]));
}

/** Lost and duplicated decide; a run can be consistent with a guarantee, never prove it. */
function guaranteeOf(lost: number, duplicated: number): Guarantee {
  if (lost === 0) return duplicated === 0 ? 'exactly-once' : 'at-least-once';
  return duplicated === 0 ? 'at-most-once' : 'none';
}

/** The largest ratio that would still show no event in `count` trials often enough: 1 − 0.05^(1/n), about 3/n. */
export function zeroEventsBound(count: number): number {
  return -Math.expm1(Math.log(1 - CONFIDENCE) / count);
}
