import { deflateRawSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mustBe } from '../../test/support/must-be.ts';
import { repeats } from '../../test/support/repeats.ts';
import { MessageDeflater } from './deflate.ts';
import { FrameReader, type FrameRules, type FrameSink } from './frame-reader.ts';
import { zlibDeflate, zlibInflate } from './zlib-codec.ts';

const inflate = zlibInflate(inflateRawSync);
const plain: FrameRules = { maxMessageBytes: 1_000, inflation: null };
const deflated: FrameRules = {
  maxMessageBytes: 1_000,
  inflation: { inflate, serverContextTakeover: true, serverWindowBits: 15 },
};

/** Writes down what it is told, copying the bytes as a sink must. */
class Recorder implements FrameSink<string> {
  readonly events: string[] = [];
  #add(tag: string, what: string, bytes: Uint8Array, start: number, end: number) {
    this.events.push(`${tag}${what} ${Buffer.from(bytes.subarray(start, end)).toString('hex')}`);
  }
  message(tag: string, isText: boolean, bytes: Uint8Array, start: number, end: number) {
    this.#add(tag, isText ? 'text' : 'binary', bytes, start, end);
  }
  ping(tag: string, bytes: Uint8Array, start: number, end: number) {
    this.#add(tag, 'ping', bytes, start, end);
  }
  pong(tag: string, bytes: Uint8Array, start: number, end: number) {
    this.#add(tag, 'pong', bytes, start, end);
  }
  close(tag: string, code: number, reason: string) {
    this.events.push(`${tag}close ${code} ${reason}`);
  }
  violation(tag: string, code: number, rule: string) {
    this.events.push(`${tag}violation ${code} ${rule.slice(0, rule.indexOf(':'))}`);
  }
}

interface FrameParts {
  readonly head: number;
  readonly payload?: Uint8Array | string;
  readonly maskBit?: boolean;
}

/** A frame as a server sends it, with any first byte. */
function frame({ head, payload = '', maskBit = false }: FrameParts): Uint8Array {
  const body = Buffer.from(payload);
  const mask = maskBit ? 0x80 : 0;
  const length =
    body.length < 126
      ? [mask | body.length]
      : body.length < 65_536
        ? [mask | 126, body.length >>> 8, body.length & 0xff]
        : [
            mask | 127,
            0,
            0,
            0,
            0,
            body.length >>> 24,
            (body.length >>> 16) & 0xff,
            (body.length >>> 8) & 0xff,
            body.length & 0xff,
          ];
  return Buffer.concat([Uint8Array.of(head, ...length), body]);
}

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const toHex = (text: string) => Buffer.from(text).toString('hex');

function read(rules: FrameRules, chunks: readonly Uint8Array[]): string[] {
  const reader = new FrameReader<string>(rules);
  const recorder = new Recorder();
  for (const chunk of chunks) reader.feed(chunk, 0, chunk.length, recorder, '');
  return recorder.events;
}

/** Feeds the chunks through one buffer, as the transport does: at any offset, overwritten after every call. */
function readThroughSharedBuffer(rules: FrameRules, chunks: readonly Uint8Array[]): string[] {
  const reader = new FrameReader<string>(rules);
  const recorder = new Recorder();
  const shared = new Uint8Array(Math.max(0, ...chunks.map((chunk) => chunk.length)) + 8);
  chunks.forEach((chunk, i) => {
    const at = i % 7;
    shared.set(chunk, at);
    reader.feed(shared, at, at + chunk.length, recorder, '');
    shared.fill(0x9d);
  });
  return recorder.events;
}

const bytewise = (stream: Uint8Array) => Array.from(stream, (byte) => Uint8Array.of(byte));

type Row = readonly [sentence: string, stream: Uint8Array, events: readonly string[]];
const join = (...frames: Uint8Array[]): Uint8Array => Buffer.concat(frames);
const violation = (code: number, section: string) => [`violation ${code} ${section}`];

function rows(rules: FrameRules, table: readonly Row[]): void {
  test.each(table)('%s', (_, stream, events) => {
    expect(read(rules, [stream])).toEqual(events);
    expect(read(rules, bytewise(stream))).toEqual(events);
  });
}

describe('RFC 6455 §5.1, masking', () => {
  rows(plain, [
    [
      'a masked data frame is refused',
      frame({ head: 0x82, payload: 'a', maskBit: true }),
      violation(1002, 'RFC 6455 §5.1'),
    ],
    ['a masked control frame is refused', frame({ head: 0x89, maskBit: true }), violation(1002, 'RFC 6455 §5.1')],
  ]);
});

describe('RFC 6455 §5.2, the header', () => {
  rows(plain, [
    ['an empty binary message is a message', hex('8200'), ['binary ']],
    ['an empty text message is a message', hex('8100'), ['text ']],
    [
      'a payload of 125 bytes has a length of 7 bits',
      frame({ head: 0x82, payload: new Uint8Array(125) }),
      [`binary ${'00'.repeat(125)}`],
    ],
    [
      'a payload of 126 bytes has a length of 16 bits',
      frame({ head: 0x82, payload: new Uint8Array(126) }),
      [`binary ${'00'.repeat(126)}`],
    ],
    ['16 bits for a length below 126 are refused', hex('82 7e 007d'), violation(1002, 'RFC 6455 §5.2')],
    ['64 bits for a length below 65536 are refused', hex('82 7f 000000000000ffff'), violation(1002, 'RFC 6455 §5.2')],
    [
      'a 64-bit length with its top bit set is refused',
      hex('82 7f 8000000000000000'),
      violation(1002, 'RFC 6455 §5.2'),
    ],
    ['RSV1 without an extension is refused', hex('c1 00'), violation(1002, 'RFC 6455 §5.2')],
    ['RSV2 is refused', hex('a1 00'), violation(1002, 'RFC 6455 §5.2')],
    ['RSV3 is refused', hex('91 00'), violation(1002, 'RFC 6455 §5.2')],
    ['RSV bits on a control frame are refused', hex('b9 00'), violation(1002, 'RFC 6455 §5.2')],
    ['opcode 3 is refused', hex('83 00'), violation(1002, 'RFC 6455 §5.2')],
    ['opcode 7 is refused', hex('87 00'), violation(1002, 'RFC 6455 §5.2')],
    ['opcode B is refused', hex('8b 00'), violation(1002, 'RFC 6455 §5.2')],
    ['opcode F is refused', hex('8f 00'), violation(1002, 'RFC 6455 §5.2')],
    [
      'what is wrong in the first two bytes is refused before the rest arrives',
      hex('83 7f'),
      violation(1002, 'RFC 6455 §5.2'),
    ],
    ['one byte alone is nothing yet', hex('83'), []],
    [
      'what follows a violation is ignored',
      hex('8201aa 8300 8201bb'),
      ['binary aa', ...violation(1002, 'RFC 6455 §5.2')],
    ],
  ]);

  test('payloads of 65535 and of 65536 bytes are read whole', () => {
    for (const payloadBytes of [65_535, 65_536]) {
      const payload = new Uint8Array(payloadBytes).map((_, i) => i & 0xff);
      const stream = frame({ head: 0x82, payload });
      const rules = { ...plain, maxMessageBytes: payloadBytes };
      const events = [`binary ${Buffer.from(payload).toString('hex')}`];
      expect(read(rules, [stream])).toEqual(events);
      expect(read(rules, [stream.subarray(0, 7), stream.subarray(7, 20_000), stream.subarray(20_000)])).toEqual(events);
    }
  });
});

describe('RFC 6455 §5.4, fragments', () => {
  rows(plain, [
    ['§5.7: two fragments of a text are one message', hex('01 03 48656c 80 02 6c6f'), [`text ${toHex('Hello')}`]],
    [
      'a control frame may stand between fragments',
      hex('01 01 61 89 01 70 00 01 62 8a 00 80 01 63'),
      ['ping 70', 'pong ', `text ${toHex('abc')}`],
    ],
    ['fragments may be empty', hex('02 00 00 00 80 00 82 00'), ['binary ', 'binary ']],
    ['a continuation without a start is refused', hex('80 01 61'), violation(1002, 'RFC 6455 §5.4')],
    [
      'a continuation after the last fragment is refused',
      hex('02 00 80 00 80 00'),
      ['binary ', ...violation(1002, 'RFC 6455 §5.4')],
    ],
    ['a new message within a message is refused', hex('01 01 61 81 01 62'), violation(1002, 'RFC 6455 §5.4')],
    ['a character may be cut between fragments', hex('01 01 c3 80 01 a4'), ['text c3a4']],
  ]);
});

describe('RFC 6455 §5.5, control frames', () => {
  rows(plain, [
    ['a ping of 125 bytes is read', frame({ head: 0x89, payload: new Uint8Array(125) }), [`ping ${'00'.repeat(125)}`]],
    ['a control frame of 126 bytes is refused', hex('89 7e 007e'), violation(1002, 'RFC 6455 §5.5')],
    ['a fragmented ping is refused', hex('09 00'), violation(1002, 'RFC 6455 §5.5')],
    ['a fragmented close is refused', hex('08 00'), violation(1002, 'RFC 6455 §5.5')],
    ['§5.5.1: a close without a payload has code 1005', hex('88 00'), ['close 1005 ']],
    ['§5.5.1: a close has a code', hex('88 02 03e8'), ['close 1000 ']],
    ['§5.5.1: a reason that is not UTF-8 is refused', hex('88 03 0fa0ff'), violation(1007, 'RFC 6455 §5.5.1')],
    ['§5.5.1: a reason is UTF-8', join(hex('88 07 0fa0'), Buffer.from('spät')), ['close 4000 spät']],
    ['§5.5.1: a close of one byte is refused', hex('88 01 03'), violation(1002, 'RFC 6455 §5.5.1')],
    ['§5.5.1: what follows a close is ignored', hex('88 00 82 00 83 00'), ['close 1005 ']],
    ['§7.4: a close with 1005 is refused', hex('88 02 03ed'), violation(1002, 'RFC 6455 §7.4')],
    ['§7.4: a close with 1006 is refused', hex('88 02 03ee'), violation(1002, 'RFC 6455 §7.4')],
    ['§7.4: a close with 999 is refused', hex('88 02 03e7'), violation(1002, 'RFC 6455 §7.4')],
    ['§7.4.2: a close with 4999 is read', hex('88 02 1387'), ['close 4999 ']],
    ['a close may stand within a fragmented message, which is then lost', hex('01 01 61 88 00'), ['close 1005 ']],
  ]);
});

describe('RFC 6455 §8.1, text is UTF-8', () => {
  rows(plain, [
    ['a valid text is delivered', frame({ head: 0x81, payload: 'größer 😀' }), [`text ${toHex('größer 😀')}`]],
    ['an invalid text is refused', hex('81 02 c328'), violation(1007, 'RFC 6455 §8.1')],
    ['a text that ends within a character is refused', hex('81 01 c3'), violation(1007, 'RFC 6455 §8.1')],
    ['a surrogate is refused', hex('81 03 eda080'), violation(1007, 'RFC 6455 §8.1')],
    [
      'an invalid long text is refused',
      frame({ head: 0x81, payload: new Uint8Array(200).fill(0xff) }),
      violation(1007, 'RFC 6455 §8.1'),
    ],
    [
      'an invalid text in fragments is refused when it is whole',
      hex('01 01 c3 00 01 28 80 00'),
      violation(1007, 'RFC 6455 §8.1'),
    ],
    ['a binary message may hold anything', hex('82 02 c328'), ['binary c328']],
  ]);
});

describe('RFC 6455 §10.4, the size limit', () => {
  const ten: FrameRules = { ...plain, maxMessageBytes: 10 };
  rows(ten, [
    [
      'a message of just the limit is read',
      frame({ head: 0x82, payload: '0123456789' }),
      [`binary ${toHex('0123456789')}`],
    ],
    ['a longer one is refused at its header', hex('82 0b'), violation(1009, 'RFC 6455 §7.4.1')],
    ['a length of 16 bits is refused at its header', hex('82 7e ffff'), violation(1009, 'RFC 6455 §7.4.1')],
    [
      'a length of 2^63 - 1 is refused at its header',
      hex('82 7f 7fffffffffffffff'),
      violation(1009, 'RFC 6455 §7.4.1'),
    ],
    ['fragments count together', hex('02 06 000000000000 80 05'), violation(1009, 'RFC 6455 §7.4.1')],
    ['fragments of just the limit are read', hex('02 06 000000000000 80 04 00000000'), [`binary ${'00'.repeat(10)}`]],
    [
      'control frames do not count',
      join(frame({ head: 0x89, payload: '0123456789ab' }), hex('8200')),
      [`ping ${toHex('0123456789ab')}`, 'binary '],
    ],
  ]);
});

describe('RFC 7692, compressed messages', () => {
  const hello = 'f248cdc9c90700';
  rows(deflated, [
    ['§7.2.3.1: a compressed text is inflated', hex(`c1 07 ${hello}`), [`text ${toHex('Hello')}`]],
    [
      '§7.2.3.1: it may be fragmented, RSV1 on the first',
      hex('41 03 f248cd 80 04 c9c90700'),
      [`text ${toHex('Hello')}`],
    ],
    [
      '§7.2.3.2: with context takeover the second may refer to the first',
      hex(`c1 07 ${hello} c1 05 f200110000`),
      [`text ${toHex('Hello')}`, `text ${toHex('Hello')}`],
    ],
    ['§7.2.3.3: blocks without compression', hex('c1 0b 000500faff48656c6c6f00'), [`text ${toHex('Hello')}`]],
    ['§7.2.3.4: blocks with BFINAL', hex('c1 08 f348cdc9c9070000'), [`text ${toHex('Hello')}`]],
    ['§7.2.3.5: two blocks', hex('c1 0d f248050000 00ffffca c9c90700'), [`text ${toHex('Hello')}`]],
    ['§7.2.3.6: the empty message', hex('c2 01 00'), ['binary ']],
    ['§7.2.3.6: a sender that left even that byte out means the empty message', hex('c2 00'), ['binary ']],
    [
      '§6: uncompressed messages may stand between, and are not remembered',
      hex(`c1 07 ${hello} 82 02 aabb c1 05 f200110000`),
      [`text ${toHex('Hello')}`, 'binary aabb', `text ${toHex('Hello')}`],
    ],
    [
      '§6.1: a control frame between compressed fragments is not compressed',
      hex('41 03 f248cd 89 01 70 80 04 c9c90700'),
      ['ping 70', `text ${toHex('Hello')}`],
    ],
    ['§6.1: RSV1 on a continuation is refused', hex('41 03 f248cd c0 04 c9c90700'), violation(1002, 'RFC 7692 §6.1')],
    ['§6.1: RSV1 on a control frame is refused', hex('c9 00'), violation(1002, 'RFC 7692 §6.1')],
    ['§7.2.2: what is not DEFLATE is refused', hex('c1 03 ffffff'), violation(1007, 'RFC 7692 §7.2.2')],
    ['§7.2.2: what ends within a block is refused', hex('c1 04 f248cdc9'), violation(1007, 'RFC 7692 §7.2.2')],
    [
      'RFC 6455 §8.1: text must be UTF-8 once inflated',
      join(hex('c1 08'), hex('000200fdffc32800')),
      violation(1007, 'RFC 6455 §8.1'),
    ],
  ]);
  rows({ maxMessageBytes: 1_000, inflation: { inflate, serverContextTakeover: false, serverWindowBits: 15 } }, [
    [
      '§7.1.1.1: without context takeover a reference to the message before is refused',
      hex(`c1 07 ${hello} c1 05 f200110000`),
      [`text ${toHex('Hello')}`, ...violation(1007, 'RFC 7692 §7.2.2')],
    ],
  ]);
  rows({ ...deflated, maxMessageBytes: 100 }, [
    [
      'RFC 6455 §10.4: the limit holds for what is inflated',
      frame({ head: 0xc2, payload: deflateRawSync(new Uint8Array(5_000), { finishFlush: 2 }).subarray(0, -4) }),
      violation(1009, 'RFC 6455 §7.4.1'),
    ],
  ]);
});

describe('RFC 6455 §8.1, text that has gone wrong is not waited for', () => {
  const wrong = violation(1007, 'RFC 6455 §8.1');
  const greek = hex('ceba e1bdb9 cf83 cebc ceb5');
  const compress = (bytes: Uint8Array) => deflateRawSync(bytes, { finishFlush: 2 }).subarray(0, -4);
  const compressedWrong = compress(hex(`${toHex('0123456789abcdefghijklmnop')} ff`));

  test.each([
    ['in a frame that goes on', plain, hex('81 7e 0080 61'), hex('f490')],
    ['in a frame that goes on, of a character cut in two', plain, hex('81 7e 0080 61f4'), hex('90')],
    ['in the first fragment', plain, frame({ head: 0x01, payload: greek }), hex('00 01 ff')],
    ['in a fragment that ends inside a character', plain, frame({ head: 0x01, payload: hex('61e2') }), hex('00 01 61')],
    ['in the middle of a fragment', plain, frame({ head: 0x01, payload: greek }), hex('80 14 eda0')],
    [
      'inside a compressed message, at the end of a fragment',
      deflated,
      frame({ head: 0x41, payload: compressedWrong.subarray(0, 6) }),
      frame({ head: 0x00, payload: compressedWrong.subarray(6) }),
    ],
  ])('%s', (_, rules, before, after) => {
    expect(read(rules, [before])).toEqual([]);
    expect(read(rules, [before, after])).toEqual(wrong);
    expect(read(rules, [join(before, after)])).toEqual(wrong);
    expect(read(rules, bytewise(join(before, after)))).toEqual(wrong);
  });

  test('and text that is right is not judged before its end', () => {
    const text = Buffer.from('aä€😀'.repeat(30));
    const cut = (head: number, size: number, payload: Uint8Array): Uint8Array[] =>
      Array.from({ length: Math.ceil(payload.length / size) }, (_, i) =>
        frame({
          head: (i === 0 ? head : 0) | ((i + 1) * size >= payload.length ? 0x80 : 0),
          payload: payload.subarray(i * size, (i + 1) * size),
        }),
      );
    for (const size of [1, 2, 3, 7, 64]) {
      const event = [`text ${text.toString('hex')}`];
      expect(read(plain, cut(0x01, size, text)), `in fragments of ${size}`).toEqual(event);
      expect(read(deflated, cut(0x41, size, compress(text))), `compressed, in fragments of ${size}`).toEqual(event);
    }
  });

  test('a compressed message that is corrupt or too large is found out at a fragment as well', () => {
    expect(read(deflated, [frame({ head: 0x41, payload: hex('ffffff') })])).toEqual(violation(1007, 'RFC 7692 §7.2.2'));
    const bomb = frame({ head: 0x41, payload: compress(Buffer.alloc(5_000, 'a')) });
    expect(read(deflated, [bomb])).toEqual(violation(1009, 'RFC 6455 §7.4.1'));
  });

  test('looking at a compressed beginning takes at most twice the bytes, in however many fragments it comes', () => {
    let looks = 0;
    let lookedBytes = 0;
    const counting: FrameRules = {
      maxMessageBytes: 100_000,
      inflation: {
        serverContextTakeover: false,
        serverWindowBits: 15,
        inflate: {
          ...inflate,
          inflateBeginning(bytes, dictionary, maxBytes) {
            looks++;
            lookedBytes += bytes.length;
            return inflate.inflateBeginning(bytes, dictionary, maxBytes);
          },
        },
      },
    };
    const payload = compress(Buffer.from(Array.from({ length: 3_000 }, (_, i) => `${(i * 7919) % 10_007} `).join('')));
    const chunks = Array.from(payload, (byte, i) => Uint8Array.of(i === 0 ? 0x41 : 0x00, 1, byte));
    expect(read(counting, [...chunks, hex('80 00')])).toHaveLength(1);
    expect(looks).toBe(Math.floor(Math.log2(payload.length)) + 1);
    expect(lookedBytes).toBeLessThan(2 * payload.length);
  });
});

describe('memory', () => {
  const rules: FrameRules = { ...plain, maxMessageBytes: 1e9 };
  const ignore: FrameSink<null> = { message() {}, ping() {}, pong() {}, close() {}, violation() {} };
  const fed = (...chunks: Uint8Array[]) => {
    const reader = new FrameReader<null>(rules);
    for (const chunk of chunks) reader.feed(chunk, 0, chunk.length, ignore, null);
    return reader;
  };

  test('whole frames leave nothing behind', () => {
    expect(fed(hex('8201aa 890161 8100')).heldBytes).toBe(0);
  });

  test('of a frame that is cut off only that frame is held, and after it nothing', () => {
    const stream = join(
      frame({ head: 0x82, payload: new Uint8Array(60_000) }),
      frame({ head: 0x82, payload: new Uint8Array(100) }),
    );
    const cut = stream.length - 30;
    const reader = fed(stream.subarray(0, cut));
    expect(reader.heldBytes).toBe(100);
    reader.feed(stream, cut, stream.length, ignore, null);
    expect(reader.heldBytes).toBe(0);
  });

  test('a declared length alone allocates nothing, and growth follows what arrives', () => {
    const reader = fed(hex('82 7f 0000000005f5e100'));
    expect(reader.heldBytes).toBe(0);
    const chunk = new Uint8Array(10_000);
    for (let received = 1; received <= 100; received++) {
      reader.feed(chunk, 0, chunk.length, ignore, null);
      expect(reader.heldBytes).toBeLessThanOrEqual(2 * received * chunk.length);
    }
  });

  test('a fragmented message grows with what arrives, too', () => {
    const reader = fed(frame({ head: 0x02, payload: new Uint8Array(1_000) }));
    for (let fragments = 2; fragments < 100; fragments++) {
      const next = frame({ head: 0x00, payload: new Uint8Array(1_000) });
      reader.feed(next, 0, next.length, ignore, null);
      expect(reader.heldBytes).toBeLessThanOrEqual(2_000 * fragments);
    }
  });

  test('a large message in pieces is released when it is delivered', () => {
    const stream = frame({ head: 0x82, payload: new Uint8Array(1_000_000) });
    const reader = fed(stream.subarray(0, 600_000), stream.subarray(600_000));
    expect(reader.heldBytes).toBe(0);
  });

  test('the dictionary is no larger than the window of the server', () => {
    const reader = new FrameReader<null>({
      maxMessageBytes: 1e6,
      inflation: { inflate, serverContextTakeover: true, serverWindowBits: 9 },
    });
    const stream = frame({
      head: 0xc2,
      payload: deflateRawSync(new Uint8Array(9_000), { finishFlush: 2 }).subarray(0, -4),
    });
    reader.feed(stream, 0, stream.length, ignore, null);
    expect(reader.heldBytes).toBe(512);
  });

  test('stopping releases everything', () => {
    const reader = fed(hex('02 05 aabbccddee 80 7e 01'));
    expect(reader.heldBytes).toBeGreaterThan(0);
    reader.stop();
    expect(reader.heldBytes).toBe(0);
    expect(reader.stopped).toBe(true);
  });
});

describe('stopping', () => {
  test.each([
    ['in a message of the fast path', hex('8201aa')],
    ['in a fragmented message', hex('0201aa 8000')],
    ['in a ping', hex('8900')],
    ['in a pong', hex('8a00')],
    ['in a compressed message', hex('c20100')],
  ])('%s ends the feed at once, whole or in pieces', (_, first) => {
    for (const chunks of [[join(first, hex('8201bb 8300'))], bytewise(join(first, hex('8201bb 8300')))]) {
      const reader = new FrameReader<null>(deflated);
      let calls = 0;
      const stop = () => {
        calls += 1;
        reader.stop();
      };
      const sink: FrameSink<null> = { message: stop, ping: stop, pong: stop, close: stop, violation: stop };
      for (const chunk of chunks) reader.feed(chunk, 0, chunk.length, sink, null);
      expect(calls).toBe(1);
      expect(reader.heldBytes).toBe(0);
    }
  });
});

test('the tag is handed through', () => {
  const recorder = new Recorder();
  new FrameReader<string>(plain).feed(hex('8201aa 8900'), 0, 5, recorder, 'client 7 ');
  expect(recorder.events).toEqual(['client 7 binary aa', 'client 7 ping ']);
});

// A server's stream as data: what fast-check shrinks is this, not bytes.

type Part =
  | {
      readonly kind: 'data';
      readonly isText: boolean;
      readonly compress: boolean;
      readonly payload: Uint8Array;
      readonly cuts: readonly number[];
      readonly between: readonly Uint8Array[];
    }
  | { readonly kind: 'control'; readonly bytes: Uint8Array }
  | { readonly kind: 'wrong'; readonly bytes: Uint8Array };

const controls = fc
  .tuple(fc.constantFrom(0x89, 0x8a), fc.uint8Array({ maxLength: 125 }))
  .map(([head, payload]) => frame({ head, payload }));
const payloads = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 80 }).map((text) => new Uint8Array(Buffer.from(text))),
  fc.uint8Array({ maxLength: 40 }),
  fc
    .tuple(fc.nat(255), fc.integer({ min: 120, max: 700 }))
    .map(([byte, size]) => new Uint8Array(size).fill(byte & 0x7f)),
);
const parts: fc.Arbitrary<Part> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('data' as const),
      isText: fc.boolean(),
      compress: fc.boolean(),
      payload: payloads,
      cuts: fc.array(fc.nat(700), { maxLength: 3 }),
      between: fc.array(controls, { maxLength: 2 }),
    }),
  },
  { weight: 2, arbitrary: controls.map((bytes) => ({ kind: 'control' as const, bytes })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        '8300',
        '8201',
        '8180',
        'c9 00',
        '8801 03',
        '8802 03ed',
        '8800',
        '89 7e 0001',
        '827e 0001',
        '827f 8000000000000000',
        '8201ff',
        '8101ff',
        '827f 00000000000fffff',
        '0200',
        '8000',
        'c101ff',
      )
      .map((text) => ({ kind: 'wrong' as const, bytes: hex(text) })),
  },
);

/** The bytes of the stream, and (up to the first wrong part) the events that the parts mean. */
function render(stream: readonly Part[], contextTakeover: boolean): { bytes: Uint8Array; events: string[] | null } {
  const deflater = new MessageDeflater(zlibDeflate(deflateRawSync, 15), {
    kind: 'compressed',
    windowBits: 15,
    contextTakeover,
  });
  const chunks: Uint8Array[] = [];
  const events: string[] = [];
  let isRight = true;
  const control = (bytes: Uint8Array) => {
    chunks.push(bytes);
    events.push(`${bytes[0] === 0x89 ? 'ping' : 'pong'} ${Buffer.from(bytes.subarray(2)).toString('hex')}`);
  };
  for (const part of stream) {
    if (part.kind === 'wrong') {
      isRight = false;
      chunks.push(part.bytes);
    } else if (part.kind === 'control') control(part.bytes);
    else {
      if (part.isText && !Buffer.from(Buffer.from(part.payload).toString()).equals(part.payload)) isRight = false;
      const wire = part.compress ? deflater.compress(part.payload) : part.payload;
      const cuts = [...new Set(part.cuts.map((cut) => cut % (wire.length + 1)))].sort((a, b) => a - b);
      const edges = [0, ...cuts, wire.length];
      for (let i = 0; i + 1 < edges.length; i++) {
        const isLast = i + 2 === edges.length;
        const opcode = i > 0 ? 0 : part.isText ? 1 : 2;
        const rsv1 = i === 0 && part.compress ? 0x40 : 0;
        chunks.push(
          frame({ head: (isLast ? 0x80 : 0) | rsv1 | opcode, payload: wire.subarray(edges[i], edges[i + 1]) }),
        );
        if (!isLast) for (const between of part.between) control(between);
      }
      events.push(`${part.isText ? 'text' : 'binary'} ${Buffer.from(part.payload).toString('hex')}`);
    }
  }
  return { bytes: Buffer.concat(chunks), events: isRight ? events : null };
}

function chop(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? 1 : sizes[i % sizes.length]!;
    chunks.push(bytes.slice(at, at + size));
    at += size;
  }
  return chunks;
}

const chopSizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 300 })), {
  maxLength: 12,
});
const streamRules = (serverContextTakeover: boolean): FrameRules => ({
  maxMessageBytes: 600,
  inflation: { inflate, serverContextTakeover, serverWindowBits: 15 },
});

test('any chopping of a stream gives the same events, also through one buffer that is overwritten after each feed', () => {
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 8 }), chopSizes, fc.boolean(), (stream, sizes, contextTakeover) => {
      const { bytes, events } = render(stream, contextTakeover);
      const rules = streamRules(contextTakeover);
      const whole = read(rules, [bytes]);
      if (events !== null && stream.every((part) => part.kind !== 'data' || part.payload.length < 580))
        expect(whole).toEqual(events);
      const chunks = chop(bytes, sizes);
      expect(read(rules, chunks)).toEqual(whole);
      expect(readThroughSharedBuffer(rules, chunks)).toEqual(whole);
    }),
    { seed: 11, numRuns: repeats(600) },
  );
});

test('random bytes and mutated streams never throw, never hold more than twice what came, and end in one verdict', () => {
  const mutations = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });
  const streams = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.tuple(fc.array(parts, { maxLength: 6 }), mutations).map(([stream, changes]) => {
      const bytes = new Uint8Array(render(stream, true).bytes);
      for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
      return bytes;
    }),
  );
  fc.assert(
    fc.property(streams, chopSizes, (bytes, sizes) => {
      const rules = streamRules(true);
      const whole = read(rules, [bytes]);
      const reader = new FrameReader<string>(rules);
      const recorder = new Recorder();
      let receivedBytes = 0;
      for (const chunk of chop(bytes, sizes)) {
        reader.feed(chunk, 0, chunk.length, recorder, '');
        receivedBytes += chunk.length;
        // A carried header takes 127 bytes at most, and a dictionary grows with what was inflated.
        mustBe(
          reader.heldBytes <= 127 + 2 * receivedBytes + 32_768,
          true,
          `${reader.heldBytes} bytes held are few enough`,
        );
      }
      expect(recorder.events).toEqual(whole);
      const verdicts = whole.filter((event) => event.startsWith('violation') || event.startsWith('close'));
      expect(verdicts.length).toBeLessThanOrEqual(1);
      if (verdicts.length === 1) expect(whole.at(-1)).toBe(verdicts[0]);
    }),
    { seed: 12, numRuns: repeats(1_500) },
  );
});
