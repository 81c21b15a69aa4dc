// The formats in which a result is written to files. Each is a function: result in, files out.

import type { RunResult } from '../facts/result.ts';
import { renderCsv } from './csv.ts';
import { renderHgrm, renderHlog } from './hdr-files.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import type { ReportFile, ReportTools } from './report-file.ts';

type Render = (result: RunResult, tools: ReportTools) => readonly ReportFile[];

export const FORMATS = {
  csv: renderCsv,
  hgrm: renderHgrm,
  hlog: renderHlog,
  json: (result) => [{ name: 'result.json', text: `${JSON.stringify(result, null, 2)}\n` }],
  junit: renderJunit,
  md: renderMarkdown,
} as const satisfies Readonly<Record<string, Render>>;

export type FormatName = keyof typeof FORMATS;
export const FORMAT_NAMES = Object.keys(FORMATS) as readonly FormatName[];
