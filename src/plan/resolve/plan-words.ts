// A resolved plan in the words of one that is written: its keys, its units, its segments. For people, who are told where two
// plans differ; what follows from something else, as the names of unnamed segments do, is left out.

import { formatCount, formatRate } from '../../units/rate.ts';
import { unreachable } from '../../units/unreachable.ts';
import { isObject } from '../document.ts';
import type { Curve, Messages, MessagesStart, Plan, Segment } from '../plan.ts';

type Words = Readonly<Record<string, unknown>>;

export function planWords(plan: Plan): Words {
  const { load, target, protocol, ...rest } = plan;
  const { rowsFile, rowsOrder, ...place } = target;
  return {
    ...wordsOf(rest),
    target: {
      ...wordsOf(place),
      rows: rowsFile === null ? null : { file: rowsFile, order: rowsOrder },
    },
    protocol: protocolWords(protocol),
    load: {
      ...wordsOf({ rooms: load.rooms, feeder: load.feeder }),
      connections: load.connections.map((segment) => segmentWords(segment, formatCount)),
      messages: messagesWords(load.messages),
      mix: load.mix.map(({ payloadBytes, ...type }) => ({ ...type, bytes: payloadBytes })),
      misbehaving: load.misbehaving.map(({ share, misbehavior }) => ({
        share: percentText(share),
        ...wordsOf(misbehavior),
      })),
    },
  };
}

function messagesWords(messages: Messages): unknown {
  switch (messages.kind) {
    case 'none':
      return null;
    case 'open':
      return { open: rates(messages.curve), arrival: messages.arrival, from: startText(messages.start) };
    case 'closed': {
      const { inFlight, think, replyTimeoutNs, durationNs, start } = messages;
      const closed = {
        inFlight,
        think: rangeText(think.minNs, think.maxNs),
        replyTimeout: durationText(replyTimeoutNs),
        for: durationText(durationNs),
      };
      return { closed, from: startText(start) };
    }
    default:
      return unreachable(messages);
  }
}

function rates(curve: Curve): readonly Words[] {
  return curve.map((segment) => segmentWords(segment, rateText));
}

function segmentWords({ shape, to, durationNs, steps }: Segment, levelText: (level: number) => string): Words {
  switch (shape) {
    case 'instant':
      return { to: levelText(to) };
    case 'hold':
      return { hold: durationText(durationNs) };
    case 'burst':
      return { burst: levelText(to), for: durationText(durationNs) };
    case 'linear':
    case 'exponential':
      return { to: levelText(to), over: durationText(durationNs), curve: shape };
    case 'stepped':
      return { to: levelText(to), over: durationText(durationNs), curve: shape, steps };
    default:
      return unreachable(shape);
  }
}

/** Of protocols that name paths, as `answer.id`; what is sent as `send`. */
function protocolWords(protocol: Plan['protocol']): unknown {
  if (protocol.kind !== 'json') return wordsOf(withPaths(protocol));
  const { template, ...rest } = protocol;
  return wordsOf({ ...(withPaths(rest) as object), send: template });
}

const TEXTS: readonly string[] = ['join', 'send'];

function withPaths(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return TEXTS.includes(key) ? value : value.join('.');
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withPaths(member, name)]));
}

/** Keys lose the unit that their value then has. */
function wordsOf(value: unknown): Words {
  return wordsOfAny(value) as Words;
}

function wordsOfAny(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wordsOfAny);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => wordOf(key, member)));
}

/** What keys of a resolved plan end with, and what the number behind them is. */
const UNITS: readonly (readonly [ending: RegExp, text: (value: number) => string])[] = [
  [/Ns$/, durationText],
  [/Bytes$/, (bytes) => `${bytes}B`],
  [/Ratio$/, percentText],
];

function wordOf(key: string, value: unknown): readonly [string, unknown] {
  if (key === 'bytesPerSecond' && typeof value === 'number') return ['rate', `${value}B/s`];
  const unit = UNITS.find(([ending]) => ending.test(key));
  if (unit === undefined) return [key, wordsOfAny(value)];
  return [key.replace(unit[0], ''), typeof value === 'number' ? unit[1](value) : value];
}

export function startText(start: MessagesStart): string {
  return start.kind === 'connected' ? 'connected' : durationText(start.atNs);
}

export function rangeText(minNs: number, maxNs: number): string {
  return minNs === maxNs ? durationText(minNs) : `${durationText(minNs)}..${durationText(maxNs)}`;
}

export function percentText(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(12))}%`;
}

/** All its digits: two rates that differ must not look alike. */
function rateText(perSecond: number): string {
  const text = formatRate(perSecond);
  return text.replaceAll(',', '') === `${perSecond}/s` ? text : `${perSecond}/s`;
}

const UNIT_NS: readonly (readonly [name: string, ns: number])[] = [
  ['h', 3600e9],
  ['m', 60e9],
  ['s', 1e9],
  ['ms', 1e6],
  ['us', 1e3],
];

/** Exact, in the largest unit of which it is a whole number: `1500ms`, `30s`. */
export function durationText(ns: number): string {
  const [name, unitNs] = UNIT_NS.find(([, unit]) => ns >= unit && ns % unit === 0) ?? ['ns', 1];
  return ns === 0 ? '0s' : `${ns / unitNs}${name}`;
}
