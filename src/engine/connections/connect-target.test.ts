import { describe, expect, test } from 'vitest';
import { makePlan } from '../../../test/support/engine/plans.ts';
import type { Target } from '../../plan/plan.ts';
import type { Rows } from '../../protocols/json/values.ts';
import { createConnectTargets } from './connect-target.ts';

const connectTarget = (target: Partial<Target>, client = 0, rows: Rows = [], addressIndex = 0) =>
  createConnectTargets(makePlan({ target }), rows, { 'service.test': ['10.0.0.1', '10.0.0.2'] })(client, addressIndex);

describe('where a client connects', () => {
  test('address, port and path of the URL', () => {
    expect(connectTarget({ urls: ['ws://service.test/ws?x=1'] })).toMatchObject({
      endpoint: { address: '10.0.0.1', port: 80, secure: false, localAddress: null },
      addressCount: 2,
      hostHeader: 'service.test',
      path: '/ws?x=1',
    });
    expect(connectTarget({ urls: ['wss://service.test:8443'] })).toMatchObject({
      endpoint: { port: 8443, secure: true, serverName: 'service.test' },
      hostHeader: 'service.test:8443',
      path: '/',
    });
    expect(connectTarget({ urls: ['wss://service.test'] }).endpoint.port).toBe(443);
  });

  test('the addresses of a name in turn, and round again', () => {
    const addresses = [0, 1, 2, 3].map(
      (index) => connectTarget({ urls: ['ws://service.test'] }, 0, [], index).endpoint.address,
    );
    expect(addresses).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.1', '10.0.0.2']);
  });

  test('an IP address stands for itself, IPv6 without its brackets', () => {
    expect(connectTarget({ urls: ['ws://127.0.0.1:9000'] }).endpoint.address).toBe('127.0.0.1');
    expect(connectTarget({ urls: ['ws://[::1]:9000'] })).toMatchObject({
      endpoint: { address: '::1' },
      hostHeader: '[::1]:9000',
    });
  });

  test('URLs and source addresses are shared out client by client', () => {
    const target = {
      urls: ['ws://10.0.0.1/a', 'ws://10.0.0.1/b'],
      sourceAddresses: ['127.0.0.2', '127.0.0.3', '127.0.0.4'],
    } as const;
    const connectTargets = Array.from({ length: 12 }, (_, client) => connectTarget(target, client));
    expect(connectTargets.slice(0, 4).map(({ path }) => path)).toEqual(['/a', '/b', '/a', '/b']);
    // Each URL's clients take every source equally often, whatever the two numbers have in common.
    const pairs = new Map<string, number>();
    for (const { path, endpoint } of connectTargets) {
      const pair = `${path} ${endpoint.localAddress}`;
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    expect([...pairs.values()]).toEqual([2, 2, 2, 2, 2, 2]);
  });

  test('client and row go into URL and headers', () => {
    const target = {
      urls: [`ws://10.0.0.1/\${row.ROOM}/\${client}`],
      headers: { Authorization: `Bearer \${row.TOKEN}` },
    } as const;
    const rows = [
      { ROOM: 'a', TOKEN: 'x' },
      { ROOM: 'b', TOKEN: 'y' },
    ];
    expect(connectTarget(target, 3, rows)).toMatchObject({ path: '/b/3', headers: { Authorization: 'Bearer y' } });
  });

  test('a user and password in the URL are sent as Basic credentials (RFC 7617), unless the plan has its own', () => {
    const urls = ['ws://j%C3%BCrg:p%40ss@10.0.0.1/'] as const;
    const basic = `Basic ${Buffer.from('jürg:p@ss', 'utf8').toString('base64')}`;
    expect(connectTarget({ urls })).toMatchObject({ hostHeader: '10.0.0.1', headers: { Authorization: basic } });
    expect(connectTarget({ urls, headers: { authorization: 'Bearer z' } }).headers).toEqual({
      authorization: 'Bearer z',
    });
  });

  test('a value of a row stays one value: in the path, the query and the credentials', () => {
    const urls = [`ws://\${row.user}:\${row.password}@10.0.0.1/ws/\${row.room}?r=\${row.room}&v=2`] as const;
    const rows = [
      { user: 'bob', password: 'p@ss#1', room: 'R&D #1' },
      { user: 'ü@x', password: 'a:b/c', room: '../admin' },
    ];
    const basic = (text: string): string => `Basic ${Buffer.from(text, 'utf8').toString('base64')}`;
    expect([0, 1].map((client) => connectTarget({ urls }, client, rows))).toMatchObject([
      {
        endpoint: { address: '10.0.0.1' },
        path: '/ws/R%26D%20%231?r=R%26D%20%231&v=2',
        headers: { Authorization: basic('bob:p@ss#1') },
      },
      {
        endpoint: { address: '10.0.0.1' },
        path: '/ws/..%2Fadmin?r=..%2Fadmin&v=2',
        headers: { Authorization: basic('ü@x:a:b/c') },
      },
    ]);
  });

  test('a value that cannot stand in the URL makes no connect target, and is not told', () => {
    const rows = [{ room: '..' }];
    expect(() => connectTarget({ urls: [`ws://10.0.0.1/\${row.room}`] }, 0, rows)).toThrow(
      `expected a segment of the path other than "." and ".." in \${row.room}, got something else`,
    );
  });

  test('the name for TLS is the plan’s where it says one', () => {
    const tls = { ...makePlan().target.tls, serverName: 'other.test' };
    expect(connectTarget({ urls: ['wss://service.test'], tls }).endpoint.serverName).toBe('other.test');
  });
});
