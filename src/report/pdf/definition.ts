// Documents as what pdfmake lays out: a cover with the verdict, contents, then every section, in the words of the page.

import type { Content, Node, TableCell, TDocumentDefinitions } from 'pdfmake/interfaces.js';
import type { NonEmpty } from '../../units/non-empty.ts';
import { unreachable } from '../../units/unreachable.ts';
import type { Chart, ChartSize } from '../charts/chart.ts';
import { thin } from '../charts/thin.ts';
import type { Block, Cell, KeyFigure, ReportDocument, Section, TableBlock, TextLine, Tone } from '../document.ts';
import { inFont } from './font.ts';
import { CELL_FONT_PT, CELL_PADDING_PT, columnWidths, textWidthPt } from './table-widths.ts';

export type PdfDefinition = TDocumentDefinitions;
type DrawChart = (chart: Chart, size: ChartSize) => string;

const MARGIN_PT = 40;
/** A4 is 595 pt wide and 842 pt high. */
const WIDTH_PT = 595 - 2 * MARGIN_PT;
const PAGE_PT = 842;
const BOTTOM_PT = 45;
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
    pageMargins: [MARGIN_PT, 50, MARGIN_PT, BOTTOM_PT],
    pageBreakBefore: isHeadingAtFoot,
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
  const [first, ...others] = blocks.map((block) => blockContent(block, draw));
  const isWhole = blocks[0]?.kind === 'chart' || blocks[0]?.kind === 'figures';
  const heading: Content = {
    text: title,
    fontSize: 15,
    bold: true,
    tocItem: isInContents,
    margin: [0, 16, 0, 6],
    ...(isWhole ? {} : { headlineLevel: SECTION_LEVEL }),
  };
  if (first === undefined) return [heading];
  return isWhole ? [{ stack: [heading, first], unbreakable: true }, ...others] : [heading, first, ...others];
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
          // The stack is not broken: a heading that asked for a page of its own would leave the chart behind.
          { ...HEADING, text: inFont(block.chart.title) },
          { text: inFont(block.chart.reading), color: QUIET, fontSize: 8, margin: [0, 0, 0, 3] },
          { svg: draw(onPaper(block.chart), CHART_SIZE), width: WIDTH_PT },
        ],
        unbreakable: true,
        margin: [0, 6, 0, 8],
      };
    case 'code':
      return {
        stack: [heading(block.title), ...codeLines(block.text)],
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

/** As many as a dozen pages hold. */
const MOST_CODE_CHARACTERS = 40_000;

const INDENT_PT = 4.5;

/** A node for each line, as the layout drops spaces before a text. */
function codeLines(text: string): readonly Content[] {
  const cut = text.slice(0, MOST_CODE_CHARACTERS);
  const more = cut.length < text.length ? `\n... (${text.length} characters)` : '';
  return `${cut}${more}`.split('\n').map((line): Content => {
    const indent = line.length - line.trimStart().length;
    return { text: inFont(line.trimStart()), fontSize: 8, color: QUIET, margin: [indent * INDENT_PT, 0, 0, 0] };
  });
}

const SECTION_LEVEL = 1;
const BLOCK_LEVEL = 2;
const HEADING = { fontSize: 11, bold: true, margin: [0, 6, 0, 3] as [number, number, number, number] };

function heading(title: string): Content {
  return { ...HEADING, text: inFont(title), headlineLevel: BLOCK_LEVEL };
}

/** What must find room below the top of a heading: the head of a table and a row, or some lines. */
const LEAST_BELOW_PT = { section: 120, block: 60 } as const;

/** The layout tells where what follows would have begun and not where it was moved to, so a heading must have room below it. */
function isHeadingAtFoot({ headlineLevel, startPosition }: Node): boolean {
  if (headlineLevel === undefined) return false;
  const leastPt = headlineLevel === SECTION_LEVEL ? LEAST_BELOW_PT.section : LEAST_BELOW_PT.block;
  return PAGE_PT - BOTTOM_PT - startPosition.top < leastPt;
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
const ROWS_BELOW_TITLE = { ...ROWS_ONLY, hLineWidth: (line: number) => (line === 0 ? 0 : 0.5) };
/** A table that is wider than the page stands on its side, a few rows at a time. */
const ROWS_ON_THEIR_SIDE = 4;
const LEAST_VALUE_PT = 70;
/** Longer parts may go over the end of a page. */
const MOST_UNBROKEN_ROWS = 25;

function tableContent(block: TableBlock): Content {
  const widths = columnWidths(block, WIDTH_PT);
  return {
    stack: [
      ...(widths === null ? onItsSide(block) : [upright(block, widths)]),
      ...(block.note === null ? [] : [{ text: inFont(block.note), color: QUIET, fontSize: 8 }]),
    ],
    margin: [0, 6, 0, 8],
  };
}

/** Title and head go with the first row, and stand again on each page that the table goes on to. */
function upright({ title, columns, rows }: TableBlock, widths: readonly number[]): Content {
  const body = [
    titleRow(title, columns.length),
    columns.map(({ name, isNumber }) => headCell(name, isNumber ? 'right' : 'left')),
    ...rows.map((cells) => columns.map(({ isNumber }, at) => cellContent(cells[at] ?? NO_CELL, isNumber))),
  ];
  return {
    table: {
      headerRows: 2,
      keepWithHeaderRows: Math.min(1, rows.length),
      dontBreakRows: true,
      widths: [...widths],
      body,
    },
    layout: ROWS_BELOW_TITLE,
    margin: [0, 0, 0, 4],
  };
}

/** A column for each row, and the names of the columns before them, in each part again. */
function onItsSide({ title, columns, rows }: TableBlock): readonly Content[] {
  const namePt = Math.max(...columns.map(({ name }) => textWidthPt(name)));
  const roomPt = WIDTH_PT - namePt - 2 * CELL_PADDING_PT;
  const fitting = Math.floor(roomPt / (LEAST_VALUE_PT + 2 * CELL_PADDING_PT));
  const inAPart = Math.max(1, Math.min(ROWS_ON_THEIR_SIDE, fitting));
  const valuePt = roomPt / inAPart - 2 * CELL_PADDING_PT;
  const parts: Content[] = [];
  for (let from = 0; from < rows.length; from += inAPart) {
    const part = rows.slice(from, from + inAPart);
    const body = [
      ...(from === 0 ? [titleRow(title, part.length + 1)] : []),
      ...columns.map(({ name }, at) => [
        headCell(name, 'right'),
        ...part.map((cells) => cellContent(cells[at] ?? NO_CELL, false)),
      ]),
    ];
    parts.push({
      stack: [
        {
          table: {
            headerRows: from === 0 ? 2 : 1,
            keepWithHeaderRows: 1,
            dontBreakRows: true,
            widths: [namePt, ...part.map(() => valuePt)],
            body,
          },
          layout: from === 0 ? ROWS_BELOW_TITLE : ROWS_ONLY,
        },
      ],
      unbreakable: columns.length <= MOST_UNBROKEN_ROWS,
      margin: [0, 0, 0, 8],
    });
  }
  return parts;
}

const NO_CELL: Cell = { text: '' };

function titleRow(title: string, columns: number): TableCell[] {
  const cell: TableCell = {
    text: inFont(title),
    fontSize: 11,
    bold: true,
    colSpan: columns,
    margin: [-CELL_PADDING_PT, 0, 0, 0],
  };
  return [cell, ...Array.from({ length: columns - 1 }, (): TableCell => '')];
}

function headCell(name: string, alignment: 'left' | 'right'): TableCell {
  return { text: name, bold: true, color: QUIET, fontSize: CELL_FONT_PT, alignment };
}

function cellContent({ text, tone }: Cell, isNumber: boolean): TableCell {
  return {
    text: inFont(text),
    fontSize: CELL_FONT_PT,
    alignment: isNumber ? 'right' : 'left',
    ...(tone === undefined ? {} : { color: COLORS[tone], bold: true }),
  };
}
