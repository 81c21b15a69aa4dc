// Blocks of a document as HTML. Whatever comes out of here was escaped here.

import { unreachable } from '../../units/unreachable.ts';
import type { Chart } from '../charts/chart.ts';
import type { Block, Cell, KeyFigure, ListItem, TableBlock, TextLine, Tone } from '../document.ts';
import { escapeHtml } from './escape.ts';

/** `level`: of the headings of blocks, 3 below a section of a single run. `prefix`: makes names of charts unique in the page. */
export interface Place {
  readonly level: number;
  readonly prefix: string;
}

export function blockHtml(block: Block, place: Place): string {
  switch (block.kind) {
    case 'paragraph':
      return `<p>${lineHtml(block.line)}</p>`;
    case 'list':
      return `${heading(block.title, place)}<ul class="notes">${block.items.map(itemHtml).join('')}</ul>`;
    case 'figures':
      return `<dl class="figures">${block.figures.map(figureHtml).join('')}</dl>`;
    case 'table':
      return tableHtml(block);
    case 'chart':
      return chartHtml(block.chart, place);
    case 'code':
      return `<details class="code" open><summary>${escapeHtml(block.title)}</summary><pre tabindex="0">${escapeHtml(block.text)}</pre></details>`;
    default:
      return unreachable(block);
  }
}

function heading(title: string | null, { level }: Place): string {
  return title === null ? '' : `<h${level}>${escapeHtml(title)}</h${level}>`;
}

function lineHtml(line: TextLine): string {
  return line
    .map((part) => {
      if (typeof part === 'string') return escapeHtml(part);
      return part.mark === 'code'
        ? `<code>${escapeHtml(part.text)}</code>`
        : `<strong>${escapeHtml(part.text)}</strong>`;
    })
    .join('');
}

function itemHtml({ tone, line }: ListItem): string {
  return `<li class="${tone}">${lineHtml(line)}</li>`;
}

/** Tones are said in words as well, for who does not see colors. */
const TONE_WORDS: Readonly<Record<Tone, string | null>> = { good: 'good', bad: 'bad', open: 'in doubt', quiet: null };

function figureHtml({ name, text, tone, note }: KeyFigure): string {
  const word = TONE_WORDS[tone];
  const said = word === null ? '' : ` <span class="hidden">(${word})</span>`;
  return (
    `<div class="${tone}"><dt>${escapeHtml(name)}${said}</dt>` +
    `<dd>${escapeHtml(text)}</dd><dd class="note">${escapeHtml(note)}</dd></div>`
  );
}

function tableHtml(block: TableBlock): string {
  const { title, columns, rows, note } = block;
  const head = columns.map(({ name, isNumber }) => {
    return `<th scope="col"${isNumber ? ' class="number"' : ''}>${name === '' ? '<span class="hidden">name</span>' : escapeHtml(name)}</th>`;
  });
  const isProse = hasProse(block);
  const body = rows.map((cells) => {
    const all = cells.map((cell, at) => {
      return cellHtml(cell, columns[at]?.isNumber === true, isProse ? (columns[at]?.name ?? '') : null);
    });
    return `<tr>${all.join('')}</tr>`;
  });
  const after = note === null ? '' : `<p class="note">${escapeHtml(note)}</p>`;
  return (
    `<div class="table${isProse ? ' prose' : ''}" role="region" tabindex="0" aria-label="${escapeHtml(title)}"><table><caption>${escapeHtml(title)}</caption>` +
    `<thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div>${after}`
  );
}

/** Texts beside one another have no room on a phone: there the cells of a row stand below one another, each with its name. */
function hasProse({ columns }: TableBlock): boolean {
  const numbers = columns.filter(({ isNumber }) => isNumber).length;
  return numbers < 2 && columns.length - numbers > 2;
}

/** Shorter texts are not broken in the middle; longer ones may be one word that is wider than a screen. */
const KEPT_WHOLE = 24;

/** `name`: of its column, where it may stand below others; null elsewhere. */
function cellHtml({ text, value, tone, isCode }: Cell, isNumber: boolean, name: string | null): string {
  const names = [...(isNumber ? ['number'] : []), ...(tone === undefined ? [] : [tone])];
  const classes = names.length === 0 ? '' : ` class="${names.join(' ')}"`;
  const sorted = value === undefined ? '' : ` data-value="${value === null ? '' : value}"`;
  const short = text.length <= KEPT_WHOLE ? ' class="short"' : '';
  const content = isCode === true && text !== '' ? `<code${short}>${escapeHtml(text)}</code>` : escapeHtml(text);
  const named = name === null || name === '' || text === '' ? '' : ` data-name="${escapeHtml(name)}"`;
  return `<td${classes}${sorted}${named}>${content}</td>`;
}

function chartHtml(chart: Chart, place: Place): string {
  const id = escapeHtml(`${place.prefix}${chart.id}`);
  return (
    `<figure class="chart" id="${id}"><figcaption>${heading(chart.title, place)}<p class="reading" id="${id}-reading">` +
    `${escapeHtml(chart.reading)}</p></figcaption>` +
    `<div class="plot" data-chart="${id}"><noscript>This chart needs JavaScript, which is part of this file.</noscript></div></figure>`
  );
}
