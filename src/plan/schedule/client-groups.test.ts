import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePlan } from '../parse.ts';
import type { Plan } from '../plan.ts';
import { formatProblem } from '../problems.ts';
import { clientGroups, groupCounts } from './client-groups.ts';
import { connectionEvents } from './connection-events.ts';
import { totalArea } from './curve.ts';
import { planStages } from './stages.ts';

const BASE = {
  target: { url: 'ws://h/' },
  load: { connections: 100, messages: { open: { rate: '900/s', for: '10s' } } },
};

function planOf(misbehaving: unknown, load: object = {}): Plan {
  const parsed = parsePlan({ ...BASE, load: { ...BASE.load, ...load, misbehaving } }, { env: {} });
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  return parsed.plan;
}

function problemsOf(misbehaving: unknown, more: object = {}): string {
  const parsed = parsePlan({ ...BASE, ...more, load: { ...BASE.load, misbehaving } }, { env: {} });
  return parsed.ok ? '' : parsed.problems.map(formatProblem).join('\n');
}

describe('clients that misbehave, as written', () => {
  test('have their defaults', () => {
    const kinds = [
      { kind: 'slow-reader', share: '10%' },
      { kind: 'half-open', share: '1%' },
      { kind: 'no-pong', share: '1%' },
      { kind: 'slow-handshake', share: '1%' },
      { kind: 'malformed-frames', share: '1%' },
      { kind: 'oversized', share: '1%' },
      { kind: 'reset', share: '1%', after: '3s' },
      { kind: 'churn', share: '1%' },
    ];
    expect(planOf(kinds).load.misbehaving.map(({ misbehavior }) => misbehavior)).toEqual([
      { kind: 'slow-reader', bytesPerSecond: 0, afterNs: 0 },
      { kind: 'half-open', afterNs: 1e9 },
      { kind: 'no-pong' },
      { kind: 'slow-handshake', bytesPerSecond: 10 },
      { kind: 'malformed-frames', afterNs: 1e9 },
      { kind: 'oversized', bytes: 16 * 1024 ** 2, afterNs: 1e9 },
      { kind: 'reset', afterNs: 3e9 },
      { kind: 'churn', afterNs: 0 },
    ]);
  });

  test.each([
    [[{ kind: 'slowreader', share: '1%' }], 'did you mean "slow-reader"'],
    [[{ kind: 'reset' }], 'load.misbehaving[0].share: expected a percentage'],
    [[{ kind: 'reset', share: '100%' }], 'a percentage above 0% and below 100%'],
    [[{ kind: 'reset', share: '0.1%' }], 'load.misbehaving[0].share: expected a share of at least one client'],
    [
      [
        { kind: 'reset', share: '60%' },
        { kind: 'no-pong', share: '40%' },
      ],
      'at least one client that does not misbehave',
    ],
    [[{ kind: 'no-pong', share: '1%', after: '1s' }], 'the unknown key "after"'],
    [{ kind: 'reset' }, 'a list of clients that misbehave'],
  ])('%j is refused', (misbehaving, problem) => {
    expect(problemsOf(misbehaving)).toContain(problem);
  });

  test('do not go with a state that all clients share', () => {
    const protocol = { kind: 'json', send: { id: `\${id}` }, state: { count: 'n', shared: true } };
    expect(problemsOf([{ kind: 'reset', share: '1%' }], { protocol })).toContain('none, because the state is shared');
  });
});

const area = ({ load: { messages } }: Plan): number =>
  messages.kind === 'open' ? totalArea(messages.curve) : Number.NaN;

describe('groups of clients', () => {
  test('without clients that misbehave there is one, with the plan as it is', () => {
    const plan = planOf([]);
    expect(clientGroups(plan)).toEqual([{ group: 0, misbehavior: null, plan, clientCount: 100, firstClient: 0 }]);
  });

  test('the messages of the plan are those of the healthy clients, and each of the others sends as many as one of those', () => {
    const plan = planOf([{ kind: 'slow-reader', share: '10%' }]);
    const [healthy, slow] = clientGroups(plan);
    expect([healthy.clientCount, slow?.clientCount, slow?.firstClient]).toEqual([90, 10, 90]);
    expect(area(healthy.plan)).toBe(9000);
    expect(area(slow!.plan)).toBeCloseTo(1000, 6);
  });

  test('in rooms they only listen', () => {
    const [, slow] = clientGroups(planOf([{ kind: 'slow-reader', share: '10%' }], { rooms: { count: 2 } }));
    expect(area(slow!.plan)).toBe(0);
    const closed = { rooms: { count: 2 }, messages: { closed: { for: '9s' } } };
    const [, listening] = clientGroups(planOf([{ kind: 'slow-reader', share: '10%' }], closed));
    expect(planStages(listening!.plan)).toEqual([{ name: 'silence', fromNs: 0, toNs: 9e9 }]);
  });

  test('are all clients together, each once, and open as many as they have', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 500 }),
        fc.array(fc.integer({ min: 5, max: 30 }), { maxLength: 3 }),
        (clients, shares) => {
          const plan = planOf(
            shares.map((share) => ({ kind: 'no-pong', share: `${share}%` })),
            { connections: [{ to: clients, over: '3s' }, { to: 1, over: '2s' }, { hold: '1s' }] },
          );
          const groups = clientGroups(plan);
          expect(groups.map(({ clientCount }) => clientCount)).toEqual(groupCounts(plan.load));
          let next = 0;
          for (const { firstClient, clientCount, plan: own } of groups) {
            expect(firstClient).toBe(next);
            next += clientCount;
            const opened = new Set(
              [...connectionEvents(own.load.connections, 0, 1)].flatMap(({ action, client }) =>
                action === 'open' ? [client] : [],
              ),
            );
            expect(opened.size).toBe(clientCount);
          }
          expect(next).toBe(clients);
        },
      ),
      { numRuns: 50 },
    );
  });
});
