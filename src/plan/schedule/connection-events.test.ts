import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { levelAt } from '../../../test/support/curve.ts';
import { NS_PER_SECOND } from '../../units/duration.ts';
import type { Curve } from '../plan.ts';
import { chainSegments, type WrittenSegment } from '../resolve/segments.ts';
import { type ConnectionEvent, connectionEvents } from './connection-events.ts';
import { curveDurationNs } from './curve.ts';

const S = NS_PER_SECOND;
const curveOf = (...segments: [WrittenSegment, ...WrittenSegment[]]): Curve => chainSegments(segments, String);
const clients = fc.nat(60);
const times = fc.double({ min: 1e6, max: 3e9, noNaN: true });
const connectionCurves = fc
  .array(
    fc.oneof(
      fc.record({ to: clients }),
      fc.record({ to: clients, over: times, curve: fc.constantFrom('linear' as const, 'exponential' as const) }),
      fc.record({
        to: clients,
        over: times,
        curve: fc.constant('stepped' as const),
        steps: fc.integer({ min: 1, max: 7 }),
      }),
      fc.record({ hold: times }),
      fc.record({ burst: clients, for: times }),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((list) => curveOf(...(list as [WrittenSegment])));
const shardCounts = fc.integer({ min: 1, max: 5 });

function written(events: Iterable<ConnectionEvent>): string[] {
  return [...events].map(({ atNs, client, action }) => `${action} ${client} at ${atNs / S}`);
}

describe('client events', () => {
  test('a linear rise opens the first client at once and the others evenly', () => {
    expect(written(connectionEvents(curveOf({ to: 4, over: 8 * S }), 0, 1))).toEqual([
      'open 0 at 0',
      'open 1 at 2',
      'open 2 at 4',
      'open 3 at 6',
    ]);
  });

  test('a fall closes clients from the top, the last at its end', () => {
    expect(written(connectionEvents(curveOf({ to: 3 }, { to: 1, over: 2 * S }), 0, 1))).toEqual([
      'open 0 at 0',
      'open 1 at 0',
      'open 2 at 0',
      'close 2 at 1',
      'close 1 at 2',
    ]);
  });

  test('a burst opens its clients at once and closes them at its end', () => {
    expect(written(connectionEvents(curveOf({ to: 1 }, { burst: 3, for: 5 * S }, { hold: 1 * S }), 0, 1))).toEqual([
      'open 0 at 0',
      'open 1 at 0',
      'open 2 at 0',
      'close 2 at 5',
      'close 1 at 5',
    ]);
  });

  test('a stepped rise opens a plateau of clients at a time', () => {
    expect(written(connectionEvents(curveOf({ to: 4, over: 10 * S, curve: 'stepped', steps: 2 }), 0, 1))).toEqual([
      'open 0 at 0',
      'open 1 at 0',
      'open 2 at 5',
      'open 3 at 5',
    ]);
  });

  test('shard 1 of 2 has the odd clients', () => {
    expect(written(connectionEvents(curveOf({ to: 5, over: 10 * S }), 1, 2))).toEqual(['open 1 at 2', 'open 3 at 6']);
  });

  test('events at the horizon and later are left out', () => {
    expect([...connectionEvents(curveOf({ to: 5, over: 10 * S }), 0, 1, 4 * S)]).toHaveLength(2);
  });

  test('the events of the shards are the events of the whole', () => {
    fc.assert(
      fc.property(connectionCurves, shardCounts, (curve, shards) => {
        const parts = Array.from({ length: shards }, (_, shard) => [...connectionEvents(curve, shard, shards)]);
        for (const [shard, events] of parts.entries()) {
          expect(events.every(({ client }) => client % shards === shard)).toBe(true);
        }
        expect(parts.flat().map(key).sort()).toEqual([...connectionEvents(curve, 0, 1)].map(key).sort());
      }),
    );
  });

  test('they come in order of time, and no connection opens twice or closes while closed', () => {
    fc.assert(
      fc.property(connectionCurves, (curve) => {
        const open = new Set<number>();
        let lastNs = 0;
        for (const { atNs, client, action } of connectionEvents(curve, 0, 1)) {
          expect(atNs).toBeGreaterThanOrEqual(lastNs);
          expect(open.has(client)).toBe(action === 'close');
          if (action === 'open') open.add(client);
          else open.delete(client);
          lastNs = atNs;
        }
        expect(lastNs).toBeLessThanOrEqual(curveDurationNs(curve));
        expect(open.size).toBe(levelAt(curve, Number.POSITIVE_INFINITY));
      }),
    );
  });

  test('at any moment the open connections are as many as the level rounded up', () => {
    fc.assert(
      fc.property(connectionCurves, fc.double({ min: 0, max: 1, noNaN: true }), (curve, share) => {
        const atNs = share * curveDurationNs(curve);
        let open = 0;
        for (const event of connectionEvents(curve, 0, 1))
          if (event.atNs <= atNs) open += event.action === 'open' ? 1 : -1;
        const level = levelAt(curve, atNs);
        // On the very edge of a client, rounding and the closed end of the interval may go either way.
        expect(open).toBeGreaterThanOrEqual(Math.ceil(level - 1e-6));
        expect(open).toBeLessThanOrEqual(Math.floor(level + 1e-6) + 1);
      }),
    );
  });
});

function key({ atNs, client, action }: ConnectionEvent): string {
  return `${client} ${atNs} ${action}`;
}
