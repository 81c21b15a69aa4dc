import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { repeats } from '../../test/support/repeats.ts';
import {
  acceptGuid,
  buildHandshakeRequest,
  type HandshakeOffer,
  HandshakeReader,
  type HandshakeRequest,
  type HandshakeResult,
  headerProblem,
  maxHeaderBytes,
  pathProblem,
} from './handshake.ts';

const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const acceptValue = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

test('RFC 6455 §1.3: the GUID gives the accept value of the example', () => {
  expect(
    createHash('sha1')
      .update(key + acceptGuid)
      .digest('base64'),
  ).toBe(acceptValue);
});

describe('RFC 6455 §4.1, the request', () => {
  const request: HandshakeRequest = {
    hostHeader: 'example.com:8080',
    path: '/chat?room=1',
    key,
    headers: {},
    subprotocols: [],
    deflate: null,
  };

  test('it has the fields that the section lists', () => {
    expect(buildHandshakeRequest(request)).toBe(
      [
        'GET /chat?room=1 HTTP/1.1',
        'Upgrade: websocket',
        'Connection: Upgrade',
        `Sec-WebSocket-Key: ${key}`,
        'Sec-WebSocket-Version: 13',
        'Host: example.com:8080',
        'User-Agent: highwater',
        '',
        '',
      ].join('\r\n'),
    );
  });

  test('subprotocols and compression are offered', () => {
    const text = buildHandshakeRequest({
      ...request,
      subprotocols: ['chat', 'superchat'],
      deflate: { clientContextTakeover: true, serverContextTakeover: true },
    });
    expect(text).toContain('\r\nSec-WebSocket-Protocol: chat, superchat\r\n');
    expect(text).toContain('\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n');
  });

  test('headers of the user replace Host, Origin and User-Agent in any case of characters', () => {
    const text = buildHandshakeRequest({
      ...request,
      headers: { host: 'other', 'USER-AGENT': 'mine', Origin: 'https://a.example', Authorization: 'Bearer x' },
    });
    expect(text).toContain(
      '\r\nhost: other\r\nUSER-AGENT: mine\r\nOrigin: https://a.example\r\nAuthorization: Bearer x\r\n\r\n',
    );
    expect(text).not.toContain('example.com');
    expect(text).not.toContain('highwater');
  });

  test.each([
    ['Upgrade', 'h2c'],
    ['connection', 'close'],
    ['Sec-WebSocket-Key', 'x'],
    ['sec-websocket-anything', 'x'],
    ['Content-Length', '5'],
    ['X y', 'a space in the name'],
    ['', 'no name'],
    ['X', 'a\r\nY: b'],
    ['X', 'nul\0'],
    ['X', 'beyond Latin-1 €'],
  ])('the header %j with value %j is refused', (name, value) => {
    expect(headerProblem(name, value)).not.toBeNull();
    expect(() => buildHandshakeRequest({ ...request, headers: { [name]: value } })).toThrow(RangeError);
  });

  test.each(['', 'chat', '/a b', '/a\r\nX: y', '/ä', '/a#b'])('the path %j is refused', (path) => {
    expect(pathProblem(path)).not.toBeNull();
    expect(() => buildHandshakeRequest({ ...request, path })).toThrow(RangeError);
  });
});

const offer: HandshakeOffer = { acceptValue, subprotocols: [], deflate: null };
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const response = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;
const switching = (...more: string[]) =>
  response(
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptValue}`,
    ...more,
  );

function readWhole(text: string, against: HandshakeOffer = offer, end = false): HandshakeResult {
  const reader = new HandshakeReader(against);
  const bytes = bytesOf(text);
  const result = reader.feed(bytes, 0, bytes.length);
  return end ? reader.end() : result;
}

const accepted = (text: string) => ({
  kind: 'accepted',
  subprotocol: null,
  deflate: null,
  consumedBytes: text.length,
});

describe('RFC 6455 §4.1, an answer that is accepted', () => {
  test.each([
    ['the plain one', switching()],
    [
      'any case of characters in names and in the tokens',
      switching()
        .replace('Upgrade: websocket', 'UPGRADE: WebSocket')
        .replace('Connection: Upgrade', 'connection: upgrade'),
    ],
    ['more options in Connection', switching().replace('Connection: Upgrade', 'Connection: keep-alive, Upgrade')],
    [
      'Connection repeated',
      switching('Connection: x-more').replace('Connection: Upgrade', 'Connection: keep-alive\r\nConnection: Upgrade'),
    ],
    ['white space around values', switching().replace('websocket', ' \twebsocket \t')],
    ['RFC 9112 §2.2: bare LF as line ends', switching().replaceAll('\r\n', '\n')],
    ['RFC 9112 §4: no reason phrase', switching().replace(' Switching Protocols', ' ')],
    ['RFC 9112 §4: not even the space before it', switching().replace(' Switching Protocols', '')],
    ['unknown and empty headers', switching('Server: x', 'X-Empty:', 'Set-Cookie: a=b', 'Set-Cookie: c=d')],
    [
      'RFC 9110 §15.2: after interim responses',
      `${response('HTTP/1.1 103 Early Hints', 'Link: </a>')}${response('HTTP/1.1 100 Continue')}${switching()}`,
    ],
  ])('%s', (_, text) => {
    expect(readWhole(text)).toEqual(accepted(text));
    expect(readWhole(`${text}\x82\x00`)).toEqual(accepted(text));
  });

  test('a subprotocol that was offered', () => {
    const result = readWhole(switching('Sec-WebSocket-Protocol: b'), { ...offer, subprotocols: ['a', 'b'] });
    expect(result).toMatchObject({ kind: 'accepted', subprotocol: 'b' });
  });

  test('none of the subprotocols offered', () => {
    expect(readWhole(switching(), { ...offer, subprotocols: ['a'] })).toMatchObject({
      kind: 'accepted',
      subprotocol: null,
    });
  });

  test('compression that was offered', () => {
    const result = readWhole(switching('Sec-WebSocket-Extensions: permessage-deflate'), {
      ...offer,
      deflate: { clientContextTakeover: true, serverContextTakeover: true },
    });
    expect(result).toMatchObject({ kind: 'accepted', deflate: { serverContextTakeover: true, serverWindowBits: 15 } });
  });

  test('bytes behind it in the same chunk are left for the frames, however the head was cut', () => {
    const text = switching();
    const bytes = bytesOf(`${text}\x82\x01\xaa`);
    for (let cut = 1; cut < text.length; cut++) {
      const reader = new HandshakeReader(offer);
      expect(reader.feed(bytes, 0, cut).kind).toBe('incomplete');
      expect(reader.feed(bytes, cut, bytes.length)).toEqual({ ...accepted(text), consumedBytes: text.length - cut });
    }
  });
});

describe('an answer that is broken', () => {
  test.each([
    ['§4.1: no Upgrade', switching().replace('Upgrade: websocket\r\n', ''), 'RFC 6455 §4.1'],
    ['§4.1: another Upgrade', switching().replace('websocket', 'h2c'), 'RFC 6455 §4.1'],
    ['§4.1: no Connection', switching().replace('Connection: Upgrade\r\n', ''), 'RFC 6455 §4.1'],
    [
      '§4.1: Connection without Upgrade',
      switching().replace('Connection: Upgrade', 'Connection: keep-alive'),
      'RFC 6455 §4.1',
    ],
    ['§4.1: no Sec-WebSocket-Accept', switching().replace('Sec-WebSocket-Accept', 'X'), 'RFC 6455 §4.1'],
    [
      '§4.1: a wrong Sec-WebSocket-Accept',
      switching().replace(acceptValue, acceptValue.toLowerCase()),
      'RFC 6455 §4.1',
    ],
    ['§11.3.3: two of them, though equal', switching(`Sec-WebSocket-Accept: ${acceptValue}`), 'RFC 6455 §11.3.3'],
    ['§4.1: an answer of HTTP/1.0', switching().replace('HTTP/1.1', 'HTTP/1.0'), 'RFC 6455 §4.1'],
    ['§4.2.2: a subprotocol without a name', switching('Sec-WebSocket-Protocol:'), 'RFC 6455 §4.2.2'],
    ['RFC 8446 §5.1: an alert of TLS', '\x15\x03\x01\x00\x02\x02\x46', 'RFC 8446 §5.1'],
    ['RFC 8446 §5.1: a handshake of TLS', '\x16\x03\x03', 'RFC 8446 §5.1'],
    ['§4.1: a subprotocol without an offer', switching('Sec-WebSocket-Protocol: a'), 'RFC 6455 §4.1'],
    ['§4.1: an extension without an offer', switching('Sec-WebSocket-Extensions: permessage-deflate'), 'RFC 6455 §4.1'],
    ['RFC 9112 §4: not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'RFC 9112 §4'],
    ['RFC 9112 §4: HTTP/2', 'HTTP/2 101\r\n\r\n', 'RFC 9112 §4'],
    ['RFC 9112 §4: a status of two digits', 'HTTP/1.1 10 x\r\n\r\n', 'RFC 9112 §4'],
    ['RFC 9112 §4: a status of zeroes', 'HTTP/1.1 000 x\r\n\r\n', 'RFC 9112 §4'],
    ['RFC 9112 §5.2: a folded header', switching('X: a', ' b'), 'RFC 9112 §5.2'],
    ['RFC 9112 §5.1: a space before the colon', switching('X : a'), 'RFC 9112 §5.1'],
    ['RFC 9112 §5.1: a line without a colon', switching('nonsense'), 'RFC 9112 §5.1'],
    ['RFC 9112 §2.2: a bare CR', switching('X: a\rY: b'), 'RFC 9112 §2.2'],
    ['RFC 9110 §5.5: a NUL', switching('X: a\0'), 'RFC 9112 §2.2'],
  ])('%s', (_, text, rule) => {
    const result = readWhole(text);
    expect(result.kind).toBe('broken');
    expect(result.kind === 'broken' && result.rule.startsWith(`${rule}:`)).toBe(true);
  });

  test('§4.1: two subprotocols, or one that was not offered', () => {
    const against = { ...offer, subprotocols: ['a', 'b'] };
    for (const lines of [
      ['Sec-WebSocket-Protocol: a, b'],
      ['Sec-WebSocket-Protocol: a', 'Sec-WebSocket-Protocol: b'],
      ['Sec-WebSocket-Protocol: A'],
    ])
      expect(readWhole(switching(...lines), against).kind).toBe('broken');
  });

  test('the connection ends before the head is complete, or before anything came', () => {
    expect(readWhole('HTTP/1.1 101 Swit', offer, true)).toMatchObject({
      kind: 'broken',
      rule: expect.stringContaining('RFC 9112 §8'),
    });
    expect(new HandshakeReader(offer).end().kind).toBe('broken');
  });

  test('64 KiB of headers just fit; beyond that the failure says whose limit it is, and what was answered', () => {
    const room = maxHeaderBytes - switching('X: ').length;
    expect(readWhole(switching(`X: ${'a'.repeat(room)}`)).kind).toBe('accepted');
    expect(readWhole(switching(`X: ${'a'.repeat(room + 1)}`))).toEqual({
      kind: 'broken',
      rule: `the head of the answer is longer than 65536 bytes, the limit of Highwater; it begins with "HTTP/1.1 101 Switching Protocols"`,
    });
    const forbidden = (bytes: number): HandshakeResult =>
      readWhole(response('HTTP/1.1 403 Forbidden', `X: ${'a'.repeat(bytes)}`, 'Content-Length: 0'));
    expect(forbidden(60_000)).toMatchObject({ kind: 'rejected', status: 403 });
    expect(forbidden(70_000)).toMatchObject({
      kind: 'broken',
      rule: expect.stringContaining('"HTTP/1.1 403 Forbidden"'),
    });
    const interim = response('HTTP/1.1 100 Continue').repeat(3_000);
    expect(readWhole(interim)).toMatchObject({
      kind: 'broken',
      rule: expect.stringContaining('the limit of Highwater'),
    });
  });

  test('it says what came in place of what is wanted', () => {
    const rules = [
      switching().replace('websocket', 'h2c, websocket'),
      switching().replace('Connection: Upgrade', 'Connection: keep-alive'),
      switching().replace('Upgrade: websocket\r\n', ''),
      switching().replace(acceptValue, 'x'),
      switching(`Sec-WebSocket-Accept: ${acceptValue}`),
      switching('Sec-WebSocket-Protocol: chat.v2'),
    ].map((text) => {
      const result = readWhole(text);
      return result.kind === 'broken' ? result.rule : result.kind;
    });
    expect(rules).toEqual([
      expect.stringMatching(/no other protocol, got "h2c, websocket"$/),
      expect.stringMatching(/got "keep-alive"$/),
      expect.stringMatching(/no other protocol, got none$/),
      expect.stringMatching(/got "x"$/),
      expect.stringContaining(`got "${acceptValue}, ${acceptValue}"`),
      expect.stringMatching(/it chose chat\.v2$/),
    ]);
  });

  test('RFC 9110 §5.3: a list on two lines is one, so "websocket" may be said twice', () => {
    expect(readWhole(switching('Upgrade: WebSocket', 'Connection: keep-alive')).kind).toBe('accepted');
  });
});

describe('an answer that rejects', () => {
  const rejected = (body: string, complete: boolean) => ({
    kind: 'rejected',
    status: 503,
    reasonPhrase: 'Service Unavailable',
    headers: { location: null, retryAfter: null, wwwAuthenticate: null },
    body,
    complete,
  });
  const unavailable = (lines: string[], body: string) => response('HTTP/1.1 503 Service Unavailable', ...lines) + body;

  test.each([
    [
      'RFC 9112 §6.3: a body by Content-Length',
      unavailable(['Content-Length: 4'], 'full and more'),
      rejected('full', true),
    ],
    ['not all of it yet', unavailable(['Content-Length: 14'], 'full'), rejected('full', false)],
    ['no body', unavailable(['Content-Length: 0'], ''), rejected('', true)],
    ['equal lengths twice', unavailable(['Content-Length: 4', 'Content-Length: 4'], 'full'), rejected('full', true)],
    [
      'a length that is no number goes on until the end',
      unavailable(['Content-Length: x'], 'full'),
      rejected('full', false),
    ],
    ['a body until the connection ends', unavailable([], 'full'), rejected('full', false)],
    [
      'RFC 9112 §7.1: a chunked body',
      unavailable(['Transfer-Encoding: chunked'], '3;a=b\r\nful\r\n1\r\nl\r\n0\r\n\r\n'),
      rejected('full', true),
    ],
    [
      'a chunked body, not all of it yet',
      unavailable(['Transfer-Encoding: chunked'], '3\r\nful\r\n2'),
      rejected('ful', false),
    ],
    ['a chunk that is cut', unavailable(['Transfer-Encoding: chunked'], 'a\r\nful'), rejected('ful', false)],
    [
      'a chunk size that is none ends the body',
      unavailable(['Transfer-Encoding: chunked'], '3\r\nful\r\nzz\r\n'),
      rejected('ful', true),
    ],
    ['more than the excerpt', unavailable([], 'x'.repeat(900)), rejected('x'.repeat(200), true)],
    [
      'more than the excerpt, chunked',
      unavailable(['Transfer-Encoding: chunked'], `fff\r\n${'x'.repeat(900)}`),
      rejected('x'.repeat(200), true),
    ],
  ])('%s', (_, text, result) => {
    expect(readWhole(text)).toEqual(result);
    expect(readWhole(text, offer, true)).toEqual({ ...result, complete: true });
  });

  test('RFC 9110 §15.3.5: a 204 has no body', () => {
    expect(readWhole(response('HTTP/1.1 204 No Content'))).toMatchObject({
      kind: 'rejected',
      status: 204,
      complete: true,
    });
  });

  test('it says where to go, when to come again and how to log in', () => {
    const text = response(
      'HTTP/1.1 302 Found',
      'Location: /new',
      'Retry-After: 5',
      'WWW-Authenticate: Basic',
      'WWW-Authenticate: Bearer',
      'Content-Length: 0',
    );
    expect(readWhole(text)).toMatchObject({
      status: 302,
      headers: { location: '/new', retryAfter: '5', wwwAuthenticate: 'Basic, Bearer' },
    });
  });

  test('a body in UTF-8 is cut after 200 characters, not bytes', () => {
    const reader = new HandshakeReader(offer);
    const bytes = new Uint8Array(Buffer.from(response('HTTP/1.1 500 x') + '😀'.repeat(300)));
    expect(reader.feed(bytes, 0, bytes.length)).toMatchObject({ body: '😀'.repeat(200), complete: true });
  });

  test('a final result stays', () => {
    const reader = new HandshakeReader(offer);
    const bytes = bytesOf(unavailable(['Content-Length: 4'], 'full'));
    const result = reader.feed(bytes, 0, bytes.length);
    expect(reader.feed(bytes, 0, bytes.length)).toBe(result);
    expect(reader.end()).toBe(result);
  });
});

const samples: readonly string[] = [
  switching('X: y'),
  response('HTTP/1.1 103 Early Hints') + switching(),
  switching().replaceAll('\r\n', '\n'),
  switching('X : y'),
  `${response('HTTP/1.1 503 No', 'Transfer-Encoding: chunked')}3\r\nful\r\n1;x\r\nl\r\n0\r\n\r\n`,
  `${response('HTTP/1.1 401 Unauthorized', 'Content-Length: 8')}w\xc3\xa4hl\xff..`,
  `${response('HTTP/1.0 200 OK')}<html>`,
  'HTTP/1.1 101 x\r\nupgrade: websocket\r\n\r\n',
];

/** Feeds through one buffer that is overwritten after each call, and says where in the stream the frames would begin. */
function readChopped(bytes: Uint8Array, sizes: readonly number[]): HandshakeResult {
  const reader = new HandshakeReader(offer);
  const shared = new Uint8Array(bytes.length + 8);
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = Math.min(bytes.length - at, sizes.length === 0 ? 1 : sizes[i % sizes.length]!);
    shared.set(bytes.subarray(at, at + size), i % 5);
    const result = reader.feed(shared, i % 5, (i % 5) + size);
    shared.fill(0x0a);
    if (result.kind === 'accepted') return { ...result, consumedBytes: at + result.consumedBytes };
    at += size;
  }
  return reader.end();
}

test('any chopping of an answer gives the same result, and no bytes make it throw', () => {
  const mutations = fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 10, 13, 32, 48, 58, 97, 255)), { maxLength: 3 });
  const streams = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.tuple(fc.constantFrom(...samples), mutations).map(([sample, changes]) => {
      const bytes = bytesOf(sample);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      return bytes;
    }),
  );
  fc.assert(
    fc.property(streams, fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 6 }), (bytes, sizes) => {
      expect(readChopped(bytes, sizes)).toEqual(readChopped(bytes, [bytes.length]));
    }),
    { seed: 13, numRuns: repeats(1_500) },
  );
});
