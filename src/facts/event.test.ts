import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MANIFEST } from '../../test/support/engine/windows.ts';
import { decodeEvent, encodeEvent, type RunEvent, VIOLATION_KINDS } from './event.ts';
import { FAILURE_KINDS } from './failure.ts';

const whole = fc.nat();
const events: fc.Arbitrary<RunEvent> = fc.oneof(
  fc.record({ kind: fc.constant('runStarted' as const), atNs: whole, manifest: fc.constant(MANIFEST) }),
  fc.record({ kind: fc.constantFrom('messagesStarted' as const, 'connected' as const), atNs: whole }),
  fc.record({
    kind: fc.constant('failure' as const),
    atNs: whole,
    worker: whole,
    group: whole,
    lane: whole,
    failure: fc.constantFrom(...FAILURE_KINDS),
    detail: fc.string(),
    close: fc.option(fc.record({ code: whole, reason: fc.string() })),
  }),
  fc.record({
    kind: fc.constant('violation' as const),
    atNs: whole,
    worker: whole,
    violation: fc.constantFrom(...VIOLATION_KINDS),
    lane: whole,
    stream: whole,
    seq: fc.option(whole),
    detail: fc.string({ unit: 'binary' }),
  }),
  fc.record({ kind: fc.constant('proxyDelay' as const), atNs: whole, delayNs: whole }),
  fc.record({ kind: fc.constant('workerDied' as const), atNs: whole, worker: whole, detail: fc.string() }),
  fc.record({
    kind: fc.constant('stopping' as const),
    atNs: whole,
    reason: fc.constantFrom('interrupted' as const, 'abortRule' as const, 'noLanes' as const, 'workersDied' as const),
    detail: fc.string(),
  }),
  fc.record({
    kind: fc.constant('runEnded' as const),
    atNs: whole,
    outcome: fc.constantFrom('completed' as const, 'interrupted' as const, 'aborted' as const),
  }),
);

test('what is encoded is decoded as it was, on one line', () => {
  fc.assert(
    fc.property(events, (event) => {
      expect(encodeEvent(event)).not.toMatch(/[\r\n]/);
      expect(decodeEvent(encodeEvent(event))).toEqual(event);
    }),
  );
});

describe('null for what is no event', () => {
  test('a line that was cut off, anywhere', () => {
    fc.assert(
      fc.property(events, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (event, share) => {
        const line = encodeEvent(event);
        expect(decodeEvent(line.slice(0, Math.floor(share * line.length)))).toBeNull();
      }),
    );
  });

  test('any other text or JSON', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        expect(decodeEvent(line)).toBeNull();
      }),
    );
  });

  test('an event that lacks a field, or has another kind of value in its place', () => {
    fc.assert(
      fc.property(events, fc.constantFrom(undefined, [], true, {}), (event, replacement) => {
        for (const field of Object.keys(event)) {
          expect(decodeEvent(JSON.stringify({ ...event, [field]: replacement })), field).toBeNull();
        }
      }),
    );
  });

  test.each([
    '{"kind":"toString","atNs":1}',
    '{"kind":"__proto__","atNs":1}',
    '{"kind":"messagesStarted","atNs":1e999}',
    '{"kind":"runStarted","atNs":0,"manifest":{"id":"x"}}',
    '{"kind":"runStarted","atNs":0}',
  ])('%s', (line) => expect(decodeEvent(line)).toBeNull());
});

describe('what git said of the directory', () => {
  const started = (git: unknown): string =>
    JSON.stringify({ kind: 'runStarted', atNs: 0, manifest: { ...MANIFEST, git } });

  test('is null in records of before it was asked for', () => {
    expect(decodeEvent(started(undefined))).toMatchObject({ manifest: { git: null } });
  });

  test('is kept as it is', () => {
    for (const branch of ['main', null]) {
      const git = { commit: 'a'.repeat(40), branch, isDirty: true };
      expect(decodeEvent(started(git))).toMatchObject({ manifest: { git } });
    }
  });

  test.each([
    1,
    'main',
    {},
    { commit: 'a', branch: 1, isDirty: true },
    { commit: 'a', branch: null, isDirty: 'no' },
  ])('makes a line foreign where it is %j', (git) => expect(decodeEvent(started(git))).toBeNull());
});
