import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePlan } from './parse.ts';
import type { Plan } from './plan.ts';
import { collectSecrets, REDACTED, redactExcerpt, redactPlan, redactText, redactUrl, secretForms } from './redact.ts';
import { planStages } from './schedule/stages.ts';

const env = { TOKEN: 'tok-12345678', PASS: 'p@ss/wörd' };

function planOf(target: object, more: object = {}): { plan: Plan; secrets: readonly string[] } {
  const parsed = parsePlan(
    { target: { url: 'ws://h/', ...target }, load: { connections: { hold: '1s' } }, ...more },
    { env },
  );
  if (!parsed.ok) {
    const clients = parsePlan(
      { target: { url: 'ws://h/', ...target }, load: { connections: [{ to: 1 }, { hold: '1s' }] }, ...more },
      { env },
    );
    if (!clients.ok) throw new Error(JSON.stringify(clients.problems));
    return clients;
  }
  return parsed;
}

describe('a URL', () => {
  test.each([
    ['ws://h/p?a=1', 'ws://h/p?a=1'],
    ['ws://ann:hunter2@h:8/p', 'ws://ann:[redacted]@h:8/p'],
    ['ws://h/?access_token=x&a=1&API-KEY=y', 'ws://h/?access_token=[redacted]&a=1&API-KEY=[redacted]'],
    [
      'ws://h/?X-Amz-Signature=x&sig=y&key=z&auth=w',
      'ws://h/?X-Amz-Signature=[redacted]&sig=[redacted]&key=[redacted]&auth=[redacted]',
    ],
    ['ws://h/?to%6ben=x&password=a=b', 'ws://h/?to%6ben=[redacted]&password=[redacted]'],
    ['ws://h/?design=x&monkeys=2', 'ws://h/?design=x&monkeys=2'],
    ['ws://a:b@c:d@h/', 'ws://a:[redacted]@h/'],
    ['reference', 'reference'],
    [`ws://\${row.host}/\${client}`, `ws://\${row.host}/\${client}`],
  ])('%s is shown as %s', (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
  });

  test('without secrets is shown as it is, and twice is once', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
        const once = redactUrl(url);
        expect(redactUrl(once)).toBe(once);
        if (!once.includes(REDACTED)) expect(once).toBe(url);
      }),
    );
  });
});

describe('a plan', () => {
  test('is shown without header secrets, passphrases and values from the environment', () => {
    const { plan, secrets } = planOf({
      url: `wss://ann:hunter2@h/?id=\${env.TOKEN}`,
      headers: { Authorization: 'Bearer abcdef', 'X-Trace': `is \${env.TOKEN}`, 'X-Api-Key': 'k', Accept: 'all' },
      cookies: { session: 'cookie-value' },
      tls: { passphrase: 'open sesame' },
    });
    const shown = redactPlan(plan, secrets);
    const text = JSON.stringify(shown);
    for (const secret of ['hunter2', 'tok-12345678', 'abcdef', 'cookie-value', 'open sesame']) {
      expect(JSON.stringify(plan)).toContain(secret);
      expect(text).not.toContain(secret);
    }
    expect(shown.target.headers).toMatchObject({ Accept: 'all', 'X-Trace': `is ${REDACTED}`, Authorization: REDACTED });
    expect(redactPlan(shown, secrets)).toEqual(shown);
  });

  test('without secrets is shown as it is', () => {
    const { plan, secrets } = planOf({ headers: { Accept: 'all' } });
    expect(redactPlan(plan, secrets)).toEqual(plan);
  });

  test('keeps its structure whatever a secret says', () => {
    const { plan } = planOf({});
    const shown = redactPlan(plan, ['echo', 'binary', 'hold', 'connected', 'none', 'auto']);
    expect(shown.protocol).toEqual(plan.protocol);
    expect(shown.load.messages).toEqual(plan.load.messages);
  });
});

describe('text', () => {
  test('that repeats a secret in any of its forms is cleaned', () => {
    const { secrets } = planOf({
      url: `ws://ann:p%40ss%2Fw%C3%B6rd@h/?api_key=a%20bcd`,
      headers: { Authorization: `Bearer \${env.TOKEN}`, 'X-Secret': `\${env.PASS}` },
      cookies: { session: 's3ss10n' },
    });
    const basic = Buffer.from('ann:p@ss/wörd').toString('base64');
    const text = `401: no user for ${basic}; tok-12345678; p@ss/wörd; p%40ss%2Fw%C3%B6rd; a bcd; a%20bcd; s3ss10n`;
    const cleaned = redactText(text, secrets);
    expect(cleaned).toBe(`401: no user for ${Array(7).fill(REDACTED).join('; ')}`);
  });

  test('loses the longer secret before the shorter one inside it', () => {
    expect(redactText('secret-and-more', ['secret', 'secret-and-more'])).toBe(REDACTED);
  });

  test('keeps what is too short to be told from chance', () => {
    expect(redactText('a cat sat', ['cat', 'a'])).toBe('a cat sat');
  });

  test('of a placeholder is no secret, but what stands beside it is', () => {
    const { plan } = planOf({ rows: 'u.csv', headers: { Authorization: `Bearer prefix-\${row.token}` } });
    const secrets = collectSecrets(plan, []);
    expect(secrets).toContain('prefix-');
    expect(secrets.filter((secret) => secret.includes('row'))).toEqual([]);
  });

  test('never holds a secret afterwards', () => {
    const words = fc.string({ minLength: 4, maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') });
    fc.assert(
      fc.property(
        fc.array(words, { minLength: 1 }),
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ') }),
        (secrets, text) => {
          const cleaned = redactText(text + secrets.join(' '), secrets).replaceAll(REDACTED, '#');
          return secrets.every((secret) => !cleaned.includes(secret));
        },
      ),
    );
  });
});

describe('an excerpt', () => {
  test('does not show the beginning of a secret that was cut off', () => {
    expect(redactExcerpt('token tok-1234', ['tok-123456'])).toBe('token [redacted]');
    expect(redactExcerpt('token tok', ['tok-123456'])).toBe('token tok');
  });

  test('does not show a secret in base64, wherever it begins', () => {
    const { plan } = planOf({ headers: { Authorization: 'Bearer swordfish-9' } });
    const secrets = collectSecrets(plan, []);
    for (const before of ['', 'a', 'ab', 'abc']) {
      const text = Buffer.from(`${before}swordfish-9 and more`).toString('base64');
      expect(redactText(text, secrets)).toContain('[redacted]');
    }
  });
});

describe('a message of the json protocol', () => {
  const parsed = parsePlan(
    {
      target: { url: 'ws://10.0.0.1' },
      protocol: {
        kind: 'json',
        send: {
          auth: { token: 'tok-12345', apiKey: `\${id}` },
          user: `\${env.USER_NAME}`,
          id: `\${id}`,
          list: ['tok-12345'],
        },
      },
      load: { connections: [{ to: 1 }, { hold: '1s' }] },
    },
    { env: { USER_NAME: 'secret-user' }, fallbackProfile: null },
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));

  test('is shown without what sounds secret or came from the environment, with its placeholders', () => {
    const { protocol } = redactPlan(parsed.plan, parsed.secrets);
    expect(protocol.kind === 'json' ? JSON.parse(protocol.template) : null).toEqual({
      auth: { token: REDACTED, apiKey: `\${id}` },
      user: REDACTED,
      id: `\${id}`,
      list: [REDACTED],
    });
  });

  test('gives its secrets to be hidden wherever a service quotes them', () => {
    expect(redactText('bad token tok-12345 of secret-user', parsed.secrets)).toBe(
      `bad token ${REDACTED} of ${REDACTED}`,
    );
  });
});

test('a secret is known again however a JSON writer writes it', () => {
  const secret = 'two/"q"/ü😀xyz';
  const written = [
    JSON.stringify(secret),
    JSON.stringify(secret).replaceAll('/', '\\/'),
    JSON.stringify(secret).replace(
      /[^\x20-\x7e]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  ];
  for (const text of written)
    expect(redactText(`before ${text} after`, secretForms(secret))).toBe(`before "${REDACTED}" after`);
});

test('rules name what they are about by the same words as the plan, hidden or not', () => {
  const parsed = parsePlan(
    {
      target: { url: 'reference', headers: { 'X-App': `\${env.APP}` } },
      load: {
        messages: { open: [{ to: '10/s', over: '1s', name: 'shop opens' }, { hold: '1s' }] },
        mix: [{ type: 'shop', priority: 'shop first' }, { type: 'other' }],
      },
      faults: [{ fault: 'stop', at: '1s', for: '1s', process: 'reference', name: 'shop away' }],
      thresholds: [
        'lost{type=shop} == 0',
        'lost{priority=shop first} == 0',
        'response.p99 < 1s during shop away',
        'response.p99 < 1s in shop opens',
      ],
    },
    { env: { APP: 'shop' } },
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { load, faults, thresholds } = redactPlan(parsed.plan, parsed.secrets);
  expect(JSON.stringify({ load, faults, thresholds })).not.toContain('shop');
  const [type, priority, during, stage] = thresholds;
  expect(type?.metric).toMatchObject({ among: { name: load.mix[0].type } });
  expect(priority?.metric).toMatchObject({ among: { name: load.mix[0].priority } });
  expect(during?.scope).toMatchObject({ fault: faults[0]?.name });
  expect(stage?.scope).toMatchObject({ name: planStages({ load })[0]?.name });
});
