// What became of every message: the outcomes, what they come to, and the first messages that fared badly, as witnesses.

import type { MessageResult, RunResult } from '../../facts/result.ts';
import { formatCount } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { troublesOverTime } from '../charts/over-time.ts';
import { type Block, charts, paragraph, type Section, strong, type TableBlock } from '../document.ts';
import { printable } from '../printable.ts';
import { countCell, momentCell, msCell, numbers, said, table, text, troubleCell, words } from '../tables.ts';
import { violationText } from '../violation-text.ts';

export function deliverySection(result: RunResult): Section | null {
  if (result.messages.due === 0 && result.pushes === null && result.violations.length === 0) return null;
  return {
    id: 'delivery',
    title: 'What became of every message',
    blocks: [
      ...guarantee(result),
      outcomes(result.messages),
      ...refusals(result),
      ...charts(troublesOverTime(result)),
      ...witnesses(result),
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
      ` in ${formatCount(delivery.messages)} messages${bound}. No finite run proves a guarantee; this one did not contradict it.`,
      delivery.approximate ? ' A bound of the ledger was hit: duplicates and late messages may be confused.' : '',
    ),
  ];
}

const OUTCOMES: readonly (readonly [keyof MessageResult & string, meaning: string, isTrouble: boolean])[] = [
  ['due', 'that the plan asked for', false],
  ['sent', 'that left the generator', false],
  ['delivered', 'that came where they should', false],
  ['rejected', 'that the service refused', true],
  ['lost', 'that never came as they were sent, though their connection lived', true],
  ['unresolved', 'whose connection died under them, or that may have come in what could not be read', true],
  ['duplicated', 'that came more than once', true],
  ['reordered', 'that came after later ones of their stream', true],
  ['corrupted', 'whose bytes were not those that were sent', true],
  ['unexpected', 'that nobody had sent', true],
  ['unreadable', 'that came and could not be read', true],
  ['late', 'that came after they were counted as lost or unresolved', true],
  ['acknowledged', 'that the service acknowledged', false],
  ['resent', 'copies that were sent again', false],
  ['deduplicated', 'copies that the service knew', false],
  ['diverged', 'answers whose state was wrong', true],
  ['totalOrderViolations', 'received in another order than by others', true],
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
    return [[text(outcome), isTrouble ? troubleCell(count) : countCell(count), text(meaning)]];
  });
  const unsent = Object.entries(messages.unsent).filter(([, count]) => count > 0);
  const unsentRows = unsent.map(([reason, count]) => [
    text(`not sent: ${reason}`),
    troubleCell(count),
    text('that were due and did not leave the generator'),
  ]);
  return table(
    'Outcomes',
    [...words('outcome'), ...numbers('messages'), ...words('meaning')],
    [...rows, ...unsentRows],
  );
}

/** In the service's own words. */
function refusals({ rejections }: RunResult): readonly Block[] {
  if (rejections.length === 0) return [];
  const rows = rejections.map(({ text: said, client, seq, atSecond }) => [
    text(printable(said, 300)),
    momentCell(atSecond),
    countCell(client),
    countCell(seq),
  ]);
  return [
    table(
      'What the service said when it refused',
      [...words('reason'), ...numbers('first at', 'stream', 'number')],
      rows,
    ),
  ];
}

function witnesses({ violations }: RunResult): readonly Block[] {
  if (violations.length === 0) return [];
  const rows = violations.map((found) => [
    text(found.violation, 'bad'),
    momentCell(found.atSecond),
    countCell(found.stream),
    found.seq === null ? { text: 'not known', value: null } : countCell(found.seq),
    countCell(found.client),
    said(violationText(found), 400),
  ]);
  const columns = [...words('what'), ...numbers('at', 'stream', 'number', 'found by client'), ...words('witness')];
  const note = violations.length < 100 ? null : 'The first hundred of each kind. All are counted above.';
  return [table('Witnesses', columns, rows, note)];
}

function types({ types: all }: RunResult): readonly Block[] {
  if (all.length === 0) return [];
  const columns = [
    ...words('type', 'priority'),
    ...numbers('bytes', 'sent', 'delivered', 'lost', 'unresolved', 'duplicated', 'reordered', 'corrupted'),
    ...numbers('response p50', 'p99', 'max'),
  ];
  const rows = all.map(({ type, priority, payloadBytes, messages, response }) => [
    said(type, 60),
    priority === null ? text('') : said(priority, 60),
    countCell(payloadBytes),
    countCell(messages.sent),
    countCell(messages.delivered),
    ...[messages.lost, messages.unresolved, messages.duplicated, messages.reordered, messages.corrupted].map(
      troubleCell,
    ),
    msCell(response.p50Ms),
    msCell(response.p99Ms),
    msCell(response.maxMs),
  ]);
  return [table('By type', columns, rows)];
}

function fanout({ fanout: reached }: RunResult): readonly Block[] {
  if (reached === null) return [];
  const { expected, received, missed, unresolved, offline, receivers } = reached;
  const counts = [
    [text('expected'), countCell(expected), text('deliveries to other clients')],
    [text('received'), countCell(received), text('of them')],
    [text('missed'), troubleCell(missed), text('though the client was there')],
    [
      text('unresolved'),
      troubleCell(unresolved),
      text('whose receiver’s connection died, or received what could not be read'),
    ],
    [text('sent while offline'), countCell(offline), text('and not sent later: not expected')],
    [
      text('receivers'),
      countCell(receivers.count),
      text(`${formatCount(receivers.complete)} of them received everything`),
    ],
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
      : [table('Clients that missed most', numbers('client', 'expected', 'received'), worst)]),
  ];
}

function pushes({ pushes: found }: RunResult): readonly Block[] {
  if (found === null) return [];
  const rows = (['expected', 'received', 'missed', 'unresolved', 'offline', 'unjudged'] as const).map((name) => [
    text(name),
    name === 'missed' ? troubleCell(found[name]) : countCell(found[name]),
  ]);
  return [table('What the service said of its own accord', [...words('pushes'), ...numbers('count')], rows)];
}
