// The json dialect at work: documents are laid out from their template and scanned for what the plan looks for.

import { createJsonCodec, idText, JsonReading, readJson, writeJson } from '../../dialects/json.ts';
import type { JsonSetting } from '../../dialects/json-layout.ts';
import { opcodes } from '../../frames/opcodes.ts';
import { isValidUtf8 } from '../../frames/utf8.ts';
import type { JsonDialect } from '../../plan/plan.ts';
import { unreachable } from '../../units/unreachable.ts';
import type { Lane } from '../lane.ts';
import {
  appendFrame,
  greetInJson,
  hearAcknowledgement,
  hearNamed,
  hearNothing,
  hearRejection,
  MAX_NAMED_IN_FLIGHT,
  rememberTimes,
} from './named.ts';
import { hearPush } from './pushed.ts';
import type { Speech } from './speech.ts';
import { nextNumber, noteState, type Traffic, unexpected } from './traffic.ts';
import { noteUnreadable, noteUnreadableBytes, sampleOf } from './unreadable.ts';

const QUOTE = 0x22;
const BRACKET = 0x5b;
const BRACE = 0x7b;

export function speakJson(dialect: JsonDialect, setting: JsonSetting, traffic: Traffic): Speech {
  const codec = createJsonCodec(dialect, setting);
  const { ledger, pushes, states } = traffic;
  const outgoing = { stream: 0, sequence: 0, dueNs: 0, sentNs: 0 };

  function append(lane: Lane, type: number, dueNs: number, sentNs: number): boolean {
    const sequence = nextNumber(traffic, lane, dueNs, sentNs);
    if (!codec.layout.ids.timed) rememberTimes(lane, ledger.outstanding[lane.index]!, sequence, dueNs, sentNs);
    repeat(lane, type, sequence, dueNs, sentNs);
    states?.sent(lane.stream, sequence, idText(codec, outgoing));
    return true;
  }

  function repeat(lane: Lane, type: number, sequence: number, dueNs: number, sentNs: number): void {
    outgoing.stream = lane.stream;
    outgoing.sequence = sequence;
    outgoing.dueNs = Math.floor(dueNs);
    outgoing.sentNs = Math.floor(sentNs);
    const length = writeJson(codec, type, outgoing);
    appendFrame(traffic, lane, opcodes.text, codec.layout.message.subarray(0, length));
  }

  function receive(lane: Lane, isText: boolean, bytes: Uint8Array, start: number, end: number): void {
    // Of text frames the connection has seen to it.
    if (!isText && !isValidUtf8(bytes, start, end)) {
      noteUnreadableBytes(traffic, lane, bytes, start, end);
      return;
    }
    const reading = readJson(codec, bytes, start, end);
    switch (reading) {
      case JsonReading.message:
      case JsonReading.corrupted: {
        const isWhole = reading === JsonReading.message;
        if (codec.isUnchecked) traffic.recorder.unchecked++;
        hearNamed(traffic, lane, codec.name, { isWhole, isCopy: codec.isCopy, bytes: end - start });
        hearState(lane);
        return;
      }
      case JsonReading.acknowledgement:
        hearAcknowledgement(traffic, lane, codec.name, codec.isCopy);
        hearState(lane);
        return;
      case JsonReading.rejection:
        hearRefused(lane, bytes, start, end);
        if (codec.name.stream === lane.stream) states?.refused(lane.stream, codec.name.sequence);
        return;
      case JsonReading.stale:
        unexpected(traffic, lane, 'stale', end - start);
        return;
      case JsonReading.push:
        hearPush(traffic, pushes!, lane, codec.push!, bytes);
        return;
      case JsonReading.other:
        if (pushes !== null) pushes.counts.unjudged++;
        hearNothing(traffic, lane, dialect.pushes === 'unexpected', bytes, start, end);
        return;
      case JsonReading.plain:
        hearNothing(traffic, lane, true, bytes, start, end);
        return;
      case JsonReading.unreadable: {
        const byte = codec.unreadable === 'notJson' ? codec.scanner.brokenAt : null;
        noteUnreadable(traffic, lane, codec.unreadable, byte, sampleOf(bytes, start, end));
        return;
      }
      default:
        unreachable(reading);
    }
  }

  /** A text or an object says why by itself; `true` or a number says it in the document around it. */
  function hearRefused(lane: Lane, bytes: Uint8Array, start: number, end: number): void {
    const from = codec.scanner.spans[2 * codec.paths.error]!;
    const first = bytes[from];
    const saysWhy = first === QUOTE || first === BRACE || first === BRACKET;
    const to = codec.scanner.spans[2 * codec.paths.error + 1]!;
    hearRejection(traffic, lane, codec.name, bytes, saysWhy ? from : start, saysWhy ? to : end);
  }

  function hearState(lane: Lane): void {
    const { name, count, digest } = codec;
    // The answer to a copy tells the state of a later moment.
    if (states === null || codec.isCopy || (count === null && digest === null)) return;
    const judged = states.told(lane.stream, { ...name, count, digest }, idText(codec, name));
    if (judged !== null) noteState(traffic, lane, name.sequence, judged.expected, judged.got);
  }

  return {
    maxInFlight: setting.mix.map(() => MAX_NAMED_IN_FLIGHT),
    greet: (lane) => greetInJson(traffic, codec.layout, lane),
    append,
    repeat,
    receive,
  };
}
