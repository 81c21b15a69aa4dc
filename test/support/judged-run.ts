// Results of runs that nobody had to wait for, judged by the code that judges every run: windows in, result out.

import { deflateSync } from 'node:zlib';
import { createJudge } from '../../src/analysis/judge/judge.ts';
import type { RunEvent } from '../../src/facts/event.ts';
import type { RunResult } from '../../src/facts/result.ts';
import { encodeHdrV2 } from '../../src/histogram/hdr-v2.ts';
import { makePlan, openMessages, SECOND, threshold } from './engine/plans.ts';
import { completedRun, makeWindow } from './engine/windows.ts';

const MS = 1e6;

export interface JudgedRun {
  readonly name?: string;
  readonly seconds?: number;
  readonly rules?: readonly string[];
  readonly events?: readonly RunEvent[];
  /** Answers a second. */
  readonly messages?: number;
}

export function resultOf({
  name = 'chat',
  seconds = 3,
  rules = ['response.p99 < 1s', 'lost == 0'],
  events = [],
  messages = 1000,
}: JudgedRun = {}): RunResult {
  const plan = {
    ...makePlan({ messages: openMessages(100, seconds * SECOND) }),
    name,
    thresholds: rules.map(threshold),
  };
  const judge = createJudge(plan, [...completedRun(0, seconds * SECOND), ...events], (histogram) =>
    encodeHdrV2(histogram, (bytes) => deflateSync(bytes)),
  );
  for (let second = 0; second < seconds; second++) {
    const slowness = 1 + (second % 60) / 20 + (second % 97 === 3 ? 40 : 0);
    const times = Array.from({ length: messages }, (_, index) => slowness * MS + index * 10_007);
    judge.window(
      makeWindow({
        second,
        messages: { due: messages, sent: messages, delivered: messages - 1, lost: 1 },
        times: { response: times, service: times, sendLag: times.map((ns) => ns / 100), eventLoopDelay: [MS] },
        health: { elapsedNs: 1e9, inFlightNs: times.reduce((sum, ns) => sum + ns, 0) },
      }),
    );
  }
  return judge.finish();
}
