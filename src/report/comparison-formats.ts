// The formats in which a comparison is written to files. Each is a function: comparison in, files out.

import type { Comparison } from '../facts/comparison.ts';
import { renderComparisonMarkdown } from './comparison-markdown.ts';
import type { ReportFile } from './report-file.ts';

export const COMPARISON_FORMATS = {
  json: (comparison) => [{ name: 'comparison.json', text: `${JSON.stringify(comparison, null, 2)}\n` }],
  md: renderComparisonMarkdown,
} as const satisfies Readonly<Record<string, (comparison: Comparison) => readonly ReportFile[]>>;

export type ComparisonFormatName = keyof typeof COMPARISON_FORMATS;
export const COMPARISON_FORMAT_NAMES = Object.keys(COMPARISON_FORMATS) as readonly ComparisonFormatName[];
