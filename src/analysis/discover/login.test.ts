import { describe, expect, test } from 'vitest';
import { loginSignIn, typeKeyOf } from './login.ts';
import { recognize } from './recognize.ts';
import type { Ending, Observation, TestMessage, Transcript } from './transcript.ts';

const TEST_MESSAGE: TestMessage = {
  kind: 'json',
  shape: { message: {}, template: '{}' },
  purpose: 'ask',
  id: '5eed0001-0-100',
  payload: '5eed0001highwater100x',
  text: '{"type":"echo","id":"5eed0001-0-100","text":"5eed0001highwater100x"}',
};

const observation = (said: string | object): Observation => {
  const text = typeof said === 'string' ? said : JSON.stringify(said);
  return { connection: 0, sentBefore: 1, format: 'text', text, bytes: text.length };
};
const transcriptOf = (received: readonly (string | object)[], endings: readonly Ending[] = []): Transcript => ({
  received: received.map(observation),
  sent: [TEST_MESSAGE],
  endings,
  receivedByListener: 0,
  unkept: 0,
  watchedMs: 2000,
  maySend: true,
});
const closed = (code: number, reason: string): Ending => ({
  sentBefore: 1,
  kind: 'closedByServer',
  cause: { kind: 'closeFrame', code, reason },
});

describe('a service wants a login', () => {
  test.each<[string | object]>([
    [{ error: 'unauthorized' }],
    [{ error: 'Unauthorised' }],
    [{ error: { code: 401, message: 'denied' } }],
    [{ status: 401 }],
    [{ type: 'auth_required', ha_version: '2026.1' }],
    [{ type: 'AUTH_REQUIRED' }],
    [{ event: 'authRequired' }],
    [{ type: 'error', message: 'auth required' }],
    [{ type: 'error', message: 'You must be logged in to do that' }],
    [{ type: 'error', id: TEST_MESSAGE.id, reason: 'Not authenticated' }],
    [{ ok: false, reason: 'please log in first' }],
    [{ type: 'hello', authRequired: true }],
    [{ type: 'hello', auth: 'required' }],
    [{ error: 'missing token' }],
    ['not authenticated'],
    ['ERR authentication required'],
  ])('%j', (said) => {
    expect(loginSignIn(transcriptOf([said]))).toMatchObject({ seenIn: 'message' });
  });

  test.each([
    [4401, '', 'close code 4401, defined by the application'],
    [3000, '', 'close code 3000, registered by a library or framework'],
    [1008, 'auth required', 'close code 1008, policy violation: auth required'],
    [4003, 'Not authenticated', 'close code 4003, defined by the application: Not authenticated'],
    [1000, 'login timeout', 'close code 1000, normal closure: login timeout'],
  ])('closes with %d %s', (code, reason, said) => {
    expect(loginSignIn(transcriptOf([], [closed(code, reason)]))).toEqual({
      seenIn: 'close',
      said,
      word: said.includes('login') ? 'login' : 'auth',
    });
  });
});

describe('a service does not want a login', () => {
  test.each<[string | object]>([
    [{ type: 'welcome' }],
    [{ error: 'unknown type' }],
    [{ error: 'Unexpected token h in JSON' }],
    [{ error: 'invalid token at position 3' }],
    [{ type: 'message', from: 'ann', text: 'you must log in to the portal, login required' }],
    [{ type: 'author_required' }],
    [{ type: 'hello', authRequired: false }],
    [{ code: 404, error: 'no such room' }],
    [{ count: 401 }],
    [{ type: 'echo', id: TEST_MESSAGE.id, text: 'unauthorized' }],
    ['welcome'],
    [`login required ${'x'.repeat(300)}`],
  ])('%j', (said) => {
    expect(loginSignIn(transcriptOf([said]))).toBeNull();
  });

  test.each([
    [1008, ''],
    [1003, ''],
    [4000, 'idle timeout'],
  ])('closes with %d %s', (code, reason) => {
    expect(loginSignIn(transcriptOf([], [closed(code, reason)]))).toBeNull();
  });

  test('where the connection was not closed by the service', () => {
    const ending: Ending = { sentBefore: 1, kind: 'reset', cause: { kind: 'error', message: 'auth required' } };
    expect(loginSignIn(transcriptOf([], [ending]))).toBeNull();
  });
});

describe('what is recognized', () => {
  test('has the sign where the service is not known, or rejects every message', () => {
    expect(recognize(transcriptOf([{ type: 'auth_required' }]))).toMatchObject({
      kind: 'unknown',
      login: { seenIn: 'message', said: '{"type":"auth_required"}', word: 'auth' },
    });
    const refused = recognize(transcriptOf([{ id: TEST_MESSAGE.id, error: 'login required' }]));
    expect(refused).toMatchObject({ kind: 'json', service: { refusedAll: true }, login: { word: 'login' } });
  });

  test('has none where the service answers all the same', () => {
    const found = recognize(
      transcriptOf([
        { type: 'hello', authRequired: true },
        { id: TEST_MESSAGE.id, text: TEST_MESSAGE.payload },
      ]),
    );
    expect(found).toMatchObject({ kind: 'json', login: null });
  });
});

test('the key that says what a message is comes from the service, and is `type` where it says nothing', () => {
  expect(typeKeyOf(transcriptOf([{ v: 1 }, { op: 'hello', type: 7 }]))).toBe('op');
  expect(typeKeyOf(transcriptOf([{ event: 'error', id: TEST_MESSAGE.id, error: 'x' }]))).toBe('event');
  expect(typeKeyOf(transcriptOf(['hello', { data: { op: 'x' } }]))).toBe('type');
  expect(typeKeyOf(transcriptOf([TEST_MESSAGE.text]))).toBe('type');
});
