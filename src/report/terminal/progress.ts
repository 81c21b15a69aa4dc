// The live view as text: one line for a log, a few for a terminal that can refresh them.

import type { LiveFigures } from '../../facts/live-figures.ts';
import { formatDuration } from '../../units/duration.ts';
import { formatCount } from '../../units/rate.ts';
import type { TextStyle } from './style.ts';

/** One line, for logs. */
export function renderProgressLine(figures: LiveFigures): string {
  return [
    `${figures.elapsedSeconds.toFixed(0)} s`,
    figures.phase,
    `clients ${formatCount(figures.connectionsOpen)}`,
    `sent ${formatCount(figures.sentPerSecond)}/s`,
    `delivered ${formatCount(figures.deliveredPerSecond)}/s`,
    ...receivedTexts(figures).map((text) => `${text}/s`),
    `response p50 ${time(figures.responseP50Ns)} p99 ${time(figures.responseP99Ns)}`,
    troubles(figures),
  ].join('  ');
}

/** A block of fixed height, for a terminal of `columns`. */
export function renderProgressBlock(figures: LiveFigures, style: TextStyle, columns: number): readonly string[] {
  const lines = [
    bar(figures, style, columns),
    `  clients    ${formatCount(figures.connectionsOpen)} of ${formatCount(figures.connectionsPlanned)}   failed ${formatCount(figures.failedConnections)}   dropped ${formatCount(figures.droppedConnections)}`,
    `  messages   sent ${formatCount(figures.sentPerSecond)}/s   delivered ${formatCount(figures.deliveredPerSecond)}/s   ${receivedTexts(
      figures,
    )
      .map((text) => `${text}/s   `)
      .join('')}total ${formatCount(figures.sent)}`,
    `  response   p50 ${time(figures.responseP50Ns)}   p99 ${time(figures.responseP99Ns)}   send lag p99 ${time(figures.sendLagP99Ns)}`,
  ];
  const paint = hasTrouble(figures) ? style.yellow : style.dim;
  return [...lines.map((line) => cut(line, columns)), paint(cut(`  errors     ${troubles(figures)}`, columns))];
}

/** What clients receive that they did not say, where there is any. */
function receivedTexts({ receivedPerSecond }: LiveFigures): readonly string[] {
  return receivedPerSecond === 0 ? [] : [`received ${formatCount(receivedPerSecond)}`];
}

function bar(figures: LiveFigures, style: TextStyle, columns: number): string {
  const { elapsedSeconds, totalSeconds, phase } = figures;
  if (totalSeconds === null || totalSeconds <= 0) return `  ${phase}   ${elapsedSeconds.toFixed(0)} s`;
  const ratio = Math.min(1, elapsedSeconds / totalSeconds);
  const width = Math.max(10, Math.min(40, columns - 40));
  const full = Math.round(ratio * width);
  const [on, off] = style.unicode ? ['█', '░'] : ['#', '.'];
  const left = Math.max(0, totalSeconds - elapsedSeconds);
  return `  ${on.repeat(full)}${off.repeat(width - full)}  ${Math.round(ratio * 100)} %   ${phase}   ${left.toFixed(0)} s left`;
}

function hasTrouble(figures: LiveFigures): boolean {
  return TROUBLES.some((name) => figures[name] > 0);
}

const TROUBLES = [
  'unsent',
  'rejected',
  'duplicated',
  'reordered',
  'corrupted',
  'unexpected',
  'failedConnections',
  'droppedConnections',
] as const;
const NAME_OF: Readonly<Record<(typeof TROUBLES)[number], string>> = {
  unsent: 'unsent',
  rejected: 'rejected',
  duplicated: 'duplicated',
  reordered: 'reordered',
  corrupted: 'corrupted',
  unexpected: 'unexpected',
  failedConnections: 'failed connections',
  droppedConnections: 'dropped connections',
};

function troubles(figures: LiveFigures): string {
  const present = TROUBLES.filter((name) => figures[name] > 0);
  return present.length === 0
    ? 'none'
    : present.map((name) => `${NAME_OF[name]} ${formatCount(figures[name])}`).join(', ');
}

function time(ns: number | null): string {
  return ns === null ? '-' : formatDuration(ns);
}

function cut(line: string, columns: number): string {
  return line.length <= columns ? line : line.slice(0, Math.max(0, columns - 1));
}
