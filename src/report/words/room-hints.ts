// What a plan leaves out about messages that reach other clients than their sender: nobody is to believe that they were judged.

import type { RunResult } from '../../facts/result.ts';
import { plural } from '../../units/plural.ts';
import { formatCount } from '../../units/rate.ts';
import type { ListItem } from '../document.ts';

export interface RoomHint {
  readonly tone: ListItem['tone'];
  readonly text: string;
}

export function roomHints(result: RunResult): readonly RoomHint[] {
  return [...unjudgedRooms(result), ...undescribedRooms(result)];
}

/** `lost` is about what senders get back: what other members of a room miss needs a rule of its own. */
function unjudgedRooms({ fanout, plan }: RunResult): readonly RoomHint[] {
  const delivery = plan.contract?.delivery ?? 'none';
  const isJudged = delivery === 'exactly-once' || delivery === 'at-least-once';
  if (fanout === null || plan.load.rooms === null) return [];
  if (isJudged || plan.thresholds.some(({ metric }) => metric.kind === 'fanout')) return [];
  const advice = 'add fanout.missed == 0, or contract: { delivery: exactly-once }';
  if (fanout.missed === 0) {
    return [{ tone: 'quiet', text: `No rule requires that other members of a room miss nothing: ${advice}.` }];
  }
  const missed = `${formatCount(fanout.missed)} of ${plural(fanout.expected, 'delivery', 'deliveries')}`;
  return [{ tone: 'bad', text: `Other members of a room missed ${missed}, and no rule forbids that: ${advice}.` }];
}

/** A service that passes messages on to others, and a plan that does not say so. */
function undescribedRooms({ delivery, plan }: RunResult): readonly RoomHint[] {
  const { otherStream } = delivery.unexpected;
  if (otherStream === 0 || plan.load.rooms !== null) return [];
  const them = otherStream === 1 ? 'it' : 'them';
  const text =
    `${plural(otherStream, 'message')} arrived at another client than the one that sent ${them}. ` +
    'If the service passes messages on to others, describe that with load.rooms: then each delivery is checked.';
  return [{ tone: 'open', text }];
}
