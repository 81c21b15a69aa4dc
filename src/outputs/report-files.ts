// What each format makes of a result, of several, of a comparison, with what this platform gives to it.

import type { Comparison } from '../facts/comparison.ts';
import type { RunResult } from '../facts/result.ts';
import { COMPARISON_FORMATS, type ComparisonFormatName } from '../report/files/comparison-formats.ts';
import type { FormatName } from '../report/files/format-names.ts';
import { DOCUMENT_FORMATS, type DocumentFormatName, FORMATS } from '../report/files/formats.ts';
import type { Beside } from '../report/files/report-file.ts';
import { runDocument } from '../report/run-document.ts';
import type { NonEmpty } from '../units/non-empty.ts';
import { REPORT_TOOLS } from './report-tools.ts';
import type { MakeFiles } from './write-reports.ts';

export function resultFiles(result: RunResult, beside: Beside): MakeFiles<FormatName> {
  return (format) => FORMATS[format](result, REPORT_TOOLS, beside);
}

/** Several runs in one report. */
export function jointFiles([first, ...others]: NonEmpty<RunResult>): MakeFiles<DocumentFormatName> {
  const documentOf = (result: RunResult) => runDocument(result, REPORT_TOOLS);
  return async (format) => [
    await DOCUMENT_FORMATS[format]([documentOf(first), ...others.map(documentOf)], REPORT_TOOLS),
  ];
}

export function comparisonFiles(comparison: Comparison): MakeFiles<ComparisonFormatName> {
  return (format) => COMPARISON_FORMATS[format](comparison, REPORT_TOOLS);
}
