// The live view as text: one line for a log, a few for a terminal that can refresh them.

import type { LiveFigures, LiveRule } from '../../facts/live-figures.ts';
import { formatDuration } from '../../units/duration.ts';
import { printable } from '../../units/printable.ts';
import { formatCount } from '../../units/rate.ts';
import type { TextStyle } from './style.ts';
import { wrapLines } from './wrap.ts';

/** One line, for logs. */
export function renderProgressLine(figures: LiveFigures): string {
  return [
    nameText(figures),
    `${figures.elapsedSeconds.toFixed(0)} s`,
    figures.phase,
    `connections ${formatCount(figures.connectionsOpen)}`,
    `sent ${formatCount(figures.sentPerSecond)}/s`,
    `delivered ${formatCount(figures.deliveredPerSecond)}/s`,
    ...receivedTexts(figures).map((text) => `${text}/s`),
    `response p50 ${time(figures.responseP50Ns)} p99 ${time(figures.responseP99Ns)}`,
    ...ruleLineTexts(figures.rules),
    `errors ${troubles(figures)}`,
  ].join('  ');
}

const DEFAULT_COLUMNS = 80;
const LABEL_WIDTH = 11;
const HANG = LABEL_WIDTH + 3;

interface Row {
  readonly label: string;
  readonly parts: readonly string[];
  readonly paint?: (text: string) => string;
}

/** A block for a terminal, broken at its width, and never higher than `mostLines`. */
export function renderProgressBlock(figures: LiveFigures, style: TextStyle, mostLines: number): readonly string[] {
  const columns = style.columns ?? DEFAULT_COLUMNS;
  const lines = rowsOf(figures, style).flatMap(({ label, parts, paint = (text) => text }) => {
    const text = `  ${label.padEnd(LABEL_WIDTH)} ${parts.join('   ')}`;
    // Painted line by line, so that each ends the color that it began.
    return wrapLines([{ text, hang: HANG }], columns).map((line) => paint(cut(line, columns)));
  });
  const head = [style.bold(cut(`  ${nameText(figures)}`, columns)), cut(bar(figures, style, columns), columns)];
  return [...head, ...lines].slice(0, Math.max(1, mostLines));
}

function rowsOf(figures: LiveFigures, style: TextStyle): readonly Row[] {
  const { rules } = figures;
  const failing = firstFailing(rules);
  return [
    {
      label: 'connections',
      parts: [
        `${formatCount(figures.connectionsOpen)} of ${formatCount(figures.connectionsPlanned)}`,
        `failed ${formatCount(figures.failedConnections)}`,
        `dropped ${formatCount(figures.droppedConnections)}`,
      ],
    },
    {
      label: 'messages',
      parts: [
        `sent ${formatCount(figures.sentPerSecond)}/s`,
        `delivered ${formatCount(figures.deliveredPerSecond)}/s`,
        ...receivedTexts(figures).map((text) => `${text}/s`),
        `total ${formatCount(figures.sent)}`,
      ],
    },
    {
      label: 'response',
      parts: [
        `p50 ${time(figures.responseP50Ns)}`,
        `p99 ${time(figures.responseP99Ns)}`,
        `send lag p99 ${time(figures.sendLagP99Ns)}`,
      ],
    },
    { label: 'rules', parts: ruleCounts(rules), ...(rules.length === 0 ? { paint: style.yellow } : {}) },
    ...(failing === null ? [] : [{ label: '', parts: [`fail: ${failing}`], paint: style.red }]),
    { label: 'errors', parts: [troubles(figures)], paint: hasTrouble(figures) ? style.yellow : style.dim },
  ];
}

const MOST_NAME_CHARACTERS = 60;

function nameText({ name }: LiveFigures): string {
  return printable(name, MOST_NAME_CHARACTERS);
}

/** What clients receive that they did not say, where there is any. */
function receivedTexts({ receivedPerSecond }: LiveFigures): readonly string[] {
  return receivedPerSecond === 0 ? [] : [`received ${formatCount(receivedPerSecond)}`];
}

const STATE_WORDS: Readonly<Record<LiveRule['state'], string>> = {
  fail: 'fail',
  pass: 'pass',
  undecided: 'undecided',
  atEnd: 'at the end',
};
const STATES = ['fail', 'pass', 'undecided', 'atEnd'] as const;

/** `1 fail`, `2 pass`: what is worst comes first. */
function ruleCounts(rules: readonly LiveRule[]): readonly string[] {
  if (rules.length === 0) return ['none, so the verdict cannot be a pass'];
  return STATES.flatMap((state) => {
    const count = rules.filter((rule) => rule.state === state).length;
    return count === 0 ? [] : [`${formatCount(count)} ${STATE_WORDS[state]}`];
  });
}

/** `response.p99 < 200ms: 812 ms`. */
function firstFailing(rules: readonly LiveRule[]): string | null {
  const failing = rules.find(({ state }) => state === 'fail');
  return failing === undefined ? null : printable(`${failing.expression}: ${failing.observedText}`, 300);
}

function ruleLineTexts(rules: readonly LiveRule[]): readonly string[] {
  if (rules.length === 0) return [];
  const failing = firstFailing(rules);
  return [`rules ${ruleCounts(rules).join(', ')}${failing === null ? '' : ` (${failing})`}`];
}

function bar(figures: LiveFigures, style: TextStyle, columns: number): string {
  const { elapsedSeconds, totalSeconds, phase } = figures;
  if (totalSeconds === null || totalSeconds <= 0) return `  ${phase}   ${elapsedSeconds.toFixed(0)} s`;
  const ratio = Math.min(1, elapsedSeconds / totalSeconds);
  const left = Math.max(0, totalSeconds - elapsedSeconds);
  const text = `  ${Math.round(ratio * 100)} %   ${phase}   ${left.toFixed(0)} s left`;
  const width = Math.min(40, columns - 2 - text.length);
  // Too short a bar says nothing.
  if (width < 5) return text;
  const full = Math.round(ratio * width);
  const [on, off] = style.unicode ? ['█', '░'] : ['#', '.'];
  return `  ${on.repeat(full)}${off.repeat(width - full)}${text}`;
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

/** The last net: a word that is longer than the terminal is wide. */
function cut(line: string, columns: number): string {
  return line.length <= columns ? line : line.slice(0, Math.max(0, columns - 1));
}
