// The formats in which a comparison is written to files. Each is a function: comparison in, files out.

import type { Comparison } from '../../facts/comparison.ts';
import { comparisonDocument } from '../comparison-document.ts';
import { renderComparisonMarkdown } from './comparison-markdown.ts';
import { DOCUMENT_FORMATS, type DocumentFormatName } from './formats.ts';
import type { ReportFile, ReportTools } from './report-file.ts';

type Render = (comparison: Comparison, tools: ReportTools) => readonly ReportFile[] | Promise<readonly ReportFile[]>;

/** A document under the name of a comparison. */
function asDocument(format: DocumentFormatName): Render {
  return async (comparison, tools) => {
    const { content } = await DOCUMENT_FORMATS[format]([comparisonDocument(comparison)], tools);
    return [{ name: `comparison.${format}`, content }];
  };
}

export const COMPARISON_FORMATS = {
  html: asDocument('html'),
  json: (comparison) => [{ name: 'comparison.json', content: `${JSON.stringify(comparison, null, 2)}\n` }],
  md: renderComparisonMarkdown,
  pdf: asDocument('pdf'),
} as const satisfies Readonly<Record<string, Render>>;

export type ComparisonFormatName = keyof typeof COMPARISON_FORMATS;
export const COMPARISON_FORMAT_NAMES = Object.keys(COMPARISON_FORMATS) as readonly ComparisonFormatName[];
