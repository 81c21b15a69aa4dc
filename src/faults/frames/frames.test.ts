import { describe, expect, test } from 'vitest';
import {
  bytesOut,
  createStageBench,
  faultsOf,
  framesOf,
  type StageBench,
  textFrame,
  textsOut,
} from '../../../test/support/faults/bench.ts';
import { opcodes } from '../../frames/opcodes.ts';
import { encodeFrame, rsv2Bit } from '../../frames/wire-frame.ts';

/** Messages that say nothing of themselves are known by the number of their connection, 0, and their own. */
const FIRST = [{ stream: 0, seq: 0 }];

function send(faults: readonly object[], texts: readonly string[], way: 'up' | 'down' = 'down'): StageBench {
  const bench = createStageBench(faultsOf(...faults), { way, withFrames: true });
  for (const text of texts) bench.entry().push(textFrame(text, way === 'up' ? 0x1234_5678 : null));
  return bench;
}

const acts = ({ truth }: StageBench): readonly string[] => truth.map(({ act }) => act);

describe('faults of messages', () => {
  test('drop: the named one is gone, and told', () => {
    const bench = send([{ fault: 'drop', messages: [{ stream: 0, seq: 1 }] }], ['a', 'b', 'c']);
    expect(textsOut(bench)).toEqual(['a', 'c']);
    expect(bench.truth).toEqual([{ act: 'drop', to: 0, stream: 0, seq: 1, why: 'fault', way: 'down' }]);
  });

  test('drop by rate: as many as are told, about the share, and the same for the same seed', () => {
    const texts = Array.from({ length: 2000 }, (_, i) => String(i));
    const bench = send([{ fault: 'drop', rate: '10%' }], texts);
    expect(textsOut(bench)).toHaveLength(2000 - bench.truth.length);
    expect(bench.truth.length).toBeGreaterThan(150); // 200 expected, standard deviation 13
    expect(bench.truth.length).toBeLessThan(250);
    expect(textsOut(send([{ fault: 'drop', rate: '10%' }], texts))).toEqual(textsOut(bench));
  });

  test('duplicate: so many more, each told', () => {
    const bench = send([{ fault: 'duplicate', copies: 2, messages: FIRST }], ['a', 'b']);
    expect(textsOut(bench)).toEqual(['a', 'a', 'a', 'b']);
    expect(acts(bench)).toEqual(['duplicate', 'duplicate']);
  });

  test('reorder: so many go first, and the extent is told', () => {
    const bench = send([{ fault: 'reorder', by: 2, messages: FIRST }], ['a', 'b', 'c', 'd']);
    expect(textsOut(bench)).toEqual(['b', 'c', 'a', 'd']);
    expect(bench.truth).toEqual([{ act: 'reorder', to: 0, stream: 0, seq: 0, extent: 2, way: 'down' }]);
  });

  test('reorder: what none follow goes after 100 ms, and nothing is told', () => {
    const bench = send([{ fault: 'reorder', by: 2, messages: FIRST }], ['a']);
    expect(textsOut(bench)).toEqual([]);
    bench.clock.runTo(100e6);
    expect([textsOut(bench), bench.truth]).toEqual([['a'], []]);
  });

  test('delay: others do not wait', () => {
    const bench = send([{ fault: 'delay', delay: '20ms', messages: FIRST }], ['a', 'b']);
    expect(textsOut(bench)).toEqual(['b']);
    bench.clock.runTo(20e6);
    expect(textsOut(bench)).toEqual(['b', 'a']);
    expect(acts(bench)).toEqual(['delay', 'reorder']);
  });

  test('corrupt: so many bits of the content differ, in a text that is still one', () => {
    const bench = send([{ fault: 'corrupt', bits: 3, messages: FIRST }], ['abcdefgh', 'b']);
    const [damaged = '', whole] = textsOut(bench);
    const differing = [...Buffer.from(damaged)].reduce(
      (sum, byte, i) => sum + [...(byte ^ Buffer.from('abcdefgh')[i]!).toString(2)].filter((bit) => bit === '1').length,
      0,
    );
    expect([differing, whole]).toEqual([3, 'b']);
    expect(bench.truth).toMatchObject([{ act: 'damage', how: 'bitFlips', seq: 0 }]);
  });

  test('corrupt a text or a header: as nobody may send them', () => {
    const bench = send(
      [
        { fault: 'corrupt', part: 'utf8', messages: FIRST },
        { fault: 'corrupt', part: 'header', messages: [{ stream: 0, seq: 1 }] },
      ],
      ['abc', 'def', 'ghi'],
    );
    const [utf8, header, whole] = framesOf(bytesOut(bench));
    expect(utf8?.payload.includes(0xff)).toBe(true);
    expect([utf8?.rsv, header?.rsv, whole?.rsv]).toEqual([0, rsv2Bit, 0]);
    expect(bench.truth).toMatchObject([{ how: 'utf8' }, { how: 'header' }]);
  });

  test('truncate: shorter, and a beginning', () => {
    const text = 'x'.repeat(100);
    const bench = send([{ fault: 'truncate', rate: '100%' }], [text, 'ab', '']);
    const [long = '', short, empty] = textsOut(bench);
    expect(long.length).toBeLessThan(100);
    expect(text.startsWith(long)).toBe(true);
    expect([short, empty]).toEqual(['a', '']);
    expect(acts(bench)).toEqual(['damage', 'damage']);
  });

  test('replay: one of the last comes once more, behind it', () => {
    const bench = send([{ fault: 'replay', messages: [{ stream: 0, seq: 2 }] }], ['a', 'b', 'c', 'd']);
    const texts = textsOut(bench);
    expect(texts).toHaveLength(5);
    expect(texts[2]).toBe('c');
    const again = bench.truth[0];
    expect(again).toMatchObject({ act: 'duplicate', stream: 0 });
    expect('abc'[again?.act === 'duplicate' ? again.seq : -1]).toBe(texts[3]);
  });

  test('fabricate: as many bytes that nobody sent', () => {
    const bench = send([{ fault: 'fabricate', messages: FIRST }], ['abcdef', 'b']);
    const texts = textsOut(bench);
    expect([texts[0], texts[1]?.length, texts[2]]).toEqual(['abcdef', 6, 'b']);
    expect(texts[1]).not.toBe('abcdef');
    expect(acts(bench)).toEqual(['fabricate']);
  });

  test('oversize: so many bytes more', () => {
    const bench = send([{ fault: 'oversize', bytes: 1000, messages: FIRST }], ['abc']);
    expect(textsOut(bench)[0]).toMatch(/^abc[ -~]{1000}$/);
    expect(bench.truth).toMatchObject([{ act: 'damage', how: 'extended' }]);
  });

  test('split: fragments that make the message again', () => {
    const bench = send([{ fault: 'split', fragments: 3, messages: FIRST }], ['abcdefg', 'h']);
    const frames = framesOf(bytesOut(bench));
    expect(frames.map(({ opcode, isFinal }) => [opcode, isFinal])).toEqual([
      [opcodes.text, false],
      [opcodes.continuation, false],
      [opcodes.continuation, true],
      [opcodes.text, true],
    ]);
    expect(textsOut(bench).slice(0, 3).join('')).toBe('abcdefg');
  });

  test('coalesce: so many in one write; and what did not come is not waited for', () => {
    const bench = send([{ fault: 'coalesce', by: 2, messages: FIRST }], ['a', 'b', 'c', 'd']);
    expect(bench.out.map(({ bytes }) => framesOf(bytes!).length)).toEqual([3, 1]);
    const alone = send([{ fault: 'coalesce', by: 2, messages: FIRST }], ['a']);
    alone.clock.runTo(100e6);
    expect(textsOut(alone)).toEqual(['a']);
  });

  test('close: a close frame instead, and nothing after it', () => {
    const bench = send([{ fault: 'close', code: 4001, messages: [{ stream: 0, seq: 1 }] }], ['a', 'b', 'c']);
    const frames = framesOf(bytesOut(bench));
    expect(frames.map(({ opcode }) => opcode)).toEqual([opcodes.text, opcodes.close]);
    expect(Buffer.from(frames[1]!.payload).readUInt16BE(0)).toBe(4001);
    expect(bench.truth).toMatchObject([{ act: 'disconnect', seq: 1, code: 4001 }]);
  });

  test('close with 1006: no frame, and a reset', () => {
    const bench = send([{ fault: 'close', code: 1006, messages: FIRST }], ['a', 'b']);
    expect([textsOut(bench), bench.severed]).toEqual([[], ['reset']]);
  });

  test('swallow_pong: pongs do not get through, and pings and messages do', () => {
    const control = (opcode: number): Uint8Array =>
      encodeFrame({ isFinal: true, rsv: 0, opcode, maskKey: null, payload: new Uint8Array(0) });
    for (const [faults, passed] of [
      [[{ fault: 'swallow_pong' }], [opcodes.ping, opcodes.text]],
      [[], [opcodes.pong, opcodes.ping, opcodes.text]],
    ] as const) {
      const bench = createStageBench(faultsOf(...faults), { withFrames: true });
      for (const bytes of [control(opcodes.pong), control(opcodes.ping), textFrame('a')]) bench.entry().push(bytes);
      expect(framesOf(bytesOut(bench)).map(({ opcode }) => opcode)).toEqual(passed);
      expect(acts(bench)).toEqual(faults.map(() => 'swallowPong'));
    }
  });

  test('what the client sends is masked again, with the key it came with', () => {
    const bench = send([{ fault: 'corrupt', bits: 1, messages: FIRST }], ['abcdef', 'b'], 'up');
    const frames = framesOf(bytesOut(bench));
    expect(frames.map(({ maskKey }) => maskKey)).toEqual([0x1234_5678, 0x1234_5678]);
    expect(Buffer.from(frames[1]!.payload).toString()).toBe('b');
  });
});

describe('what no fault chooses', () => {
  test('passes byte for byte: fragments, control frames among them, and what breaks the rules', () => {
    const part = (opcode: number, isFinal: boolean, text: string, rsv = 0): Uint8Array =>
      encodeFrame({ isFinal, rsv, opcode, maskKey: null, payload: Buffer.from(text) });
    const frames = [
      part(opcodes.text, false, 'ab'),
      part(opcodes.continuation, true, 'cd'),
      part(opcodes.ping, true, 'p'),
      part(opcodes.continuation, true, 'stray'),
      part(3, true, 'unknown'),
      part(opcodes.binary, true, 'rsv', 0x30),
      part(opcodes.close, true, ''),
    ];
    const bench = createStageBench(faultsOf({ fault: 'drop', messages: [{ stream: 9, seq: 9 }] }), {
      withFrames: true,
    });
    const bytes = Buffer.concat(frames);
    for (const byte of bytes) bench.entry().push(Uint8Array.of(byte));
    expect(bytesOut(bench).equals(bytes)).toBe(true);
    expect(bench.truth).toEqual([]);
  });

  test('messages of ours are known by their own names, in whatever text they stand', () => {
    const messages = [{ stream: 3, seq: 7 }];
    const document = (id: string): string => JSON.stringify({ type: 'chat', reply: { to: id } });
    const bench = send(
      [{ fault: 'drop', messages }],
      [document('5eed0001-3-6'), document('5eed0001-3-7'), document('other')],
    );
    expect(textsOut(bench)).toEqual([document('5eed0001-3-6'), document('other')]);
    expect(bench.truth).toMatchObject([{ act: 'drop', to: 3, stream: 3, seq: 7 }]);
  });

  test('what is held back goes before a close frame, and before the end', () => {
    const faults = [{ fault: 'delay', delay: '1h', messages: FIRST }];
    const close = encodeFrame({
      isFinal: true,
      rsv: 0,
      opcode: opcodes.close,
      maskKey: null,
      payload: new Uint8Array(0),
    });
    const closed = send(faults, ['a']);
    closed.entry().push(close);
    expect(framesOf(bytesOut(closed)).map(({ opcode }) => opcode)).toEqual([opcodes.text, opcodes.close]);
    const ended = send(faults, ['a']);
    ended.entry().end();
    expect(textsOut(ended)).toEqual(['a']);
  });

  test('what is still held when the connection is gone is told as dropped, with the sum', () => {
    const bench = send([{ fault: 'delay', delay: '1h', messages: FIRST }], ['a', 'b']);
    bench.dispose();
    expect(bench.truth).toMatchObject([
      { act: 'delay' },
      { act: 'drop', seq: 0, why: 'held' },
      { act: 'closed', received: 2, returned: 1, passedOn: 0 },
    ]);
  });

  test('what is held back is bounded: the source waits', () => {
    const bench = createStageBench(faultsOf({ fault: 'delay', delay: '50ms', rate: '100%' }), { withFrames: true });
    bench.entry().push(textFrame('x'.repeat(600_000)));
    expect(bench.isPaused()).toBe(false);
    bench.entry().push(textFrame('x'.repeat(600_000)));
    expect(bench.isPaused()).toBe(true);
    bench.clock.runTo(100e6);
    expect(bench.isPaused()).toBe(false);
  });
});
