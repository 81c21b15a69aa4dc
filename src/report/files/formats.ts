// The formats in which results are written to files. Each is a function: result in, files out. Some hold several runs at once.

import type { RunResult } from '../../facts/result.ts';
import type { NonEmpty } from '../../units/non-empty.ts';
import type { ReportDocument } from '../document.ts';
import { pageHtml } from '../html/page.ts';
import { pdfDefinition } from '../pdf/definition.ts';
import { runDocument } from '../run-document.ts';
import { renderCsv } from './csv.ts';
import type { FormatName } from './format-names.ts';
import { renderHgrm, renderHlog } from './hdr-files.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import type { Beside, ReportFile, ReportTools } from './report-file.ts';

type Render = (
  result: RunResult,
  tools: ReportTools,
  beside: Beside,
) => readonly ReportFile[] | Promise<readonly ReportFile[]>;
type RenderDocuments = (documents: NonEmpty<ReportDocument>, tools: ReportTools) => Promise<ReportFile>;

/** Those that hold several runs: a page each, behind an overview. */
export const DOCUMENT_FORMATS = {
  async html(documents, tools) {
    return { name: 'report.html', content: pageHtml(documents, tools.pageScript()) };
  },
  async pdf(documents, tools) {
    return { name: 'report.pdf', content: await tools.makePdf(pdfDefinition(documents, await tools.chartDrawer())) };
  },
} as const satisfies Readonly<Record<string, RenderDocuments>>;

function ofOneRun(render: RenderDocuments): Render {
  return async (result, tools, beside) => [await render([runDocument(result, tools, beside)], tools)];
}

export const FORMATS = {
  csv: renderCsv,
  hgrm: renderHgrm,
  hlog: renderHlog,
  html: ofOneRun(DOCUMENT_FORMATS.html),
  json: (result) => [{ name: 'result.json', content: `${JSON.stringify(result, null, 2)}\n` }],
  junit: renderJunit,
  md: renderMarkdown,
  pdf: ofOneRun(DOCUMENT_FORMATS.pdf),
} as const satisfies Readonly<Record<FormatName, Render>>;

export type DocumentFormatName = keyof typeof DOCUMENT_FORMATS;
export const DOCUMENT_FORMAT_NAMES = Object.keys(DOCUMENT_FORMATS) as readonly DocumentFormatName[];
