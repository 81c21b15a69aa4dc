import { describe, expect, test } from 'vitest';
import { type Block, paragraph, type ReportDocument } from '../document.ts';
import { countCell, numbers, table, text, words } from '../tables.ts';
import { pdfDefinition } from './definition.ts';

function documentOf(...blocks: readonly Block[]): ReportDocument {
  const verdict = { word: 'PASS', tone: 'good' } as const;
  return {
    title: 'chat',
    verdict,
    headline: 'Pass: all 2 rules passed.',
    facts: [],
    sections: [{ id: 'load', title: 'Load', blocks }],
  };
}

/** Every node of a definition, from the outermost. */
function nodesOf(content: unknown): readonly Record<string, unknown>[] {
  if (Array.isArray(content)) return content.flatMap(nodesOf);
  if (typeof content !== 'object' || content === null) return [];
  const node = content as Record<string, unknown>;
  return [node, ...Object.values(node).flatMap(nodesOf)];
}

interface Laid {
  readonly headerRows: number;
  readonly keepWithHeaderRows: number;
  readonly body: readonly (readonly { readonly text: string; readonly alignment?: string }[])[];
}

function tablesOf(...blocks: readonly Block[]): readonly Laid[] {
  return nodesOf(pdfDefinition([documentOf(...blocks)], () => '').content).flatMap((node) =>
    'table' in node ? [node.table as Laid] : [],
  );
}

describe('a table on paper', () => {
  test('has its title and head on each page, and a row with them', () => {
    const [rates] = tablesOf(table('Rates', [...words('what'), ...numbers('count')], [[text('sent'), countCell(5)]]));
    expect(rates).toMatchObject({ headerRows: 2, keepWithHeaderRows: 1 });
    expect(rates!.body.map(([first]) => first!.text)).toEqual(['Rates', 'what', 'sent']);
  });

  test('that is too wide stands on its side: each part begins with all names, right-aligned', () => {
    const names = Array.from({ length: 20 }, (_, at) => `column${at}`);
    const rows = Array.from({ length: 9 }, (_, row) => names.map((_, at) => countCell(100 * row + at)));
    const parts = tablesOf(table('Wide', numbers(...names), rows));
    expect(parts).toHaveLength(3);
    expect(parts[0]!.body[0]![0]!.text).toBe('Wide');
    for (const [place, { body }] of parts.entries()) {
      const lines = place === 0 ? body.slice(1) : body;
      expect(lines.map(([name]) => name!.text)).toEqual(names);
      for (const [name] of lines) expect(name!.alignment).toBe('right');
    }
    const values = parts.flatMap(({ body }) =>
      body
        .at(-1)!
        .slice(1)
        .map((cell) => cell.text),
    );
    expect(values).toEqual(rows.map((cells) => cells.at(-1)!.text));
  });
});

describe('a heading', () => {
  const { content, pageBreakBefore } = pdfDefinition([documentOf(paragraph('text'))], () => '');
  const heading = nodesOf(content).find(({ text }) => text === 'Load')!;
  const isBroken = (node: object, top: number): boolean =>
    pageBreakBefore!({ ...node, startPosition: { top } } as never, {} as never);

  test('goes to the next page where nothing has room below it', () => {
    expect(isBroken(heading, 760)).toBe(true);
    expect(isBroken(heading, 400)).toBe(false);
  });

  test('alone does so', () => {
    expect(isBroken({ text: 'a line' }, 790)).toBe(false);
  });
});

test('a plan keeps its indents', () => {
  const document = documentOf({ kind: 'code', title: 'Plan', text: 'load:\n  connections: 5' });
  const line = nodesOf(pdfDefinition([document], () => '').content).find(({ text }) => text === 'connections: 5');
  expect(line?.margin).toEqual([9, 0, 0, 0]);
});
