import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOut, createStageBench, faultsOf } from '../../test/support/faults/bench.ts';

const POOL = faultsOf(
  { fault: 'latency', latency: '30ms', jitter: '20ms' },
  { fault: 'slicer', average_size: 3, delay: '1ms' },
  { fault: 'bandwidth', rate: '2KB/s' },
  { fault: 'latency', latency: '5ms' },
  { fault: 'slow_close', delay: '10ms' },
);

describe('a pipeline', () => {
  test('stages come and go while bytes flow: none is lost, doubled or overtaken, and the end is last', () => {
    const step = fc.oneof(
      fc.record({ push: fc.uint8Array({ minLength: 1, maxLength: 40 }) }),
      fc.record({ arrange: fc.subarray([...POOL]) }),
      fc.record({ waitMs: fc.integer({ min: 1, max: 40 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const bench = createStageBench([]);
        for (const next of steps) {
          if ('push' in next) bench.entry().push(next.push);
          else if ('arrange' in next) bench.arrange(next.arrange);
          else bench.clock.runTo(bench.clock.nowNs() + next.waitMs * 1e6);
        }
        bench.entry().end();
        bench.clock.runTo(bench.clock.nowNs() + 60e9);
        const sent = Buffer.concat(steps.flatMap((next) => ('push' in next ? [next.push] : [])));
        expect(bytesOut(bench).equals(sent)).toBe(true);
        expect(bench.out.filter(({ bytes }) => bytes === null)).toHaveLength(1);
        expect(bench.out.at(-1)?.bytes).toBeNull();
        expect(bench.isPaused()).toBe(false);
      }),
    );
  });

  test('with no stage in it bytes are those that came, not copies', () => {
    const bench = createStageBench([]);
    const bytes = Buffer.from('a');
    bench.entry().push(bytes);
    expect(bench.out[0]?.bytes).toBe(bytes);
  });

  test('a connection that is gone sets nothing off any more', () => {
    const bench = createStageBench(
      faultsOf({ fault: 'latency', latency: '1s' }, { fault: 'reset_peer', timeout: '1s' }),
    );
    bench.entry().push(Buffer.from('a'));
    bench.dispose();
    bench.clock.runTo(10e9);
    expect([bench.out, bench.severed]).toEqual([[], []]);
  });
});
