import { deflateRawSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { repeats } from '../../test/support/repeats.ts';
import { type DeflateSettings, deflateOffer, MessageDeflater, parametersText, readDeflateAnswer } from './deflate.ts';
import { createDictionary, dictionaryBytes, remember } from './sliding-dictionary.ts';
import { zlibDeflate, zlibInflate } from './zlib-codec.ts';

const both: DeflateSettings = { clientContextTakeover: true, serverContextTakeover: true };
const neither: DeflateSettings = { clientContextTakeover: false, serverContextTakeover: false };

describe('RFC 7692 §7.1, the offer', () => {
  test.each([
    [both, 'permessage-deflate; client_max_window_bits'],
    [neither, 'permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits'],
  ])('%o is offered as %s', (settings, offer) => {
    expect(deflateOffer(settings)).toBe(offer);
  });
});

describe('RFC 7692 §7.1, the answer', () => {
  const compressed = (windowBits: number, contextTakeover: boolean) => ({
    kind: 'compressed',
    windowBits,
    contextTakeover,
  });

  test.each([
    ['the bare name accepts the defaults', both, 'permessage-deflate', true, 15, compressed(15, true)],
    [
      '§7.1.1.1: the server may drop its context unasked',
      both,
      'permessage-deflate; server_no_context_takeover',
      false,
      15,
      compressed(15, true),
    ],
    [
      '§7.1.1.2: the server may ask the client to drop its context',
      both,
      'permessage-deflate; client_no_context_takeover',
      true,
      15,
      compressed(15, false),
    ],
    [
      '§7.1.1.2: what the client offered to drop it drops, answered or not',
      { clientContextTakeover: false, serverContextTakeover: true },
      'permessage-deflate',
      true,
      15,
      compressed(15, false),
    ],
    [
      '§7.1.2.1: the server may choose its window unasked',
      both,
      'permessage-deflate; server_max_window_bits=8',
      true,
      8,
      compressed(15, true),
    ],
    [
      '§7.1.2.2: the client keeps to the window the server allows',
      both,
      'permessage-deflate; client_max_window_bits=9',
      true,
      15,
      compressed(9, true),
    ],
    [
      'RFC 6455 §9.1: a quoted value is the same as a bare one',
      both,
      'permessage-deflate;client_max_window_bits = "1\\2"',
      true,
      15,
      compressed(12, true),
    ],
    [
      'RFC 9110 §5.6.6: names are the same in any case of characters',
      both,
      'Permessage-Deflate; SERVER_no_context_takeover; Client_Max_Window_Bits=10',
      false,
      15,
      compressed(10, true),
    ],
    [
      '§6: a window of 8 bits, which zlib cannot do, is answered by uncompressed messages',
      both,
      'permessage-deflate; client_max_window_bits=8',
      true,
      15,
      { kind: 'uncompressed' },
    ],
  ])('%s', (_, offered, answer, serverContextTakeover, serverWindowBits, sending) => {
    expect(readDeflateAnswer(answer, offered)).toEqual({
      kind: 'agreed',
      agreement: { serverContextTakeover, serverWindowBits, sending },
    });
  });

  test.each([
    ['permessage-deflate', 'permessage-deflate'],
    ['permessage-deflate; client_max_window_bits=15', 'permessage-deflate'],
    [
      'PERMESSAGE-DEFLATE;client_max_window_bits="9"; server_no_context_takeover',
      'permessage-deflate; server_no_context_takeover; client_max_window_bits=9',
    ],
    [
      'permessage-deflate; server_max_window_bits=10; client_no_context_takeover',
      'permessage-deflate; client_no_context_takeover; server_max_window_bits=10',
    ],
    ['permessage-deflate; client_max_window_bits=8', 'permessage-deflate; client_max_window_bits=8'],
  ])('what was agreed on by %s is said as %s', (answer, text) => {
    const read = readDeflateAnswer(answer, both);
    expect(read.kind === 'agreed' && parametersText(read.agreement)).toBe(text);
  });

  test.each([
    ['no answer is no compression', null],
    ['an empty list is no compression', ' , '],
  ])('%s', (_, answer) => {
    expect(readDeflateAnswer(answer, both)).toEqual({ kind: 'none' });
    expect(readDeflateAnswer(answer, null)).toEqual({ kind: 'none' });
  });

  test.each([
    ['what was not offered must not be answered', null, 'permessage-deflate', 'RFC 6455 §4.1'],
    ['an unknown extension is refused', both, 'x-webkit-deflate-frame', 'RFC 6455 §4.1'],
    ['a second extension is refused', both, 'permessage-deflate, foo', 'RFC 6455 §4.1'],
    ['the extension twice is refused', both, 'permessage-deflate, permessage-deflate', 'RFC 7692 §5'],
    ['a value with a separator is refused', both, 'permessage-deflate; a="b c"', 'RFC 6455 §9.1'],
    ['an open quote is refused', both, 'permessage-deflate; a="b', 'RFC 6455 §9.1'],
    ['an empty parameter is refused', both, 'permessage-deflate;', 'RFC 6455 §9.1'],
    ['an unknown parameter is refused', both, 'permessage-deflate; turbo', 'RFC 7692 §7.1:'],
    [
      'a parameter twice is refused',
      both,
      'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
      'RFC 7692 §7.1:',
    ],
    ['a value where none may be', both, 'permessage-deflate; server_no_context_takeover=1', 'RFC 7692 §7.1.1.1'],
    ['a value where none may be', both, 'permessage-deflate; client_no_context_takeover=1', 'RFC 7692 §7.1.1.2'],
    ['an offer to drop the context that is not accepted', neither, 'permessage-deflate', 'RFC 7692 §7.1.1.1'],
    ['a window of 7 bits', both, 'permessage-deflate; server_max_window_bits=7', 'RFC 7692 §7.1.2.1'],
    ['a window of 16 bits', both, 'permessage-deflate; server_max_window_bits=16', 'RFC 7692 §7.1.2.1'],
    ['a window with a leading zero', both, 'permessage-deflate; server_max_window_bits=09', 'RFC 7692 §7.1.2.1'],
    ['a server window without bits', both, 'permessage-deflate; server_max_window_bits', 'RFC 7692 §7.1.2.1'],
    ['a client window without bits', both, 'permessage-deflate; client_max_window_bits', 'RFC 7692 §7.1.2.2'],
    ['a client window that is no number', both, 'permessage-deflate; client_max_window_bits=x', 'RFC 7692 §7.1.2.2'],
  ])('%s', (_, offered, answer, rule) => {
    const read = readDeflateAnswer(answer, offered);
    expect(read.kind).toBe('refused');
    expect(read.kind === 'refused' && read.rule.startsWith(rule)).toBe(true);
  });

  test('no text makes it throw', () => {
    const part = fc.constantFrom('permessage-deflate', ';', ',', '=', '"', '\\', ' ', 'client_max_window_bits', '8');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((parts) => parts.join('')),
        ),
        (answer) => {
          expect(['none', 'agreed', 'refused']).toContain(readDeflateAnswer(answer, both).kind);
        },
      ),
      { seed: 9, numRuns: repeats(1_000) },
    );
  });
});

const inflate = zlibInflate(inflateRawSync);
const fromHex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const inflatedText = (hex: string, maxBytes = 1_000) => {
  const result = inflate.inflate(fromHex(hex), null, maxBytes);
  return typeof result === 'string' ? result : Buffer.from(result).toString();
};

describe('RFC 7692 §7.2, one message through zlib', () => {
  test.each([
    ['§7.2.3.1: one compressed block', 'f2 48 cd c9 c9 07 00', 'Hello'],
    ['§7.2.3.3: a block without compression', '00 05 00 fa ff 48 65 6c 6c 6f 00', 'Hello'],
    ['§7.2.3.4: a block with BFINAL set', 'f3 48 cd c9 c9 07 00 00', 'Hello'],
    ['§7.2.3.5: two blocks in one message', 'f2 48 05 00 00 00 ff ff ca c9 c9 07 00', 'Hello'],
    ['§7.2.3.6: the empty message', '00', ''],
    ['two streams with BFINAL set, one after the other', 'f3 48 cd c9 c9 07 00 f3 48 cd c9 c9 07 00 00', 'HelloHello'],
    ['§7.2.2: a block type that does not exist', 'ff ff ff', 'corrupt'],
    ['§7.2.2: a message that ends within a block', 'f2 48 cd c9', 'corrupt'],
    ['§7.2.2: a reference before the start', '02 13 00', 'corrupt'],
  ])('%s', (_, hex, text) => {
    expect(inflatedText(hex)).toBe(text);
  });

  test('§7.2.3.2: with context takeover a message refers to the one before', () => {
    const result = inflate.inflate(fromHex('f2 00 11 00 00'), new Uint8Array(Buffer.from('Hello')), 1_000);
    expect(Buffer.from(result as Uint8Array).toString()).toBe('Hello');
  });

  test('the limit counts inflated bytes: equal is allowed, one more is too big', () => {
    const hello = 'f2 48 cd c9 c9 07 00';
    expect(inflatedText(hello, 5)).toBe('Hello');
    expect(inflatedText(hello, 4)).toBe('tooBig');
    expect(inflatedText(hello, 0)).toBe('tooBig');
    expect(inflatedText('00', 0)).toBe('');
    expect(inflatedText('f3 48 cd c9 c9 07 00 f3 48 cd c9 c9 07 00 00', 9)).toBe('tooBig');
  });

  test('a message of very many final blocks is refused instead of taking for ever', () => {
    expect(inflatedText('0300'.repeat(10_000))).toBe('corrupt');
  });

  test('a bomb stops at the limit', () => {
    const bomb = deflateRawSync(Buffer.alloc(50_000_000), { finishFlush: 2 });
    expect(inflate.inflate(bomb.subarray(0, -4), null, 10_000)).toBe('tooBig');
  });

  test('no bytes make it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const result = inflate.inflate(bytes, null, 5_000);
        expect(typeof result === 'string' || result.length <= 5_000).toBe(true);
      }),
      { seed: 10, numRuns: repeats(1_000) },
    );
  });
});

describe('MessageDeflater', () => {
  /** Short, repetitive, incompressible, empty and larger than any window. */
  const messages = (seed: number): Uint8Array[] => {
    let state = seed;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    };
    const noise = Uint8Array.from({ length: 3_000 }, random);
    const largeNoise = Uint8Array.from({ length: 40_000 }, random);
    const text = Buffer.from('{"client":17,"number":1234,"text":"the quick brown fox"}'.repeat(3));
    const largeText = Buffer.from(Array.from({ length: 6_000 }, (_, i) => `line ${i * i}\n`).join(''));
    return [
      text,
      text,
      new Uint8Array(0),
      noise,
      noise,
      text,
      largeNoise,
      noise,
      largeText,
      text,
      largeText,
      largeNoise,
    ];
  };

  describe.each([9, 10, 12, 15])('window bits %i', (windowBits) => {
    test.each([true, false])('context takeover %s: the other side reads every message in turn', (contextTakeover) => {
      const deflater = new MessageDeflater(zlibDeflate(deflateRawSync, windowBits), {
        kind: 'compressed',
        windowBits,
        contextTakeover,
      });
      const dictionary = createDictionary(windowBits);
      for (const message of [...messages(1), ...messages(2)]) {
        const payload = deflater.compress(message);
        const inflated = inflate.inflate(payload, contextTakeover ? dictionaryBytes(dictionary) : null, 1_000_000);
        expect(inflated).not.toBe('corrupt');
        expect(Buffer.from(message).equals(inflated as Uint8Array)).toBe(true);
        remember(dictionary, inflated as Uint8Array);
      }
    });
  });

  test('§7.2.3.6: the empty message is one zero byte', () => {
    const deflater = new MessageDeflater(zlibDeflate(deflateRawSync, 15), {
      kind: 'compressed',
      windowBits: 15,
      contextTakeover: true,
    });
    expect(deflater.compress(new Uint8Array(0))).toEqual(Uint8Array.of(0));
  });

  test('context takeover makes a repeated message smaller, and without it nothing is remembered', () => {
    const message = Uint8Array.from({ length: 600 }, (_, i) => (i * i * 7_919) >>> 3);
    const sizes = [true, false].map((contextTakeover) => {
      const deflater = new MessageDeflater(zlibDeflate(deflateRawSync, 15), {
        kind: 'compressed',
        windowBits: 15,
        contextTakeover,
      });
      return [deflater.compress(message).length, deflater.compress(message).length] as const;
    });
    expect(sizes[0]![1]).toBeLessThan(sizes[0]![0] / 4);
    expect(sizes[1]![1]).toBe(sizes[1]![0]);
  });
});
