import { describe, expect, test } from 'vitest';
import { createStageBench, faultsOf, type StageBench, textFrame } from '../../test/support/faults/bench.ts';
import { hasEffect } from '../facts/fault-counts.ts';
import { opcodes } from '../frames/opcodes.ts';
import { encodeFrame } from '../frames/wire-frame.ts';
import type { ProxyFault } from './fault.ts';

interface Benched {
  readonly bench: StageBench;
  readonly faults: readonly ProxyFault[];
  readonly counts: () => readonly object[];
}

function benchOf(written: readonly object[], withFrames: boolean): Benched {
  const faults = faultsOf(...written);
  const bench = createStageBench(faults, { withFrames });
  return { bench, faults, counts: () => faults.map(({ meter }) => meter.counts()) };
}

function send(texts: readonly string[], ...written: readonly object[]): Benched {
  const benched = benchOf(written, true);
  for (const text of texts) benched.bench.entry().push(textFrame(text));
  return benched;
}

describe('what a fault of messages did is counted under its own name', () => {
  test.each([
    [{ fault: 'drop' }, { dropped: 4 }],
    [{ fault: 'duplicate', copies: 3 }, { duplicated: 12 }],
    [{ fault: 'corrupt' }, { damaged: 4 }],
    [{ fault: 'truncate' }, { damaged: 4 }],
    [{ fault: 'oversize', bytes: '10B' }, { damaged: 4 }],
    [{ fault: 'fabricate' }, { fabricated: 4 }],
    [{ fault: 'replay' }, { duplicated: 4 }],
    [{ fault: 'split' }, { split: 4 }],
    [{ fault: 'coalesce' }, { coalesced: 4 }],
    [{ fault: 'delay', delay: '20ms' }, { delayed: 4 }],
  ])('%j of four messages', (written, effect) => {
    const { bench, counts } = send(['aaaa', 'bbbb', 'cccc', 'dddd'], { ...written, rate: '100%' });
    bench.clock.runTo(1e9);
    expect(counts()).toEqual([{ passed: 4, chosen: 4, ...effect }]);
  });

  test('reorder counts what later messages went before, and not what it only held back', () => {
    const first = { fault: 'reorder', by: 2, messages: [{ stream: 0, seq: 0 }] };
    expect(send(['a', 'b', 'c'], first).counts()).toEqual([{ passed: 3, chosen: 1, reordered: 1 }]);
    const slow = send(['a'], first);
    slow.bench.clock.runTo(100e6);
    slow.bench.entry().push(textFrame('b'));
    slow.bench.clock.runTo(1e9);
    expect(slow.counts()).toEqual([{ passed: 2, chosen: 1, reordered: 0 }]);
  });

  test('what ends held back with its connection was dropped', () => {
    const { bench, counts } = send(['a'], { fault: 'reorder', by: 2, rate: '100%' });
    bench.dispose();
    expect(counts()).toEqual([{ passed: 1, chosen: 1, reordered: 0, dropped: 1 }]);
  });

  test('two faults of one kind are counted apart', () => {
    const [one, other] = [0, 2].map((seq) => ({ fault: 'drop', messages: [{ stream: 0, seq }] }));
    const both = { fault: 'drop', messages: [1, 3].map((seq) => ({ stream: 0, seq })) };
    expect(send(['a', 'b', 'c', 'd'], one!, other!, both).counts()).toEqual([
      { passed: 4, chosen: 1, dropped: 1 },
      { passed: 4, chosen: 1, dropped: 1 },
      { passed: 4, chosen: 2, dropped: 2 },
    ]);
  });

  test('where it chose none, or found nothing to damage, it had no effect', () => {
    const none = send(['a'], { fault: 'drop', messages: [{ stream: 0, seq: 7 }] });
    expect(none.counts()).toEqual([{ passed: 1, chosen: 0, dropped: 0 }]);
    const empty = send([''], { fault: 'corrupt', rate: '100%' });
    expect(empty.counts()).toEqual([{ passed: 1, chosen: 1, damaged: 0 }]);
    const alone = send(['a'], { fault: 'coalesce', rate: '100%' });
    alone.bench.clock.runTo(1e9);
    expect(alone.counts()).toEqual([{ passed: 1, chosen: 1, coalesced: 0 }]);
    for (const { faults } of [none, empty, alone]) expect(hasEffect(faults[0]!.meter.counts())).toBe(false);
  });

  test('pongs that are swallowed', () => {
    const { bench, counts } = benchOf([{ fault: 'swallow_pong' }], true);
    expect(counts()).toEqual([{ swallowedPongs: 0 }]);
    const pong = { isFinal: true, rsv: 0, opcode: opcodes.pong, maskKey: null, payload: new Uint8Array(0) };
    bench.entry().push(encodeFrame(pong));
    expect(counts()).toEqual([{ swallowedPongs: 1 }]);
  });
});

describe('what a fault of connections did', () => {
  test.each([
    [{ fault: 'latency', latency: '1ms' }, { delayedBytes: 10 }],
    [{ fault: 'bandwidth', rate: '1KB/s' }, { delayedBytes: 10 }],
    [{ fault: 'timeout' }, { swallowedBytes: 10 }],
    [{ fault: 'slicer', average_size: '4B' }, { slicedBytes: 10 }],
    [{ fault: 'slicer', average_size: '100B' }, { slicedBytes: 0 }],
    [{ fault: 'slow_close', delay: '1s' }, { delayedEnds: 1 }],
    [{ fault: 'limit_data', bytes: '100B' }, { disconnected: 0 }],
    [{ fault: 'reset_peer', timeout: '1h' }, { disconnected: 0 }],
  ])('%j, of ten bytes and an end', (written, effect) => {
    const { bench, counts } = benchOf([written], false);
    expect(Object.values(counts()[0]!)).toEqual([0]);
    bench.entry().push(new Uint8Array(10));
    bench.entry().end();
    expect(counts()).toEqual([effect]);
  });
});
