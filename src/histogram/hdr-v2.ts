// HdrHistogram's V2 encoding, for every other tool that reads it (hdrhistogram plotter, jHiccup, HistogramLogAnalyzer):
//
//   base64( cookie 0x1c849314 | length | zlib( payload ) )                                 all numbers big-endian
//   payload: cookie 0x1c849313 | length of counters | normalizing offset 0 | digits |      five int32, but
//            lowest int64 | highest int64 | ratio float64 1.0 | counters                   see there for the counters
//
// It carries counters only: after decoding, min, max, sum are those of the counters' ends and middles, as in Java.
// Source: HdrHistogram, AbstractHistogram.encodeIntoByteBuffer and encodeIntoCompressedByteBuffer.

import { decodeBase64, encodeBase64 } from './base64.ts';
import { decodeCounts, encodeCounts } from './counts-codec.ts';
import { createHistogram, type Histogram, recordMany } from './histogram.ts';
import {
  HIGHEST_NS,
  highestEquivalent,
  indexOf,
  LOWEST_NS,
  lowestEquivalent,
  medianEquivalent,
  SIGNIFICANT_DIGITS,
} from './layout.ts';

const PAYLOAD_COOKIE = 0x1c849313;
const COMPRESSED_COOKIE = 0x1c849314;
const WRAPPER_BYTES = 8;
const HEADER_BYTES = 40;
/** An empty histogram still has its first counter. */
const NO_COUNTS = Uint8Array.of(0);

/** `deflate` makes the zlib format (RFC 1950), such as node's deflateSync. */
export function encodeHdrV2(h: Histogram, deflate: (bytes: Uint8Array) => Uint8Array): string {
  const counters = h.count === 0 ? NO_COUNTS : encodeCounts(h.counts, indexOf(h.minNs), indexOf(h.maxNs));
  const payload = new Uint8Array(HEADER_BYTES + counters.length);
  const header = new DataView(payload.buffer);
  header.setInt32(0, PAYLOAD_COOKIE);
  header.setInt32(4, counters.length);
  header.setInt32(8, 0);
  header.setInt32(12, SIGNIFICANT_DIGITS);
  header.setBigInt64(16, BigInt(LOWEST_NS));
  header.setBigInt64(24, BigInt(HIGHEST_NS));
  header.setFloat64(32, 1);
  payload.set(counters, HEADER_BYTES);

  const compressed = deflate(payload);
  const whole = new Uint8Array(WRAPPER_BYTES + compressed.length);
  const wrapper = new DataView(whole.buffer);
  wrapper.setInt32(0, COMPRESSED_COOKIE);
  wrapper.setInt32(4, compressed.length);
  whole.set(compressed, WRAPPER_BYTES);
  return encodeBase64(whole);
}

export type DecodedHdrV2 =
  | { readonly kind: 'decoded'; readonly histogram: Histogram }
  | { readonly kind: 'invalid'; readonly problem: string };

/**
 * Reads V2 of the same resolution (three digits, lowest 1), whatever its highest value. `inflate` reads the zlib
 * format, may throw, and should have a limit of its own where the text comes from a stranger.
 */
export function decodeHdrV2(text: string, inflate: (bytes: Uint8Array) => Uint8Array): DecodedHdrV2 {
  const whole = decodeBase64(text);
  if (whole === null || whole.length < WRAPPER_BYTES) return problem('expected base64 of a V2 histogram');
  const wrapper = viewOf(whole);
  if (baseOf(wrapper.getInt32(0)) !== baseOf(COMPRESSED_COOKIE)) return problem('expected the compressed V2 cookie');
  const compressedBytes = wrapper.getInt32(4);
  if (compressedBytes < 0 || compressedBytes > whole.length - WRAPPER_BYTES) return problem('cut off');
  let payload: Uint8Array;
  try {
    payload = inflate(whole.subarray(WRAPPER_BYTES, WRAPPER_BYTES + compressedBytes));
  } catch (error) {
    return problem(`expected zlib data: ${String(error)}`);
  }
  return decodePayload(payload);
}

function decodePayload(payload: Uint8Array): DecodedHdrV2 {
  if (payload.length < HEADER_BYTES) return problem('the header is cut off');
  const header = viewOf(payload);
  if (baseOf(header.getInt32(0)) !== baseOf(PAYLOAD_COOKIE)) return problem('expected the V2 cookie');
  const countersBytes = header.getInt32(4);
  if (countersBytes < 0 || countersBytes > payload.length - HEADER_BYTES) return problem('the counters are cut off');
  const digits = header.getInt32(12);
  const lowest = header.getBigInt64(16);
  if (digits !== SIGNIFICANT_DIGITS || lowest !== BigInt(LOWEST_NS)) {
    return problem(`expected 3 digits from 1, got ${digits} from ${lowest}`);
  }
  const counters = decodeCounts(payload.subarray(HEADER_BYTES, HEADER_BYTES + countersBytes));
  if (counters === null) return problem('expected whole counters of values up to 2^42');
  const histogram = createHistogram();
  for (let at = 0; at < counters.length; at += 1) {
    recordMany(histogram, medianEquivalent(counters.indexes[at]!), counters.counts[at]!);
  }
  if (counters.length > 0) {
    histogram.minNs = lowestEquivalent(counters.indexes[0]!);
    const endNs = highestEquivalent(counters.indexes[counters.length - 1]!);
    histogram.maxNs = histogram.overflowCount > 0 ? endNs : Math.min(endNs, HIGHEST_NS);
  }
  return { kind: 'decoded', histogram };
}

/** The cookie without its word size. */
function baseOf(cookie: number): number {
  return cookie & ~0xf0;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function problem(text: string): DecodedHdrV2 {
  return { kind: 'invalid', problem: text };
}
