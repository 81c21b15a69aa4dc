import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makePlan } from '../../../test/support/engine/plans.ts';
import { FAULTS } from '../../faults/catalog.ts';
import { PLAN_FORM } from '../../faults/plan-form.ts';
import { parsePlan, parsePlanText } from '../../plan/parse.ts';
import type { Plan } from '../../plan/plan.ts';
import { formatProblem } from '../../plan/problems.ts';
import { REDACTED } from '../../plan/redact.ts';
import { planJsonSchema } from '../../plan/schema/schema.ts';
import { planText } from './plan-text.ts';

const CONTEXT = { env: {}, form: PLAN_FORM } as const;
const ROOT = path.join(import.meta.dirname, '../../..');
const SIMPLE = {
  target: { url: 'ws://chat.example.com/ws' },
  load: { messages: { open: { rate: '5/s', for: '9s' } } },
};

function planOf(document: unknown): Plan {
  const parsed = parsePlan(document, CONTEXT);
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  return parsed.plan;
}

function readBack(plan: Plan): unknown {
  const parsed = parsePlanText(planText(plan), 'yaml', CONTEXT);
  return parsed.ok ? parsed.plan : `${planText(plan)}\n${parsed.problems.map(formatProblem).join('\n')}`;
}

describe('a plan, printed in the form of a plan file, is the same plan when it is read', () => {
  test.each(['docs/samples/sick-chat.yaml', 'suites/ten-thousand/sustained-load.yaml'])('%s', (file) => {
    const parsed = parsePlanText(readFileSync(path.join(ROOT, file), 'utf8'), 'yaml', CONTEXT);
    if (!parsed.ok) throw new Error(file);
    expect(readBack(parsed.plan)).toEqual(parsed.plan);
  });

  test('whatever it says of its target, its clients and their messages', () => {
    const plan = planOf({
      name: 'chat: "all" of it',
      seed: 42,
      target: {
        url: [`wss://a.example.com/ws?room=\${room}`, 'wss://b.example.com/ws'],
        headers: { Authorization: `Bearer \${row.token}`, 'X-Count': '1' },
        subprotocols: ['chat.v2'],
        compression: { serverContextTakeover: false },
        tls: { ca: 'ca.pem', insecure: true },
        sourceAddresses: ['127.0.0.2-127.0.0.4'],
        rows: { file: 'users.csv', order: 'random' },
        connectTimeout: '2500ms',
        maxMessage: '2000KiB',
        ping: { every: '30s', timeout: '7s' },
      },
      protocol: {
        kind: 'json',
        send: {
          type: 'chat',
          id: `\${id}`,
          text: `\${payload}`,
          to: `\${feeder.name}`,
          n: 1.5,
          deep: { list: [1, 'two', null] },
        },
        join: [{ type: 'join', room: `\${room}` }],
        id: 'data.items[0].id',
        error: 'error',
        ack: 'ack',
        payload: 'text',
        state: { count: 'count', digest: 'digest' },
        pushes: { sequence: 'seq', channel: 'room', shared: true },
      },
      load: {
        connections: [
          { to: 100, over: '10s', curve: 'stepped', steps: 5 },
          { hold: '90s', name: 'all there' },
        ],
        messages: {
          open: [
            { rate: '100/s', for: '1m' },
            { hold: '1500ms' },
            { to: '120/min', over: '7s', curve: 'exponential' },
            { burst: '5000/s', for: '2s' },
            { to: '7/s', name: 'slow' },
            { hold: '1h' },
          ],
          arrival: 'poisson',
          from: '12s',
        },
        mix: [
          { type: 'chat', weight: 0.7, bytes: 100 },
          { type: 'image', bytes: '1MB', priority: 'high' },
        ],
        rooms: { count: 10, publishers: 3, settle: '2s' },
        misbehaving: [
          { kind: 'slow-reader', share: '5%', rate: '1KB/s' },
          { kind: 'oversized', share: '2%', bytes: '32MiB' },
          { kind: 'churn', share: '10%', after: '5s' },
        ],
        feeder: { file: 'names.csv', order: 'random' },
      },
      contract: { delivery: 'at-least-once', order: 'per-channel', replay: 'missed' },
      resend: { after: '2s', idempotencyCheck: { share: '1%', copies: 2 } },
      reconnect: { backoff: 'constant', to: '3s', jitter: 'none' },
      monitors: [
        { name: 'host', machine: true },
        { name: 'db', prometheus: 'http://127.0.0.1:9100/metrics', series: ['up', 'hits_total{code="500"}'] },
        { name: 'depth', command: ['node', 'depth.js', '--all'] },
      ],
      faults: [
        { fault: 'kill', at: '3s', process: '4711' },
        {
          fault: 'command',
          name: 'database offline',
          at: '20s',
          for: '5s',
          run: ['stop', 'db'],
          undo: ['start', 'db'],
        },
      ],
      thresholds: ['response.p99 < 50ms outside database offline', 'lost{type=chat} == 0', 'delivered >= 99.9%'],
      abort: ['connections.failed > 50%'],
      drain: '0s',
      workers: 3,
      pace: 'precise',
    });
    expect(readBack(plan)).toEqual(plan);
  });

  test.each([
    [
      'of a closed loop',
      { load: { connections: 5, messages: { closed: { inFlight: 4, think: '1s..3s', for: '20s' } } } },
    ],
    ['without messages', { load: { connections: [{ to: 5 }, { hold: '20s' }] } }],
    [
      'that only listens',
      { load: { connections: [{ to: 5 }, { hold: '1s' }] }, protocol: { kind: 'push', sequence: 'n' } },
    ],
    ['of a protocol of its own', { protocol: './mine.ts' }],
    [
      'of text, with all defaults',
      { protocol: { kind: 'echo', format: 'text' }, reconnect: true, resend: {}, contract: {} },
    ],
    [
      'of a reference target',
      {
        target: { url: 'reference', ping: true, compression: 'on' },
        faults: [{ fault: 'restart', at: '1s', process: 'reference' }],
      },
    ],
    [
      'of a broken kernel',
      {
        faults: [
          { fault: 'packet_loss', at: '1s', for: '1s', rate: '0.5%' },
          { fault: 'link_rate', at: '4s', rate: '1MB/s' },
        ],
      },
    ],
  ])('%s', (_, parts) => {
    const plan = planOf({ ...SIMPLE, ...parts });
    expect(readBack(plan)).toEqual(plan);
  });

  test('with any setting of any network fault', () => {
    const schema = planJsonSchema(PLAN_FORM) as {
      properties: { faults: { items: { oneOf?: Form[]; anyOf?: Form[] } } };
    };
    const { oneOf, anyOf } = schema.properties.faults.items;
    const forms = (oneOf ?? anyOf ?? []).filter(({ properties }) =>
      Object.hasOwn(FAULTS, properties.fault?.const ?? ''),
    );
    expect(forms).toHaveLength(Object.keys(FAULTS).length);
    const faults = forms.map(({ properties }, place) => {
      const { fault, messages: _, name: __, ...others } = properties;
      const settings = Object.entries(others).map(([key, field]) => [key, field.enum?.[0] ?? field.examples?.[0]]);
      return { ...Object.fromEntries(settings), fault: fault!.const, at: `${10 * place}s`, for: '5s' };
    });
    const plan = planOf({ ...SIMPLE, faults });
    expect(plan.faults).toHaveLength(forms.length);
    expect(readBack(plan)).toEqual(plan);
  });

  test('whatever segments it has', () => {
    const name = fc.option(fc.constantFrom('warm-up', 'hold 5/s', 'ramp to 5/s', 'peak'), { nil: undefined });
    const rate = fc.constantFrom('5/s', '0.5/s', '120/min');
    const time = fc.constantFrom('1s', '250ms', '2m');
    const named = (segment: fc.Arbitrary<object>) =>
      fc.tuple(segment, name).map(([one, of]) => (of === undefined ? one : { ...one, name: of }));
    const segment = named(
      fc.oneof(
        fc.record({ to: rate }),
        fc.record({ to: rate, over: time }),
        fc.record({ hold: time }),
        fc.record({ burst: rate, for: time }),
        fc.record({ rate, for: time }),
      ),
    );
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), (segments) => {
        const open = [{ rate: '1/s', for: '1s' }, ...segments];
        const plan = planOf({ ...SIMPLE, load: { messages: { open } } });
        expect(readBack(plan)).toEqual(plan);
      }),
      { numRuns: 200 },
    );
  });
});

interface Form {
  readonly properties: Readonly<
    Record<
      string,
      { readonly const?: string; readonly enum?: readonly string[]; readonly examples?: readonly unknown[] }
    >
  >;
}

test('what is printed has the units and segments of a plan file, and no default', () => {
  const parsed = parsePlanText(readFileSync(path.join(ROOT, 'docs/samples/sick-chat.yaml'), 'utf8'), 'yaml', CONTEXT);
  if (!parsed.ok) throw new Error('no plan');
  expect(planText(parsed.plan)).toBe(`name: sick-chat
target: { url: reference }
load:
  connections: 100
  messages: { open: [{ to: 500/s, over: 5s }, { hold: 25s }] }
  mix:
    - { type: chat, weight: 70, bytes: 100 }
    - { type: image, weight: 30, bytes: 4096, priority: high }
contract: { delivery: exactly-once, order: per-stream, integrity: checksum }
reconnect: { from: 100ms, to: 1s }
faults:
  - { fault: latency, at: 6s, for: 4s, latency: 80ms, jitter: 30ms }
  - { fault: down, at: 14s, for: 1s }
  - { fault: drop, at: 19s, for: 3s, rate: 2% }
  - { fault: corrupt, at: 25s, for: 2s, rate: 2% }
monitors:
  - { name: host, machine: true }
  - { name: service, process: reference }
thresholds:
  - response.p50 < 20ms
  - response.p99 < 50ms outside latency
  - delivered >= 99.9%
  - connections.gaveUp == 0
drain: 2s`);
});

test('a template that a hidden secret tore is printed as it is', () => {
  const template = `{"id":"\${id}","token":${REDACTED}}`;
  const json = planOf({ ...SIMPLE, protocol: { kind: 'json', send: { id: `\${id}` } } }).protocol;
  const plan = makePlan({ plan: { protocol: { ...json, template } as Plan['protocol'] } });
  expect(planText(plan)).toContain(JSON.stringify(template));
});
