import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createJsonScanner, type JsonPath } from './json-scan.ts';

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
      { numRuns: 500 },
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

  test('no bytes crash it or hang it, however deep', () => {
    expect(find('['.repeat(100_000), ['a'])).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(typeof createJsonScanner([['a'], ['b', '0']]).scan(bytes, 0, bytes.length)).toBe('boolean');
      }),
    );
  });
});
