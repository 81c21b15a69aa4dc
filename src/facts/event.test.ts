import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MANIFEST } from '../../test/support/engine/windows.ts';
import { decodeEvent, encodeEvent, type RunEvent } from './event.ts';
import { FAILURE_KINDS } from './failure.ts';
import type { FailureCause } from './failure-cause.ts';
import { DAMAGE_KINDS, UNEXPECTED_KINDS } from './window.ts';

const whole = fc.nat();
const some = fc.option(whole);
const said = fc.string({ unit: 'binary' });
const push = fc.option(fc.record({ channel: fc.option(said) }));
/** What each kind of violation says beside its place. */
const violations = fc.oneof(
  fc.record({
    violation: fc.constant('lost' as const),
    seq: whole,
    acknowledged: fc.boolean(),
    damaged: fc.boolean(),
    dueSecond: fc.option(fc.nat()),
    sentFromSecond: fc.option(fc.nat()),
    sentToSecond: fc.option(fc.nat()),
    previous: some,
    next: some,
  }),
  fc.record({
    violation: fc.constant('missed' as const),
    seq: whole,
    lastSeq: whole,
    previous: some,
    next: some,
    push,
  }),
  fc.record({ violation: fc.constantFrom('duplicated' as const, 'late' as const), seq: whole, push }),
  fc.record({ violation: fc.constant('reordered' as const), seq: whole, after: some, extent: some, push }),
  fc.record({
    violation: fc.constant('corrupted' as const),
    seq: some,
    damage: fc.constantFrom(...DAMAGE_KINDS),
    bytes: whole,
  }),
  fc.record({
    violation: fc.constant('unexpected' as const),
    unexpected: fc.constantFrom(...UNEXPECTED_KINDS),
    seq: some,
    ofStream: some,
    bytes: some,
    sample: fc.option(said),
    push,
  }),
  fc.record({ violation: fc.constant('diverged' as const), seq: whole, expected: said, got: said }),
  fc.record({
    violation: fc.constant('totalOrder' as const),
    seq: whole,
    before: fc.record({ stream: whole, seq: whole }),
  }),
);
const causes: fc.Arbitrary<FailureCause> = fc.oneof(
  fc.record({
    kind: fc.constant('httpStatus' as const),
    status: whole,
    reasonPhrase: said,
    location: fc.option(said),
    retryAfter: fc.option(said),
    authenticate: fc.option(said),
    body: said,
  }),
  fc.record({ kind: fc.constant('brokenRule' as const), rule: said }),
  fc.record({ kind: fc.constant('closeFrame' as const), code: whole, reason: said }),
  fc.record({ kind: fc.constant('ended' as const), isOpen: fc.boolean() }),
  fc.record({ kind: fc.constant('tls' as const), code: said, reason: said }),
  fc.record({ kind: fc.constant('system' as const), code: said, message: said }),
  fc.record({
    kind: fc.constant('timeout' as const),
    of: fc.constantFrom('tcp' as const, 'tls' as const, 'upgrade' as const, 'pong' as const),
    afterNs: whole,
  }),
  fc.record({ kind: fc.constant('planned' as const) }),
  fc.record({ kind: fc.constant('error' as const), message: said }),
);
const events: fc.Arbitrary<RunEvent> = fc.oneof(
  fc.record({ kind: fc.constant('runStarted' as const), atNs: whole, manifest: fc.constant(MANIFEST) }),
  fc.record({ kind: fc.constantFrom('messagesStarted' as const, 'connected' as const), atNs: whole }),
  fc.record({
    kind: fc.constant('failure' as const),
    atNs: whole,
    worker: whole,
    group: whole,
    client: whole,
    failure: fc.constantFrom(...FAILURE_KINDS),
    cause: causes,
  }),
  fc
    .record({ kind: fc.constant('violation' as const), atNs: whole, worker: whole, client: whole, stream: whole })
    .chain((place) => violations.map((violation): RunEvent => ({ ...place, ...violation }))),
  fc.record({ kind: fc.constant('proxyDelay' as const), atNs: whole, delayNs: whole }),
  fc.record({ kind: fc.constant('workerDied' as const), atNs: whole, worker: whole, detail: fc.string() }),
  fc.record({
    kind: fc.constant('stopping' as const),
    atNs: whole,
    reason: fc.constantFrom(
      'interrupted' as const,
      'abortRule' as const,
      'noConnections' as const,
      'recordUnwritable' as const,
    ),
    detail: fc.string(),
  }),
  fc.record({
    kind: fc.constant('runEnded' as const),
    atNs: whole,
    end: fc.constantFrom('completed' as const, 'interrupted' as const, 'aborted' as const),
    windows: fc.array(fc.record({ worker: whole, group: whole, count: whole }), { maxLength: 3 }),
  }),
);

test('what is encoded is decoded as it was, on one line', () => {
  fc.assert(
    fc.property(events, whole, (event, number) => {
      expect(encodeEvent({ event, number })).not.toMatch(/[\r\n]/);
      expect(decodeEvent(encodeEvent({ event, number }))).toEqual({ event, number });
    }),
  );
});

describe('null for what is no event', () => {
  test('a line that was cut off, anywhere', () => {
    fc.assert(
      fc.property(events, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (event, share) => {
        const line = encodeEvent({ event, number: 1 });
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
        for (const field of [...Object.keys(event), 'number']) {
          // A list of nothing is a list of windows, and true is as good as false.
          if (field === 'windows' && Array.isArray(replacement)) continue;
          if (typeof replacement === 'boolean' && typeof event[field as keyof RunEvent] === 'boolean') continue;
          const line = JSON.stringify({ ...event, number: 1, [field]: replacement });
          expect(decodeEvent(line), field).toBeNull();
        }
      }),
    );
  });

  test.each([
    '{"kind":"toString","atNs":1,"number":0}',
    '{"kind":"__proto__","atNs":1,"number":0}',
    '{"kind":"messagesStarted","atNs":1e999,"number":0}',
    '{"kind":"runStarted","atNs":0,"manifest":{"id":"x"},"number":0}',
    '{"kind":"runStarted","atNs":0,"number":0}',
    '{"kind":"connected","atNs":0}',
    '{"kind":"connected","atNs":0,"number":-1}',
    '{"kind":"connected","atNs":0,"number":1.5}',
    '{"kind":"runEnded","atNs":0,"outcome":"completed","windows":[1],"number":0}',
  ])('%s', (line) => expect(decodeEvent(line)).toBeNull());
});

describe('what git said of the directory', () => {
  const started = (git: unknown): string =>
    JSON.stringify({ kind: 'runStarted', atNs: 0, manifest: { ...MANIFEST, git }, number: 0 });

  test('is kept as it is', () => {
    for (const branch of ['main', null]) {
      const git = { commit: 'a'.repeat(40), branch, isDirty: true };
      expect(decodeEvent(started(git))).toMatchObject({ event: { manifest: { git } } });
    }
  });

  test.each([
    undefined,
    1,
    'main',
    {},
    { commit: 'a', branch: 1, isDirty: true },
    { commit: 'a', branch: null, isDirty: 'no' },
  ])('makes a line foreign where it is %j', (git) => expect(decodeEvent(started(git))).toBeNull());
});
