import { describe, expect, test } from 'vitest';
import type { HighwaterError } from '../facts/error.ts';
import { parsePlan } from '../plan/parse.ts';
import { asTyped, documentForUrl, type PlanFlags, withFlags } from './flags.ts';

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
  test('without flags: one client, ten messages a second, for ten seconds', () => {
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
        protocol: { format: 'text' },
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

  test('a few clients open at once, many a thousand a second', () => {
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
    const given = { rate: '1/s', threshold: ['a'], header: ['A: b'] };
    expect(withFlags(odd, flags(given))).toEqual(odd);
    const headers = { target: { headers: ['A: b'] } };
    expect(withFlags(headers, flags(given))).toMatchObject(headers);
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
    [{ connections: 'many' }, '--connections: expected a whole number of at least 1, got "many"'],
    [{ connections: '-1' }, '--connections'],
    [{ connections: '0' }, '--connections: expected a whole number of at least 1, got "0"'],
    [{ closed: '0' }, '--closed: expected a whole number of at least 1'],
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

describe('a problem with what a flag said', () => {
  const problem = (path: string, hint: string | null = null) => ({ path, expected: 'a', got: 'b', hint });

  test.each([
    ['load.messages.open[0].rate', { rate: 'x' }, '--rate'],
    ['load.messages.open[0].for', { duration: 'x' }, '--duration'],
    ['load.messages.closed.for', { closed: '1', duration: 'x' }, '--duration'],
    ['load.connections[0].to', { connections: '99999999999' }, '--connections'],
    ['load.bytes', { bytes: 'x' }, '--bytes'],
    ['target.headers["a b"]', { header: ['a b: c'] }, '--header'],
    ['target.sourceAddresses[0]', { sourceAddress: ['x'] }, '--source-address'],
    ['drain', { drain: '5' }, '--drain'],
    ['thresholds[2]', { threshold: ['x'] }, '--threshold'],
    // Not of a flag's making.
    ['thresholds[1]', { threshold: ['x'] }, 'thresholds[1]'],
    ['load.messages.open[0].rate', {}, 'load.messages.open[0].rate'],
    ['load.mix[0].bytes', { bytes: '5' }, 'load.mix[0].bytes'],
  ])('at %s with %j is told as one of %s', (path, given, typed) => {
    const document = { thresholds: ['lost == 0', 'x'] };
    expect(asTyped(problem(path), flags(given), document).path).toBe(typed);
  });

  test('names the variable where the environment gave it', () => {
    const given = flags({ rate: 'abc', variables: { rate: 'HIGHWATER_RATE' } });
    expect(asTyped(problem('load.messages.open[0].rate'), given, null).path).toBe('HIGHWATER_RATE');
    const counted = { connections: 'abc', variables: { connections: 'HIGHWATER_CONNECTIONS' } };
    expect(refused(counted)).toBe('HIGHWATER_CONNECTIONS: expected a whole number of at least 1, got "abc"');
  });

  test('says what to do with flags, not with the plan', () => {
    const { hint } = asTyped(problem('load.messages.open', 'start with { to: 500/s }'), flags({ rate: '0/s' }), null);
    expect(hint).toBe('use a higher rate or a longer duration');
  });
});
