// The formats in which a result is written to files. Each is a function: result in, files out.

import type { RunResult } from '../facts/result.ts';
import { renderCsv } from './csv.ts';
import { renderHgrm, renderHlog } from './hdr-files.ts';
import { pageHtml } from './html/page.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import { pdfDefinition } from './pdf/definition.ts';
import type { ReportFile, ReportTools } from './report-file.ts';
import { runDocument } from './run-document.ts';

type Render = (result: RunResult, tools: ReportTools) => readonly ReportFile[] | Promise<readonly ReportFile[]>;

export const FORMATS = {
  csv: renderCsv,
  hgrm: renderHgrm,
  hlog: renderHlog,
  html: (result, tools) => [
    { name: 'report.html', content: pageHtml([runDocument(result, tools)], tools.pageScript()) },
  ],
  json: (result) => [{ name: 'result.json', content: `${JSON.stringify(result, null, 2)}\n` }],
  junit: renderJunit,
  md: renderMarkdown,
  async pdf(result, tools) {
    const definition = pdfDefinition([runDocument(result, tools)], await tools.chartDrawer());
    return [{ name: 'report.pdf', content: await tools.makePdf(definition) }];
  },
} as const satisfies Readonly<Record<string, Render>>;

export type FormatName = keyof typeof FORMATS;
export const FORMAT_NAMES = Object.keys(FORMATS) as readonly FormatName[];
