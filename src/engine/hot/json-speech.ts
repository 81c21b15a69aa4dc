// The json dialect at work: documents are laid out from their template and scanned for what the plan looks for.

import {
  createJsonCodec,
  JsonReading,
  type JsonSetting,
  readJson,
  writeHello,
  writeJson,
} from '../../dialects/json.ts';
import { opcodes } from '../../frames/opcodes.ts';
import type { JsonDialect } from '../../plan/plan.ts';
import type { Lane } from '../lane.ts';
import { appendFrame, hearNamed, hearRejection, MAX_NAMED_IN_FLIGHT, rememberTimes, sampleOf } from './named.ts';
import type { Speech } from './speech.ts';
import { nextNumber, type Traffic, unexpected } from './traffic.ts';

export function speakJson(dialect: JsonDialect, setting: JsonSetting, traffic: Traffic): Speech {
  const codec = createJsonCodec(dialect, setting);
  const { ledger } = traffic;
  const outgoing = { stream: 0, sequence: 0, dueNs: 0, sentNs: 0 };

  function greet(lane: Lane): void {
    for (let index = 0; index < codec.hello.length; index++) {
      const length = writeHello(codec, index, lane.stream);
      appendFrame(traffic, lane, opcodes.text, codec.message.subarray(0, length));
    }
  }

  function append(lane: Lane, type: number, dueNs: number, sentNs: number): boolean {
    outgoing.stream = lane.stream;
    outgoing.sequence = nextNumber(traffic, lane);
    outgoing.dueNs = Math.floor(dueNs);
    outgoing.sentNs = Math.floor(sentNs);
    if (!codec.ids.timed) rememberTimes(lane, ledger.outstanding[lane.index]!, outgoing.sequence, dueNs, sentNs);
    const length = writeJson(codec, type, outgoing);
    appendFrame(traffic, lane, opcodes.text, codec.message.subarray(0, length));
    return true;
  }

  function receive(lane: Lane, _isText: boolean, bytes: Uint8Array, start: number, end: number): void {
    const reading = readJson(codec, bytes, start, end);
    switch (reading) {
      case JsonReading.message:
      case JsonReading.corrupted:
        hearNamed(traffic, lane, codec.name, reading === JsonReading.message, end - start);
        return;
      case JsonReading.rejection:
        hearRejection(traffic, lane, codec.name);
        return;
      case JsonReading.stale:
        unexpected(traffic, lane, 'stale', end - start);
        return;
      default:
        if (reading === JsonReading.broken || dialect.pushes === 'unexpected') {
          unexpected(traffic, lane, 'foreign', end - start, sampleOf(bytes, start, end));
        }
    }
  }

  return { maxInFlight: setting.payloadBytes.map(() => MAX_NAMED_IN_FLIGHT), greet, append, receive };
}
