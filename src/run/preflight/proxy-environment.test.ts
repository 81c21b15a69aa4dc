import { describe, expect, test } from 'vitest';
import type { Environment } from '../../plan/resolve/interpolate.ts';
import { unusedProxy } from './proxy-environment.ts';

const nameOf = (url: string, env: Environment): string | null => unusedProxy([url], env)?.split(' ')[0] ?? null;

describe('a proxy in the environment', () => {
  test.each<[string, string, Environment, string | null]>([
    ['of HTTP is for ws', 'ws://a.test/', { HTTP_PROXY: 'http://p:1' }, 'HTTP_PROXY'],
    ['of HTTPS is for wss', 'wss://a.test/', { HTTPS_PROXY: 'http://p:1' }, 'HTTPS_PROXY'],
    ['of HTTP is not for wss', 'wss://a.test/', { HTTP_PROXY: 'http://p:1' }, null],
    ['of HTTPS is not for ws', 'ws://a.test/', { HTTPS_PROXY: 'http://p:1' }, null],
    ['in lower case', 'ws://a.test/', { http_proxy: 'http://p:1', HTTP_PROXY: 'http://q:1' }, 'http_proxy'],
    ['for all', 'wss://a.test/', { ALL_PROXY: 'socks5://p:1' }, 'ALL_PROXY'],
    ['for all, in lower case', 'ws://a.test/', { all_proxy: 'http://p:1' }, 'all_proxy'],
    ['that is empty is none', 'ws://a.test/', { HTTP_PROXY: '', http_proxy: '' }, null],
    ['is none for the loopback', 'ws://127.0.0.1:9/', { HTTP_PROXY: 'http://p:1' }, null],
    ['is none for the loopback of IPv6', 'ws://[::1]:9/', { HTTP_PROXY: 'http://p:1' }, null],
    ['is none for localhost', 'ws://localhost/', { HTTP_PROXY: 'http://p:1' }, null],
  ])('%s', (_, url, env, name) => expect(nameOf(url, env)).toBe(name));

  test.each([
    ['*', true],
    ['a.test', true],
    ['.test', true],
    ['*.test', true],
    ['other.test, a.test', true],
    ['other.test a.test', true],
    ['a.test:8080', true],
    ['a.test:80', false],
    ['A.TEST', true],
    ['b.test', false],
    ['xa.test', false],
    ['10.0.0.0/8', false],
    ['', false],
  ])('NO_PROXY=%s', (exceptions, isExcepted) => {
    const env = { HTTP_PROXY: 'http://p:1', NO_PROXY: exceptions };
    expect(nameOf('ws://a.test:8080/', env)).toBe(isExcepted ? null : 'HTTP_PROXY');
    const lower = { HTTP_PROXY: 'http://p:1', NO_PROXY: 'else.test', no_proxy: exceptions };
    expect(nameOf('ws://a.test:8080/', lower)).toBe(isExcepted ? null : 'HTTP_PROXY');
  });

  test.each([
    ['10.1.2.3', true],
    ['10.0.0.0/8', true],
    ['10.2.0.0/16', false],
    ['10.0.0.0/99', false],
    ['2.3', false],
    ['fd00::/8', false],
  ])('NO_PROXY=%s for an address', (exceptions, isExcepted) => {
    expect(nameOf('ws://10.1.2.3/', { HTTP_PROXY: 'x', NO_PROXY: exceptions })).toBe(isExcepted ? null : 'HTTP_PROXY');
  });

  test('NO_PROXY for an address of IPv6, with its port', () => {
    const env = (exceptions: string) => ({ HTTP_PROXY: 'x', NO_PROXY: exceptions });
    expect(nameOf('ws://[fd00::5]:81/', env('fd00::/8'))).toBeNull();
    expect(nameOf('ws://[fd00::5]:81/', env('[fd00::5]:81'))).toBeNull();
    expect(nameOf('ws://[fd00::5]:81/', env('[fd00::5]:82'))).toBe('HTTP_PROXY');
  });

  test('is named without its value, which may hold a password', () => {
    const name = unusedProxy(['ws://127.0.0.1/', 'ws://a.test/'], { HTTP_PROXY: 'http://user:geheim@proxy.test:1' });
    expect(name).toBe('HTTP_PROXY');
  });

  test('is named where the host is taken from a row, which is not known here', () => {
    expect(unusedProxy([`ws://\${row.HOST}/`], { HTTP_PROXY: 'http://p:1' })).toBe('HTTP_PROXY');
  });
});
