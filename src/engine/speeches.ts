// The speech of a run, by its dialect.

import type { Plan } from '../plan/plan.ts';
import { unreachable } from '../units/unreachable.ts';
import { speakEcho } from './hot/echo-speech.ts';
import { speakJson } from './hot/json-speech.ts';
import type { Speech } from './hot/speech.ts';
import type { Traffic } from './hot/traffic.ts';

/** `run`: the 32-bit mark of the run in every message. */
export function createSpeech({ dialect, load }: Plan, run: number, traffic: Traffic): Speech {
  const payloadBytes = load.mix.map((type) => type.payloadBytes);
  switch (dialect.kind) {
    case 'echo':
      return speakEcho(dialect, run, payloadBytes, traffic);
    case 'json':
      return speakJson(dialect, run, payloadBytes, traffic);
    default:
      return unreachable(dialect);
  }
}
