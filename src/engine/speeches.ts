// The speech of a run, by its dialect.

import type { Dialect as OwnDialect } from '../dialects/dialect.ts';
import { ownStates, type States, sharedStates } from '../dialects/states.ts';
import { UNREADABLE_TEXTS, type UnreadableKind } from '../facts/unreadable.ts';
import type { Dialect, Numbering, Plan } from '../plan/plan.ts';
import { roomOf } from '../plan/rooms.ts';
import { unreachable } from '../units/unreachable.ts';
import { speakEcho } from './hot/echo-speech.ts';
import { speakJson } from './hot/json-speech.ts';
import { speakOwn } from './hot/own-speech.ts';
import { speakPush } from './hot/push-speech.ts';
import type { Speech } from './hot/speech.ts';
import type { Traffic } from './hot/traffic.ts';
import type { Lane } from './lane.ts';
import type { Rows } from './site.ts';

export interface SpeechParts {
  readonly plan: Plan;
  /** The 32-bit mark of the run in every message. */
  readonly run: number;
  /** Lanes of this process. */
  readonly lanes: number;
  readonly traffic: Traffic;
  readonly rows: Rows;
  readonly feed: Rows;
  /** What the module of the plan's dialect exports; null where it has none. */
  readonly ownDialect: OwnDialect | null;
  dialectFailed(lane: Lane, detail: string): void;
}

export function createSpeech({
  plan,
  run,
  lanes,
  traffic,
  rows,
  feed,
  ownDialect,
  dialectFailed,
}: SpeechParts): Speech {
  const { dialect } = plan;
  const { mix, rooms } = plan.load;
  const payloadBytes = mix.map((type) => type.payloadBytes);
  // Receivers of a room have no table in common with its senders.
  const timed = rooms !== null;
  const roomOfStream = (stream: number): number => (rooms === null ? 0 : roomOf(rooms, stream));
  const feedOrder = plan.load.feed?.order ?? 'sequential';
  const jsonSetting = { run, timed, rows, feed, feedOrder, mix, seed: plan.seed, roomOf: roomOfStream };
  switch (dialect.kind) {
    case 'echo':
      return speakEcho(dialect, run, payloadBytes, traffic);
    case 'json':
      return speakJson(dialect, jsonSetting, traffic);
    case 'push':
      return speakPush(dialect, jsonSetting, traffic);
    case 'module':
      if (ownDialect === null) throw new Error(`the dialect ${dialect.file} was not loaded`);
      return speakOwn(ownDialect, { run, mix, timed, lanes, rows, roomOf: roomOfStream, dialectFailed }, traffic);
    default:
      return unreachable(dialect);
  }
}

/** What the service tells of its state; null where the plan does not say where that is. `groupOf`: whose lanes share one. */
export function statesFor({ dialect }: Plan, groupOf: (stream: number) => number): States | null {
  if (dialect.kind !== 'json' || dialect.state === null) return null;
  return dialect.state.shared ? sharedStates(groupOf) : ownStates();
}

/** That nothing which comes is understood, and where to look. `unreadable`: what the sample is, where it cannot be read at all. */
export function notUnderstoodText(dialect: Dialect, sample: string, unreadable: UnreadableKind | null): string {
  const wanted = {
    echo: 'an echo returns messages unchanged',
    json: `the id is looked for at ${dialect.kind === 'json' ? dialect.id.join('.') : ''}: set dialect.id`,
    push: `a number is looked for at ${dialect.kind === 'push' ? pathsOf(dialect.pushes) : ''}: set dialect.sequence`,
    module: 'decode finds no id that encode was given',
  }[dialect.kind];
  const what = dialect.kind === 'push' ? 'is a numbered push' : 'answers a message that was sent';
  const why =
    unreadable === null
      ? wanted
      : `messages came that ${UNREADABLE_TEXTS[unreadable].are}: ${UNREADABLE_TEXTS[unreadable].remedy}`;
  return `nothing that came ${what}; ${why}. One of them: ${sample}`;
}

function pathsOf({ sequence, channel }: Numbering): string {
  return channel === null ? sequence.join('.') : `${sequence.join('.')} with a channel at ${channel.join('.')}`;
}
