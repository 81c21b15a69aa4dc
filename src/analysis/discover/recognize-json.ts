// A service that answers JSON with JSON: where its answers have the id, what acknowledges and what delivers, where the
// payload comes back, what rejects. What cannot be told apart by a path is said as a caveat, never guessed.

import { type Answer, answersIn, isVerbatim, jsonTestMessages } from './answers.ts';
import { type JsonObject, lastKey, pathText } from './json-values.ts';
import { errorCaveats, errorPath, type KeyPath, strayErrorCaveats } from './recognize-errors.ts';
import type { Shape, Transcript } from './transcript.ts';

export interface JsonService {
  readonly send: JsonObject;
  readonly id: readonly string[];
  readonly ack: readonly string[] | null;
  readonly payload: readonly string[] | null;
  readonly error: readonly string[] | null;
  /** Every test message was refused: the message is of a type that the service does not have. */
  readonly refusedAll: boolean;
  /** Two answers to a message that no path tells apart: the second will count as a duplicate. */
  readonly isDouble: boolean;
  readonly evidence: readonly string[];
  readonly caveats: readonly string[];
}

const ACK_KEY = /ack|reply|receipt|confirm|for$|ref/i;
const ID_KEY = /id$|reply|^ref|correlation/i;
/** Null where no answer carries an id, or at least the payload. */
export function recognizeJson(transcript: Transcript): JsonService | null {
  const answers = answersIn(transcript).filter(
    ({ received, testMessage }) => !isVerbatim(testMessage, received) || isOnlyJson(transcript),
  );
  const asked = answers.filter(({ testMessage }) => testMessage.purpose === 'ask');
  const good = asked.filter(({ failure, idPaths }) => failure === null && idPaths.length > 0);
  const refusals = answers.filter(({ failure, idPaths }) => failure !== null && idPaths.length > 0);
  if (good.length > 0) return understood(transcript, good, refusals);
  const textOnly = asked.filter(({ failure, payloadPaths }) => failure === null && payloadPaths.length > 0);
  if (textOnly.length > 0) return knownByPayload(transcript, textOnly, refusals);
  return refusals.length > 0 ? refused(refusals) : null;
}

/** Documents that come back as they are make a JSON service only where plain messages do not come back. */
function isOnlyJson({ sent, received }: Transcript): boolean {
  return !sent.some(
    (testMessage) => testMessage.kind !== 'json' && received.some((each) => isVerbatim(testMessage, each)),
  );
}

function understood(transcript: Transcript, good: readonly Answer[], refusals: readonly Answer[]): JsonService {
  const shape = mostFrequent(good.map(({ testMessage }) => testMessage.shape));
  const answers = good.filter(({ testMessage }) => testMessage.shape === shape);
  const testMessages = jsonTestMessages(transcript).filter((testMessage) => testMessage.shape === shape);
  const answered = testMessages.filter((testMessage) => answers.some((answer) => answer.testMessage === testMessage));
  const apart = acknowledgedApart(answers);
  const messages = apart === null ? answers : apart.messages;
  const id = bestPath(
    messages.map(({ idPaths }) => idPaths),
    ID_KEY,
  );
  const payload = commonPath(messages.map(({ payloadPaths }) => payloadPaths));
  const times = (count: number, of: number): string => `in ${count} of ${of} answers`;
  const evidence = [
    `${answered.length} of ${testMessages.length} messages such as ${JSON.stringify(shape.message)} were answered`,
    `the service returned the id at ${pathText(id)} ${times(messages.filter(({ idPaths }) => has(idPaths, id)).length, messages.length)}`,
    ...(apart === null
      ? []
      : [`it also sent acknowledgements, with the id at ${pathText(apart.ack)}, ${apart.acks.length} times`]),
    ...(payload === null
      ? []
      : [`it returned the payload at ${pathText(payload)} ${times(messages.length, messages.length)}`]),
  ];
  const isLookedFor = ({ idPaths }: Answer): boolean => has(idPaths, id) || (apart !== null && has(idPaths, apart.ack));
  const known = refusals.filter(isLookedFor);
  const error = errorPath(known, good);
  return {
    send: shape.message,
    id,
    ack: apart?.ack ?? null,
    payload,
    error: error?.path ?? null,
    refusedAll: false,
    isDouble: apart === null && answers.length > answered.length,
    evidence: [...evidence, ...(error === null ? [] : [error.evidence])],
    caveats: [
      ...doubleCaveats(answers, apart),
      ...errorCaveats(known, error),
      ...strayErrorCaveats(refusals.filter((refusal) => !known.includes(refusal))),
    ],
  };
}

interface Apart {
  readonly ack: KeyPath;
  readonly acks: readonly Answer[];
  readonly messages: readonly Answer[];
}

/** Two answers to a test message, one of which has the id where the other has it not, and no payload. */
function acknowledgedApart(answers: readonly Answer[]): Apart | null {
  const twice = answers.filter(
    ({ testMessage }) => answers.filter((other) => other.testMessage === testMessage).length > 1,
  );
  const acks = twice.filter((answer) => isAcknowledgement(answer, twice));
  const messages = twice.filter((answer) => !acks.includes(answer));
  if (acks.length === 0 || messages.length === 0) return null;
  const ack = commonPath(acks.map(({ idPaths }) => idPaths));
  if (ack === null || messages.some(({ idPaths }) => has(idPaths, ack))) return null;
  return { ack, acks, messages };
}

function isAcknowledgement(answer: Answer, all: readonly Answer[]): boolean {
  if (answer.payloadPaths.length > 0) return false;
  const others = all.filter((other) => other.testMessage === answer.testMessage && other !== answer);
  if (others.some(({ payloadPaths }) => payloadPaths.length > 0)) return true;
  // Neither returns the payload: only the name of the path can tell.
  const isNamed = ({ idPaths }: Answer): boolean => idPaths.some((path) => ACK_KEY.test(lastKey(path)));
  return isNamed(answer) && !others.some(isNamed);
}

function doubleCaveats(answers: readonly Answer[], apart: Apart | null): readonly string[] {
  const testMessages = new Set(answers.map(({ testMessage }) => testMessage));
  if (apart !== null || answers.length === testMessages.size) return [];
  return [
    `${answers.length} answers came to ${testMessages.size} messages, with the id at the same path, so acknowledgements cannot be told from replies and the second counts as a duplicate. A custom protocol can distinguish them`,
  ];
}

/** No id comes back but the text does: so the id goes where the text was. */
function knownByPayload(transcript: Transcript, answers: readonly Answer[], refusals: readonly Answer[]): JsonService {
  const shape = mostFrequent(answers.map(({ testMessage }) => testMessage.shape));
  const own = answers.filter(({ testMessage }) => testMessage.shape === shape);
  const id = bestPath(
    own.map(({ payloadPaths }) => payloadPaths),
    ID_KEY,
  );
  const error = errorPath(refusals, own);
  const sent = jsonTestMessages(transcript).filter((testMessage) => testMessage.shape === shape).length;
  return {
    send: JSON.parse(JSON.stringify(shape.message).replaceAll(`\${payload}`, `\${id}`)) as JsonObject,
    id,
    ack: null,
    payload: null,
    error: error?.path ?? null,
    refusedAll: false,
    isDouble: false,
    evidence: [
      `the service returned no id, but returned the text at ${pathText(id)} in ${own.length} replies to ${sent} messages`,
    ],
    caveats: ['no reply has the id: the plan sends the id instead of the text, so messages cannot be larger'],
  };
}

/** All were refused: which message it should have been, the shape of the refusal may tell. */
function refused(refusals: readonly Answer[]): JsonService {
  const likeness = ({ testMessage, values }: Answer): number =>
    Object.keys(testMessage.shape.message).filter((key) =>
      values.some(({ path }) => path.length === 1 && path[0] === key),
    ).length;
  const [best] = [...refusals].sort((a, b) => likeness(b) - likeness(a));
  const id = bestPath(
    refusals.map(({ idPaths }) => idPaths),
    ID_KEY,
  );
  const error = errorPath(refusals, []);
  return {
    send: best!.testMessage.shape.message,
    id,
    ack: null,
    payload: null,
    error: error?.path ?? null,
    refusedAll: true,
    isDouble: false,
    evidence: [
      `the service returned the id at ${pathText(id)} in ${refusals.length} of ${refusals.length} replies, all of them errors`,
      ...(error === null ? [] : [error.evidence]),
    ],
    caveats: [
      'every message was rejected: set protocol.send to a message that the service accepts',
      ...errorCaveats(refusals, error),
    ],
  };
}

function mostFrequent(shapes: readonly Shape[]): Shape {
  const count = (shape: Shape): number => shapes.filter((other) => other === shape).length;
  return [...new Set(shapes)].sort((a, b) => count(b) - count(a))[0]!;
}

/** The path that most have; then one whose name is of an id; then the nearest to the root. */
function bestPath(lists: readonly (readonly KeyPath[])[], name: RegExp): KeyPath {
  const all = lists.flat();
  const count = (path: KeyPath): number => lists.filter((paths) => has(paths, path)).length;
  const rank = (path: KeyPath): number => (name.test(lastKey(path)) ? 0 : 1);
  return [...all].sort((a, b) => count(b) - count(a) || rank(a) - rank(b) || a.length - b.length)[0]!;
}

/** One that every list has, or null. */
function commonPath(lists: readonly (readonly KeyPath[])[]): KeyPath | null {
  return lists[0]?.find((path) => lists.every((paths) => has(paths, path))) ?? null;
}

function has(paths: readonly KeyPath[], wanted: KeyPath): boolean {
  return paths.some((path) => path.length === wanted.length && path.every((key, index) => key === wanted[index]));
}
