// What came and could not be read: counted by what it is, the first of each kind told. Whatever was in flight on its
// connection may have been in it, so what is missing of that in the end is unresolved. None of this is on the path of a
// message that can be read.

import { inflateRawSync } from 'node:zlib';
import type { UnreadableKind } from '../../facts/unreadable.ts';
import { doubtPushes } from '../../measure/pushes.ts';
import { countUnreadable } from '../../measure/recorder.ts';
import { doubtReceiver } from '../../measure/room-tracking.ts';
import { kindOfBytes } from '../../protocols/unreadable.ts';
import type { Client } from '../connections/client.ts';
import { type Accounting, noteUnmatched } from './accounting.ts';

const SAMPLE_BYTES = 120;
const HEX_BYTES = 24;
/** Raw deflate is tried on so many messages a second; the others are what the last of them was. */
const MAX_TRIED_A_SECOND = 20;
const MAX_INFLATED_BYTES = 1 << 20;

/** `byte`: where its first error is; null where that is not the trouble. */
export function noteUnreadable(
  accounting: Accounting,
  client: Client,
  kind: UnreadableKind,
  byte: number | null,
  sample: () => string,
): void {
  countUnreadable(accounting.recorder, kind, 1);
  const { fanout, pushes, ledger } = accounting;
  accounting.unreadableBelow ??= new Float64Array(ledger.next.length);
  accounting.unreadableBelow[client.index] = ledger.next[client.index]!;
  if (fanout !== null) doubtReceiver(fanout.roomTracking, client.index);
  if (pushes !== null) doubtPushes(pushes, client.index);
  reportUnreadable(accounting, client, kind, byte, sample);
  noteUnmatched(accounting, client, sample, kind);
}

/** The first of its kind. */
export function reportUnreadable(
  { unreadableReported, receivedNs, unreadable }: Accounting,
  client: Client,
  kind: UnreadableKind,
  byte: number | null,
  sample: () => string,
): void {
  if (unreadableReported.has(kind)) return;
  unreadableReported.add(kind);
  unreadable(client.stream, { unreadable: kind, byte, detail: sample() }, receivedNs);
}

/** Of bytes that are not UTF-8. */
export function noteUnreadableBytes(
  accounting: Accounting,
  client: Client,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const kind = kindOfBytes(bytes, start, end, () => inflates(accounting, bytes.subarray(start, end)));
  noteUnreadable(accounting, client, kind, null, sampleOf(bytes, start, end));
}

/** RFC 1951: raw deflate has no beginning by which it is known. */
function inflates(accounting: Accounting, payload: Uint8Array): boolean {
  const { tried } = accounting;
  const second = Math.floor(accounting.receivedNs / 1e9);
  if (second !== tried.second) Object.assign(tried, { second, count: 0 });
  if (tried.count++ >= MAX_TRIED_A_SECOND) return tried.inflated;
  try {
    tried.inflated = inflateRawSync(payload, { maxOutputLength: MAX_INFLATED_BYTES }).length > 0;
  } catch (error) {
    // What is longer than the limit was deflate up to there.
    tried.inflated = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
  }
  return tried.inflated;
}

/** What came, for a person who looks at it: text, or the hex digits of what is none. */
export function sampleOf(bytes: Uint8Array, start: number, end: number): () => string {
  return () => {
    // Nothing behind it: a secret that is cut off at the end is only known there.
    const text = Buffer.from(bytes.subarray(start, Math.min(end, start + SAMPLE_BYTES)));
    const isText = text.every((byte) => byte >= 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
    if (
      isText &&
      !text
        .toString('utf8')
        .replace(/\uFFFD+$/, '')
        .includes('\uFFFD')
    )
      return text.toString('utf8');
    return text.subarray(0, HEX_BYTES).toString('hex');
  };
}
