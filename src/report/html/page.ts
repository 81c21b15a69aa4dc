// One or several documents as one HTML file that needs nothing else: no network, no other file. What may run in it is the one
// script whose hash its policy names (Content Security Policy Level 3), so no text from outside can.

import type { NonEmpty } from '../../units/non-empty.ts';
import type { Chart } from '../charts/chart.ts';
import type { ReportDocument } from '../document.ts';
import { blockHtml } from './blocks.ts';
import { escapeHtml, jsonForScript } from './escape.ts';
import { STYLE_SHEET } from './style-sheet.ts';

/** A chart of a page: those of one document zoom together. */
export type PageChart = Chart & { readonly group: string };

function pageChart(chart: Chart, group: string): PageChart {
  return { ...chart, id: `${group}${chart.id}`, group };
}

/** Makes names unique in the page. */
function prefixOf({ length }: readonly ReportDocument[], index: number): string {
  return length === 1 ? '' : `run-${index + 1}-`;
}

export interface PageScript {
  readonly text: string;
  /** Of its UTF-8 bytes, base64. */
  readonly sha256: string;
}

export function pageHtml(documents: NonEmpty<ReportDocument>, script: PageScript): string {
  const isOne = documents.length === 1;
  const articles = documents.map((document, index) => articleHtml(document, prefixOf(documents, index), isOne));
  const title = isOne ? `${documents[0].verdict.word}: ${documents[0].title}` : `${documents.length} runs`;
  const data = documents.flatMap(({ sections }, index) =>
    sections.flatMap(({ blocks }) =>
      blocks.flatMap((block) => (block.kind === 'chart' ? [pageChart(block.chart, prefixOf(documents, index))] : [])),
    ),
  );
  const policy = `default-src 'none'; script-src 'sha256-${script.sha256}'; style-src 'unsafe-inline'; img-src data:`;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    `<title>${escapeHtml(title)}: Highwater</title><style>${STYLE_SHEET}</style></head>`,
    `<body><a class="skip" href="#main">To the report</a>`,
    `<div class="bar"><nav aria-label="Contents">${isOne ? contentsOf(documents[0]) : overviewLinks(documents)}</nav></div>`,
    `<main id="main">${isOne ? '' : overviewHtml(documents)}${articles.join('')}</main>`,
    '<footer>Made by Highwater. This file works without a network: everything is in it.</footer>',
    `<script type="application/json" id="charts">${jsonForScript(data)}</script>`,
    `<script>${script.text}</script></body></html>`,
    '',
  ].join('\n');
}

function articleHtml(
  { title, verdict, headline, facts, sections }: ReportDocument,
  prefix: string,
  isOne: boolean,
): string {
  const level = isOne ? 1 : 2;
  const head =
    `<header class="verdict ${verdict.tone}" id="${prefix}verdict"><p class="word">${escapeHtml(verdict.word)}</p>` +
    `<h${level}>${escapeHtml(title)}</h${level}><p class="headline">${escapeHtml(headline)}</p>` +
    `<ul class="facts">${facts.map((fact) => `<li>${escapeHtml(fact)}</li>`).join('')}</ul></header>`;
  const body = sections.map((section) => {
    const id = `${prefix}${section.id}`;
    const blocks = section.blocks.map((block) => blockHtml(block, { level: level + 2, prefix }));
    return `<section id="${id}" aria-labelledby="${id}-title"><h${level + 1} id="${id}-title">${escapeHtml(section.title)}</h${level + 1}>${blocks.join('')}</section>`;
  });
  return `<article>${head}${body.join('')}</article>`;
}

function contentsOf({ sections }: ReportDocument): string {
  return sections.map(({ id, title }) => `<a href="#${id}">${escapeHtml(title)}</a>`).join('');
}

function overviewLinks(documents: readonly ReportDocument[]): string {
  return ['<a href="#overview">Overview</a>', ...documents.map(runLink)].join('');
}

function runLink({ title }: ReportDocument, index: number): string {
  return `<a href="#run-${index + 1}-verdict">${escapeHtml(title)}</a>`;
}

function overviewHtml(documents: readonly ReportDocument[]): string {
  const rows = documents.map((document, index) => {
    const { verdict, headline } = document;
    return (
      `<tr><td class="${verdict.tone}" data-name="verdict">${escapeHtml(verdict.word)}</td>` +
      `<td data-name="run">${runLink(document, index)}</td><td data-name="why">${escapeHtml(headline)}</td></tr>`
    );
  });
  return (
    `<h1>${documents.length} runs</h1><section id="overview" aria-labelledby="overview-title"><h2 id="overview-title">Overview</h2>` +
    '<div class="table prose" role="region" tabindex="0" aria-label="Runs"><table><caption>Runs</caption><thead><tr><th scope="col">verdict</th>' +
    `<th scope="col">run</th><th scope="col">why</th></tr></thead><tbody>${rows.join('')}</tbody></table></div></section>`
  );
}
