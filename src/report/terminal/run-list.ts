// The history as text: for each plan how its key figures went, and its runs, the newest first.

import type { TrendChange } from '../../analysis/compare/plan-trend.ts';
import type { HistoryFigure, PlanHistory } from '../../analysis/compare/run-history.ts';
import type { RunEntry, UnjudgedState } from '../../facts/run-entry.ts';
import { plural } from '../../units/plural.ts';
import { printable } from '../../units/printable.ts';
import { formatCount, formatRate } from '../../units/rate.ts';
import { formatMs, formatPerSecond, formatSeconds } from '../words/figures.ts';
import { commitText, FIGURE_NAMES, levelsText, runsText, tooFewText } from '../words/trend-texts.ts';
import { alignColumns, type TextColumn } from './columns.ts';
import { sparkLine } from './spark-line.ts';
import type { TextStyle } from './style.ts';
import { type HangingLine, wrapLines } from './wrap.ts';

/** So many of the latest runs are a line's. */
const MOST_BARS = 60;
/** So many of the latest changes are told: of a plan that was asked for, and of each where all are listed. */
const MOST_CHANGES = { alone: 20, amongOthers: 2 } as const;

const STATES: Readonly<Record<UnjudgedState, string>> = {
  running: 'running',
  unfinished: 'no end',
  notJudged: 'not judged',
  otherVersion: 'other version',
  unreadable: 'unreadable',
};

const TRENDS: readonly { readonly title: string; readonly figure: HistoryFigure; format(value: number): string }[] = [
  { title: 'p99', figure: 'responseP99Ms', format: formatMs },
  { title: 'delivered/s', figure: 'deliveredPerSecond', format: formatRate },
];

export interface RunList {
  /** Of all runs that are meant: lines are drawn over these. */
  readonly plans: readonly PlanHistory[];
  /** So many of them, the newest, are listed one by one. */
  readonly shown: ReadonlySet<RunEntry>;
  readonly total: number;
  /** Whether one plan was asked for by its name. */
  readonly isOfOnePlan: boolean;
}

export function renderRunList({ plans, shown, total, isOfOnePlan }: RunList, style: TextStyle): string {
  const sections = plans.flatMap((plan) => {
    const runs = plan.runs.filter((run) => shown.has(run));
    if (runs.length === 0) return [];
    const changes = changeLines(plan, isOfOnePlan, style);
    const prose = [heading(plan, style), ...trendLines(plan, style), ...changes].map(hanging);
    // A table is never broken.
    return [[...wrapLines(prose, style.columns), ...runLines(runs, style)]];
  });
  const remarks = notes(plans, shown.size, total).map((lines) => wrapLines(lines.map(hanging), style.columns));
  return `${[...sections, ...remarks].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function hanging(text: string): HangingLine {
  return { text, hang: 4 };
}

function heading({ name, runs }: PlanHistory, style: TextStyle): string {
  const title = name === null ? 'unknown plan' : printable(name, 80);
  return `${style.bold(title)}   ${plural(runs.length, 'run')}`;
}

function trendLines({ series, judged }: PlanHistory, style: TextStyle): readonly string[] {
  if (judged.length < 2) return [];
  return TRENDS.flatMap(({ title, figure, format }) => {
    const values = series[figure].slice(-MOST_BARS);
    const known = values.filter((value) => value !== null);
    const latest = known.at(-1);
    if (latest === undefined) return [];
    const range = `${format(Math.min(...known))} to ${format(Math.max(...known))}, latest ${format(latest)}`;
    return [`  ${title.padEnd(11)}  ${sparkLine(values, style.unicode)}  ${range}`];
  });
}

/** Where a figure went to another level, the latest first. Among others a plan says only what it has to say. */
function changeLines({ trend }: PlanHistory, isAlone: boolean, style: TextStyle): readonly string[] {
  if (trend === null) return [];
  if (trend.kind === 'tooFew') return isAlone ? [`  ${style.dim(tooFewText(trend))}`] : [];
  const { changes } = trend;
  if (changes.length === 0) return isAlone ? [`  ${style.dim(`no lasting change in ${runsText(trend)}`)}`] : [];
  const most = isAlone ? MOST_CHANGES.alone : MOST_CHANGES.amongOthers;
  const earlier = changes.length - most;
  return [
    ...changes.slice(0, most).map((change) => `  ${changeLine(change, style)}`),
    ...(earlier > 0 ? [`  ${style.dim(`and ${plural(earlier, 'earlier change')}`)}`] : []),
    ...(isAlone ? [`  ${style.dim(`based on ${runsText(trend)}`)}`] : []),
  ];
}

/** `x worse   response p99 12 ms -> 18 ms (+50.0 %) since run 20261121-… (commit abc12345)`. */
function changeLine(change: TrendChange, style: TextStyle): string {
  const { figure, run, direction } = change;
  const commit = commitText(run);
  const since = `since run ${printable(run.id, 100)}${commit === null ? '' : ` (commit ${printable(commit)})`}`;
  const mark = direction === 'worse' ? style.red('x worse ') : style.green('+ better');
  return `${mark}  ${FIGURE_NAMES[figure]} ${levelsText(change)} ${since}`;
}

const COLUMNS: readonly TextColumn[] = [
  { title: 'started (UTC)', align: 'left' },
  { title: 'verdict', align: 'left' },
  { title: 'p50', align: 'right' },
  { title: 'p99', align: 'right' },
  { title: 'delivered', align: 'right' },
  { title: 'lost', align: 'right' },
  { title: 'duration', align: 'right' },
  { title: 'commit', align: 'left' },
  { title: 'run', align: 'left' },
  { title: 'tags', align: 'left' },
];

function runLines(runs: readonly RunEntry[], style: TextStyle): readonly string[] {
  const rows = runs.map((run) => {
    const { summary } = run;
    return [
      minutesOf(run.startedAt),
      verdictOf(run, style),
      summary === null ? '' : formatMs(summary.responseP50Ms),
      summary === null ? '' : formatMs(summary.responseP99Ms),
      summary === null ? '' : formatPerSecond(summary.deliveredPerSecond),
      summary === null ? '' : formatCount(summary.lost),
      run.durationSeconds === null ? '' : formatSeconds(run.durationSeconds),
      printable(commitText(run) ?? ''),
      printable(run.id, 100),
      run.tags === null ? 'unreadable' : run.tags.map((tag) => printable(tag, 64)).join(' '),
    ];
  });
  return alignColumns(COLUMNS, rows).map((line, place) => `  ${place === 0 ? style.dim(line) : line}`);
}

function verdictOf({ state, summary }: RunEntry, style: TextStyle): string {
  switch (summary?.verdict) {
    case 'pass':
      return style.green('pass');
    case 'fail':
      return style.red('fail');
    case 'inconclusive':
      return style.yellow('inconclusive');
    case undefined:
      return style.dim(state === 'judged' ? '' : STATES[state]);
  }
}

/** `2026-11-21 17:12`. */
function minutesOf(startedAt: string | null): string {
  return startedAt === null ? '' : new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ');
}

function notes(plans: readonly PlanHistory[], shown: number, total: number): readonly (readonly string[])[] {
  const isOpen = ({ state }: RunEntry): boolean => state === 'unfinished' || state === 'notJudged';
  const open = plans.flatMap(({ runs }) => runs).filter(isOpen).length;
  const lines = [
    ...(shown < total ? [`${formatCount(shown)} of ${plural(total, 'run')} shown; --limit ${total} shows all`] : []),
    ...(open === 0 ? [] : [`${plural(open, 'run')} not judged yet; highwater report RUN judges a run`]),
  ];
  return lines.length === 0 ? [] : [lines];
}
