// Documents as what pdfmake lays out: a cover with the verdict, contents, then every section, in the words of the page.

import type { Content, TableCell, TDocumentDefinitions } from 'pdfmake/interfaces.js';
import type { NonEmpty } from '../../units/non-empty.ts';
import { unreachable } from '../../units/unreachable.ts';
import type { Chart, ChartSize } from '../charts/chart.ts';
import { thin } from '../charts/thin.ts';
import type { Block, Cell, KeyFigure, ReportDocument, Section, TableBlock, TextLine, Tone } from '../document.ts';
import { inFont } from './font.ts';

export type PdfDefinition = TDocumentDefinitions;
type DrawChart = (chart: Chart, size: ChartSize) => string;

const MARGIN_PT = 40;
/** A4 is 595 pt wide. */
const WIDTH_PT = 595 - 2 * MARGIN_PT;
/** Drawn larger and shrunk, so that its words are no larger than those of the text. */
const CHART_SIZE: ChartSize = { widthPx: 1.4 * WIDTH_PT, heightPx: 270 };
const COLORS: Readonly<Record<Tone, string>> = { good: '#00614a', bad: '#a5211a', open: '#7a4f00', quiet: '#1b2430' };
const QUIET = '#566173';
const RULE = '#d7dde5';

export function pdfDefinition(documents: NonEmpty<ReportDocument>, draw: DrawChart): PdfDefinition {
  const [first] = documents;
  const isOne = documents.length === 1;
  const title = isOne ? first.title : `${documents.length} runs`;
  return {
    pageSize: 'A4',
    pageMargins: [MARGIN_PT, 50, MARGIN_PT, 45],
    info: { title: inFont(`Highwater: ${title}`), creator: 'Highwater', producer: 'Highwater' },
    defaultStyle: { font: 'Roboto', fontSize: 9, lineHeight: 1.15, color: COLORS.quiet },
    header: (page) =>
      page === 1 ? '' : { text: inFont(title), margin: [MARGIN_PT, 20, MARGIN_PT, 0], color: QUIET, fontSize: 8 },
    footer: (page, pages) => ({
      text: `${page} / ${pages}`,
      alignment: 'right',
      margin: [MARGIN_PT, 10, MARGIN_PT, 0],
      color: QUIET,
      fontSize: 8,
    }),
    content: isOne
      ? [...cover(first, false), { ...contents(), pageBreak: 'after' }, ...sectionsOf(first, true, draw)]
      : [
          ...overview(documents),
          contents(),
          ...documents.flatMap((document) => [...cover(document, true), ...sectionsOf(document, false, draw)]),
        ],
  };
}

/** Of several runs: which of them are a go. */
function overview(documents: readonly ReportDocument[]): readonly Content[] {
  return [
    { text: `${documents.length} runs`, fontSize: 30, bold: true, margin: [0, 60, 0, 14] },
    {
      table: {
        widths: ['auto', 130, '*'],
        body: documents.map(({ title, verdict, headline }, index) => [
          { text: verdict.word, bold: true, color: COLORS[verdict.tone] },
          inFont(`${index + 1}. ${title}`),
          inFont(headline),
        ]),
        dontBreakRows: true,
      },
      layout: ROWS_ONLY,
      margin: [0, 0, 0, 20],
    },
  ];
}

/** `isOneOfSeveral`: behind others, and in the contents by its name. */
function cover({ title, verdict, headline, facts }: ReportDocument, isOneOfSeveral: boolean): readonly Content[] {
  const word: Content = {
    text: verdict.word,
    fontSize: 34,
    bold: true,
    color: COLORS[verdict.tone],
    margin: [0, 60, 0, 4],
  };
  return [
    isOneOfSeveral ? { ...word, pageBreak: 'before' } : word,
    { text: inFont(title), fontSize: 20, bold: true, tocItem: isOneOfSeveral, margin: [0, 0, 0, 10] },
    { text: inFont(headline), fontSize: 12, margin: [0, 0, 0, 14] },
    { ul: facts.map(inFont), color: QUIET, margin: [0, 0, 0, 24] },
  ];
}

function sectionsOf({ sections }: ReportDocument, isInContents: boolean, draw: DrawChart): readonly Content[] {
  return sections.flatMap((section) => sectionContent(section, isInContents, draw));
}

function contents() {
  return {
    toc: {
      title: { text: 'Contents', fontSize: 12, bold: true, margin: [0, 0, 0, 6] as [number, number, number, number] },
    },
  };
}

function sectionContent({ title, blocks }: Section, isInContents: boolean, draw: DrawChart): readonly Content[] {
  const heading: Content = { text: title, fontSize: 15, bold: true, tocItem: isInContents, margin: [0, 16, 0, 6] };
  const [first, ...others] = blocks.map((block) => blockContent(block, draw));
  if (first === undefined) return [heading];
  // A heading does not stand alone at the foot of a page, below which a chart found no room.
  const isWhole = blocks[0]?.kind === 'chart' || blocks[0]?.kind === 'figures';
  return [{ stack: [heading, first], unbreakable: isWhole }, ...others];
}

function blockContent(block: Block, draw: DrawChart): Content {
  switch (block.kind) {
    case 'paragraph':
      return { text: lineText(block.line), margin: [0, 4, 0, 6] };
    case 'list':
      return {
        stack: [
          ...(block.title === null ? [] : [heading(block.title)]),
          { ul: block.items.map(({ line, tone }) => ({ text: lineText(line), markerColor: COLORS[tone] })) },
        ],
        margin: [0, 6, 0, 6],
      };
    case 'figures':
      return figuresContent(block.figures);
    case 'table':
      return tableContent(block);
    case 'chart':
      return {
        stack: [
          heading(block.chart.title),
          { text: inFont(block.chart.reading), color: QUIET, fontSize: 8, margin: [0, 0, 0, 3] },
          { svg: draw(onPaper(block.chart), CHART_SIZE), width: WIDTH_PT },
        ],
        unbreakable: true,
        margin: [0, 6, 0, 8],
      };
    case 'code':
      return {
        stack: [
          heading(block.title),
          { text: codeLines(block.text), fontSize: 6.5, preserveLeadingSpaces: true, color: QUIET },
        ],
      };
    default:
      return unreachable(block);
  }
}

/** A page has room for fewer points than a screen that zooms. */
const MOST_POINTS = 800;

function onPaper(chart: Chart): Chart {
  return chart.kind === 'lines' ? { ...chart, ...thin(chart, MOST_POINTS) } : chart;
}

/** As many as a dozen pages hold, each no longer than a page is wide. */
const MOST_CODE_CHARACTERS = 40_000;
const LONGEST_LINE = 150;

function codeLines(text: string): string {
  const cut = text.slice(0, MOST_CODE_CHARACTERS);
  const more = cut.length < text.length ? `\n... (${text.length} characters)` : '';
  const broken = cut.split('\n').flatMap((line) => line.match(new RegExp(`.{1,${LONGEST_LINE}}`, 'gu')) ?? ['']);
  return inFont(`${broken.join('\n')}${more}`);
}

function heading(title: string): Content {
  return { text: inFont(title), fontSize: 11, bold: true, margin: [0, 6, 0, 3] };
}

function lineText(line: TextLine): Content[] {
  return line.map((part) => {
    if (typeof part === 'string') return inFont(part);
    return part.mark === 'strong'
      ? { text: inFont(part.text), bold: true }
      : { text: inFont(part.text), color: '#00538c' };
  });
}

const FIGURES_IN_A_ROW = 4;

function figuresContent(figures: readonly KeyFigure[]): Content {
  const rows: TableCell[][] = [];
  for (let from = 0; from < figures.length; from += FIGURES_IN_A_ROW) {
    const row = figures.slice(from, from + FIGURES_IN_A_ROW).map(
      ({ name, text, tone, note }): TableCell => ({
        stack: [
          { text: name, color: QUIET, fontSize: 8 },
          { text, fontSize: 15, bold: true, color: COLORS[tone] },
          { text: inFont(note), color: QUIET, fontSize: 7.5 },
        ],
        margin: [4, 4, 4, 4],
      }),
    );
    while (row.length < FIGURES_IN_A_ROW) row.push('');
    rows.push(row);
  }
  return {
    table: { widths: Array.from({ length: FIGURES_IN_A_ROW }, () => '*'), body: rows, dontBreakRows: true },
    layout: LINES,
    margin: [0, 0, 0, 8],
  };
}

const LINES = { hLineColor: () => RULE, vLineColor: () => RULE, hLineWidth: () => 0.5, vLineWidth: () => 0.5 };
const ROWS_ONLY = { ...LINES, vLineWidth: () => 0 };
/** A page is no wider: tables of more columns stand on their side, a few rows at a time. */
const MOST_COLUMNS = 10;
const ROWS_ON_THEIR_SIDE = 4;

function tableContent(block: TableBlock): Content {
  const { title, columns, rows, note } = block;
  const head = columns.map(({ name, isNumber }) => headCell(name, isNumber));
  const bodies =
    columns.length <= MOST_COLUMNS
      ? [[head, ...rows.map((cells) => cells.map((cell, at) => cellContent(cell, columns[at]?.isNumber === true)))]]
      : onTheirSide(block, head);
  return {
    stack: [
      heading(title),
      ...bodies.map(
        (body): Content => ({
          table: {
            headerRows: columns.length <= MOST_COLUMNS ? 1 : 0,
            widths: widthsOf(
              body[0]?.length ?? 0,
              columns.length <= MOST_COLUMNS ? columns.map(({ isNumber }) => isNumber) : [],
            ),
            body,
            dontBreakRows: true,
          },
          layout: ROWS_ONLY,
          margin: [0, 0, 0, 4],
        }),
      ),
      ...(note === null ? [] : [{ text: inFont(note), color: QUIET, fontSize: 8 }]),
    ],
    margin: [0, 6, 0, 8],
  };
}

/** Numbers take the room that they need, words share what is left. */
function widthsOf(count: number, areNumbers: readonly boolean[]): ('auto' | '*')[] {
  const hasWords = areNumbers.length === 0 || areNumbers.some((isNumber) => !isNumber);
  return Array.from({ length: count }, (_, at) => (hasWords && areNumbers[at] === true ? 'auto' : '*'));
}

function onTheirSide({ columns, rows }: TableBlock, head: readonly TableCell[]): TableCell[][][] {
  const bodies: TableCell[][][] = [];
  for (let from = 0; from < rows.length; from += ROWS_ON_THEIR_SIDE) {
    const part = rows.slice(from, from + ROWS_ON_THEIR_SIDE);
    bodies.push(
      columns.map((_, at) => [head[at]!, ...part.map((cells) => cellContent(cells[at] ?? { text: '' }, false))]),
    );
  }
  return bodies;
}

function headCell(name: string, isNumber: boolean): TableCell {
  return { text: name, bold: true, color: QUIET, fontSize: 8, alignment: isNumber ? 'right' : 'left' };
}

function cellContent({ text, tone }: Cell, isNumber: boolean): TableCell {
  return {
    text: inFont(text),
    fontSize: 8,
    alignment: isNumber ? 'right' : 'left',
    ...(tone === undefined ? {} : { color: COLORS[tone], bold: true }),
  };
}
