// The push protocol at work: clients say what they must to be spoken to, and listen.

import { isValidUtf8 } from '../../frames/utf8.ts';
import type { PushProtocol } from '../../plan/plan.ts';
import { createJsonLayout, type JsonSetting } from '../../protocols/json/layout.ts';
import { createJsonScanner, type JsonPath } from '../../protocols/json/scan.ts';
import { createPushReader, readPush } from '../../protocols/push/push.ts';
import { kindOfText } from '../../protocols/unreadable.ts';
import type { Client } from '../connections/client.ts';
import type { Accounting } from './accounting.ts';
import type { ProtocolDriver } from './driver.ts';
import { joinInJson, receiveUnmatched } from './named.ts';
import { receivePush } from './pushed.ts';
import { noteUnreadable, noteUnreadableBytes, sampleOf } from './unreadable.ts';

export function createPushDriver(protocol: PushProtocol, setting: JsonSetting, accounting: Accounting): ProtocolDriver {
  const layout = createJsonLayout(protocol.join, setting);
  const paths: JsonPath[] = [];
  const reader = createPushReader(protocol.pushes, paths);
  const scanner = createJsonScanner(paths);
  const { pushes } = accounting;
  if (pushes === null) throw new Error('the push protocol listens to pushes, and nobody counts them');

  return {
    maxInFlight: [0],
    join: (client) => joinInJson(accounting, layout, client),
    append: neverSends,
    repeat: neverSends,
    sentTimes: () => null,
    receive(client: Client, isText: boolean, bytes: Uint8Array, start: number, end: number): void {
      // Of text frames the connection has seen to it.
      if (!isText && !isValidUtf8(bytes, start, end)) {
        noteUnreadableBytes(accounting, client, bytes, start, end);
        return;
      }
      const isJson = scanner.scan(bytes, start, end);
      const reading = isJson ? readPush(reader, scanner, bytes) : 'none';
      if (reading === 'push') receivePush(accounting, pushes, client, reader, bytes);
      else if (reading === 'tooLarge') {
        noteUnreadable(accounting, client, 'numberTooLarge', null, sampleOf(bytes, start, end));
      } else if (isJson && (scanner.isSure || scanner.scanStrictly(bytes, start, end))) {
        receiveDocument(client, bytes, start, end);
      } else receiveBroken(client, bytes, start, end);
    },
  };

  /** JSON without a number where it is looked for. */
  function receiveDocument(client: Client, bytes: Uint8Array, start: number, end: number): void {
    let holdsPushes = false;
    scanner.eachElement(bytes, start, end, () => {
      holdsPushes ||= readPush(reader, scanner, bytes) !== 'none';
    });
    if (holdsPushes) {
      noteUnreadable(accounting, client, 'severalDocuments', null, sampleOf(bytes, start, end));
      return;
    }
    pushes!.counts.unjudged++;
    receiveUnmatched(accounting, client, false, bytes, start, end);
  }

  function receiveBroken(client: Client, bytes: Uint8Array, start: number, end: number): void {
    const kind = kindOfText(scanner, bytes, start, end, LEAST_BYTES);
    if (kind === null) receiveUnmatched(accounting, client, true, bytes, start, end);
    else {
      const byte = kind === 'notJson' ? scanner.brokenAt : null;
      noteUnreadable(accounting, client, kind, byte, sampleOf(bytes, start, end));
    }
  }
}

/** `{"a":1}`: no document with a number in it is shorter, and plain text that is shorter is none. */
const LEAST_BYTES = 7;

/** A plan with this protocol has no messages of its own. */
function neverSends(): never {
  throw new Error('the push protocol sends no messages');
}
