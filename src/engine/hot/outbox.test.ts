import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Socket } from '../connections/transport.ts';
import { createOutbox, flush, reserve } from './outbox.ts';

/** A socket that takes what it is given at once, or keeps it by reference until it is told to let go. */
function fakeSocket(): Socket & { takes: boolean; readonly written: Uint8Array[]; letGo(): Uint8Array } {
  let kept: Uint8Array[] = [];
  return {
    takes: true,
    written: [],
    get writableLength() {
      return kept.reduce((sum, bytes) => sum + bytes.length, 0);
    },
    write(bytes) {
      this.written.push(Uint8Array.from(bytes));
      if (!this.takes || kept.length > 0) kept.push(bytes);
    },
    letGo() {
      const all = Buffer.concat(kept);
      kept = [];
      return all;
    },
    end() {},
    destroy() {},
    reset() {},
    pause() {},
    resume() {},
  };
}

/** What the socket still holds by reference is the end of what was written to it, byte for byte. */
function expectHeldIntact(socket: ReturnType<typeof fakeSocket>): void {
  const held = socket.letGo();
  const all = Buffer.concat(socket.written);
  expect(Buffer.compare(all.subarray(all.length - held.length), held)).toBe(0);
}

describe('the outbox', () => {
  test('writes what was laid out since the last flush in one piece', () => {
    const outbox = createOutbox();
    const socket = fakeSocket();
    for (const value of [1, 2, 3]) outbox.bytes.fill(value, reserve(outbox, 2), outbox.start + outbox.length);
    expect(flush(outbox, socket)).toBe(6);
    expect(socket.written).toEqual([Uint8Array.of(1, 1, 2, 2, 3, 3)]);
  });

  test('with nothing laid out it writes nothing', () => {
    const socket = fakeSocket();
    expect(flush(createOutbox(), socket)).toBe(0);
    expect(socket.written).toEqual([]);
  });

  test('uses the same memory again where the kernel took everything', () => {
    const outbox = createOutbox();
    const socket = fakeSocket();
    const { bytes } = outbox;
    for (let i = 0; i < 10_000; i++) {
      reserve(outbox, 100);
      flush(outbox, socket);
    }
    expect(outbox.bytes).toBe(bytes);
    expect(outbox.start).toBe(0);
  });

  test('bytes are never overwritten while a socket still holds them, whatever the sizes and whoever is slow', () => {
    const steps = fc.array(
      fc.record({
        socket: fc.nat(2),
        sizes: fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 10_000, max: 100_000 })), {
          minLength: 1,
          maxLength: 4,
        }),
        takes: fc.boolean(),
        letsGo: fc.boolean(),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        const outbox = createOutbox();
        const sockets = [fakeSocket(), fakeSocket(), fakeSocket()];
        let value = 0;
        for (const { socket: index, sizes, takes, letsGo } of list) {
          const socket = sockets[index]!;
          socket.takes = takes;
          for (const bytes of sizes) {
            value = (value + 1) % 251;
            const at = reserve(outbox, bytes);
            outbox.bytes.fill(value, at, at + bytes);
            expect(outbox.view.buffer).toBe(outbox.bytes.buffer);
          }
          expect(flush(outbox, socket)).toBe(sizes.reduce((sum, bytes) => sum + bytes, 0));
          if (letsGo) expectHeldIntact(socket);
        }
        for (const socket of sockets) expectHeldIntact(socket);
      }),
      { numRuns: 50 },
    );
  });

  test('what is laid out survives the move to larger memory', () => {
    const outbox = createOutbox();
    const socket = fakeSocket();
    outbox.bytes.set([1, 2, 3], reserve(outbox, 3));
    const at = reserve(outbox, 200_000);
    outbox.bytes[at] = 4;
    flush(outbox, socket);
    expect([...socket.written[0]!.subarray(0, 4)]).toEqual([1, 2, 3, 4]);
    expect(socket.written[0]).toHaveLength(200_003);
  });

  test('does not keep the memory of one huge message for ever', () => {
    const outbox = createOutbox();
    const socket = fakeSocket();
    reserve(outbox, 16 * 1024 * 1024);
    flush(outbox, socket);
    expect(outbox.bytes.length).toBeLessThanOrEqual(64 * 1024);
    expect(outbox.view.buffer).toBe(outbox.bytes.buffer);
  });
});
