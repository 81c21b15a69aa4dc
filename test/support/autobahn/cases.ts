// The cases of the Autobahn|Testsuite for clients, groups 1 to 7 and 10, as a table of our own: what a server sends, in which
// pieces, and what a client must do by RFC 6455. The suite's clients send messages back; here they are to be handed on whole.
// Numbers are those of the suite's case descriptions, where its order is known; what is in a case follows from those and the RFC.

export interface AutobahnCase {
  readonly id: string;
  readonly says: string;
  /** As the server writes them, one after another; nothing more comes before the client has ended. */
  readonly chunks: readonly Uint8Array[];
  /** As `text` or `binary` and the payload in hex. */
  readonly messages: readonly string[];
  /** Payloads in hex. */
  readonly pongs: readonly string[];
  /** The code of the client's close frame, and why it closes. */
  readonly ends:
    | { readonly by: 'client'; readonly code: 1000 }
    | { readonly by: 'server'; readonly code: number }
    | { readonly by: 'violation'; readonly code: 1002 | 1007 };
}

const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const text = (words: string): Buffer => Buffer.from(words, 'utf8');
const fill = (length: number, byte: number): Buffer => Buffer.alloc(length, byte);

/** A frame as a server sends it (RFC 6455 §5.2). */
function frame(opcode: number, payload: Uint8Array | string = '', { fin = true, rsv = 0 } = {}): Buffer {
  const body = Buffer.from(payload);
  const short = body.length < 126 ? body.length : body.length < 65_536 ? 126 : 127;
  const header = Buffer.alloc(short < 126 ? 2 : short === 126 ? 4 : 10);
  header[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  header[1] = short;
  if (short === 126) header.writeUInt16BE(body.length, 2);
  if (short === 127) header.writeBigUInt64BE(BigInt(body.length), 2);
  return Buffer.concat([header, body]);
}

const part = (opcode: number, payload: Uint8Array | string = ''): Buffer => frame(opcode, payload, { fin: false });
const close = (code: number, reason: Uint8Array | string = ''): Buffer =>
  frame(CLOSE, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]));

/** All in one piece, one piece for each frame, or in pieces of `size` bytes. */
const together = (...frames: Buffer[]): Buffer[] => [Buffer.concat(frames)];
const chopped = (size: number, ...frames: Buffer[]): Buffer[] => {
  const all = Buffer.concat(frames);
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.subarray(i * size, (i + 1) * size));
};
const octets = (...frames: Buffer[]): Buffer[] => chopped(1, ...frames);

/** A message in fragments of `size` bytes. */
function fragments(opcode: number, payload: Buffer, size: number): Buffer[] {
  const count = Math.ceil(payload.length / size);
  return Array.from({ length: count }, (_, i) =>
    frame(i === 0 ? opcode : CONTINUATION, payload.subarray(i * size, (i + 1) * size), { fin: i === count - 1 }),
  );
}

interface Reaction {
  readonly messages?: readonly string[];
  readonly pongs?: readonly (Uint8Array | string)[];
  /** Null where the client closes when it has had enough. */
  readonly ends?: AutobahnCase['ends'];
}

const FAILS: AutobahnCase['ends'] = { by: 'violation', code: 1002 };
const NOT_UTF8: AutobahnCase['ends'] = { by: 'violation', code: 1007 };
const closedWith = (code: number): AutobahnCase['ends'] => ({ by: 'server', code });
const asText = (payload: Uint8Array | string): string => `text ${Buffer.from(payload).toString('hex')}`;
const asBinary = (payload: Uint8Array | string): string => `binary ${Buffer.from(payload).toString('hex')}`;

function row(id: string, says: string, chunks: readonly Buffer[], reaction: Reaction): AutobahnCase {
  const pongs = (reaction.pongs ?? []).map((payload) => Buffer.from(payload).toString('hex'));
  return {
    id,
    says,
    chunks,
    messages: reaction.messages ?? [],
    pongs,
    ends: reaction.ends ?? { by: 'client', code: 1000 },
  };
}

function framing(): AutobahnCase[] {
  const sizes = [0, 125, 126, 127, 128, 65_535, 65_536];
  return [['1.1', TEXT, 0x2a, asText] as const, ['1.2', BINARY, 0xfe, asBinary] as const].flatMap(
    ([group, opcode, byte, message]) => [
      ...sizes.map((size, i) =>
        row(`${group}.${i + 1}`, `a message of ${size} bytes`, [frame(opcode, fill(size, byte))], {
          messages: [message(fill(size, byte))],
        }),
      ),
      row(
        `${group}.8`,
        'a message of 65,536 bytes, in pieces of 997',
        chopped(997, frame(opcode, fill(65_536, byte))),
        {
          messages: [message(fill(65_536, byte))],
        },
      ),
    ],
  );
}

function pings(): AutobahnCase[] {
  const ten = Array.from({ length: 10 }, (_, i) => `payload-${i}`);
  const odd = bytesOf('00fffefdfcfb00ff');
  const long = fill(125, 0xfe);
  return [
    row('2.1', 'a ping without payload', [frame(PING)], { pongs: [''] }),
    row('2.2', 'a ping with text', [frame(PING, 'Hello, world!')], { pongs: ['Hello, world!'] }),
    row('2.3', 'a ping with bytes that are no text', [frame(PING, odd)], { pongs: [odd] }),
    row('2.4', 'a ping of 125 bytes', [frame(PING, long)], { pongs: [long] }),
    row('2.5', 'a ping of 126 bytes', [frame(PING, fill(126, 0xfe))], { ends: FAILS }),
    row('2.6', 'a ping of 125 bytes, octet by octet', octets(frame(PING, long)), { pongs: [long] }),
    row('2.7', 'a pong that nobody asked for', [frame(PONG)], {}),
    row('2.8', 'a pong with payload that nobody asked for', [frame(PONG, 'unsolicited')], {}),
    row('2.9', 'the same, then a ping', together(frame(PONG, 'unsolicited'), frame(PING, 'ping')), { pongs: ['ping'] }),
    row('2.10', 'ten pings', together(...ten.map((each) => frame(PING, each))), { pongs: ten }),
    row('2.11', 'ten pings, octet by octet', octets(...ten.map((each) => frame(PING, each))), { pongs: ten }),
  ];
}

function reservedBits(): AutobahnCase[] {
  const hello = frame(TEXT, 'Hello, world!');
  const first = [asText('Hello, world!')];
  const then = (rsv: number): Buffer[] => [hello, frame(TEXT, 'Hello, world!', { rsv }), frame(PING)];
  return [
    row('3.1', 'a text with RSV 1', [frame(TEXT, 'Hello, world!', { rsv: 1 })], { ends: FAILS }),
    row('3.2', 'a text, one with RSV 2, a ping', together(...then(2)), { messages: first, ends: FAILS }),
    row('3.3', 'the same with RSV 3, frame by frame', then(3), { messages: first, ends: FAILS }),
    row('3.4', 'the same with RSV 4, octet by octet', octets(...then(4)), { messages: first, ends: FAILS }),
    row('3.5', 'a binary message with RSV 5', [frame(BINARY, fill(8, 1), { rsv: 5 })], { ends: FAILS }),
    row('3.6', 'a ping with RSV 6', [frame(PING, 'Hello', { rsv: 6 })], { ends: FAILS }),
    row('3.7', 'a close with RSV 7', [frame(CLOSE, bytesOf('03e8'), { rsv: 7 })], { ends: FAILS }),
  ];
}

function opcodes(): AutobahnCase[] {
  const first = [asText('Hello')];
  return [
    ['4.1', 3],
    ['4.2', 11],
  ].flatMap(([group, from]) => {
    const opcode = (i: number): number => Number(from) + i;
    const then = (i: number): Buffer[] => [frame(TEXT, 'Hello'), frame(opcode(i), i % 2 === 0 ? '' : 'x'), frame(PING)];
    return [
      row(`${group}.1`, `opcode ${opcode(0)}`, [frame(opcode(0))], { ends: FAILS }),
      row(`${group}.2`, `opcode ${opcode(1)}, with payload`, [frame(opcode(1), 'payload')], { ends: FAILS }),
      row(`${group}.3`, `a text, opcode ${opcode(2)}, a ping`, together(...then(2)), { messages: first, ends: FAILS }),
      row(`${group}.4`, `the same with opcode ${opcode(3)}`, then(3), { messages: first, ends: FAILS }),
      row(`${group}.5`, `the same with opcode ${opcode(4)}, octet by octet`, octets(...then(4)), {
        messages: first,
        ends: FAILS,
      }),
    ];
  });
}

/** The same frames in one piece, frame by frame and octet by octet. */
function threeWays(from: number, says: string, frames: Buffer[], reaction: Reaction): AutobahnCase[] {
  return [
    row(`5.${from}`, says, together(...frames), reaction),
    row(`5.${from + 1}`, `${says}, frame by frame`, frames, reaction),
    row(`5.${from + 2}`, `${says}, octet by octet`, octets(...frames), reaction),
  ];
}

function fragmentation(): AutobahnCase[] {
  const two = [part(TEXT, 'fragment1'), frame(CONTINUATION, 'fragment2')];
  const whole = [asText('fragment1fragment2')];
  const pinged = [part(TEXT, 'fragment1'), frame(PING, 'ping'), frame(CONTINUATION, 'fragment2')];
  const five = [
    part(TEXT, 'fragment1'),
    part(CONTINUATION, 'fragment2'),
    frame(PING, 'first'),
    part(CONTINUATION, 'fragment3'),
    part(CONTINUATION, 'fragment4'),
    frame(PING, 'second'),
    frame(CONTINUATION, 'fragment5'),
  ];
  const fiveWhole: Reaction = {
    messages: [asText('fragment1fragment2fragment3fragment4fragment5')],
    pongs: ['first', 'second'],
  };
  const unbegun = (fin: boolean): Buffer[] => [frame(CONTINUATION, 'nothing', { fin }), frame(TEXT, 'Hello')];
  const stray = (fin: boolean): Buffer[] => {
    const once = [frame(CONTINUATION, 'a', { fin }), part(TEXT, 'b'), frame(CONTINUATION, 'c')];
    return [...once, ...once];
  };
  return [
    row('5.1', 'a ping in two fragments', [part(PING, 'a'), frame(CONTINUATION, 'b')], { ends: FAILS }),
    row('5.2', 'a pong in two fragments', [part(PONG, 'a'), frame(CONTINUATION, 'b')], { ends: FAILS }),
    ...threeWays(3, 'a text in two fragments', two, { messages: whole }),
    ...threeWays(6, 'a text in two fragments with a ping between', pinged, { messages: whole, pongs: ['ping'] }),
    ...threeWays(9, 'a last fragment of nothing, then a text', unbegun(true), { ends: FAILS }),
    ...threeWays(12, 'a fragment of nothing, then a text', unbegun(false), { ends: FAILS }),
    row('5.15', 'a text in two fragments, a fragment of nothing, a text', together(...two, ...unbegun(false)), {
      messages: whole,
      ends: FAILS,
    }),
    row('5.16', 'twice a fragment of nothing and a text in two', together(...stray(false)), { ends: FAILS }),
    row('5.17', 'twice a last fragment of nothing and a text in two', together(...stray(true)), { ends: FAILS }),
    row('5.18', 'two fragments that both begin a text', [part(TEXT, 'a'), frame(TEXT, 'b')], { ends: FAILS }),
    row('5.19', 'a text in five fragments with two pings', five, fiveWhole),
    row('5.20', 'the same, octet by octet', octets(...five), fiveWhole),
  ];
}

const GREEK = 'ceba e1bdb9 cf83 cebc ceb5';

/** Groups of sequences, each a text message of its own: after Markus Kuhn's test of decoders. */
const SEQUENCES: readonly (readonly [group: string, says: string, isText: boolean, hex: readonly string[]])[] = [
  ['6.5', 'a word', true, [...['$', '¢', '€', '𤭢'].map((sign) => text(`hello${sign}world`).toString('hex')), GREEK]],
  ['6.7', 'the first sequence of a length', true, ['00', 'c280', 'e0a080', 'f0908080']],
  ['6.8', 'the first of five or six bytes', false, ['f888808080', 'fc8480808080']],
  ['6.9', 'the last sequence of a length', true, ['7f', 'dfbf', 'efbfbf', 'f48fbfbf']],
  ['6.10', 'the last of four, five or six bytes', false, ['f7bfbfbf', 'fbbfbfbfbf', 'fdbfbfbfbfbf']],
  ['6.11', 'beside a boundary', true, ['ed9fbf', 'ee8080', 'efbfbd', 'f48fbfbf']],
  ['6.11', 'beyond the last code point', false, ['f4908080']],
  [
    '6.12',
    'tail bytes alone',
    false,
    ['80', 'bf', '80bf', '80bf80', '80bf80bf', '80bf80bf80', '80bf80bf80bf', range(0x80, 0xbf, '')],
  ],
  [
    '6.13',
    'start bytes alone',
    false,
    [range(0xc0, 0xdf), range(0xe0, 0xef), range(0xf0, 0xf7), range(0xf8, 0xfb), range(0xfc, 0xfd)],
  ],
  [
    '6.14',
    'the last tail byte is missing',
    false,
    ['c0', 'e080', 'f08080', 'f8808080', 'fc80808080', 'df', 'efbf', 'f7bfbf', 'fbbfbfbf', 'fdbfbfbfbf'],
  ],
  ['6.15', 'all of those together', false, ['c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf']],
  ['6.16', 'bytes that never occur', false, ['fe', 'ff', 'fefeffff']],
  ['6.17', 'overlong "/"', false, ['c0af', 'e080af', 'f08080af', 'f8808080af', 'fc80808080af']],
  ['6.18', 'the longest overlong', false, ['c1bf', 'e09fbf', 'f08fbfbf', 'f887bfbfbf', 'fc83bfbfbfbf']],
  ['6.19', 'overlong NUL', false, ['c080', 'e08080', 'f0808080', 'f880808080', 'fc8080808080']],
  ['6.20', 'a surrogate', false, ['eda080', 'edadbf', 'edae80', 'edafbf', 'edb080', 'edbe80', 'edbfbf']],
  [
    '6.21',
    'two surrogates',
    false,
    ['eda080', 'edadbf', 'edae80', 'edafbf'].flatMap((high) => [`${high}edb080`, `${high}edbfbf`]),
  ],
  [
    '6.22',
    'a code point that is no character',
    true,
    Array.from({ length: 17 }, (_, plane) => [0xfffe, 0xffff].map((last) => hexOf(plane * 0x10000 + last))).flat(),
  ],
  ['6.23', 'a special code point', true, Array.from({ length: 7 }, (_, i) => hexOf(0xfff9 + i))],
];

function hexOf(codePoint: number): string {
  return text(String.fromCodePoint(codePoint)).toString('hex');
}

/** Each byte from one to the other, with a space behind it. */
function range(from: number, to: number, behind = '20'): string {
  return Array.from({ length: to - from + 1 }, (_, i) => (from + i).toString(16) + behind).join('');
}

function utf8(): AutobahnCase[] {
  const words = text('Hello-µ@ßöäüàá-UTF-8!!');
  const greek = bytesOf(GREEK);
  const invalid = Buffer.concat([greek, bytesOf('eda080'), text('edited')]);
  const [late, later] = [bytesOf(`${GREEK} f4`), bytesOf('90')];
  const beyond = bytesOf('f4908080');
  const whole = (payload: Buffer): Reaction => ({ messages: [asText(payload)] });
  /** The first bytes of one frame that would go on. */
  const begun = (payload: Buffer): Buffer[] => [
    Buffer.concat([Buffer.from([0x81, payload.length + 9]), payload.subarray(0, payload.length)]),
  ];
  return [
    row('6.1.1', 'an empty text', [frame(TEXT)], whole(text(''))),
    row(
      '6.1.2',
      'an empty text in three fragments',
      [part(TEXT), part(CONTINUATION), frame(CONTINUATION)],
      whole(text('')),
    ),
    row(
      '6.1.3',
      'a text between two empty fragments',
      [part(TEXT), part(CONTINUATION, 'middle'), frame(CONTINUATION)],
      {
        messages: [asText('middle')],
      },
    ),
    row('6.2.1', 'a text', [frame(TEXT, words)], whole(words)),
    row('6.2.2', 'a text in two fragments', fragments(TEXT, words, 13), whole(words)),
    row('6.2.3', 'a text in fragments of one octet', fragments(TEXT, words, 1), whole(words)),
    row('6.2.4', 'a greek word in fragments of one octet', fragments(TEXT, greek, 1), whole(greek)),
    row('6.3.1', 'a text with a surrogate', [frame(TEXT, invalid)], { ends: NOT_UTF8 }),
    row('6.3.2', 'the same in fragments of one octet', fragments(TEXT, invalid, 1), { ends: NOT_UTF8 }),
    row('6.4.1', 'a second fragment that is wrong', [part(TEXT, greek), part(CONTINUATION, beyond)], {
      ends: NOT_UTF8,
    }),
    row('6.4.2', 'a second fragment that makes the first wrong', [part(TEXT, late), part(CONTINUATION, later)], {
      ends: NOT_UTF8,
    }),
    row('6.4.3', 'wrong bytes in a frame that goes on', [...begun(greek), beyond], { ends: NOT_UTF8 }),
    row('6.4.4', 'a byte in a frame that goes on, which makes the one before wrong', [...begun(late), later], {
      ends: NOT_UTF8,
    }),
    ...Array.from({ length: greek.length }, (_, i) => {
      const cut = greek.subarray(0, i + 1);
      const isWhole = [2, 5, 7, 9, 11].includes(i + 1);
      return row(
        `6.6.${i + 1}`,
        `${i + 1} bytes of a greek word`,
        [frame(TEXT, cut)],
        isWhole ? whole(cut) : { ends: NOT_UTF8 },
      );
    }),
    ...SEQUENCES.flatMap(([group, says, isText, sequences]) =>
      sequences.map((hex, i) =>
        row(
          `${group}.${(group === '6.11' && !isText ? 4 : 0) + i + 1}`,
          says,
          [frame(TEXT, bytesOf(hex))],
          isText ? whole(bytesOf(hex)) : { ends: NOT_UTF8 },
        ),
      ),
    ),
  ];
}

function closing(): AutobahnCase[] {
  const hello = frame(TEXT, 'Hello');
  const received: Reaction = { messages: [asText('Hello')], ends: closedWith(1000) };
  const silent: Reaction = { ends: closedWith(1000) };
  const large = fill(256 * 1024, 0x2a);
  const validCodes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
  const invalidCodes = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];
  return [
    row('7.1.1', 'a text, then a close', together(hello, close(1000)), received),
    row('7.1.2', 'two closes', together(close(1000), close(1000)), silent),
    row('7.1.3', 'a close, then a ping', together(close(1000), frame(PING)), silent),
    row('7.1.4', 'a close, then a text', together(close(1000), hello), silent),
    row(
      '7.1.5',
      'a close between two fragments',
      together(part(TEXT, 'a'), close(1000), frame(CONTINUATION, 'b')),
      silent,
    ),
    row('7.1.6', 'a large text, a close, a ping', together(frame(TEXT, large), close(1000), frame(PING)), {
      messages: [asText(large)],
      ends: closedWith(1000),
    }),
    row('7.3.1', 'a close without payload', [frame(CLOSE)], silent),
    row('7.3.2', 'a close of one byte', [frame(CLOSE, 'a')], { ends: FAILS }),
    row('7.3.3', 'a close with a code', [close(1000)], silent),
    row('7.3.4', 'a close with a code and a reason', [close(1000, 'Hello, world!')], silent),
    row('7.3.5', 'a close with the longest reason', [close(1000, fill(123, 0x2a))], silent),
    row('7.3.6', 'a close with a reason that is too long', [close(1000, fill(124, 0x2a))], { ends: FAILS }),
    row('7.5.1', 'a close with a reason that is no text', [close(1000, bytesOf(`${GREEK} eda080 656469746564`))], {
      ends: NOT_UTF8,
    }),
    ...validCodes.map((code, i) =>
      row(`7.7.${i + 1}`, `a close with ${code}`, [close(code)], { ends: closedWith(code) }),
    ),
    ...invalidCodes.map((code, i) => row(`7.9.${i + 1}`, `a close with ${code}`, [close(code)], { ends: FAILS })),
    ...[5000, 65_535].map((code, i) => row(`7.13.${i + 1}`, `a close with ${code}`, [close(code)], { ends: FAILS })),
  ];
}

function automaticFragmentation(): AutobahnCase[] {
  const large = fill(65_536, 0x2a);
  return [
    row('10.1.1', 'a text in fragments of 1,300 bytes', fragments(TEXT, large, 1300), { messages: [asText(large)] }),
  ];
}

export const AUTOBAHN_CASES: readonly AutobahnCase[] = [
  ...framing(),
  ...pings(),
  ...reservedBits(),
  ...opcodes(),
  ...fragmentation(),
  ...utf8(),
  ...closing(),
  ...automaticFragmentation(),
];
