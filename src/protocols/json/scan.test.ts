import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { repeats } from '../../../test/support/repeats.ts';
import { createJsonScanner, type JsonPath, MAX_DEPTH } from './scan.ts';

/** The text of the value at each path, null where there is none; null for all where it is no JSON. */
function find(text: string, ...paths: JsonPath[]): (string | null)[] | null {
  const bytes = Buffer.from(`xx${text}yy`);
  const scanner = createJsonScanner(paths);
  if (!scanner.scan(bytes, 2, bytes.length - 2)) return null;
  return paths.map((_, i) => {
    const from = scanner.spans[2 * i]!;
    return from < 0 ? null : bytes.toString('utf8', from, scanner.spans[2 * i + 1]);
  });
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('finding values by their paths', () => {
  test('at the root, deeper, in arrays, and those that are not there', () => {
    const text = '{"id":"a-1","data":{"list":[1,{"x":true}],"id":7},"error":null}';
    expect(
      find(text, ['id'], ['data', 'id'], ['data', 'list', '1', 'x'], ['error'], ['data'], ['none'], ['id', 'deeper']),
    ).toEqual(['"a-1"', '7', 'true', 'null', '{"list":[1,{"x":true}],"id":7}', null, null]);
  });

  test('a key within a string, or at another depth, is none', () => {
    expect(find('{"text":"\\"id\\":\\"b\\"","sub":{"id":"c"}}', ['id'])).toEqual([null]);
  });

  test('of a repeated key the last counts', () => {
    expect(find('{"id":1,"id":2}', ['id'])).toEqual(['2']);
  });

  test('it agrees with JSON.parse about every value of every document', () => {
    const keys = fc.constantFrom('id', 'a', 'b', 'data');
    const documents = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, false),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.string({ unit: 'binary' }),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 3 }),
      ),
    })).value;
    const paths = fc.array(fc.oneof(keys, fc.constantFrom('0', '1')), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(documents, paths, fc.constantFrom(0, 1, 2), (document, path, indent) => {
        const text = JSON.stringify(document, null, indent);
        const wanted = path.reduce<unknown>(
          (value, key) =>
            typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined,
          JSON.parse(text),
        );
        const [found] = find(text, path)!;
        expect(found === null ? undefined : JSON.parse(found!)).toEqual(wanted);
      }),
      { numRuns: repeats(500) },
    );
  });

  test.each([
    '',
    '{',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '[1,]',
    '[1 2]',
    '"open',
    '{a:1}',
    '{"a":1}}',
    'nul l',
    '{"a":"\\"}',
  ])('%s is no JSON', (text) => {
    expect(find(text, ['a'])).toBeNull();
  });

  test('a key is found whichever of its characters are escaped', () => {
    expect(find('{"\\u0069d":1,"d\\u0061ta":{"\\u0069\\u0064":2}}', ['id'], ['data', 'id'])).toEqual(['1', '2']);
    expect(find('{"\\u0069\\u0064x":1,"\\\\u0069d":2,"\\"id":3}', ['id'])).toEqual([null]);
  });

  test('a byte order mark and white space are passed over, and nothing else is', () => {
    expect(find('\ufeff {"id":1}\r\n\t', ['id'])).toEqual(['1']);
    for (const space of ['\v', '\f', '\u00a0', '\u2028', '\u0000']) expect(find(`${space}{"id":1}`, ['id'])).toBeNull();
    expect(find('{"id":1}\ufeff', ['id'])).toBeNull();
  });

  test('a thousand levels are read, and more are too deep', () => {
    const nested = (levels: number): string => `${'[{"a":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`;
    expect(find(nested(MAX_DEPTH), ['id'])).toEqual([null]);
    const scanner = createJsonScanner([['id']]);
    const bytes = Buffer.from(nested(MAX_DEPTH + 2));
    expect(scanner.scan(bytes, 0, bytes.length)).toBe(false);
    expect(scanner.isTooDeep).toBe(true);
    expect(scanner.scan(Buffer.from('{'), 0, 1)).toBe(false);
    expect(scanner.isTooDeep).toBe(false);
  });
});

/** Documents with one byte that was left out, put in or changed: some are documents still. */
const mutilated = fc
  .record({
    text: fc.json({ maxDepth: 4, stringUnit: 'binary' }),
    at: fc.nat(),
    cut: fc.nat(1),
    put: fc.oneof(
      fc.constantFrom('', 'N', 'NaN', '"', '\\', '\\u12', '{', '}', '[', ']', ',', ':', '0', '-', '.', 'e', ' ', '\n'),
      fc.string({ maxLength: 2 }),
    ),
  })
  .map(({ text, at, cut, put }) => {
    const place = at % (text.length + 1);
    return { text: text.slice(0, place) + put + text.slice(place + cut), place };
  });

describe('what is JSON and what is not', () => {
  test('it agrees with JSON.parse, and no error is told before the place of the damage', () => {
    fc.assert(
      fc.property(mutilated, ({ text, place }) => {
        const bytes = Buffer.from(text);
        const scanner = createJsonScanner([['a'], ['0', 'b']]);
        const isJson = scanner.scanStrictly(bytes, 0, bytes.length);
        expect(isJson).toBe(parses(bytes.toString()));
        if (isJson) return;
        expect(scanner.brokenAt).toBeGreaterThanOrEqual(Buffer.byteLength(text.slice(0, place)) - 3);
        expect(scanner.brokenAt).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: repeats(2000) },
    );
  });

  test.each([
    ['{"id":1,"t":NaN}', 12],
    ['{"a":tru}', 8],
    ['[1,2', 4],
    ['{"a":1}}', 7],
    ['{"a":01}', 6],
    ['["a\nb"]', 3],
    ['["\\x"]', 3],
    ['["\\u12g4"]', 6],
    ['', 0],
  ])('the first error of %s is at byte %i', (text, at) => {
    const scanner = createJsonScanner([['a']]);
    expect(scanner.scan(Buffer.from(`zz${text}`), 2, text.length + 2)).toBe(false);
    expect(scanner.brokenAt).toBe(at);
  });

  test('the far part of a long string is taken on trust, and said to be; strictly it is not', () => {
    const scanner = createJsonScanner([['id']]);
    const long = (inside: string) =>
      Buffer.from(JSON.stringify({ id: 1, text: 'x'.repeat(400) }).replace('xxx"', inside));
    const sound = long('\\\\"');
    expect([scanner.scan(sound, 0, sound.length), scanner.isSure]).toEqual([true, false]);
    expect([scanner.scanStrictly(sound, 0, sound.length), scanner.isSure]).toEqual([true, true]);
    const broken = long('\n"');
    expect([scanner.scan(broken, 0, broken.length), scanner.isSure]).toEqual([true, false]);
    expect(scanner.scanStrictly(broken, 0, broken.length)).toBe(false);
    const near = Buffer.from('{"text":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nx"}');
    expect(scanner.scan(near, 0, near.length)).toBe(false);
  });

  test('no bytes crash it or hang it, however deep', () => {
    expect(find('['.repeat(100_000), ['a'])).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(typeof createJsonScanner([['a'], ['b', '0']]).scan(bytes, 0, bytes.length)).toBe('boolean');
      }),
    );
  });
});
