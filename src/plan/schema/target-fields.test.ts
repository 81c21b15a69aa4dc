import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { repeats } from '../../../test/support/repeats.ts';
import { expandAddresses, isIpv4, isIpv6 } from '../templates/addresses.ts';
import { base64OfText } from '../templates/base64.ts';
import { refuseCookieValue, refuseHeaderName, refuseHeaderValue, refuseSubprotocol } from '../templates/headers.ts';
import { hostName, likelyUrl, refuseUrl, splitUrl } from '../templates/url.ts';

describe('the URL that a text without one most likely means', () => {
  test.each([
    ['127.0.0.1:9100', 'ws://127.0.0.1:9100'],
    ['localhost:9100/ws', 'ws://localhost:9100/ws'],
    ['localhost', 'ws://localhost'],
    ['[::1]:9/x', 'ws://[::1]:9/x'],
    ['9100', 'ws://127.0.0.1:9100'],
    [':9100/ws', 'ws://127.0.0.1:9100/ws'],
    ['chat:8080', 'ws://chat:8080'],
    ['example.com', 'wss://example.com'],
    ['example.com:443/ws', 'wss://example.com:443/ws'],
    ['example.com:8080', 'ws://example.com:8080'],
    ['http://x/', 'ws://x/'],
    ['https://x/', 'wss://x/'],
    ['ws:127.0.0.1:9', 'ws://127.0.0.1:9'],
    ['wss:/example.com', 'wss://example.com'],
    ['plan', null],
    ['plans/chat', null],
    ['127.0.0.1:99999', null],
    ['user:secret@host', null],
    ['', null],
  ])('%j: %j', (text, url) => {
    expect(likelyUrl(text)).toBe(url);
  });
});

describe('a target’s URL', () => {
  test.each([
    'reference',
    'ws://localhost',
    'wss://chat.example.com/ws?x=1',
    'WSS://Host:8443/',
    'ws://127.0.0.1:9000/a/b',
    'ws://[::1]:80/',
    'ws://user:pass@host/',
    'ws://bücher.example/',
    'ws://my_service/ws',
    `wss://\${row.host}:\${row.port}/\${client}?t=\${row.a b}`,
  ])('may be %s', (url) => {
    expect(refuseUrl(url)).toBeNull();
  });

  test.each([
    ['', 'a URL such as', null],
    ['localhost:8080/ws', 'a URL such as', 'put ws:// in front'],
    ['chat.example.com/ws', 'a URL such as', 'put wss:// in front'],
    ['referense', 'a URL such as', 'did you mean "reference"?'],
    ['http://x/', 'ws:// or wss://', 'ws:// instead'],
    ['https://x/', 'ws:// or wss://', 'wss:// instead'],
    ['ftp://x/', 'ws:// or wss://', null],
    ['ws://', 'a host', null],
    ['ws:///path', 'a host', null],
    ['ws://.x/', 'a host', null],
    ['ws://a%41b/', 'a host', null],
    ['ws://999.1.1.1/', 'a host', null],
    ['ws://[::1/', 'a host', null],
    ['ws://x:0/', 'a port', null],
    ['ws://x:65536/', 'a port', null],
    ['ws://x:http/', 'a port', null],
    ['ws://x:/', 'a port', null],
    ['ws://x/#top', 'a fragment', '%23'],
    ['ws://x/a b', 'without spaces', null],
    ['ws://x/\r\nHost: y', 'without spaces', null],
    ['ws://x\\y/', 'without spaces', null],
    [`ws://${'x'.repeat(1e6)}/`, 'at most', null],
  ])('may not be %.40j', (url, expected, hint) => {
    const refused = refuseUrl(url);
    expect(refused?.expected).toContain(expected);
    if (hint === null) expect(refused?.hint).toBeNull();
    else expect(refused?.hint).toContain(hint);
  });

  test('that is accepted is one that the platform accepts', () => {
    const host = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV6().map((address) => `[${address}]`),
      fc.string({ maxLength: 6 }),
    );
    const rest = fc.oneof(
      fc.webPath(),
      fc.string({ maxLength: 6 }).map((text) => `/${text}`),
    );
    fc.assert(
      fc.property(fc.constantFrom('ws', 'wss'), host, rest, (scheme, name, path) => {
        const url = `${scheme}://${name}${path}`;
        return refuseUrl(url) !== null || URL.canParse(url);
      }),
      { numRuns: repeats(1000) },
    );
  });

  test('comes apart and names a plan', () => {
    expect(splitUrl('wss://u:p@h:1/p?q#f')).toEqual({
      scheme: 'wss',
      userInfo: 'u:p',
      host: 'h',
      port: '1',
      path: '/p',
      query: 'q',
      fragment: 'f',
    });
    expect(hostName('wss://u:p@chat.example.com:1/p')).toBe('chat.example.com');
    expect(hostName(`ws://node-\${client}.example.com/`)).toBe('node-client.example.com');
    expect(hostName('reference')).toBe('reference');
  });
});

describe('addresses', () => {
  test('are what the generators of fast-check make, and a range holds its ends', () => {
    fc.assert(fc.property(fc.ipV4(), isIpv4));
    fc.assert(fc.property(fc.ipV6(), isIpv6));
    expect(expandAddresses('127.0.0.254-127.0.1.1')).toEqual(['127.0.0.254', '127.0.0.255', '127.0.1.0', '127.0.1.1']);
    expect(expandAddresses('10.0.0.0-10.0.15.255')).toHaveLength(4096);
    expect(expandAddresses('::1')).toEqual(['::1']);
  });

  test.each([
    '10.0.0.0-10.0.16.0',
    '10.0.0.2-10.0.0.1',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    'host',
    '',
    '::1-::2',
    '1.2.3.4-',
  ])('%j is none', (text) => {
    expect(expandAddresses(text)).toBeNull();
  });

  test.each([
    ':::',
    '1::2::3',
    '12345::',
    ':1',
    '1:2:3:4:5:6:7:8:9',
    '::1.2.3',
    '1:2:3:4:5:6:7::8:9',
  ])('%j is no IPv6', (text) => {
    expect(isIpv6(text)).toBe(false);
  });
});

describe('handshake fields', () => {
  test.each([
    'Host',
    'Authorization',
    'X-Api_Key',
    'Origin',
    'User-Agent',
  ])('the header %s is the user’s to set', (name) => {
    expect(refuseHeaderName(name)).toBeNull();
  });

  test.each([
    ['Upgrade', 'the handshake writes it'],
    ['connection', 'the handshake writes it'],
    ['Sec-WebSocket-Key', 'the handshake writes it'],
    ['Sec-WebSocket-Protocol', 'use target.subprotocols'],
    ['sec-websocket-extensions', 'use target.compression'],
    ['Content-Length', 'a handshake has no body'],
    ['a b', null],
    ['', null],
    ['x:y', null],
    ['a\r\nb', null],
  ])('the header %j is not', (name, hint) => {
    expect(refuseHeaderName(name)).toMatchObject({ hint });
  });

  test('values hold no line breaks, no NUL and only Latin-1', () => {
    expect(refuseHeaderValue('a\tb é')).toBeNull();
    for (const bad of ['a\r\nX: y', 'a\nb', 'a\0b', '\u007f', 'ł']) expect(refuseHeaderValue(bad)).not.toBeNull();
    for (const bad of ['a;b', 'a b', 'a,b', '"a"', 'a\\b', 'a\nb']) expect(refuseCookieValue(bad)).not.toBeNull();
    expect(refuseCookieValue('a=b')).toBeNull();
    expect(refuseSubprotocol('chat.v2')).toBeNull();
    for (const bad of ['a b', '', 'a,b']) expect(refuseSubprotocol(bad)).not.toBeNull();
  });
});

test('base64 of a text is what Buffer makes of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => base64OfText(text) === Buffer.from(text).toString('base64')),
  );
  expect(base64OfText('\ud800')).toBe(Buffer.from('\ud800').toString('base64'));
});
