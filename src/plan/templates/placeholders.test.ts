import { describe, expect, test } from 'vitest';
import { createSecretPlaces } from './placeholders.ts';

describe('headers', () => {
  test.each([
    ['Authorization', 'Bearer abc.def', `Bearer \${env.AUTHORIZATION}`],
    ['authorization', 'abc', `\${env.AUTHORIZATION}`],
    ['X-Api-Key', '1234', `\${env.X_API_KEY}`],
    ['X-Custom', 'Bearer abc', `Bearer \${env.X_CUSTOM}`],
    ['X-Id', 'a1b2c3d4e5f6a7b8c9d0', `\${env.X_ID}`],
    ['Cookie', 'sid=abc; theme=dark', `sid=\${env.COOKIE_SID}; theme=\${env.COOKIE_THEME}`],
    ['Authorization', `Bearer part\${env.TOKEN}`, `Bearer \${env.AUTHORIZATION}`],
  ])('%s: %s is hidden', (name, value, written) => {
    const places = createSecretPlaces();
    expect(places.header(name, value)).toBe(written);
    expect(places.variables.length).toBeGreaterThan(0);
  });

  test.each([
    ['Authorization', `Bearer \${env.TOKEN}`],
    ['Cookie', `sid=\${env.SID}`],
    ['X-Client', 'client-7'],
    ['User-Agent', 'Mozilla/5.0-with-a-long-name-1234'],
    ['Origin', 'https://chat.example.com'],
  ])('%s: %s stays', (name, value) => {
    const places = createSecretPlaces();
    expect(places.header(name, value)).toBe(value);
    expect(places.variables).toEqual([]);
  });

  test('each variable has a name of its own, and says where it stands', () => {
    const places = createSecretPlaces();
    places.header('X-Token', 'one1');
    places.message({ x_token: 'two2' });
    expect(places.variables).toEqual([
      { name: 'X_TOKEN', place: 'the header X-Token' },
      { name: 'X_TOKEN_2', place: 'x_token of a message' },
    ]);
  });
});

test.each([
  ['ws://example.com:81/a?b=c', 'ws://example.com:81/a?b=c'],
  ['wss://me:pass@example.com/', `wss://me:\${env.TARGET_PASSWORD}@example.com/`],
  ['wss://t0ken@example.com/', `wss://\${env.TARGET_USER}@example.com/`],
  ['wss://example.com/ws?room=1&access_token=abc', `wss://example.com/ws?room=1&access_token=\${env.ACCESS_TOKEN}`],
  [`wss://example.com/ws?token=\${env.T}`, `wss://example.com/ws?token=\${env.T}`],
  ['reference', 'reference'],
])('the URL %s', (url, written) => expect(createSecretPlaces().url(url)).toBe(written));

test('members of a message that sound secret, at any depth', () => {
  const places = createSecretPlaces();
  expect(places.message({ type: 'login', auth: { password: 'x1', user: 'me' }, list: [{ token: 'y' }] })).toEqual({
    type: 'login',
    auth: { password: `\${env.PASSWORD}`, user: 'me' },
    list: [{ token: `\${env.TOKEN}` }],
  });
});
