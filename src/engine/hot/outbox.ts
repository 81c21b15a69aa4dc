// Where outgoing bytes are laid out before they are written: one buffer for all clients of the process.
//
//   |  pinned: still in a socket's queue  | pending |      free      |
//   0                                   start   start+length
//
// A write that the kernel took at once frees its bytes at once (`writableLength` is 0), so the same
// memory serves again and again. What stays queued is left where it is until the socket lets go of the
// buffer, so memory follows the bytes that are really queued, not the number of clients.

import type { Socket } from '../connections/transport.ts';

const OUTBOX_BYTES = 64 * 1024;

export interface Outbox {
  bytes: Uint8Array;
  view: DataView;
  start: number;
  length: number;
  /** The last slice written, kept because most writes have the same place and length. */
  slice: Uint8Array;
  sliceStart: number;
}

export function createOutbox(): Outbox {
  const bytes = Buffer.allocUnsafeSlow(OUTBOX_BYTES);
  return { bytes, view: new DataView(bytes.buffer), start: 0, length: 0, slice: bytes.subarray(0, 0), sliceStart: 0 };
}

/** Makes room for `byteCount` more pending bytes and returns where they begin. */
export function reserve(outbox: Outbox, byteCount: number): number {
  const at = outbox.start + outbox.length;
  if (at + byteCount > outbox.bytes.length) return reserveElsewhere(outbox, byteCount);
  outbox.length += byteCount;
  return at;
}

function reserveElsewhere(outbox: Outbox, byteCount: number): number {
  const pending = outbox.bytes.subarray(outbox.start, outbox.start + outbox.length);
  const bytes = Buffer.allocUnsafeSlow(Math.max(OUTBOX_BYTES, 2 * (outbox.length + byteCount)));
  bytes.set(pending);
  outbox.bytes = bytes;
  outbox.view = new DataView(bytes.buffer);
  outbox.start = 0;
  outbox.slice = bytes.subarray(0, 0);
  outbox.sliceStart = 0;
  const at = outbox.length;
  outbox.length += byteCount;
  return at;
}

/** Writes what is pending in one call and returns how many bytes that were. */
export function flush(outbox: Outbox, socket: Socket): number {
  const { length, start } = outbox;
  if (length === 0) return 0;
  if (outbox.slice.length !== length || outbox.sliceStart !== start) {
    outbox.slice = outbox.bytes.subarray(start, start + length);
    outbox.sliceStart = start;
  }
  outbox.length = 0;
  socket.write(outbox.slice);
  if (socket.writableLength > 0) outbox.start += length;
  else if (outbox.bytes.length > OUTBOX_BYTES && start === 0) shrink(outbox);
  return length;
}

function shrink(outbox: Outbox): void {
  // Large messages come in runs: keep their buffer unless it is larger than a few of them need.
  if (outbox.bytes.length <= 4 * 1024 * 1024) return;
  Object.assign(outbox, createOutbox());
}
