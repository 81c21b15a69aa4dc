// The push dialect at work: lanes say what they must to be spoken to, and listen.

import { createJsonLayout, type JsonSetting } from '../../dialects/json-layout.ts';
import { createJsonScanner, type JsonPath } from '../../dialects/json-scan.ts';
import { createPushReader, readPush } from '../../dialects/push.ts';
import type { PushDialect } from '../../plan/plan.ts';
import type { Lane } from '../lane.ts';
import { greetInJson, hearNothing } from './named.ts';
import { hearPush } from './pushed.ts';
import type { Speech } from './speech.ts';
import type { Traffic } from './traffic.ts';

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
    receive(lane: Lane, _isText: boolean, bytes: Uint8Array, start: number, end: number): void {
      const isJson = scanner.scan(bytes, start, end);
      if (isJson && readPush(reader, scanner, bytes)) hearPush(traffic, pushes, lane, reader, bytes);
      else {
        if (isJson) pushes.counts.unjudged++;
        hearNothing(traffic, lane, !isJson, bytes, start, end);
      }
    },
  };
}

/** A plan with this dialect has no messages of its own. */
function neverSends(): never {
  throw new Error('the push dialect sends no messages');
}
