// What went wrong, a sentence for each outcome that a perfect service and a perfect generator would not have: the same in the
// page, the PDF and Markdown. A run in which nothing went wrong has none.

import type { RunResult } from '../../facts/result.ts';
import { UNREADABLE_TEXTS, type UnreadableKind } from '../../facts/unreadable.ts';
import { unsentTexts } from '../../facts/unsent-texts.ts';
import type { DamageKind, UnexpectedKind } from '../../facts/window.ts';
import { isOrAre, plural, wasOrWere } from '../../units/plural.ts';
import { formatCount } from '../../units/rate.ts';
import type { Tone } from '../document.ts';
import { DAMAGE_NAMES, UNEXPECTED_NAMES } from './violation-text.ts';

export interface Trouble {
  /** `open`: nobody knows whether the service is to blame. */
  readonly tone: Extract<Tone, 'bad' | 'open'>;
  readonly text: string;
}

/** The gravest first. */
export function troublesOf(result: RunResult): readonly Trouble[] {
  return [...messageTroubles(result), ...receiverTroubles(result), ...connectionTroubles(result)].flatMap(
    ([tone, count, text]): readonly Trouble[] => (count === 0 ? [] : [{ tone, text }]),
  );
}

type Counted = readonly [tone: Trouble['tone'], count: number, text: string];

function messageTroubles({ messages, delivery }: RunResult): readonly Counted[] {
  const { lost, corrupted, duplicated, reordered, diverged, totalOrderViolations, unexpected, rejected } = messages;
  const { unreadable, late, unresolved, unsent, sent, due } = messages;
  const ofSent = (count: number): string => `${formatCount(count)} of ${plural(sent, 'message')}`;
  const unsentCount = unsentTotal(unsent);
  return [
    ['bad', lost, `${ofSent(lost)} ${wasOrWere(lost)} lost${acknowledgedText(delivery)}.`],
    ['bad', corrupted, `${plural(corrupted, 'message')} arrived corrupted${kindsText(damageKinds(delivery))}.`],
    ['bad', duplicated, `${plural(duplicated, 'message')} arrived more than once.`],
    ['bad', reordered, `${plural(reordered, 'message')} arrived out of order${extentText(delivery)}.`],
    ['bad', diverged, `${plural(diverged, 'reply', 'replies')} had a wrong state.`],
    [
      'bad',
      totalOrderViolations,
      `${plural(totalOrderViolations, 'message')} reached two clients of a room in different orders.`,
    ],
    [
      'bad',
      unexpected,
      `${plural(unexpected, 'message')} arrived where ${unexpected === 1 ? 'it was' : 'they were'} not expected${kindsText(unexpectedKinds(delivery))}.`,
    ],
    ['bad', rejected, `${ofSent(rejected)} ${wasOrWere(rejected)} rejected by the service.`],
    ['open', unreadable, `${plural(unreadable, 'message')} could not be read${kindsText(unreadableKinds(delivery))}.`],
    ['open', late, `${plural(late, 'message')} arrived after ${hadBeen(late)} counted as lost or unresolved.`],
    [
      'open',
      unresolved,
      `${ofSent(unresolved)} ${isOrAre(unresolved)} unresolved: the connection dropped, or an answer could not be read.`,
    ],
    [
      'open',
      unsentCount,
      `${formatCount(unsentCount)} of ${formatCount(due)} due messages ${wasOrWere(unsentCount)} not sent (${unsentTexts(unsent, formatCount)}).`,
    ],
  ];
}

/** `stream 5, #12, by 2 clients`: of the messages of a room that other members missed. */
export function firstMissedText({ stream, seq, receivers }: FirstMissed): string {
  return `stream ${formatCount(stream)}, #${formatCount(seq)}, by ${plural(receivers, 'client')}`;
}

type FirstMissed = NonNullable<RunResult['fanout']>['firstMissed'][number];

function receiverTroubles({ fanout, pushes }: RunResult): readonly Counted[] {
  const missed = fanout?.missed ?? 0;
  const [first] = fanout?.firstMissed ?? [];
  const which = first === undefined ? '' : `; the first: ${firstMissedText(first)}`;
  const missedPushes = pushes?.missed ?? 0;
  return [
    [
      'bad',
      missed,
      `${plural(missed, 'delivery', 'deliveries')} to other clients ${wasOrWere(missed)} missed${which}.`,
    ],
    ['bad', missedPushes, `${plural(missedPushes, 'push', 'pushes')} ${wasOrWere(missedPushes)} missed.`],
  ];
}

function connectionTroubles({ connections }: RunResult): readonly Counted[] {
  const { failed, attempted, droppedByServer, reconnected, gaveUp } = connections;
  const back = reconnected === 0 ? '' : `, and clients reconnected ${plural(reconnected, 'time')}`;
  return [
    ['bad', failed, `${formatCount(failed)} of ${plural(attempted, 'attempt')} to connect failed.`],
    [
      'bad',
      droppedByServer,
      `${plural(droppedByServer, 'connection')} ${wasOrWere(droppedByServer)} dropped by the service or the network${back}.`,
    ],
    ['bad', gaveUp, `${plural(gaveUp, 'client')} gave up reconnecting.`],
  ];
}

/** Over all reasons. */
export function unsentTotal(unsent: RunResult['messages']['unsent']): number {
  return Object.values(unsent).reduce((sum, count) => sum + count, 0);
}

/** `flipped bits 20, cut off 6`; empty where nothing is known of it. */
function damageKinds({ damage }: Pick<RunResult['delivery'], 'damage'>): string {
  return countsText(damage, (kind) => DAMAGE_NAMES[kind as DamageKind]);
}

function unexpectedKinds({ unexpected }: Pick<RunResult['delivery'], 'unexpected'>): string {
  return countsText(unexpected, (kind) => UNEXPECTED_NAMES[kind as UnexpectedKind]);
}

function unreadableKinds({ unreadable }: RunResult['delivery']): string {
  return Object.entries(unreadable)
    .map(([kind, { count }]) => {
      const { is, are } = UNREADABLE_TEXTS[kind as UnreadableKind];
      return `${formatCount(count)} ${count === 1 ? is : are}`;
    })
    .join(', ');
}

function countsText(counts: Readonly<Record<string, number>>, nameOf: (kind: string) => string): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${nameOf(kind)} ${formatCount(count)}`)
    .join(', ');
}

function kindsText(kinds: string): string {
  return kinds === '' ? '' : ` (${kinds})`;
}

function extentText({ reordering }: RunResult['delivery']): string {
  return reordering.maxExtent === null ? '' : `, at most ${plural(reordering.maxExtent, 'place')} late`;
}

function acknowledgedText({ acknowledgements }: RunResult['delivery']): string {
  const lost = acknowledgements?.lost ?? 0;
  return lost === 0 ? '' : `, ${formatCount(lost)} of them after the service had acknowledged them`;
}

function hadBeen(count: number): string {
  return count === 1 ? 'it had been' : 'they had been';
}
