import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { repeats } from '../../../test/support/repeats.ts';
import {
  carriesTimes,
  createEchoCodec,
  DUE_NS,
  type EchoCodec,
  EchoReading,
  maxInFlight,
  NUMBERED_BYTES,
  numberedIsIntact,
  readEcho,
  SENT_NS,
  SEQUENCE,
  STAMPED_BYTES,
  writeEcho,
} from './echo.ts';

const RUN = 0xdead_beef;
const FORMATS = ['binary', 'text'] as const;
type Format = (typeof FORMATS)[number];
const codecs: Readonly<Record<Format, EchoCodec>> = {
  binary: createEchoCodec('binary', RUN),
  text: createEchoCodec('text', RUN),
};

interface Message {
  readonly type: number;
  readonly stream: number;
  readonly sequence: number;
  readonly dueNs: number;
  readonly sentNs: number;
}

const messages: fc.Arbitrary<Message> = fc.record({
  type: fc.integer({ min: 0, max: 254 }),
  stream: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  sequence: fc.oneof(fc.nat(1000), fc.maxSafeNat()),
  dueNs: fc.double({ min: 0, max: 2 ** 53, noNaN: true }),
  sentNs: fc.double({ min: 0, max: 2 ** 53, noNaN: true }),
});
const sizes = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constantFrom(1000, 4096, 65_535, 65_537));
const formats = fc.constantFrom(...FORMATS);

/** The payload as it travels, with something else before and behind it that must stay as it is. */
function write(codec: EchoCodec, bytes: number, message: Message, mask = 0): Uint8Array {
  const at = 3;
  const out = new Uint8Array(at + bytes + 5).fill(0xaa);
  const { type, stream, sequence, dueNs, sentNs } = message;
  writeEcho(codec, out, new DataView(out.buffer), at, bytes, type, stream, sequence, dueNs, sentNs, mask);
  const outside = Buffer.concat([out.subarray(0, at), out.subarray(at + bytes)]);
  expect(outside.toString('hex')).toBe('aa'.repeat(8));
  return out.slice(at, at + bytes);
}

/** Reads it out of the middle of a larger buffer, as it lies in a read event. */
function read(codec: EchoCodec, payload: Uint8Array): EchoReading {
  const around = new Uint8Array(payload.length + 11).fill(0x55);
  around.set(payload, 7);
  return readEcho(codec, around, new DataView(around.buffer), 7, 7 + payload.length);
}

function isIntact(
  codec: EchoCodec,
  payload: Uint8Array,
  { stream, sequence }: Pick<Message, 'stream' | 'sequence'>,
): boolean {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  return numberedIsIntact(codec, payload, view, 0, payload.length, stream, sequence);
}

const fieldsOf = ({ fields, numbers }: EchoCodec): Message => ({
  type: fields.type,
  stream: fields.stream,
  sequence: numbers[SEQUENCE]!,
  dueNs: numbers[DUE_NS]!,
  sentNs: numbers[SENT_NS]!,
});

const EXAMPLE: Message = { type: 3, stream: 812, sequence: 4411, dueNs: 31_204e6, sentNs: 31_204.5e6 };

describe('what is written is read back', () => {
  test('every size from 1 to 200 bytes and some large ones, binary and text', () => {
    fc.assert(
      fc.property(formats, sizes, messages, (format, bytes, message) => {
        const codec = codecs[format];
        const payload = write(codec, bytes, message);
        const reading = read(codec, payload);
        if (carriesTimes(codec, bytes)) {
          expect(reading).toBe(EchoReading.stamped);
          expect(codec.fields.sequenceBits).toBe(53);
          expect(fieldsOf(codec)).toEqual(message);
        } else {
          expect(reading).toBe(EchoReading.numbered);
          const { sequenceBits } = codec.fields;
          expect(sequenceBits).toBe(Math.min(9, bytes * (format === 'text' ? 6 : 8)));
          expect(codec.numbers[SEQUENCE]).toBe(message.sequence % 2 ** sequenceBits);
          expect(isIntact(codec, payload, message)).toBe(true);
        }
      }),
      { numRuns: repeats(600) },
    );
  });

  test('a masked payload is the plain one XOR-ed with the mask, four bytes at a time', () => {
    fc.assert(
      fc.property(formats, sizes, messages, fc.integer(), (format, bytes, message, mask) => {
        const codec = codecs[format];
        const masked = write(codec, bytes, message, mask);
        const unmasked = masked.map((byte, i) => byte ^ ((mask >>> (8 * (i & 3))) & 0xff));
        expect(Buffer.compare(unmasked, write(codec, bytes, message))).toBe(0);
      }),
      { numRuns: repeats(300) },
    );
  });

  test('from 44 bytes on a message carries its times, as text from 88, and from 8 or 16 a check', () => {
    expect(carriesTimes(codecs.binary, STAMPED_BYTES - 1)).toBe(false);
    expect(carriesTimes(codecs.binary, STAMPED_BYTES)).toBe(true);
    expect(carriesTimes(codecs.text, 2 * STAMPED_BYTES - 1)).toBe(false);
    expect(carriesTimes(codecs.text, 2 * STAMPED_BYTES)).toBe(true);
    expect(NUMBERED_BYTES).toBe(8);
  });

  test('text is printable ASCII, whatever it says', () => {
    fc.assert(
      fc.property(sizes, messages, (bytes, message) => {
        const payload = write(codecs.text, bytes, message);
        expect(payload.every((byte) => byte >= 0x20 && byte < 0x7f)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('two messages of a run have different content, also of one stream', () => {
    const contents = new Set<string>();
    for (let sequence = 0; sequence < 500; sequence++) {
      const payload = write(codecs.binary, 200, { ...EXAMPLE, sequence });
      contents.add(Buffer.from(payload.subarray(STAMPED_BYTES)).toString('hex'));
    }
    // The filler starts at one of 2^14 places, so a few of 500 may share theirs.
    expect(contents.size).toBeGreaterThan(480);
  });
});

describe('damage to a stamped message is never accepted', () => {
  /** Intact only where the fields are the ones that were sent. */
  function expectNotAccepted(codec: EchoCodec, payload: Uint8Array, allowed: readonly EchoReading[]): void {
    expect(allowed).toContain(read(codec, payload));
  }

  test.each([
    ['binary', 44],
    ['binary', 47],
    ['binary', 100],
    ['text', 88],
    ['text', 101],
  ] as const)('every single flipped bit of a %s message of %i bytes', (format, bytes) => {
    const codec = codecs[format];
    const intact = write(codec, bytes, EXAMPLE);
    for (let bit = 0; bit < 8 * bytes; bit++) {
      const damaged = Uint8Array.from(intact);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      // The type's eight bits are in the sum and stand in the marks as well.
      expectNotAccepted(codec, damaged, [EchoReading.broken]);
    }
    expect(read(codec, intact)).toBe(EchoReading.stamped);
  });

  test('any burst of up to four bytes', () => {
    fc.assert(
      fc.property(
        formats,
        fc.integer({ min: 88, max: 150 }),
        messages,
        fc.nat(149),
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        (format, bytes, message, at, burst) => {
          const codec = codecs[format];
          const damaged = write(codec, bytes, message);
          const before = Uint8Array.from(damaged);
          for (let i = 0; i < 4 && at + i < bytes; i++) damaged[at + i]! ^= (burst >>> (8 * i)) & 0xff;
          fc.pre(Buffer.compare(before, damaged) !== 0);
          const reading = read(codec, damaged);
          // One in 2^32 of random damage passes a CRC; a burst no longer than it never does.
          expect(reading).toBe(EchoReading.broken);
        },
      ),
      { numRuns: repeats(500) },
    );
  });

  test.each(FORMATS)('a %s message that is cut short or has grown', (format) => {
    const codec = codecs[format];
    const intact = write(codec, 300, EXAMPLE);
    for (let bytes = codec.stampedBytes; bytes < 300; bytes++) {
      expectNotAccepted(codec, intact.subarray(0, bytes), [EchoReading.broken]);
    }
    for (let bytes = 1; bytes < codec.stampedBytes; bytes++) {
      const cut = intact.subarray(0, bytes);
      expect(read(codec, cut)).not.toBe(EchoReading.stamped);
      // With a check, not even as a short message; the shortest have no room for one.
      if (bytes >= codec.numberedBytes) expect(isIntact(codec, cut, EXAMPLE)).toBe(false);
    }
    for (const more of [1, 2, 3, 4, 100]) {
      expectNotAccepted(codec, Uint8Array.of(...intact, ...new Uint8Array(more)), [EchoReading.broken]);
    }
  });

  test('a splice of two messages, at every place', () => {
    const one = write(codecs.binary, 120, EXAMPLE);
    const other = write(codecs.binary, 120, { ...EXAMPLE, sequence: 4412, dueNs: 1e9, sentNs: 2e9 });
    for (let at = 1; at < 120; at++) {
      const spliced = Uint8Array.of(...one.subarray(0, at), ...other.subarray(at));
      if (Buffer.compare(spliced, one) === 0 || Buffer.compare(spliced, other) === 0) continue;
      expectNotAccepted(codecs.binary, spliced, [EchoReading.broken]);
    }
  });

  test('all zeros, all ones, and noise', () => {
    for (const format of FORMATS) {
      for (const byte of [0, 0xff, 0x30])
        expect(read(codecs[format], new Uint8Array(200).fill(byte))).toBe(EchoReading.broken);
    }
    fc.assert(
      fc.property(formats, fc.uint8Array({ minLength: 88, maxLength: 200 }), (format, noise) => {
        expect(read(codecs[format], noise)).toBe(EchoReading.broken);
      }),
    );
  });
});

describe('whose message it is', () => {
  test('a whole one of another run is stale, however close its nonce', () => {
    fc.assert(
      fc.property(formats, fc.integer({ min: 88, max: 200 }), messages, fc.nat(31), (format, bytes, message, bit) => {
        const other = createEchoCodec(format, RUN ^ (1 << bit));
        expect(read(codecs[format], write(other, bytes, message))).toBe(EchoReading.stale);
      }),
      { numRuns: 100 },
    );
  });

  test('one of another stream can be read, and says which', () => {
    for (const format of FORMATS) {
      expect(read(codecs[format], write(codecs[format], 100, { ...EXAMPLE, stream: 813 }))).toBe(EchoReading.stamped);
      expect(codecs[format].fields.stream).toBe(813);
    }
  });
});

describe('short messages', () => {
  test('with a check: the wrong stream, number, run, size or content is no intact message', () => {
    fc.assert(
      fc.property(formats, fc.integer({ min: 16, max: 43 }), messages, (format, bytes, message) => {
        const codec = codecs[format];
        const payload = write(codec, bytes, message);
        expect(isIntact(codec, payload, message)).toBe(true);
        expect(isIntact(codec, payload, { ...message, stream: message.stream ^ 1 })).toBe(false);
        expect(isIntact(codec, payload, { ...message, sequence: message.sequence + 512 })).toBe(false);
        expect(isIntact(codec, payload, { ...message, sequence: message.sequence + 2 ** 32 })).toBe(false);
        expect(isIntact(createEchoCodec(format, RUN + 1), payload, message)).toBe(false);
        expect(isIntact(codec, payload.subarray(0, bytes - 1), message)).toBe(false);
        expect(isIntact(codec, Uint8Array.of(...payload, 0x30), message)).toBe(false);
        for (let bit = 0; bit < 8 * bytes; bit++) {
          const damaged = Uint8Array.from(payload);
          damaged[bit >> 3]! ^= 1 << (bit & 7);
          expect(isIntact(codec, damaged, message)).toBe(false);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('without room for a check, the number itself is what is compared', () => {
    for (const [format, most] of [
      ['binary', 7],
      ['text', 15],
    ] as const) {
      for (let bytes = 1; bytes <= most; bytes++) {
        const payload = write(codecs[format], bytes, EXAMPLE);
        expect(isIntact(codecs[format], payload, EXAMPLE)).toBe(true);
        expect(isIntact(codecs[format], payload, { ...EXAMPLE, sequence: 4412 })).toBe(false);
      }
    }
  });

  test('text that is no number is broken', () => {
    expect(read(codecs.text, Buffer.from('!'))).toBe(EchoReading.broken);
    expect(read(codecs.text, Buffer.from('zzzz'))).toBe(EchoReading.broken);
    expect(read(codecs.text, Buffer.from('no hex digits here'))).toBe(EchoReading.broken);
  });

  test('how many may be in flight: half of what their bits tell apart, at most 256; any number of stamped ones', () => {
    const most = (format: Format, bytes: number): number => maxInFlight(codecs[format], bytes);
    expect([1, 2, 7, 8, 43].map((bytes) => most('binary', bytes))).toEqual([128, 256, 256, 256, 256]);
    expect([1, 2, 15, 16, 87].map((bytes) => most('text', bytes))).toEqual([32, 256, 256, 256, 256]);
    expect(most('binary', 44)).toBe(Number.POSITIVE_INFINITY);
    expect(most('text', 88)).toBe(Number.POSITIVE_INFINITY);
  });
});
