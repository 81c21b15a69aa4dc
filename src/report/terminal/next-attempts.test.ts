import { describe, expect, test } from 'vitest';
import type { Recognition } from '../../analysis/discover/recognize.ts';
import { type Attempted, nextAttempts } from './next-attempts.ts';

const seen = {
  evidence: ['it was seen'],
  caveats: [],
  sample: null,
  isShared: false,
  login: null,
  typeKey: 'type',
} as const;
const unknown = (why: 'silent' | 'notAsked' | 'closes' | 'unread', more: Partial<Recognition> = {}): Recognition =>
  ({ kind: 'unknown', why, ...seen, ...more }) as Recognition;
const json = (refusedAll: boolean): Recognition => ({
  kind: 'json',
  service: {
    send: { type: 'echo' },
    id: ['id'],
    ack: null,
    payload: null,
    error: ['error'],
    refusedAll,
    isDouble: false,
  },
  pushes: false,
  ...seen,
});
const LOGIN = { seenIn: 'message', said: 'auth_required', word: 'auth' } as const;

const attempted = (recognition: Recognition, more: Partial<Attempted> = {}): Attempted => ({
  recognition,
  join: [],
  target: { url: 'wss://chat.example.com/ws', headers: {}, subprotocols: [], compression: false, tls: {} },
  file: 'highwater.yaml',
  ...more,
});
const commands = (recognition: Recognition, more: Partial<Attempted> = {}): readonly (string | null)[] =>
  nextAttempts(attempted(recognition, more)).map(({ command }) => command);

describe('what to try next', () => {
  test('is a login, where the service wants one, with the words of the service', () => {
    expect(commands(unknown('unread', { login: LOGIN }))).toEqual([
      `highwater init wss://chat.example.com/ws --join '{"type":"auth","token":"\${env.TOKEN}"}' --yes --force`,
    ]);
    expect(commands(unknown('closes', { login: { ...LOGIN, word: 'login' }, typeKey: 'op' }))[0]).toContain(
      `--join '{"op":"login","token":"\${env.TOKEN}"}'`,
    );
  });

  test('is to check the login, where one was given and did not help', () => {
    const [attempt, ...others] = nextAttempts(
      attempted(unknown('unread', { login: LOGIN }), { join: [{ type: 'auth' }] }),
    );
    expect(attempt).toMatchObject({ command: null });
    expect(attempt!.why).toMatch(/--join did not log in/);
    expect(others).toEqual([]);
  });

  test('is a subscription or a message of its own, where nothing answers', () => {
    expect(commands(unknown('silent', { typeKey: 'event' }))).toEqual([
      `highwater init wss://chat.example.com/ws --join '{"event":"subscribe","topic":"NAME"}' --yes --force`,
      `highwater init wss://chat.example.com/ws --send '{"event":"say","id":"\${id}","text":"\${payload}"}' --yes --force`,
    ]);
  });

  test('is another message, where every one was rejected', () => {
    expect(commands(json(true))).toEqual([
      `highwater init wss://chat.example.com/ws --send '{"type":"say","id":"\${id}","text":"\${payload}"}' --yes --force`,
    ]);
  });

  test('is credentials or a login, where the service closes', () => {
    const [header, login] = commands(unknown('closes'));
    expect(header).toContain(`-H 'Authorization: Bearer \${env.TOKEN}'`);
    expect(login).toContain('--join');
  });

  test('is consent, where nothing was sent', () => {
    expect(commands(unknown('notAsked'))).toEqual(['highwater init wss://chat.example.com/ws --yes --force']);
  });

  test('is nothing where the service is known', () => {
    expect(commands(json(false))).toEqual([]);
    expect(commands({ kind: 'echo', format: 'text', ...seen })).toEqual([]);
  });

  test('repeats the flags that were given, and quotes what a shell would read', () => {
    const target = {
      url: 'wss://chat.example.com/ws?room=1&x=2',
      headers: { 'X-Note': "it's" },
      subprotocols: ['chat.v2'],
      compression: true,
      tls: { ca: 'ca.pem', insecure: true },
    };
    expect(commands(unknown('notAsked'), { target, file: 'my chat.yaml', join: [{ type: 'hi' }] })).toEqual([
      `highwater init 'wss://chat.example.com/ws?room=1&x=2' -H 'X-Note: it'\\''s' --subprotocol chat.v2 --compression ` +
        `--ca ca.pem --insecure --join '{"type":"hi"}' --yes --out 'my chat.yaml' --force`,
    ]);
    expect(commands(unknown('notAsked'), { file: null })[0]).toMatch(/ --yes --out -$/);
  });
});
