// The json dialect at work: an answer carries the id of its message and nothing else that can be relied on, so times wait
// in a table of the lane.
//
//   lane.times   | number due sent | number due sent | …      number n is at place n mod the places
//
// The table doubles until a quarter of it holds what is in flight. A message so late that its place was taken again is
// delivered without its times.

import { createJsonCodec, JsonReading, readJson, writeJson } from '../../dialects/json.ts';
import { frameHeaderBytes, writeFrame } from '../../frames/frame-writer.ts';
import { opcodes } from '../../frames/opcodes.ts';
import { takeNumber } from '../../measure/ledger.ts';
import type { JsonDialect } from '../../plan/plan.ts';
import type { Lane } from '../lane.ts';
import { reserve } from './outbox.ts';
import type { Speech } from './speech.ts';
import { corrupted, nextMask, noteMessage, noteRejection, type Traffic, unexpected } from './traffic.ts';

const FIRST_PLACES = 16;
const MAX_PLACES = 1 << 16;
/** Messages in flight on one lane whose times are kept for certain. */
export const MAX_JSON_IN_FLIGHT = MAX_PLACES / 4;
const WORDS = 3;

/** `run`: the 32-bit mark of the run; `payloadBytes`: by message type. */
export function speakJson(
  dialect: JsonDialect,
  run: number,
  payloadBytes: readonly number[],
  traffic: Traffic,
): Speech {
  const codec = createJsonCodec(dialect, run, payloadBytes);
  const { ledger, outbox } = traffic;

  function append(lane: Lane, type: number, dueNs: number, sentNs: number): void {
    const sequence = takeNumber(ledger, lane.index);
    rememberTimes(lane, ledger.outstanding[lane.index]!, sequence, dueNs, sentNs);
    const length = writeJson(codec, type, lane.stream, sequence);
    const plain = codec.message.subarray(0, length);
    const payload = lane.deflater === null ? plain : lane.deflater.compress(plain);
    const at = reserve(outbox, frameHeaderBytes(payload.length) + payload.length);
    const isCompressed = lane.deflater !== null;
    writeFrame(outbox.bytes, at, opcodes.text, payload, 0, payload.length, nextMask(traffic), isCompressed);
  }

  function receive(lane: Lane, _isText: boolean, bytes: Uint8Array, start: number, end: number): void {
    const reading = readJson(codec, bytes, start, end);
    if (reading === JsonReading.stale) {
      unexpected(traffic, lane, 'stale', end - start);
      return;
    }
    if (reading === JsonReading.other || reading === JsonReading.broken) {
      if (reading === JsonReading.broken || dialect.pushes === 'unexpected') {
        unexpected(traffic, lane, 'foreign', end - start, sampleOf(bytes, start, end));
      }
      return;
    }
    const { stream, sequence } = codec;
    if (stream !== lane.stream) unexpected(traffic, lane, 'otherStream', stream);
    else if (sequence >= ledger.next[lane.index]!) unexpected(traffic, lane, 'neverSent', sequence);
    else if (reading === JsonReading.corrupted) corrupted(traffic, lane, sequence, 'mangled', end - start);
    else if (reading === JsonReading.rejection) noteRejection(traffic, lane, sequence);
    else answered(lane, sequence);
  }

  function answered(lane: Lane, sequence: number): void {
    const { times } = lane;
    const slot = times === null ? 0 : WORDS * (sequence % (times.length / WORDS));
    const isKept = times !== null && times[slot] === sequence;
    noteMessage(
      traffic,
      lane,
      sequence,
      isKept ? times[slot + 1]! : Number.NaN,
      isKept ? times[slot + 2]! : Number.NaN,
    );
  }

  return { maxInFlight: payloadBytes.map(() => MAX_JSON_IN_FLIGHT), append, receive };
}

function rememberTimes(lane: Lane, inFlight: number, sequence: number, dueNs: number, sentNs: number): void {
  let times = lane.times;
  if (times === null || (4 * inFlight * WORDS > times.length && times.length < MAX_PLACES * WORDS)) {
    times = grown(times);
    lane.times = times;
  }
  const slot = WORDS * (sequence % (times.length / WORDS));
  times[slot] = sequence;
  times[slot + 1] = dueNs;
  times[slot + 2] = sentNs;
}

function grown(times: Float64Array | null): Float64Array {
  if (times === null) return new Float64Array(WORDS * FIRST_PLACES).fill(-1);
  const larger = new Float64Array(2 * times.length).fill(-1);
  const places = larger.length / WORDS;
  for (let from = 0; from < times.length; from += WORDS) {
    if (times[from]! >= 0) larger.set(times.subarray(from, from + WORDS), WORDS * (times[from]! % places));
  }
  return larger;
}

const SAMPLE_BYTES = 120;

/** What came, for a person who looks for the id in it. */
function sampleOf(bytes: Uint8Array, start: number, end: number): () => string {
  return () => {
    const isCut = end - start > SAMPLE_BYTES;
    const text = Buffer.from(bytes.subarray(start, isCut ? start + SAMPLE_BYTES : end)).toString('utf8');
    return `an answer without an id of this run: ${text}${isCut ? '…' : ''}`;
  };
}
