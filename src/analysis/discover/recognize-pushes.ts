// What a service says of its own accord: documents in which a number goes up by one from message to message, over all of
// them or among those that have the same word somewhere (a channel). A time stamp goes up as well, but not by one.

import { type JsonValue, lastKey, parseDocument, valuesOf } from './json-values.ts';
import type { Observation } from './transcript.ts';

export interface RecognizedPushes {
  readonly documents: number;
  readonly sequence: Sequence | null;
}

export interface Sequence {
  readonly path: readonly string[];
  /** Null where the numbers count over all messages. */
  readonly channel: readonly string[] | null;
  /** Of so many steps from one message to the next of its channel, so many were by one; the others went further. */
  readonly steps: number;
  readonly byOne: number;
  /** How many channels there were. */
  readonly channels: number;
}

const MIN_STEPS = 2;
/** Below that, a number only happens to go up; above, what is missing may be what a service loses. */
const MIN_SHARE_BY_ONE = 0.8;
const MAX_CANDIDATES = 20;
const SEQUENCE_KEY =
  /^(s|n|u|seq|seq_?(no|num|nr|number|id)|sequence|sequence_?(no|num|number|id)|offset|index|counter|count|number|no|version|rev|revision)$/i;
/** Seconds go up by one where a message comes each second. */
const TIME_KEY = /time|^(ts|t|at|date|epoch)$/i;
const CHANNEL_KEY =
  /^(s|ch|channel|channel_?(id|name)|symbol|sym|topic|room|room_?id|stream|market|pair|instrument|product_?id|feed|subject|key)$/i;

export function recognizePushes(received: readonly Observation[]): RecognizedPushes {
  const documents = received
    .filter(({ format }) => format === 'text')
    .flatMap(({ connection, text }): Document[] => {
      const document = parseDocument(text);
      if (document === null) return [];
      return [{ connection, values: new Map(valuesOf(document).map((value) => [value.path.join('\n'), value])) }];
    });
  const found = pathsOf(documents, isCounter).flatMap((path) =>
    [null, ...channelPaths(documents)].flatMap((channel) => sequenceAt(documents, path, channel) ?? []),
  );
  return { documents: documents.length, sequence: found.sort(better)[0] ?? null };
}

function isCounter({ path, value }: JsonValue): boolean {
  return Number.isSafeInteger(value) && !TIME_KEY.test(lastKey(path));
}

interface Document {
  /** Where another begins, numbers may begin again. */
  readonly connection: number;
  readonly values: ReadonlyMap<string, JsonValue>;
}

/** Paths at which the values of more than one document are of this sort; the most frequent first. */
function pathsOf(
  documents: readonly Document[],
  isWanted: (value: JsonValue) => boolean,
): readonly (readonly string[])[] {
  const counts = new Map<string, { readonly path: readonly string[]; count: number }>();
  for (const document of documents) {
    for (const [key, value] of document.values) {
      if (!isWanted(value)) continue;
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { path: value.path, count: 1 });
      else known.count++;
    }
  }
  return [...counts.values()]
    .filter(({ count }) => count > 1)
    .sort((a, b) => b.count - a.count)
    .slice(0, MAX_CANDIDATES)
    .map(({ path }) => path);
}

/** Words that come back: two messages or more for each, or a name that says so. */
function channelPaths(documents: readonly Document[]): readonly (readonly string[])[] {
  return pathsOf(documents, ({ value }) => typeof value === 'string').filter((path) => {
    const words = documents
      .map(({ values }) => values.get(path.join('\n'))?.value)
      .filter((value) => typeof value === 'string');
    const distinct = new Set(words).size;
    return distinct > 1 && (words.length >= 2 * distinct || CHANNEL_KEY.test(lastKey(path)));
  });
}

function sequenceAt(
  documents: readonly Document[],
  path: readonly string[],
  channel: readonly string[] | null,
): Sequence | null {
  const last = new Map<string, number>();
  const names = new Set<string>();
  let steps = 0;
  let byOne = 0;
  for (const document of documents) {
    const value = document.values.get(path.join('\n'))?.value;
    const name = channel === null ? '' : document.values.get(channel.join('\n'))?.value;
    if (typeof value !== 'number' || typeof name !== 'string') continue;
    const stream = `${document.connection} ${name}`;
    const before = last.get(stream);
    last.set(stream, value);
    names.add(name);
    if (before === undefined) continue;
    if (value <= before) return null;
    steps++;
    if (value === before + 1) byOne++;
  }
  return steps >= MIN_STEPS && byOne >= MIN_SHARE_BY_ONE * steps
    ? { path, channel, steps, byOne, channels: names.size }
    : null;
}

/** A name that says what it is; then no channel where none is needed; then the more steps by one. */
function better(a: Sequence, b: Sequence): number {
  return (
    Number(SEQUENCE_KEY.test(lastKey(b.path))) - Number(SEQUENCE_KEY.test(lastKey(a.path))) ||
    Number(a.channel !== null) - Number(b.channel !== null) ||
    channelRank(b) - channelRank(a) ||
    b.byOne - a.byOne ||
    a.path.length - b.path.length
  );
}

function channelRank({ channel }: Sequence): number {
  return channel !== null && CHANNEL_KEY.test(lastKey(channel)) ? 1 : 0;
}
