// What a service is asked, and in which order: a pure function from what was said so far to the next message. Few, small,
// harmless: documents first, because a service that reads JSON may choke on anything else, and nothing else is sent to one
// that has answered a document in its own way.

import { answersIn, echoesOf, isVerbatim, jsonTestMessages } from './answers.ts';
import type { JsonObject } from './json-values.ts';
import type { Shape, TestMessage, Transcript } from './transcript.ts';

/** How often what a service is taken for must show. */
const CONFIRMATIONS = 3;
/** So that all have three digits, and none is the beginning of another. */
const FIRST_NUMBER = 100;
const ID = `\${id}`;
const PAYLOAD = `\${payload}`;

export const USUAL_SHAPES: readonly Shape[] = [
  { type: 'echo', id: ID, text: PAYLOAD },
  { jsonrpc: '2.0', id: ID, method: 'echo', params: { text: PAYLOAD } },
  { action: 'echo', requestId: ID, data: { text: PAYLOAD } },
  { event: 'echo', id: ID, data: PAYLOAD },
  { type: 'ping', id: ID, payload: PAYLOAD },
].map(shapeOf);

const MISTAKE = shapeOf({ type: 'highwater-mistake', id: ID });

/** More are never sent in one discovery, as is said when consent is asked for. */
const MAX_TEST_MESSAGES = 12;

export interface Asking {
  /** Tried in this order. */
  readonly shapes: readonly Shape[];
  /** Whether they are all that may be sent: the user gave a message, and a service that parses JSON may end on anything else. */
  readonly isGiven: boolean;
  /** Eight hex digits that occur in nothing else: they begin every id and payload. */
  readonly nonce: string;
}

export function shapeOf(message: JsonObject): Shape {
  return { message, template: JSON.stringify(message) };
}

/** Null where enough is known, or nothing more can be learnt. */
export function nextTestMessage(transcript: Transcript, { shapes, isGiven, nonce }: Asking): TestMessage | null {
  const number = transcript.sent.length;
  if (number >= MAX_TEST_MESSAGES) return null;
  const json = (shape: Shape, purpose: 'ask' | 'mistake'): TestMessage =>
    jsonTestMessage(shape, purpose, nonce, number);
  const testMessages = jsonTestMessages(transcript);
  const answers = answersIn(transcript);
  const understood = answers.find(
    ({ testMessage, received, failure }) =>
      testMessage.purpose === 'ask' && failure === null && !isVerbatim(testMessage, received),
  );
  if (understood !== undefined) {
    const { shape } = understood.testMessage;
    const asked = testMessages.filter(
      (testMessage) => testMessage.purpose === 'ask' && testMessage.shape === shape,
    ).length;
    if (asked < CONFIRMATIONS) return json(shape, 'ask');
    return testMessages.some(({ purpose }) => purpose === 'mistake') ? null : json(MISTAKE, 'mistake');
  }
  const verbatim = answers.find(({ testMessage, received }) => isVerbatim(testMessage, received));
  if (verbatim === undefined) {
    const untried = shapes.find((shape) => !testMessages.some((testMessage) => testMessage.shape === shape));
    if (untried !== undefined) return json(untried, 'ask');
    // It speaks JSON and refused them all: it need not be told anything else.
    if (answers.some(({ failure }) => failure !== null)) return null;
  }
  const plain = isGiven ? null : plainTestMessage(transcript, nonce);
  return plain ?? (verbatim === undefined ? null : confirmDocument(transcript, json, verbatim.testMessage.shape));
}

/** Bytes, then text, once each; then what came back, until it has often enough. */
function plainTestMessage(transcript: Transcript, nonce: string): TestMessage | null {
  const binary = echoesOf(transcript, 'binary');
  const text = echoesOf(transcript, 'text');
  const plain = (kind: 'binary' | 'text'): TestMessage => {
    const payload = `${nonce} highwater ${kind} ${FIRST_NUMBER + transcript.sent.length}`;
    return { kind, payload, text: payload };
  };
  if (binary.sent === 0) return plain('binary');
  if (text.sent === 0) return plain('text');
  if (binary.returned > 0) return binary.sent < CONFIRMATIONS ? plain('binary') : null;
  return text.returned > 0 && text.sent < CONFIRMATIONS ? plain('text') : null;
}

/** A service that returns documents as they are, and nothing else. */
function confirmDocument(
  transcript: Transcript,
  json: (shape: Shape, purpose: 'ask') => TestMessage,
  shape: Shape,
): TestMessage | null {
  if (echoesOf(transcript, 'binary').returned + echoesOf(transcript, 'text').returned > 0) return null;
  return jsonTestMessages(transcript).filter((testMessage) => testMessage.shape === shape).length < CONFIRMATIONS
    ? json(shape, 'ask')
    : null;
}

/** The id looks as in a run, so that a service that is particular about ids is so here. */
function jsonTestMessage(shape: Shape, purpose: 'ask' | 'mistake', nonce: string, number: number): TestMessage {
  const id = `${nonce}-0-${FIRST_NUMBER + number}`;
  const payload = `${nonce}highwater${FIRST_NUMBER + number}x`;
  const text = shape.template
    .replaceAll(ID, id)
    .replaceAll(PAYLOAD, payload)
    .replace(/"\$\{(?:seq|client|room)\}"|\$\{(?:seq|client|room)\}/g, (place) =>
      place.includes('seq') ? String(number) : '0',
    );
  return { kind: 'json', shape, purpose, id, payload, text };
}
