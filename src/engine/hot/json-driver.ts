// The json protocol at work: documents are laid out from their template and scanned for what the plan looks for.

import { opcodes } from '../../frames/opcodes.ts';
import { isValidUtf8 } from '../../frames/utf8.ts';
import type { JsonProtocol } from '../../plan/plan.ts';
import { createJsonCodec, idText, JsonReading, readJson, writeJson } from '../../protocols/json/json.ts';
import type { JsonSetting } from '../../protocols/json/layout.ts';
import { unreachable } from '../../units/unreachable.ts';
import type { Client } from '../connections/client.ts';
import { type Accounting, nextNumber, noteState, unexpected } from './accounting.ts';
import type { ProtocolDriver } from './driver.ts';
import {
  appendFrame,
  joinInJson,
  MAX_NAMED_IN_FLIGHT,
  receiveAcknowledgement,
  receiveNamed,
  receiveRejection,
  receiveUnmatched,
  rememberTimes,
  timesInTable,
} from './named.ts';
import { receivePush } from './pushed.ts';
import { noteUnreadable, noteUnreadableBytes, sampleOf } from './unreadable.ts';

/** With which JSON's texts, arrays and objects begin. */
const QUOTE = 0x22;
const BRACKET = 0x5b;
const BRACE = 0x7b;

export function createJsonDriver(protocol: JsonProtocol, setting: JsonSetting, accounting: Accounting): ProtocolDriver {
  const codec = createJsonCodec(protocol, setting);
  const { ledger, pushes, states } = accounting;
  /** The message that is being laid out, in whole nanoseconds. One for all: `writeJson` keeps nothing of it. */
  const outgoing = { stream: 0, sequence: 0, dueNs: 0, sentNs: 0 };

  function append(client: Client, type: number, dueNs: number, sentNs: number): boolean {
    const sequence = nextNumber(accounting, client, dueNs, sentNs);
    // Ids of a room carry the times of their message: its receivers share no table with its sender.
    if (!codec.layout.ids.timed) rememberTimes(client, ledger.outstanding[client.index]!, sequence, dueNs, sentNs);
    repeat(client, type, sequence, dueNs, sentNs);
    states?.sent(client.stream, sequence, idText(codec, outgoing));
    return true;
  }

  function repeat(client: Client, type: number, sequence: number, dueNs: number, sentNs: number): void {
    outgoing.stream = client.stream;
    outgoing.sequence = sequence;
    outgoing.dueNs = Math.floor(dueNs);
    outgoing.sentNs = Math.floor(sentNs);
    const length = writeJson(codec, type, outgoing);
    appendFrame(accounting, client, opcodes.text, codec.layout.message.subarray(0, length));
  }

  /** `bytes[start, end)`: one message. `codec.name` and the spans of its scanner hold until the next one is read. */
  function receive(client: Client, isText: boolean, bytes: Uint8Array, start: number, end: number): void {
    // Of text frames the connection has seen to it.
    if (!isText && !isValidUtf8(bytes, start, end)) {
      noteUnreadableBytes(accounting, client, bytes, start, end);
      return;
    }
    const reading = readJson(codec, bytes, start, end);
    switch (reading) {
      case JsonReading.message:
      case JsonReading.corrupted: {
        const isWhole = reading === JsonReading.message;
        if (codec.isUnchecked) accounting.recorder.delivery.unchecked++;
        receiveNamed(accounting, client, codec.name, { isWhole, isCopy: codec.isCopy, bytes: end - start });
        receiveState(client);
        return;
      }
      case JsonReading.acknowledgement:
        receiveAcknowledgement(accounting, client, codec.name, codec.isCopy);
        receiveState(client);
        return;
      case JsonReading.rejection:
        receiveRejected(client, bytes, start, end);
        if (codec.name.stream === client.stream) states?.refused(client.stream, codec.name.sequence);
        return;
      case JsonReading.stale:
        unexpected(accounting, client, 'stale', end - start);
        return;
      case JsonReading.push:
        receivePush(accounting, pushes!, client, codec.push!, bytes);
        return;
      case JsonReading.other:
        if (pushes !== null) pushes.counts.unjudged++;
        receiveUnmatched(accounting, client, protocol.pushes === 'unexpected', bytes, start, end);
        return;
      case JsonReading.plain:
        receiveUnmatched(accounting, client, true, bytes, start, end);
        return;
      case JsonReading.unreadable: {
        const byte = codec.unreadable === 'notJson' ? codec.scanner.brokenAt : null;
        noteUnreadable(accounting, client, codec.unreadable, byte, sampleOf(bytes, start, end));
        return;
      }
      default:
        unreachable(reading);
    }
  }

  /** A text or an object says why by itself; `true` or a number says it in the document around it. */
  function receiveRejected(client: Client, bytes: Uint8Array, start: number, end: number): void {
    const from = codec.scanner.spans[2 * codec.paths.error]!;
    const first = bytes[from];
    const saysWhy = first === QUOTE || first === BRACE || first === BRACKET;
    const to = codec.scanner.spans[2 * codec.paths.error + 1]!;
    receiveRejection(accounting, client, codec.name, bytes, saysWhy ? from : start, saysWhy ? to : end);
  }

  function receiveState(client: Client): void {
    const { name, count, digest } = codec;
    // The answer to a copy tells the state of a later moment.
    if (states === null || codec.isCopy || (count === null && digest === null)) return;
    const judged = states.told(client.stream, { ...name, count, digest }, idText(codec, name));
    if (judged !== null) noteState(accounting, client, name.sequence, judged.expected, judged.got);
  }

  return {
    maxInFlight: setting.mix.map(() => MAX_NAMED_IN_FLIGHT),
    join: (client) => joinInJson(accounting, codec.layout, client),
    append,
    repeat,
    sentTimes: timesInTable,
    receive,
  };
}
