// How the figures of a plan changed over its runs up to this one, and in which run they shifted.

import type { PlanTrend, TrendChange, TrendFigure } from '../../analysis/compare/plan-trend.ts';
import type { RunResult } from '../../facts/result.ts';
import { printable } from '../../units/printable.ts';
import type { Band, LineChart } from '../charts/chart.ts';
import { thin } from '../charts/thin.ts';
import { type Cell, paragraph, type Section, strong } from '../document.ts';
import type { Beside, ReportTools } from '../files/report-file.ts';
import { numbers, said, table, text, words } from '../tables.ts';
import { commitText, effectText, FIGURE_NAMES, figureText, levelsText, runsText } from '../words/trend-texts.ts';

const MOST_POINTS = 2000;
const MOST_CHANGES = 50;
const TIMES = ['responseP50Ms', 'responseP99Ms'] as const satisfies readonly TrendFigure[];

export function trendSection(_result: RunResult, _tools: ReportTools, { trend }: Beside): Section | null {
  if (trend === null) return null;
  const { changes } = trend;
  const [latest] = changes;
  return {
    id: 'trend',
    title: 'Trend over runs of this plan',
    blocks: [
      latest === undefined
        ? paragraph(`No lasting change in ${runsText(trend)}.`)
        : paragraph(
            strong(`${latest.direction === 'worse' ? 'Worse' : 'Better'} since run ${printable(latest.run.id, 120)}`),
            `: ${FIGURE_NAMES[latest.figure]} ${levelsText(latest)}. Based on ${runsText(trend)}.`,
          ),
      { kind: 'chart', chart: timesOverRuns(trend) },
      ...(changes.length === 0 ? [] : [changesTable(changes)]),
    ],
  };
}

function changesTable(changes: readonly TrendChange[]) {
  const left = changes.length - MOST_CHANGES;
  return table(
    'Lasting changes',
    [...words('since run', 'started', 'commit', 'figure'), ...numbers('before', 'after', 'change', 'p'), ...words('')],
    changes.slice(0, MOST_CHANGES).map(changeCells),
    left > 0 ? `The latest ${MOST_CHANGES}; see highwater history for ${left} earlier ones.` : null,
  );
}

function changeCells(change: TrendChange): readonly Cell[] {
  const { figure, run, before, after, changeRatio, pValue, direction } = change;
  return [
    said(run.id, 120),
    said(run.startedAt),
    said(commitText(run) ?? ''),
    text(FIGURE_NAMES[figure]),
    { text: figureText(figure, before), value: before },
    { text: figureText(figure, after), value: after },
    { text: effectText(change) ?? '', value: changeRatio },
    { text: pValue < 0.0001 ? '< 0.0001' : pValue.toFixed(4), value: pValue },
    { text: direction, tone: direction === 'worse' ? 'bad' : 'good' },
  ];
}

function timesOverRuns(trend: PlanTrend): LineChart {
  const { runs } = trend;
  const x = runs.map((_, place) => place + 1);
  const series = TIMES.map((figure) => ({
    name: FIGURE_NAMES[figure],
    y: runs.map(({ figures }) => figures[figure]),
  }));
  return {
    kind: 'lines',
    id: 'times-over-runs',
    title: 'Response time over the runs',
    reading:
      'From the oldest run to this one. Where the shade changes, p50 or p99 shifted to another level and stayed there. Runs ' +
      'that are not comparable with this one are left out.',
    axis: {
      of: 'runs',
      names: runs.map(({ id, startedAt }) => `${startedAt.slice(0, 16).replace('T', ' ')}, ${printable(id, 80)}`),
    },
    unit: 'ms',
    scale: 'linear',
    ...thin({ x, series }, MOST_POINTS),
    bands: levelBands(trend),
    limits: [],
  };
}

/** Stretches without a change of either time; none where there was none. */
function levelBands({ runs, changes }: PlanTrend): readonly Band[] {
  const ofTimes = changes.filter(({ figure }) => (TIMES as readonly TrendFigure[]).includes(figure));
  const starts = [...new Set(ofTimes.map(({ place }) => place + 1))].sort((a, b) => a - b);
  if (starts.length === 0) return [];
  return [1, ...starts].map((from, place): Band => {
    const to = starts[place] ?? runs.length;
    return { kind: 'level', name: place === 0 ? '' : `since run ${from}`, from, to };
  });
}
