// What a format makes of a result.

import type { PlanTrend } from '../../analysis/compare/plan-trend.ts';
import type { Comparison } from '../../facts/comparison.ts';
import type { Chart, ChartSize } from '../charts/chart.ts';
import type { PageScript } from '../html/page.ts';
import type { PdfDefinition } from '../pdf/definition.ts';

export interface ReportFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** What a report says beside its result. */
export interface Beside {
  /** With the runs that it is held against; null where there are none. */
  readonly comparison: Comparison | null;
  /** Over the runs of its plan up to this one; null where there are too few, or nobody asked. */
  readonly trend: PlanTrend | null;
}

export const NOTHING_BESIDE: Beside = { comparison: null, trend: null };

/** What rendering needs of the platform. What is dear is only made ready when it is asked for. */
export interface ReportTools {
  /** Reads the zlib format (RFC 1950). */
  readonly inflate: (bytes: Uint8Array) => Uint8Array;
  /** What runs in a page. Throws where this installation has none. */
  readonly pageScript: () => PageScript;
  /** Charts as SVG, as they look on paper. */
  readonly chartDrawer: () => Promise<(chart: Chart, size: ChartSize) => string>;
  readonly makePdf: (definition: PdfDefinition) => Promise<Uint8Array>;
}
