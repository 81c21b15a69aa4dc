import { expect, test } from 'vitest';
import { createObservations, MAX_WATCHED } from './observations.ts';

const NONCE = '5eed0001';
const receive = (observations: ReturnType<typeof createObservations>, text: string | Uint8Array): void => {
  const bytes = Buffer.from(text);
  observations.receive(0, 'text', bytes, 0, bytes.length);
};

test('a flood is counted and not kept, and an answer in the midst of it is kept all the same', () => {
  const observations = createObservations(NONCE);
  for (let i = 0; i < 10_000; i++) receive(observations, `news ${i}`);
  observations.send({ kind: 'text', payload: NONCE, text: NONCE });
  for (let i = 0; i < 10_000; i++) receive(observations, `news ${i}`);
  expect(observations.isAnswered()).toBe(false);
  receive(observations, `you said ${NONCE}`);
  expect(observations.isAnswered()).toBe(true);
  const { received, unkept } = observations.transcript(2000, true);
  expect(received.length + unkept).toBe(20_001);
  expect(received.length).toBeLessThan(MAX_WATCHED + 100);
  expect(received.at(-1)).toMatchObject({ sentBefore: 1, text: `you said ${NONCE}` });
});

test('of a long message the beginning is kept, with its whole size', () => {
  const observations = createObservations(NONCE);
  receive(observations, 'x'.repeat(900_000));
  expect(observations.transcript(0, true).received[0]).toMatchObject({ bytes: 900_000 });
  expect(observations.transcript(0, true).received[0]!.text.length).toBeLessThanOrEqual(32 * 1024);
});

test('answers to one message are bounded too, and those to the next are kept again', () => {
  const observations = createObservations(NONCE);
  for (let testMessage = 0; testMessage < 2; testMessage++) {
    observations.send({ kind: 'text', payload: NONCE, text: NONCE });
    for (let i = 0; i < 1000; i++) receive(observations, NONCE);
  }
  expect(observations.transcript(0, true).received.length).toBeLessThan(50);
  expect(observations.transcript(0, true).received.at(-1)?.sentBefore).toBe(2);
});

test('of what another connection receives, what is ours is counted', () => {
  const observations = createObservations(NONCE);
  expect(observations.transcript(0, true).receivedByListener).toBeNull();
  for (const said of ['news', `{"from":"${NONCE}-0-100"}`]) {
    const bytes = Buffer.from(said);
    observations.receiveByListener(bytes, 0, bytes.length);
  }
  expect(observations.transcript(0, true).receivedByListener).toBe(1);
});
