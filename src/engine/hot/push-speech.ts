// The push dialect at work: lanes say what they must to be spoken to, and listen.

import { createJsonLayout, type JsonSetting } from '../../dialects/json-layout.ts';
import { createJsonScanner, type JsonPath } from '../../dialects/json-scan.ts';
import { createPushReader, readPush } from '../../dialects/push.ts';
import { kindOfText } from '../../dialects/unreadable.ts';
import { isValidUtf8 } from '../../frames/utf8.ts';
import type { PushDialect } from '../../plan/plan.ts';
import type { Lane } from '../lane.ts';
import { greetInJson, hearNothing } from './named.ts';
import { hearPush } from './pushed.ts';
import type { Speech } from './speech.ts';
import type { Traffic } from './traffic.ts';
import { noteUnreadable, noteUnreadableBytes, sampleOf } from './unreadable.ts';

export function speakPush(dialect: PushDialect, setting: JsonSetting, traffic: Traffic): Speech {
  const layout = createJsonLayout(dialect.hello, setting);
  const paths: JsonPath[] = [];
  const reader = createPushReader(dialect.pushes, paths);
  const scanner = createJsonScanner(paths);
  const { pushes } = traffic;
  if (pushes === null) throw new Error('the push dialect listens to pushes, and nobody counts them');

  return {
    maxInFlight: [0],
    greet: (lane) => greetInJson(traffic, layout, lane),
    append: neverSends,
    repeat: neverSends,
    receive(lane: Lane, isText: boolean, bytes: Uint8Array, start: number, end: number): void {
      // Of text frames the connection has seen to it.
      if (!isText && !isValidUtf8(bytes, start, end)) {
        noteUnreadableBytes(traffic, lane, bytes, start, end);
        return;
      }
      const isJson = scanner.scan(bytes, start, end);
      const reading = isJson ? readPush(reader, scanner, bytes) : 'none';
      if (reading === 'push') hearPush(traffic, pushes, lane, reader, bytes);
      else if (reading === 'tooLarge') {
        noteUnreadable(traffic, lane, 'numberTooLarge', null, sampleOf(bytes, start, end));
      } else if (isJson && (scanner.isSure || scanner.scanStrictly(bytes, start, end))) {
        hearDocument(lane, bytes, start, end);
      } else hearBroken(lane, bytes, start, end);
    },
  };

  /** JSON without a number where it is looked for. */
  function hearDocument(lane: Lane, bytes: Uint8Array, start: number, end: number): void {
    let holdsPushes = false;
    scanner.eachElement(bytes, start, end, () => {
      holdsPushes ||= readPush(reader, scanner, bytes) !== 'none';
    });
    if (holdsPushes) {
      noteUnreadable(traffic, lane, 'severalDocuments', null, sampleOf(bytes, start, end));
      return;
    }
    pushes!.counts.unjudged++;
    hearNothing(traffic, lane, false, bytes, start, end);
  }

  function hearBroken(lane: Lane, bytes: Uint8Array, start: number, end: number): void {
    const kind = kindOfText(scanner, bytes, start, end, LEAST_BYTES);
    if (kind === null) hearNothing(traffic, lane, true, bytes, start, end);
    else {
      const byte = kind === 'notJson' ? scanner.brokenAt : null;
      noteUnreadable(traffic, lane, kind, byte, sampleOf(bytes, start, end));
    }
  }
}

/** `{"a":1}`: no document with a number in it is shorter, and plain text that is shorter is none. */
const LEAST_BYTES = 7;

/** A plan with this dialect has no messages of its own. */
function neverSends(): never {
  throw new Error('the push dialect sends no messages');
}
