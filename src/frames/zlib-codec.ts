/**
 * Inflate and Deflate out of node's synchronous zlib functions, which are passed in: this folder imports no platform.
 *
 * Each message is a zlib call of its own, and the window of context takeover travels as its dictionary. That equals one
 * long stream, because a sync flush ends every message on a byte boundary after a whole block (RFC 7692 §7.2.1) and
 * raw DEFLATE keeps nothing between blocks but the window. So an idle connection holds the window alone (at most
 * 32 KiB a direction) and no zlib stream (by zlib's manual 256 KiB to deflate and about 40 KiB to inflate).
 */
import type { Deflate } from './deflate.ts';
import type { Inflate, Inflated } from './frame-reader.ts';

/** The shape of `inflateRawSync` and `deflateRawSync` of node:zlib. */
export type RawSync = (bytes: Uint8Array, options: RawSyncOptions) => Uint8Array;

interface RawSyncOptions {
  dictionary?: Uint8Array;
  finishFlush?: number;
  windowBits?: number;
  maxOutputLength?: number;
  info?: boolean;
}

const syncFlush = 2; // zlib.constants.Z_SYNC_FLUSH

/**
 * RFC 7692 §7.2.2 says to append 00 00 ff ff. The five bytes after it are an empty final block, so that zlib must come to
 * an end of stream: a message that was cut off inside a block is found corrupt rather than delivered short.
 */
const tail = Uint8Array.of(0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff);

/** A sender may end blocks with BFINAL (RFC 7692 §7.2.3.4); more of them than this in one message is an attack. */
const maxStreamsPerMessage = 64;

export function zlibInflate(inflateRawSync: RawSync): Inflate {
  const inflateAll = (
    input: Uint8Array,
    dictionary: Uint8Array | null,
    maxBytes: number,
    isWhole: boolean,
  ): Inflated => {
    const parts: Uint8Array[] = [];
    let partsBytes = 0;
    let at = 0;
    for (let streams = 0; at < input.length; streams++) {
      if (streams === maxStreamsPerMessage) return 'corrupt';
      const known =
        parts.length === 0 ? (dictionary ?? undefined) : concat(dictionary ?? input.subarray(0, 0), ...parts);
      const inflated = inflateStream(inflateRawSync, input.subarray(at), known, maxBytes - partsBytes, isWhole);
      if (typeof inflated === 'string') return inflated;
      parts.push(inflated.output);
      partsBytes += inflated.output.length;
      at += inflated.readBytes;
    }
    return parts.length === 1 ? parts[0]! : concat(...parts);
  };
  return {
    inflate: (bytes, dictionary, maxBytes) => inflateAll(concat(bytes, tail), dictionary, maxBytes, true),
    inflateBeginning: (bytes, dictionary, maxBytes) => inflateAll(bytes, dictionary, maxBytes, false),
  };
}

function inflateStream(
  inflateRawSync: RawSync,
  input: Uint8Array,
  dictionary: Uint8Array | undefined,
  maxBytes: number,
  isWhole: boolean,
): { readonly output: Uint8Array; readonly readBytes: number } | 'tooBig' | 'corrupt' {
  try {
    const result = inflateRawSync(input, {
      ...(dictionary === undefined ? {} : { dictionary: lastWindow(dictionary) }),
      // Without it zlib would call a stream that has not come to its end corrupt.
      ...(isWhole ? {} : { finishFlush: syncFlush }),
      maxOutputLength: Math.max(1, maxBytes),
      info: true,
    });
    // With `info`, node returns the engine too, and the engine says where a BFINAL block ended the stream.
    const { buffer, engine } = result as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
    return buffer.length > maxBytes ? 'tooBig' : { output: buffer, readBytes: engine.bytesWritten };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') return 'tooBig';
    if (code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR') return 'corrupt';
    throw error;
  }
}

/** `windowBits` is 9 to 15: what the server allows the client. */
export function zlibDeflate(deflateRawSync: RawSync, windowBits: number): Deflate {
  return {
    deflate: (bytes, dictionary) =>
      deflateRawSync(bytes, {
        windowBits,
        finishFlush: syncFlush,
        ...(dictionary === null ? {} : { dictionary }),
      }),
  };
}

function lastWindow(bytes: Uint8Array): Uint8Array {
  return bytes.length > 32_768 ? bytes.subarray(bytes.length - 32_768) : bytes;
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
