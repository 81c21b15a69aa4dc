// Which of the documents that came answer which test message: those that carry its id or its payload, whenever they came. So
// neither a slow answer nor what the service says of its own accord meanwhile is taken for something else.

import { type JsonValue, lastKey, parseDocument, valuesOf } from './json-values.ts';
import type { JsonTestMessage, Observation, TestMessage, Transcript } from './transcript.ts';

export interface Answer {
  readonly testMessage: JsonTestMessage;
  readonly received: Observation;
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

export function jsonTestMessages({ sent }: Transcript): readonly JsonTestMessage[] {
  return sent.filter((testMessage): testMessage is JsonTestMessage => testMessage.kind === 'json');
}

export function answersIn(transcript: Transcript): readonly Answer[] {
  const testMessages = jsonTestMessages(transcript);
  return transcript.received.flatMap((received) => {
    const testMessage = testMessages.find(
      ({ id, payload }) => received.text.includes(id) || received.text.includes(payload),
    );
    const document = testMessage === undefined || received.format === 'binary' ? null : parseDocument(received.text);
    return testMessage === undefined || document === null
      ? []
      : [readAnswer(testMessage, received, valuesOf(document))];
  });
}

function readAnswer(testMessage: JsonTestMessage, received: Observation, values: readonly JsonValue[]): Answer {
  const pathsOf = (text: string): readonly (readonly string[])[] =>
    values.filter(({ value }) => value === text).map(({ path }) => path);
  return {
    testMessage,
    received,
    values,
    idPaths: pathsOf(testMessage.id),
    payloadPaths: pathsOf(testMessage.payload),
    failure: isVerbatim(testMessage, received) ? null : failureIn(values),
  };
}

/** A message of ours that comes back as it was says nothing about what it is. */
export function isVerbatim(testMessage: TestMessage, received: Observation): boolean {
  return received.text === testMessage.text && received.format === (testMessage.kind === 'binary' ? 'binary' : 'text');
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

/** What came of the service's own accord: nothing of any test message is in it. */
export function unasked({ received, sent }: Transcript): readonly Observation[] {
  return received.filter(
    ({ text }) =>
      !sent.some(
        (testMessage) =>
          text.includes(testMessage.payload) || (testMessage.kind === 'json' && text.includes(testMessage.id)),
      ),
  );
}

/** How many of these were sent, and how many came back as they were. */
export function echoesOf(
  transcript: Transcript,
  kind: TestMessage['kind'],
): { readonly sent: number; readonly returned: number } {
  const testMessages = transcript.sent.filter((testMessage) => testMessage.kind === kind);
  const returned = testMessages.filter((testMessage) =>
    transcript.received.some((received) => isVerbatim(testMessage, received)),
  );
  return { sent: testMessages.length, returned: returned.length };
}
