// What a chart shows, as data: the page draws it in the reader's browser, and the PDF as a picture, by the same rules
// (`option.ts`). Numbers are those of the result, none is made up between them.

export type Chart = LineChart | HeatMap;

interface ChartBase {
  /** Unique in its document. */
  readonly id: string;
  readonly title: string;
  /** How to read it, in a sentence or two. */
  readonly reading: string;
}

export interface LineChart extends ChartBase {
  readonly kind: 'lines';
  readonly axis: Axis;
  readonly unit: Unit;
  readonly scale: 'linear' | 'logarithmic';
  /** Where a logarithmic axis of values begins; by the values where it is left out. */
  readonly valuesFrom?: number;
  /** In ascending order; each series has a value, or none, for each. */
  readonly x: readonly number[];
  readonly series: readonly Series[];
  readonly bands: readonly Band[];
  /** Limits of rules about what is shown. */
  readonly limits: readonly Limit[];
}

/**
 * `seconds` of the run; or the `rarity` 1/(1−p) of a percentile p, on a logarithmic axis; or `runs` of a plan, from the first (1)
 * to the latest, with what each is called; or `load`, in messages per second: then values are points without a line.
 */
export type Axis =
  /** Where in its second a value is drawn: in the middle what happened in it, at the end what was so by then. */
  | { readonly of: 'seconds'; readonly drawnAtSeconds: number }
  | { readonly of: 'rarity' }
  | { readonly of: 'load' }
  | { readonly of: 'runs'; readonly names: readonly string[] };

export type Unit = 'ms' | 'perSecond' | 'bytesPerSecond' | 'count' | 'ratio' | 'bytes' | 'number';

export interface Series {
  readonly name: string;
  readonly y: readonly (number | null)[];
  /** Drawn as an area behind the lines, on an axis of its own on the right, in this unit: the same for all of a chart. */
  readonly behind?: Unit;
  /** Where in its second it is drawn, if not where the axis says. */
  readonly drawnAtSeconds?: number;
}

/** A stretch of the axis that the reader should see: of a run in every chart over time, of a plan's runs those on one level. */
export interface Band {
  readonly kind: 'stage' | 'fault' | 'level';
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export interface Limit {
  readonly rule: string;
  readonly value: number;
}

/** How many answers took how long, over time. */
export interface HeatMap extends ChartBase {
  readonly kind: 'heat';
  /** Where its first column begins. */
  readonly fromSecond: number;
  readonly columnSeconds: number;
  /** Of the rows, from the lowest; one more than there are rows. */
  readonly edgesMs: readonly number[];
  /** Those with a count: which column, which row, how many. */
  readonly cells: readonly (readonly [column: number, row: number, count: number])[];
  readonly columnCount: number;
}

/** Of a chart as a picture. */
export interface ChartSize {
  readonly widthPx: number;
  readonly heightPx: number;
}
