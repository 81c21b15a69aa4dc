import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPlanText } from '../../plan/text.ts';
import { yamlFlow, yamlText } from './yaml.ts';

const read = (text: string): unknown => {
  const found = readPlanText(text, 'yaml');
  return 'document' in found ? found.document : found.problems;
};
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('true', '~', '1e3', '0x1f', 'a: b', '- x', '#', ' x', 'x\n- y', '', '\u2028'),
);

describe('what is written is what is read', () => {
  test('a text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(read(`key: ${yamlText(text)}  # beside it`)).toEqual({ key: text });
      }),
    );
  });

  test('any value of JSON, in one line', () => {
    // A key as long as a line of its own is none (YAML 1.2.2, 7.4.2), and __proto__ is none of an object's.
    const key = anyText.filter((text) => text !== '__proto__');
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        anyText,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(value, (any) => {
        const written = yamlFlow(any);
        expect(written).not.toMatch(/[\n\r\u2028]/);
        expect(read(`key: ${written}`)).toEqual({ key: any });
      }),
    );
  });
});

test.each([
  ['30s', '30s'],
  ['100/s', '100/s'],
  ['response.p99 < 500ms', 'response.p99 < 500ms'],
  ['wss://example.com:81/ws', 'wss://example.com:81/ws'],
  ['ws://a/?x=1 #y', '"ws://a/?x=1 #y"'],
  ['123', '"123"'],
  ['\u001b[31m', '"\\u001b[31m"'],
])('%j is written %s', (text, written) => expect(yamlText(text)).toBe(written));
