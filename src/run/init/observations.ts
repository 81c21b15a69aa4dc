// What is kept of what a service says on a first look: bounded in number and size, whatever the service sends. What
// answers a test message is kept before anything else.

import type { Ending, Observation, TestMessage, Transcript } from '../../analysis/discover/transcript.ts';

/** Enough to know a sequence by, and few enough to look at each. */
export const MAX_WATCHED = 200;
const MAX_UNASKED_PER_TEST_MESSAGE = 20;
const MAX_ANSWERS_PER_TEST_MESSAGE = 8;
const MAX_ENDINGS = 20;
const MAX_TEXT_BYTES = 32 * 1024;

export interface Observations {
  receive(connection: number, format: 'text' | 'binary', bytes: Uint8Array, start: number, end: number): void;
  /** What a connection receives that only listens. */
  receiveByListener(bytes: Uint8Array, start: number, end: number): void;
  send(testMessage: TestMessage): void;
  end(ending: Omit<Ending, 'sentBefore'>): void;
  /** Whether something has come since the last test message that names it. */
  isAnswered(): boolean;
  receivedCount(): number;
  transcript(watchedMs: number, maySend: boolean): Transcript;
}

/** `nonce`: what every test message has in it, and nothing else. */
export function createObservations(nonce: string): Observations {
  const received: Observation[] = [];
  const sent: TestMessage[] = [];
  const endings: Ending[] = [];
  let unkept = 0;
  let receivedByListener: number | null = null;
  let unaskedSinceTestMessage = 0;
  let answersSinceTestMessage = 0;

  function hasPlace(isAnswer: boolean): boolean {
    if (isAnswer) return ++answersSinceTestMessage <= MAX_ANSWERS_PER_TEST_MESSAGE;
    return ++unaskedSinceTestMessage <= (sent.length === 0 ? MAX_WATCHED : MAX_UNASKED_PER_TEST_MESSAGE);
  }

  return {
    receive(connection, format, bytes, start, end) {
      const kept = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(end - start, MAX_TEXT_BYTES));
      const text = kept.toString(format === 'text' ? 'utf8' : 'latin1');
      if (hasPlace(text.includes(nonce)))
        received.push({ connection, sentBefore: sent.length, format, text, bytes: end - start });
      else unkept++;
    },
    receiveByListener(bytes, start, end) {
      const looked = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(end - start, MAX_TEXT_BYTES));
      receivedByListener = (receivedByListener ?? 0) + (looked.includes(nonce) ? 1 : 0);
    },
    send(testMessage) {
      sent.push(testMessage);
      unaskedSinceTestMessage = 0;
      answersSinceTestMessage = 0;
    },
    end(ending) {
      if (endings.length < MAX_ENDINGS) endings.push({ ...ending, sentBefore: sent.length });
    },
    isAnswered: () => answersSinceTestMessage > 0,
    receivedCount: () => received.length + unkept,
    transcript: (watchedMs, maySend) => ({
      received: [...received],
      sent: [...sent],
      endings: [...endings],
      receivedByListener,
      unkept,
      watchedMs,
      maySend,
    }),
  };
}
