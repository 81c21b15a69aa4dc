import { describe, expect, test } from 'vitest';
import { parsePlan } from './parse.ts';
import type { Plan } from './plan.ts';
import { formatProblem } from './problems.ts';

const S = 1e9;
const target = { url: 'ws://chat.example.com/ws' };
const load = { connections: [{ to: 10, over: '1s' }, { hold: '5s' }] };
const minimal = { target, load };

function planOf(document: unknown, context: Partial<Parameters<typeof parsePlan>[1]> = {}): Plan {
  const parsed = parsePlan(document, { env: {}, ...context });
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  return parsed.plan;
}

function problemsOf(document: unknown, context: Partial<Parameters<typeof parsePlan>[1]> = {}): string[] {
  const parsed = parsePlan(document, { env: {}, ...context });
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
}

describe('a plan', () => {
  test('with a target and connections gets every default', () => {
    expect(planOf(minimal)).toEqual({
      name: 'chat.example.com',
      profile: null,
      seed: 1,
      target: {
        urls: ['ws://chat.example.com/ws'],
        headers: {},
        subprotocols: [],
        compression: { kind: 'off' },
        tls: { caFile: null, certFile: null, keyFile: null, passphrase: null, serverName: null, insecure: false },
        sourceAddresses: [],
        rowsFile: null,
        rowsOrder: 'sequential',
        connectTimeoutNs: 10 * S,
        handshakeTimeoutNs: 10 * S,
        maxMessageBytes: 16_777_216,
        maxBufferedBytes: 1_048_576,
        ping: null,
      },
      protocol: { kind: 'echo', format: 'binary' },
      load: {
        connections: [
          { name: 'ramp to 10', shape: 'linear', from: 0, to: 10, durationNs: S, steps: 1 },
          { name: 'hold 10', shape: 'hold', from: 10, to: 10, durationNs: 5 * S, steps: 1 },
        ],
        messages: { kind: 'none' },
        mix: [{ type: 'message', weight: 1, payloadBytes: 64, priority: null }],
        rooms: null,
        misbehaving: [],
        feeder: null,
      },
      contract: null,
      thresholds: [],
      abort: [],
      resend: null,
      reconnect: null,
      faults: [],
      monitors: [],
      drainNs: 5 * S,
      workers: 'auto',
      pace: 'auto',
    });
  });

  test('survives JSON unchanged', () => {
    const plan = planOf({ ...minimal, thresholds: ['handshake.p99.9 < 1s'], contract: {} });
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  test('may write connections as a number, a segment or a list', () => {
    const shapes = (connections: unknown) =>
      planOf({ target, load: { connections, messages: { open: { rate: '1/s', for: '1s' } } } }).load.connections.map(
        ({ shape, to }) => [shape, to],
      );
    expect(shapes(500)).toEqual([['instant', 500]]);
    expect(shapes('500')).toEqual([['instant', 500]]);
    expect(shapes({ to: 500, over: '1s', curve: 'stepped' })).toEqual([['stepped', 500]]);
    expect(shapes([{ to: 5 }, { burst: 9, for: '1s' }])).toEqual([
      ['instant', 5],
      ['burst', 9],
    ]);
    expect(shapes(undefined)).toEqual([['instant', 1]]);
  });

  test('may send in an open or a closed loop', () => {
    const messages = (written: unknown, connections: unknown = load.connections) =>
      planOf({ target, load: { connections, messages: written } }).load.messages;
    expect(messages({ open: { rate: '60/min', for: '3s' }, arrival: 'poisson', from: '2s' })).toMatchObject({
      kind: 'open',
      arrival: 'poisson',
      start: { kind: 'at', atNs: 2 * S },
      curve: [{ shape: 'instant' }, { shape: 'hold', to: 1, durationNs: 3 * S }],
    });
    expect(messages({ closed: { think: '1s..3s' } })).toEqual({
      kind: 'closed',
      inFlight: 1,
      think: { minNs: S, maxNs: 3 * S },
      replyTimeoutNs: 30 * S,
      durationNs: 5 * S,
      start: { kind: 'connected' },
    });
    expect(messages({ closed: { for: '7s', think: '1s' }, from: 'connected' }, 3)).toMatchObject({
      durationNs: 7 * S,
      think: { minNs: S, maxNs: S },
    });
  });

  test('takes cookies as one header, address ranges apart, and compression by side or as a whole', () => {
    const { target: resolved } = planOf({
      ...minimal,
      target: {
        ...target,
        cookies: { a: '1', b: 2 },
        sourceAddresses: ['127.0.0.2-127.0.0.4', '127.0.0.3'],
        compression: { serverContextTakeover: false },
      },
    });
    expect(resolved.headers).toEqual({ Cookie: 'a=1; b=2' });
    expect(resolved.sourceAddresses).toEqual(['127.0.0.2', '127.0.0.3', '127.0.0.4']);
    expect(resolved.compression).toEqual({
      kind: 'deflate',
      clientContextTakeover: true,
      serverContextTakeover: false,
    });
    for (const compression of ['on', true]) {
      const whole = { kind: 'deflate', clientContextTakeover: true, serverContextTakeover: true };
      expect(planOf({ ...minimal, target: { ...target, compression } }).target.compression).toEqual(whole);
    }
  });

  test('pings, with what is not written beside what is', () => {
    const pingOf = (ping: unknown) => planOf({ ...minimal, target: { ...target, ping } }).target.ping;
    expect(pingOf(undefined)).toBeNull();
    expect(pingOf(true)).toEqual({ everyNs: 10 * S, timeoutNs: 5 * S });
    expect(pingOf({})).toEqual({ everyNs: 10 * S, timeoutNs: 5 * S });
    expect(pingOf({ every: '2s' })).toEqual({ everyNs: 2 * S, timeoutNs: 2 * S });
    expect(pingOf({ timeout: '30s' })).toEqual({ everyNs: 30 * S, timeoutNs: 30 * S });
    expect(pingOf({ every: '1s', timeout: '200ms' })).toEqual({ everyNs: S, timeoutNs: 0.2 * S });
    const rules = { thresholds: ['pings.unanswered == 0', 'ping.p99 < 50ms'], abort: ['pings.unanswered > 10%'] };
    expect(planOf({ ...minimal, ...rules, target: { ...target, ping: true } }).abort).toHaveLength(1);
  });

  test('takes what is null as not written', () => {
    expect(planOf({ ...minimal, thresholds: null, contract: null, name: undefined })).toEqual(planOf(minimal));
  });
});

describe('the environment and profiles', () => {
  test('a profile changes the plan, is named in it, and takes back with null', () => {
    const document = {
      ...minimal,
      contract: {},
      profiles: { ci: { contract: null, load: { connections: [{ to: 2 }, { hold: '1s' }] } } },
    };
    const plan = planOf(document, { profile: 'ci' });
    expect(plan.profile).toBe('ci');
    expect(plan.contract).toBeNull();
    expect(plan.load.connections[0].to).toBe(2);
    expect(planOf(document).contract).not.toBeNull();
  });

  test('what the environment put in is secret', () => {
    const document = {
      ...minimal,
      target: { url: `ws://h/\${env.ROOM}`, headers: { Authorization: `Bearer \${env.TOKEN}` } },
    };
    const parsed = parsePlan(document, { env: { ROOM: 'room-1', TOKEN: 'token-1' } });
    expect(parsed.ok && parsed.plan.target.headers).toEqual({ Authorization: 'Bearer token-1' });
    expect(parsed.ok && parsed.secrets).toEqual(expect.arrayContaining(['room-1', 'token-1']));
  });

  test('a mistake in a profile shows before the profile is used, a missing variable of another profile does not', () => {
    const bad = { ...minimal, profiles: { ci: { load: { conections: 5 } }, dev: { name: `\${env.NOPE}` } } };
    expect(problemsOf(bad)).toEqual([
      'profiles.ci.load.conections: expected one of connections, messages, mix, bytes, rooms, feeder, misbehaving, got the unknown key "conections" (did you mean "connections"?)',
    ]);
    expect(problemsOf(bad, { profile: 'ci' })).toEqual(problemsOf(bad));
    expect(problemsOf({ ...minimal, profiles: bad.profiles.dev && { dev: bad.profiles.dev } })).toEqual([]);
  });

  test('no problem quotes a secret', () => {
    const env = { TOKEN: 'very-secret-token', BREAK: 'hush\nhush' };
    const document = {
      target: {
        url: `http://user:hunter2@h/?id=\${env.TOKEN}`,
        headers: { Authorization: `\${env.BREAK}`, 'X-Trace': `${'x'.repeat(50)}\${env.TOKEN}\n` },
        cookies: { a: 'hunter2;' },
        subprotocols: [`a \${env.TOKEN}`],
      },
      load,
      name: `a\n\${env.TOKEN}`,
    };
    const problems = problemsOf(document, { env });
    expect(problems).toHaveLength(6);
    for (const secret of ['very-secret', 'hunter2', 'hush']) {
      expect(problems.join('\n')).not.toContain(secret);
    }
  });
});
