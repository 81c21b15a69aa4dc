/**
 * Masking, RFC 6455 §5.3: octet i of the payload is combined by XOR with octet (i mod 4) of the key. A key is 32 bits
 * in a number, octet 0 highest, which is the order in which it travels. Signed or unsigned is all the same; signed
 * (`| 0`) is faster, since V8 keeps such a number without an object.
 *
 * Node 20.20, 2026-11-21: 64 bytes take 67 ns byte by byte and 15 ns word by word through a DataView, but to create the
 * DataView takes about 95 ns. So a buffer that lives long should have one of its own, for `maskView`.
 */

/** From here on a DataView made for the call pays: 120 bytes in place, 190 with the copy. */
const viewFromBytes = 160;

/** Masks `bytes[start, end)` where it lies; `start` meets octet 0 of the key. Done twice, it undoes itself. */
export function maskInPlace(bytes: Uint8Array, start: number, end: number, maskKey: number): void {
  if (end - start < viewFromBytes) maskBytes(bytes, start, end, bytes, start, maskKey);
  else maskView(new DataView(bytes.buffer, bytes.byteOffset + start, end - start), 0, end - start, maskKey);
}

/** The same, word by word through a view that the caller keeps over the buffer. */
export function maskView(view: DataView, start: number, end: number, maskKey: number): void {
  let at = start;
  for (const lastPair = end - 8; at <= lastPair; at += 8) {
    view.setInt32(at, view.getInt32(at) ^ maskKey);
    view.setInt32(at + 4, view.getInt32(at + 4) ^ maskKey);
  }
  if (at <= end - 4) {
    view.setInt32(at, view.getInt32(at) ^ maskKey);
    at += 4;
  }
  for (let shift = 24; at < end; at++, shift -= 8) view.setUint8(at, view.getUint8(at) ^ (maskKey >>> shift));
}

/** Writes the masked copy of `source[start, end)` to `target` from `at` on. The two must not overlap. */
export function copyAndMask(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
  maskKey: number,
): void {
  if (end - start < viewFromBytes) maskBytes(source, start, end, target, at, maskKey);
  else {
    target.set(source.subarray(start, end), at);
    maskInPlace(target, at, at + end - start, maskKey);
  }
}

function maskBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
  maskKey: number,
): void {
  const key0 = maskKey >>> 24;
  const key1 = (maskKey >>> 16) & 0xff;
  const key2 = (maskKey >>> 8) & 0xff;
  const key3 = maskKey & 0xff;
  let from = start;
  let to = at;
  for (const lastQuad = end - 4; from <= lastQuad; from += 4, to += 4) {
    target[to] = source[from]! ^ key0;
    target[to + 1] = source[from + 1]! ^ key1;
    target[to + 2] = source[from + 2]! ^ key2;
    target[to + 3] = source[from + 3]! ^ key3;
  }
  if (from < end) target[to] = source[from]! ^ key0;
  if (from + 1 < end) target[to + 1] = source[from + 1]! ^ key1;
  if (from + 2 < end) target[to + 2] = source[from + 2]! ^ key2;
}
