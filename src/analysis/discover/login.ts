// Whether a service wants a login before anything else, by what it says: an error, a label such as `auth_required`, a close
// code or its reason. What somebody writes to somebody in a message is no sign, whatever its words.

import { causeText } from '../../facts/failure-cause.ts';
import { failureIn, unasked } from './answers.ts';
import { type JsonValue, lastKey, parseDocument, valuesOf } from './json-values.ts';
import type { Ending, Transcript } from './transcript.ts';

export interface LoginSign {
  readonly seenIn: 'message' | 'close';
  /** What the service said: make it printable. */
  readonly said: string;
  /** The type that a message to log in probably has, by the words of the service. */
  readonly word: 'auth' | 'login';
}

const NEEDS =
  '(?:auth(?:entication|orization)?|log[ _-]?in|sign[ _-]?in|access[ _-]?token|token|credentials|api[ _-]?key)';
/** `_` and digits may stand around these words, letters not: `AUTH_REQUIRED`, `authRequired`. */
const ASKS_FOR_LOGIN = new RegExp(
  [
    '(?<![a-z])un-?auth(?:ori[sz]ed|enticated)',
    '(?<![a-z])not[ _-]?(?:yet[ _-])?(?:auth(?:ori[sz]ed|enticated)|logged[ _-]?in)',
    `(?<![a-z])${NEEDS}[ _-]?(?:is |are )?(?:required|needed|missing|timeout|timed out|failed)(?![a-z])`,
    `(?<![a-z])requires?[ _-]?${NEEDS}(?![a-z])`,
    // A parser also finds tokens invalid, `at` or `in` a place.
    `(?<![a-z])(?:missing|invalid|no|expired|bad|wrong)[ _-]?${NEEDS}(?![a-z])(?! (?:at|in) )`,
    '(?<![a-z])(?:please|must|need to|have to) (?:first )?(?:be )?(?:log(?:ged)?[ _-]?in|sign(?:ed)?[ _-]?in|auth(?:enticated?|ori[sz]ed?))(?![a-z])',
    '(?<![a-z])(?:log[ _-]?in|sign[ _-]?in|authenticate) first(?![a-z])',
  ].join('|'),
  'i',
);
/** A word here says what a document is about. */
const LABEL_KEY = /^(?:type|kind|event|op|status|result|action|code|reason|method|cmd|command|message_?type)$/i;
const CODE_KEY = /^(?:code|status|status_?code|error_?code)$/i;
const UNAUTHORIZED_CODES: readonly unknown[] = [401, 4401, '401', '4401'];
/** 3000 is registered as "Unauthorized" (IANA, WebSocket close code numbers); 4401 is HTTP's 401 in the range for applications. */
const UNAUTHORIZED_CLOSES: readonly number[] = [3000, 4401];
const MAX_DEPTH = 3;
/** A longer text is not written by a machine that refuses. */
const MAX_PLAIN_TEXT = 200;

/** The first sign that the service gave; null where it gave none. */
export function loginSignIn(transcript: Transcript): LoginSign | null {
  const asking = unaskedOrRefusing(transcript).find(asksInMessage);
  if (asking !== undefined) return signOf('message', asking);
  const ending = transcript.endings.find(asksInClose);
  return ending === undefined ? null : signOf('close', causeText(ending.cause));
}

/** Texts of the service that are no repetition of ours. */
function unaskedOrRefusing(transcript: Transcript): readonly string[] {
  const ownWords = new Set(unasked(transcript));
  return transcript.received
    .filter((received) => received.format === 'text' && (ownWords.has(received) || isRefusal(received.text)))
    .map(({ text }) => text);
}

function isRefusal(text: string): boolean {
  const document = parseDocument(text);
  return document !== null && failureIn(valuesOf(document)) !== null;
}

function asksInMessage(text: string): boolean {
  const document = parseDocument(text);
  if (document === null) return text.length <= MAX_PLAIN_TEXT && ASKS_FOR_LOGIN.test(text);
  const values = valuesOf(document).filter(({ path }) => path.length <= MAX_DEPTH);
  const isFailure = failureIn(values) !== null;
  return values.some((value) => asksInValue(value, isFailure));
}

function asksInValue({ path, value }: JsonValue, isFailure: boolean): boolean {
  const key = lastKey(path);
  if (CODE_KEY.test(key) && UNAUTHORIZED_CODES.includes(value)) return true;
  // `authRequired: true`, `auth: "required"`
  if (value === true || value === 'required') return ASKS_FOR_LOGIN.test(value === true ? key : `${key} required`);
  return typeof value === 'string' && (isFailure || LABEL_KEY.test(key)) && ASKS_FOR_LOGIN.test(value);
}

function asksInClose({ cause }: Ending): boolean {
  if (cause.kind !== 'closeFrame') return false;
  return UNAUTHORIZED_CLOSES.includes(cause.code) || ASKS_FOR_LOGIN.test(cause.reason);
}

function signOf(seenIn: LoginSign['seenIn'], said: string): LoginSign {
  return { seenIn, said, word: /log[ _-]?in|logged/i.test(said) ? 'login' : 'auth' };
}

const TYPE_KEY = /^(?:type|kind|event|op|action|method|cmd|command|message_?type)$/i;

/** The key at which documents of the service say what they are; `type` where none does. */
export function typeKeyOf(transcript: Transcript): string {
  for (const text of unaskedOrRefusing(transcript)) {
    const document = parseDocument(text);
    const found = document === null ? undefined : valuesOf(document).find(saysType);
    if (found !== undefined) return lastKey(found.path);
  }
  return 'type';
}

function saysType({ path, value }: JsonValue): boolean {
  return path.length === 1 && typeof value === 'string' && TYPE_KEY.test(lastKey(path));
}
