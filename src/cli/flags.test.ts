import { describe, expect, test } from 'vitest';
import type { HighwaterError } from '../facts/error.ts';
import { parsePlan } from '../plan/parse.ts';
import { documentForUrl, type PlanFlags, withFlags } from './flags.ts';

const flags = (given: Partial<PlanFlags> = {}): PlanFlags => ({
  header: [],
  subprotocol: [],
  sourceAddress: [],
  threshold: [],
  ...given,
});
const refused = (given: Partial<PlanFlags>): string => {
  try {
    withFlags({}, flags(given));
  } catch (error) {
    expect(error).toMatchObject({ code: 'ARGUMENTS_INVALID', exitCode: 64 });
    return (error as HighwaterError).problems.join();
  }
  throw new Error('the flags were taken');
};
const context = { env: {}, profile: null } as unknown as Parameters<typeof parsePlan>[1];

describe('a plan for a URL', () => {
  test('without flags: one lane, ten messages a second, for ten seconds', () => {
    const parsed = parsePlan(documentForUrl('ws://example.com/ws', flags()), context);
    expect(parsed).toMatchObject({
      ok: true,
      plan: {
        target: { urls: ['ws://example.com/ws'] },
        load: { messages: { kind: 'open', arrival: 'constant', curve: [{ to: 10 }, { durationNs: 10e9, to: 10 }] } },
      },
    });
  });

  test('with the usual ones', () => {
    const given = flags({
      connections: '1000',
      rate: '5000/s',
      duration: '30s',
      bytes: '100',
      poisson: true,
      header: ['Authorization: Bearer a:b', 'X-Empty:'],
      subprotocol: ['chat.v2'],
      threshold: ['response.p99 < 200ms'],
      drain: '2s',
      workers: '4',
      seed: '9',
      text: true,
      name: 'load',
      pace: 'precise',
      insecure: true,
      sourceAddress: ['127.0.0.2'],
    });
    const parsed = parsePlan(documentForUrl('wss://example.com/ws', given), context);
    expect(parsed).toMatchObject({
      ok: true,
      plan: {
        name: 'load',
        seed: 9,
        workers: 4,
        pace: 'precise',
        drainNs: 2e9,
        dialect: { format: 'text' },
        thresholds: [{ expression: 'response.p99 < 200ms' }],
        target: {
          headers: { Authorization: 'Bearer a:b', 'X-Empty': '' },
          subprotocols: ['chat.v2'],
          tls: { insecure: true },
          sourceAddresses: ['127.0.0.2'],
        },
        load: {
          connections: [{ to: 1000, durationNs: 1e9 }],
          messages: { kind: 'open', arrival: 'poisson', curve: [{ to: 5000 }, { durationNs: 30e9 }] },
          mix: [{ payloadBytes: 100 }],
        },
      },
    });
  });

  test('closed', () => {
    const given = flags({ closed: '4', think: '1s..3s', duration: '20s' });
    expect(parsePlan(documentForUrl('ws://example.com', given), context)).toMatchObject({
      ok: true,
      plan: {
        load: { messages: { kind: 'closed', inFlight: 4, think: { minNs: 1e9, maxNs: 3e9 }, durationNs: 20e9 } },
      },
    });
  });

  test('a few lanes open at once, many a thousand a second', () => {
    const connections = (count: string) =>
      (documentForUrl('ws://x', flags({ connections: count })).load as { connections: unknown }).connections;
    expect(connections('99')).toEqual([{ to: 99 }]);
    expect(connections('2500')).toEqual([{ to: 2500, over: '2.5s' }]);
  });
});

describe('flags over a plan', () => {
  const document = {
    name: 'kept',
    seed: 3,
    thresholds: ['lost == 0'],
    target: { url: 'ws://example.com', headers: { A: '1', B: '2' }, tls: { ca: 'ca.pem' } },
    load: { connections: 5, messages: { open: [{ rate: '7/s', for: '1s' }] }, mix: [{ type: 'a', bytes: 1 }] },
  };

  test('none leaves it as it is', () => expect(withFlags(document, flags())).toEqual(document));

  test('each replaces what it names, adds to lists of rules and headers, and touches nothing else', () => {
    const changed = withFlags(
      document,
      flags({ rate: '9/s', header: ['B: 3'], threshold: ['sent > 0'], insecure: true, bytes: '200' }),
    );
    expect(changed).toEqual({
      ...document,
      thresholds: ['lost == 0', 'sent > 0'],
      target: { url: 'ws://example.com', headers: { A: '1', B: '3' }, tls: { ca: 'ca.pem', insecure: true } },
      load: { connections: 5, messages: { open: [{ rate: '9/s', for: '10s' }] }, bytes: '200' },
    });
    expect(document.thresholds).toEqual(['lost == 0']); // the plan that was read is as before
  });

  test('a plan of the wrong shape is left for the plan’s own check to complain of', () => {
    const odd = { target: 'ws://x', load: [1], thresholds: 'all' };
    expect(() => withFlags(odd, flags({ rate: '1/s', threshold: ['a'] }))).not.toThrow();
  });

  test('workers: auto or a number', () => {
    expect(withFlags({}, flags({ workers: 'auto' }))).toMatchObject({ workers: 'auto' });
    expect(withFlags({}, flags({ workers: '12' }))).toMatchObject({ workers: 12 });
  });
});

describe('flags that make no sense are refused with what to do', () => {
  test.each([
    [{ rate: '1/s', closed: '1' }, '--rate and --closed'],
    [{ think: '1s' }, '--think'],
    [{ think: '1s', rate: '1/s' }, '--think'],
    [{ poisson: true }, '--poisson'],
    [{ poisson: true, closed: '1' }, '--poisson'],
    [{ duration: '10s' }, '--duration'],
    [{ connections: 'many' }, '--connections: expected a whole number, got "many"'],
    [{ connections: '-1' }, '--connections'],
    [{ connections: '1.5' }, '--connections'],
    [{ connections: '1e3' }, '--connections'],
    [{ closed: 'x' }, '--closed'],
    [{ workers: 'x' }, '--workers'],
    [{ seed: '' }, '--seed'],
    [{ header: ['no colon'] }, '--header'],
    [{ header: [': value'] }, '--header'],
  ] as const)('%j', (given, says) => expect(refused(given)).toContain(says));

  test('a header without a colon is not repeated: it may be a secret', () => {
    expect(refused({ header: ['BearerSecret'] })).not.toContain('BearerSecret');
  });
});
