// Which of the documents that came answer which probe: those that carry its id or its payload, whenever they came. So
// neither a slow answer nor what the service says of its own accord meanwhile is taken for something else.

import { type JsonValue, lastKey, parseDocument, valuesOf } from './json-values.ts';
import type { Heard, JsonProbe, Probe, Transcript } from './transcript.ts';

export interface Answer {
  readonly probe: JsonProbe;
  readonly heard: Heard;
  readonly values: readonly JsonValue[];
  readonly idPaths: readonly (readonly string[])[];
  readonly payloadPaths: readonly (readonly string[])[];
  readonly failure: Failure | null;
}

/** An answer says that something went wrong: by what it has at a path, or by a word (`type: error`), which no path tells. */
export type Failure =
  | { readonly kind: 'path'; readonly path: readonly string[] }
  | { readonly kind: 'word'; readonly path: readonly string[]; readonly word: string };

const ERROR_KEY = /^(error|errors|err|fault|exception)$/i;
const WORD_KEY = /^(type|kind|event|op|status|result|level|action|message_?type)$/i;
const ERROR_WORD = /^(error|err|failed|failure|fail|nack|rejected|reject|invalid|denied)$/i;
const SUCCESS_KEY = /^(ok|success)$/i;

export function jsonProbes({ sent }: Transcript): readonly JsonProbe[] {
  return sent.filter((probe): probe is JsonProbe => probe.kind === 'json');
}

export function answersIn(transcript: Transcript): readonly Answer[] {
  const probes = jsonProbes(transcript);
  return transcript.heard.flatMap((heard) => {
    const probe = probes.find(({ id, payload }) => heard.text.includes(id) || heard.text.includes(payload));
    const document = probe === undefined || heard.format === 'binary' ? null : parseDocument(heard.text);
    return probe === undefined || document === null ? [] : [readAnswer(probe, heard, valuesOf(document))];
  });
}

function readAnswer(probe: JsonProbe, heard: Heard, values: readonly JsonValue[]): Answer {
  const pathsOf = (text: string): readonly (readonly string[])[] =>
    values.filter(({ value }) => value === text).map(({ path }) => path);
  return {
    probe,
    heard,
    values,
    idPaths: pathsOf(probe.id),
    payloadPaths: pathsOf(probe.payload),
    failure: isVerbatim(probe, heard) ? null : failureIn(values),
  };
}

/** A message of ours that comes back as it was says nothing about what it is. */
export function isVerbatim(probe: Probe, heard: Heard): boolean {
  return heard.text === probe.text && heard.format === (probe.kind === 'binary' ? 'binary' : 'text');
}

/** At most two levels deep: further down `error` is a word of somebody's data. */
export function failureIn(values: readonly JsonValue[]): Failure | null {
  const near = values.filter(({ path }) => path.length <= 2);
  const thing = near.find(({ path, value }) => ERROR_KEY.test(lastKey(path)) && saysSomething(value));
  if (thing !== undefined) return { kind: 'path', path: thing.path };
  for (const { path, value } of near) {
    const key = lastKey(path);
    if (SUCCESS_KEY.test(key) && value === false) return { kind: 'word', path, word: 'false' };
    if (typeof value === 'string' && WORD_KEY.test(key) && ERROR_WORD.test(value))
      return { kind: 'word', path, word: value };
  }
  return null;
}

function saysSomething(value: unknown): boolean {
  return value !== null && value !== false && value !== '' && !(Array.isArray(value) && value.length === 0);
}

/** What came of the service's own accord: nothing of any probe is in it. */
export function unasked({ heard, sent }: Transcript): readonly Heard[] {
  return heard.filter(
    ({ text }) =>
      !sent.some((probe) => text.includes(probe.payload) || (probe.kind === 'json' && text.includes(probe.id))),
  );
}

/** How many of these were sent, and how many came back as they were. */
export function echoesOf(
  transcript: Transcript,
  kind: Probe['kind'],
): { readonly sent: number; readonly returned: number } {
  const probes = transcript.sent.filter((probe) => probe.kind === kind);
  const returned = probes.filter((probe) => transcript.heard.some((heard) => isVerbatim(probe, heard)));
  return { sent: probes.length, returned: returned.length };
}
