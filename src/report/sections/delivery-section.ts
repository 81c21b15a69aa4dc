// What became of every message: the outcomes, the guarantee that they support, and the first violations as evidence.

import type { MessageResult, RunResult } from '../../facts/result.ts';
import { UNSENT_TEXTS } from '../../facts/unsent-texts.ts';
import type { UnsentReason } from '../../facts/window.ts';
import { plural } from '../../units/plural.ts';
import { formatCount } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { troublesOverTime } from '../charts/over-time.ts';
import { type Block, charts, paragraph, type Section, strong, type TableBlock } from '../document.ts';
import { countCell, momentCell, msCell, numbers, said, table, text, troubleCell, words } from '../tables.ts';
import { violationName, violationText } from '../words/violation-text.ts';

export function deliverySection(result: RunResult): Section | null {
  if (result.messages.due === 0 && result.pushes === null && result.violations.length === 0) return null;
  return {
    id: 'delivery',
    title: 'What became of every message',
    blocks: [
      ...guarantee(result),
      outcomes(result.messages),
      ...charts(troublesOverTime(result)),
      ...evidence(result),
      ...types(result),
      ...fanout(result),
      ...pushes(result),
    ],
  };
}

function guarantee({ delivery }: RunResult): readonly Block[] {
  if (delivery.consistentWith === null) return [];
  const bound =
    delivery.lossRatioBelow === null
      ? ''
      : `, loss below ${formatPercent(delivery.lossRatioBelow)} with 95 % confidence`;
  const proof = `Consistent with ${delivery.consistentWith === 'none' ? 'no guarantee' : delivery.consistentWith}`;
  return [
    paragraph(
      strong(proof),
      ` in ${plural(delivery.messages, 'message')}${bound}. A finite run cannot prove a guarantee; this run did not contradict it.`,
      delivery.approximate
        ? ' There was more disorder than can be counted exactly: late messages may be counted as duplicates, or the reverse.'
        : '',
    ),
  ];
}

const OUTCOMES: readonly (readonly [keyof MessageResult & string, meaning: string, isTrouble: boolean])[] = [
  ['due', 'planned messages', false],
  ['sent', 'left the generator', false],
  ['delivered', 'arrived where they should', false],
  ['rejected', 'refused by the service', true],
  ['lost', 'never arrived intact, although the connection stayed open', true],
  ['unresolved', 'the connection dropped, or they may be among messages that could not be read', true],
  ['duplicated', 'arrived more than once', true],
  ['reordered', 'arrived after a later message of the same stream', true],
  ['corrupted', 'arrived with other bytes than were sent', true],
  ['unexpected', 'arrived where they were not expected', true],
  ['unreadable', 'arrived, but could not be read', true],
  ['late', 'arrived after they had been counted as lost or unresolved', true],
  ['acknowledged', 'acknowledged by the service', false],
  ['resent', 'extra copies that were sent', false],
  ['deduplicated', 'copies that the service recognized', false],
  ['diverged', 'replies with a wrong state', true],
  ['totalOrderViolations', 'received in different orders by two clients', true],
];
/** Always shown; the others where there are any. */
const ALWAYS: readonly string[] = [
  'due',
  'sent',
  'delivered',
  'lost',
  'unresolved',
  'duplicated',
  'reordered',
  'corrupted',
];

function outcomes(messages: MessageResult): TableBlock {
  const rows = OUTCOMES.flatMap(([outcome, meaning, isTrouble]) => {
    const count = messages[outcome] as number;
    if (count === 0 && !ALWAYS.includes(outcome)) return [];
    return [
      [
        text(outcome === 'totalOrderViolations' ? 'total-order violations' : outcome),
        isTrouble ? troubleCell(count) : countCell(count),
        text(meaning),
      ],
    ];
  });
  const unsent = Object.entries(messages.unsent).filter(([, count]) => count > 0);
  const unsentRows = unsent.map(([reason, count]) => [
    text(`unsent: ${UNSENT_TEXTS[reason as UnsentReason]}`),
    troubleCell(count),
    text('due, but never left the generator'),
  ]);
  return table(
    'Outcomes',
    [...words('outcome'), ...numbers('messages'), ...words('meaning')],
    [...rows, ...unsentRows],
  );
}

function evidence({ violations }: RunResult): readonly Block[] {
  if (violations.length === 0) return [];
  const rows = violations.map((found) => [
    text(violationName(found.violation), 'bad'),
    momentCell(found.atSecond),
    countCell(found.stream),
    found.seq === null ? { text: 'unknown', value: null } : countCell(found.seq),
    countCell(found.client),
    said(violationText(found), 400),
  ]);
  const columns = [...words('what'), ...numbers('at', 'stream', 'number', 'found by client'), ...words('evidence')];
  const note = violations.length < 100 ? null : 'Only the first 100 of each kind are shown. All are counted above.';
  return [table('Evidence (first 100 of each kind)', columns, rows, note)];
}

function types({ types: all }: RunResult): readonly Block[] {
  if (all.length === 0) return [];
  const hasPriority = all.some(({ priority }) => priority !== null);
  const hasRejected = all.some(({ messages }) => messages.rejected > 0);
  const columns = [
    ...words('type', ...(hasPriority ? ['priority'] : [])),
    ...numbers('bytes', 'sent', 'delivered', ...(hasRejected ? ['rejected'] : [])),
    ...numbers('lost', 'unresolved', 'duplicated', 'reordered', 'corrupted'),
    ...numbers('response p50', 'p95', 'p99', 'max'),
  ];
  const rows = all.map(({ type, priority, payloadBytes, messages, response }) => [
    said(type, 60),
    ...(hasPriority ? [priority === null ? text('') : said(priority, 60)] : []),
    countCell(payloadBytes),
    countCell(messages.sent),
    countCell(messages.delivered),
    ...(hasRejected ? [troubleCell(messages.rejected)] : []),
    ...[messages.lost, messages.unresolved, messages.duplicated, messages.reordered, messages.corrupted].map(
      troubleCell,
    ),
    ...[response.p50Ms, response.p95Ms, response.p99Ms, response.maxMs].map(msCell),
  ]);
  return [table('Books by message type', columns, rows)];
}

function fanout({ fanout: reached }: RunResult): readonly Block[] {
  if (reached === null) return [];
  const { expected, received, missed, unresolved, offline, receivers } = reached;
  const counts = [
    [text('expected'), countCell(expected), text('deliveries to other clients')],
    [text('received'), countCell(received), text('of the expected deliveries')],
    [text('missed'), troubleCell(missed), text('although the client was connected')],
    [
      text('unresolved'),
      troubleCell(unresolved),
      text('the connection of the receiver dropped, or a message there could not be read'),
    ],
    [text('sent while offline'), countCell(offline), text('and not sent later, so not expected')],
    [text('receivers'), countCell(receivers.count), text(`${formatCount(receivers.complete)} received everything`)],
  ];
  const worst = receivers.worst.map(({ client, expected: due, received }) => [
    countCell(client),
    countCell(due),
    countCell(received),
  ]);
  return [
    table('Fan-out', [...words('deliveries'), ...numbers('count'), ...words('meaning')], counts),
    ...(worst.length === 0
      ? []
      : [table('Clients that missed the most', numbers('client', 'expected', 'received'), worst)]),
  ];
}

const PUSH_NAMES: Readonly<Record<string, string>> = { offline: 'sent while offline', unjudged: 'not judged' };

function pushes({ pushes: found }: RunResult): readonly Block[] {
  if (found === null) return [];
  const rows = (['expected', 'received', 'missed', 'unresolved', 'offline', 'unjudged'] as const).map((name) => [
    text(PUSH_NAMES[name] ?? name),
    name === 'missed' ? troubleCell(found[name]) : countCell(found[name]),
  ]);
  return [table('Pushes from the service', [...words('pushes'), ...numbers('count')], rows)];
}
