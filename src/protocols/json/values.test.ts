import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMessageIds } from '../message-id.ts';
import { createTextFiller } from '../text-filler.ts';
import { compileTemplate, type Filling, payloadCharacters, templateBytesBound, writeTemplate } from './template.ts';
import type { ValueSources } from './values.ts';

const SOURCES: ValueSources = {
  rows: [{ user: 'Ann "A"' }, { user: 'Bob' }],
  feeder: [{ text: 'first' }, { text: 'zweite Frage: wo?' }, { text: 'third\n' }],
  feederOrder: 'sequential',
  mix: [{ type: 'chat', priority: null, payloadBytes: 100 }],
  seed: 7,
};
const ids = createMessageIds(1, false);
const characters = createTextFiller(1);

function document(template: object, stream: number, sequence: number, more: Partial<ValueSources> = {}): unknown {
  const compiled = compileTemplate(JSON.stringify(template), { ...SOURCES, ...more });
  const filling: Filling = { ids, characters, name: { stream, sequence, dueNs: 0, sentNs: 0 }, room: 0, type: 0 };
  const count = payloadCharacters(compiled, 300, filling);
  const out = new Uint8Array(templateBytesBound(compiled, filling, count));
  const length = writeTemplate(compiled, out, filling, count);
  return JSON.parse(Buffer.from(out.subarray(0, length)).toString('utf8'));
}

const messages = fc.record({ stream: fc.nat(5000), sequence: fc.nat(1_000_000) });

describe('a row of the feeder', () => {
  const template = { q: `\${feeder.text}` };
  const ofClient = (stream: number, order: ValueSources['feederOrder']): unknown[] =>
    [0, 1, 2, 3].map((sequence) => (document(template, stream, sequence, { feederOrder: order }) as { q: string }).q);

  test('in sequence: client n begins with row n and takes one after the other, from the first again', () => {
    expect(ofClient(0, 'sequential')).toEqual(['first', 'zweite Frage: wo?', 'third\n', 'first']);
    expect(ofClient(1, 'sequential')).toEqual(['zweite Frage: wo?', 'third\n', 'first', 'zweite Frage: wo?']);
  });

  test('at random: every row comes about as often, and the same for the same message', () => {
    const counts = new Map<string, number>();
    for (let sequence = 0; sequence < 3000; sequence++) {
      const { q } = document(template, 4, sequence, { feederOrder: 'random' }) as { q: string };
      counts.set(q, (counts.get(q) ?? 0) + 1);
    }
    expect(counts.size).toBe(3);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect(ofClient(3, 'random')).toEqual(ofClient(3, 'random'));
  });

  test('gives all its columns to one message', () => {
    const feeder = Array.from({ length: 50 }, (_, row) => ({ a: `a${row}`, b: `b${row}` }));
    fc.assert(
      fc.property(messages, fc.constantFrom('sequential', 'random'), ({ stream, sequence }, feederOrder) => {
        const both = document({ a: `\${feeder.a}`, b: `\${feeder.b}` }, stream, sequence, { feeder, feederOrder });
        const { a, b } = both as { a: string; b: string };
        expect(a.slice(1)).toBe(b.slice(1));
      }),
    );
  });
});

describe('generators', () => {
  const template = {
    uuid: `\${uuid}`,
    other: `\${uuid}`,
    hex: `x-\${hex.20}`,
    count: `\${int.-5..5}`,
    text: `n \${int.10..20}`,
    color: `\${pick.red|"green"|blau}`,
    pad: `\${payload}`,
  };

  test('make what their names say, whatever the message', () => {
    fc.assert(
      fc.property(messages, ({ stream, sequence }) => {
        const made = document(template, stream, sequence) as Record<keyof typeof template, string>;
        expect(made.uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(made.other).not.toBe(made.uuid);
        expect(made.hex).toMatch(/^x-[0-9a-f]{20}$/);
        expect(Number.isInteger(made.count)).toBe(true);
        expect(Math.abs(Number(made.count))).toBeLessThanOrEqual(5);
        expect(made.text).toMatch(/^n (1\d|20)$/);
        expect(['red', '"green"', 'blau']).toContain(made.color);
      }),
    );
  });

  test('make the same for the same message, and something else for the next', () => {
    fc.assert(
      fc.property(messages, ({ stream, sequence }) => {
        expect(document(template, stream, sequence)).toEqual(document(template, stream, sequence));
        const next = document(template, stream, sequence + 1) as typeof template;
        expect(next.uuid).not.toBe((document(template, stream, sequence) as typeof template).uuid);
      }),
    );
  });

  test('never make the same uuid twice in 20,000 messages', () => {
    const seen = new Set<string>();
    for (let stream = 0; stream < 20; stream++) {
      for (let sequence = 0; sequence < 1000; sequence++) {
        seen.add((document({ id: `\${uuid}` }, stream, sequence) as { id: string }).id);
      }
    }
    expect(seen.size).toBe(20_000);
  });

  test('reach both ends of a range', () => {
    const seen = new Set<number>();
    for (let sequence = 0; sequence < 200; sequence++) {
      seen.add((document({ n: `\${int.1..3}` }, 0, sequence) as { n: number }).n);
    }
    expect([...seen].sort()).toEqual([1, 2, 3]);
  });
});

test('a message with values has the size of its type all the same', () => {
  fc.assert(
    fc.property(messages, ({ stream, sequence }) => {
      const made = { who: `\${row.user}`, q: `\${feeder.text}`, n: `\${int.1..1000}`, pad: `\${payload}` };
      expect(Buffer.byteLength(JSON.stringify(document(made, stream, sequence)))).toBeLessThanOrEqual(300);
    }),
  );
});
