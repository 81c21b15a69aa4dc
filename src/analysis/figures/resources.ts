// What monitors read over the run, folded as it comes: first, most and last of each series, its lowest points in the time
// under an even load, and for the timeline the first few series by second. Memory does not grow with the run, but for the
// points of the timeline.

import { DETAIL_SERIES, GENERATOR_RESOURCE, type MonitorReading } from '../../facts/monitor.ts';
import type { MonitorResult, ResourceSeries, TimelinePoint } from '../../facts/result.ts';
import { NS_PER_MINUTE, nsToSeconds, secondsToNs } from '../../units/duration.ts';
import type { Stretch } from '../findings/steady.ts';
import { lineThrough, type Point } from '../findings/trends.ts';
import { createLowest, type Lowest } from './lowest.ts';

/** So many series have their place in the timeline. */
const MOST_IN_TIMELINE = 12;

interface SeriesFold {
  readonly first: number;
  max: number;
  last: number;
  readonly lowest: Lowest;
}

export interface SteadySeries {
  readonly monitor: string;
  readonly series: string;
  readonly points: readonly Point[];
}

export interface Resources {
  add(reading: MonitorReading): void;
  /** What the workers' windows tell of themselves already. */
  addGenerator(points: readonly TimelinePoint[]): void;
  /** What the monitors read under an even load; the generator is none of them. */
  inSteadyTime(): readonly SteadySeries[];
  finish(): {
    readonly series: Readonly<Record<string, Readonly<Record<string, ResourceSeries>>>>;
    readonly monitors: readonly MonitorResult[];
    readonly bySecond: ReadonlyMap<number, Readonly<Record<string, number>>>;
  };
}

/** `steady`: null where the plan never asks for the same for long enough; then there are no slopes. */
export function createResources(steady: Stretch | null): Resources {
  const monitors = new Map<string, { readings: number; gaps: number; firstGap: string | null }>();
  const folds = new Map<string, Map<string, SeriesFold>>();
  const inTimeline = new Set<string>();
  const bySecond = new Map<number, Record<string, number>>();

  function fold(monitor: string, atNs: number, values: MonitorReading['values']): void {
    const known = folds.get(monitor) ?? new Map<string, SeriesFold>();
    folds.set(monitor, known);
    for (const [series, value] of Object.entries(values)) {
      const one = known.get(series) ?? {
        first: value,
        max: value,
        last: value,
        lowest: createLowest(steady?.fromNs ?? 0),
      };
      known.set(series, one);
      one.max = Math.max(one.max, value);
      one.last = value;
      if (steady !== null && atNs >= steady.fromNs && atNs < steady.toNs) one.lowest.add(atNs, value);
    }
  }

  function chart({ monitor, atNs, values }: MonitorReading): void {
    const second = Math.floor(nsToSeconds(atNs));
    for (const [series, value] of Object.entries(values)) {
      const name = `${monitor}.${series}`;
      if (DETAIL_SERIES.includes(series) || (!inTimeline.has(name) && inTimeline.size >= MOST_IN_TIMELINE)) continue;
      inTimeline.add(name);
      const known = bySecond.get(second);
      if (known === undefined) bySecond.set(second, { [name]: value });
      else known[name] = value;
    }
  }

  return {
    add(reading) {
      const known = monitors.get(reading.monitor) ?? { readings: 0, gaps: 0, firstGap: null };
      monitors.set(reading.monitor, known);
      if (Object.keys(reading.values).length > 0) known.readings++;
      if (reading.gap !== null) {
        known.gaps++;
        known.firstGap ??= reading.gap;
      }
      fold(reading.monitor, reading.atNs, reading.values);
      chart(reading);
    },
    addGenerator(points) {
      for (const { second, cpuRatio, rssBytes } of points) {
        fold(GENERATOR_RESOURCE, secondsToNs(second + 1), { ...(cpuRatio === null ? {} : { cpuRatio }), rssBytes });
      }
    },
    inSteadyTime: () =>
      [...folds].flatMap(([monitor, known]) =>
        monitor === GENERATOR_RESOURCE
          ? []
          : [...known].map(([series, { lowest }]) => ({ monitor, series, points: lowest.points() })),
      ),
    finish: () => ({
      series: Object.fromEntries(
        [...folds].map(([monitor, known]) => [
          monitor,
          Object.fromEntries([...known].map(([series, one]) => [series, describe(one)])),
        ]),
      ),
      monitors: [...monitors].map(([name, counts]) => ({ name, ...counts })),
      bySecond,
    }),
  };
}

function describe({ first, max, last, lowest }: SeriesFold): ResourceSeries {
  const line = lineThrough(lowest.points());
  return { first, max, last, slopePerMinute: line === null ? null : line.slopePerNs * NS_PER_MINUTE };
}
