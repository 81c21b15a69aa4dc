// What a report says, before it has a form: sections of blocks. The same document becomes a page and a PDF, so that both say
// the same. Texts are plain; each renderer escapes them for its own format.

import type { RunResult } from '../facts/result.ts';
import type { Chart } from './charts/chart.ts';

export type Tone = 'good' | 'bad' | 'open' | 'quiet';

/** Of verdicts and rules. */
export const TONES = { pass: 'good', fail: 'bad', inconclusive: 'open' } as const satisfies Readonly<
  Record<RunResult['verdict']['kind'], Tone>
>;

export interface ReportDocument {
  readonly title: string;
  readonly verdict: { readonly word: string; readonly tone: Tone };
  /** The verdict in one sentence. */
  readonly headline: string;
  /** What ran, when, against what. */
  readonly facts: readonly string[];
  readonly sections: readonly Section[];
}

export interface Section {
  /** A name for links, unique in the document: lower case characters and hyphens. */
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'paragraph'; readonly line: TextLine }
  | { readonly kind: 'list'; readonly title: string | null; readonly items: readonly ListItem[] }
  | { readonly kind: 'figures'; readonly figures: readonly KeyFigure[] }
  | TableBlock
  | { readonly kind: 'chart'; readonly chart: Chart }
  | { readonly kind: 'code'; readonly title: string; readonly text: string };

export interface ListItem {
  readonly tone: Tone;
  readonly line: TextLine;
}

/** Words, and what stands out of them. */
export type TextLine = readonly (string | Marked)[];

export interface Marked {
  readonly mark: 'code' | 'strong';
  readonly text: string;
}

/** One number that matters, and the rule about it where there is one. */
export interface KeyFigure {
  readonly name: string;
  readonly text: string;
  readonly tone: Tone;
  /** In a few words: the rule, or what it is of. */
  readonly note: string;
}

export interface TableBlock {
  readonly kind: 'table';
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  /** What a reader must know of it; null for nothing. */
  readonly note: string | null;
}

export interface Column {
  readonly name: string;
  readonly isNumber: boolean;
}

export interface Cell {
  readonly text: string;
  /** What rows are sorted by; null sorts last, and a text by itself where it is left out. */
  readonly value?: number | null;
  readonly tone?: Tone;
  readonly isCode?: boolean;
}

export function paragraph(...line: TextLine): Block {
  return { kind: 'paragraph', line };
}

/** None where there is nothing in it. */
export function list(title: string | null, items: readonly ListItem[]): readonly Block[] {
  return items.length === 0 ? [] : [{ kind: 'list', title, items }];
}

/** Those that there are. */
export function charts(...all: readonly (Chart | null)[]): readonly Block[] {
  return all.flatMap((chart): readonly Block[] => (chart === null ? [] : [{ kind: 'chart', chart }]));
}

export function code(text: string): Marked {
  return { mark: 'code', text };
}

export function strong(text: string): Marked {
  return { mark: 'strong', text };
}
