import { describe, expect, test } from 'vitest';
import { bytesOut, createStageBench, faultsOf, type StageBench } from '../../../test/support/faults/bench.ts';
import { LATENCY_LIMIT_BYTES } from './latency.ts';

const push = (bench: StageBench, text: string): void => bench.entry().push(Buffer.from(text));
const out = (bench: StageBench): readonly (readonly [text: string | null, atMs: number])[] =>
  bench.out.map(({ bytes, atNs }) => [bytes === null ? null : Buffer.from(bytes).toString(), Math.round(atNs / 1e6)]);

describe('latency', () => {
  test('everything goes on so much later, the end too', () => {
    const bench = createStageBench(faultsOf({ fault: 'latency', latency: '100ms' }));
    push(bench, 'a');
    bench.clock.runTo(50e6);
    push(bench, 'b');
    bench.entry().end();
    bench.clock.runTo(1e9);
    expect(out(bench)).toEqual([
      ['a', 100],
      ['b', 150],
      [null, 150],
    ]);
  });

  test('jitter stays within its bounds and never changes the order', () => {
    const bench = createStageBench(faultsOf({ fault: 'latency', latency: '100ms', jitter: '80ms' }));
    for (let i = 0; i < 200; i++) {
      push(bench, String.fromCharCode(i));
      bench.clock.runTo((i + 1) * 10e6);
    }
    bench.clock.runTo(10e9);
    expect([...bytesOut(bench).toString()].map((character) => character.charCodeAt(0))).toEqual(
      Array.from({ length: 200 }, (_, i) => i),
    );
    const delays = bench.out.map(({ atNs }) => atNs);
    expect(delays[0]).toBeGreaterThanOrEqual(19e6);
    expect(delays.at(-1)).toBeLessThanOrEqual(1990e6 + 180e6);
  });

  test('what it holds is bounded: the source waits, and goes on when half has gone', () => {
    const bench = createStageBench(faultsOf({ fault: 'latency', latency: '100ms' }));
    bench.entry().push(new Uint8Array(LATENCY_LIMIT_BYTES));
    expect(bench.isPaused()).toBe(false);
    bench.clock.runTo(20e6);
    push(bench, 'x');
    expect(bench.isPaused()).toBe(true);
    bench.clock.runTo(101e6);
    expect(bench.isPaused()).toBe(false);
  });

  test('of the other direction it takes no notice', () => {
    const bench = createStageBench(faultsOf({ fault: 'latency', latency: '100ms', stream: 'up' }));
    push(bench, 'a');
    expect(out(bench)).toEqual([['a', 0]]);
  });
});

describe('bandwidth', () => {
  test('so many bytes a second get through, in pieces and unharmed', () => {
    const bench = createStageBench(faultsOf({ fault: 'bandwidth', rate: '10KB/s' }));
    const sent = Buffer.from(Array.from({ length: 5000 }, (_, i) => i & 255));
    bench.entry().push(sent);
    bench.entry().end();
    bench.clock.runTo(250e6);
    expect(bytesOut(bench).length).toBeGreaterThan(2400);
    expect(bytesOut(bench).length).toBeLessThan(2600);
    bench.clock.runTo(1e9);
    expect(bytesOut(bench).equals(sent)).toBe(true);
    expect(bench.out.at(-1)?.bytes).toBeNull();
    expect(bench.out.at(-1)?.atNs).toBeGreaterThanOrEqual(498e6);
  });
});

describe('slow_close', () => {
  test('the end comes later, and bytes do not', () => {
    const bench = createStageBench(faultsOf({ fault: 'slow_close', delay: '1s' }));
    push(bench, 'a');
    bench.entry().end();
    bench.clock.runTo(5e9);
    expect(out(bench)).toEqual([
      ['a', 0],
      [null, 1000],
    ]);
  });
});

describe('timeout', () => {
  test('nothing gets through, and the connection is closed in time', () => {
    const bench = createStageBench(faultsOf({ fault: 'timeout', timeout: '2s' }));
    push(bench, 'a');
    bench.clock.runTo(1999e6);
    expect([out(bench), bench.severed]).toEqual([[], []]);
    bench.clock.runTo(2e9);
    expect([out(bench), bench.severed]).toEqual([[[null, 2000]], ['close']]);
  });

  test('with 0 it never is, and what comes after it was switched off gets through', () => {
    const bench = createStageBench(faultsOf({ fault: 'timeout' }));
    push(bench, 'a');
    bench.clock.runTo(3600e9);
    bench.arrange([]);
    push(bench, 'b');
    expect([out(bench), bench.severed]).toEqual([[['b', 3_600_000]], []]);
  });
});

describe('reset_peer', () => {
  test('everything passes until its time', () => {
    const bench = createStageBench(faultsOf({ fault: 'reset_peer', timeout: '1s' }));
    push(bench, 'a');
    bench.clock.runTo(999e6);
    expect([out(bench), bench.severed]).toEqual([[['a', 0]], []]);
    bench.clock.runTo(1e9);
    expect(bench.severed).toEqual(['reset']);
  });

  test('switched off before its time it resets nobody', () => {
    const bench = createStageBench(faultsOf({ fault: 'reset_peer', timeout: '1s' }));
    bench.arrange([]);
    bench.clock.runTo(10e9);
    expect(bench.severed).toEqual([]);
  });
});

describe('slicer', () => {
  test('cuts into slices of about the size, and loses nothing', () => {
    const bench = createStageBench(faultsOf({ fault: 'slicer', average_size: 10, size_variation: 4, delay: '10ms' }));
    const sent = Buffer.from('x'.repeat(500) + 'y'.repeat(500));
    bench.entry().push(sent);
    bench.entry().end();
    bench.clock.runTo(60e9);
    const sizes = bench.out.flatMap(({ bytes }) => (bytes === null ? [] : [bytes.length])).slice(0, -1);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(6);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(14);
    expect(bytesOut(bench).equals(sent)).toBe(true);
    expect(bench.out.at(-1)?.bytes).toBeNull();
  });
});

describe('limit_data', () => {
  test('exactly so many bytes get through, then the end', () => {
    const bench = createStageBench(faultsOf({ fault: 'limit_data', bytes: 5 }));
    push(bench, 'abc');
    expect(bench.severed).toEqual([]);
    push(bench, 'defg');
    push(bench, 'h');
    expect([out(bench), bench.severed]).toEqual([
      [
        ['abc', 0],
        ['de', 0],
        [null, 0],
      ],
      ['close'],
    ]);
  });
});

describe('down', () => {
  test('the connection is reset before a byte has passed', () => {
    expect(createStageBench(faultsOf({ fault: 'down' })).severed).toEqual(['reset']);
  });
});
