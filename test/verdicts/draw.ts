// What a trial of the verdict campaign is, drawn from its seed: a plan, a service, and what is done to the generator.

import { createRandom } from '../../src/random/generator.ts';
import { type Behavior, UNREADABLE_KINDS } from './service.ts';

export const TRIAL_KINDS = ['calm', 'breach', 'generator', 'service'] as const;
export type TrialKind = (typeof TRIAL_KINDS)[number];

export const PHASES = ['connecting', 'sending', 'draining'] as const;
export type Phase = (typeof PHASES)[number];

export type Disturbance =
  | { readonly kind: 'stopWorker' | 'stopCoordinator'; readonly phase: Phase; readonly forMs: number }
  /** So much of one core, for the whole run. */
  | { readonly kind: 'quota'; readonly coreShare: number }
  /** So few of the worker's descriptors from the moment it connects. */
  | { readonly kind: 'descriptors'; readonly left: number }
  | { readonly kind: 'ports'; readonly left: number }
  /** Lines of the record that are gone when it is judged again. */
  | { readonly kind: 'damage'; readonly lines: number }
  /** A fault of the plan that finds nothing to do. */
  | { readonly kind: 'idleFault' };

export interface Trial {
  readonly kind: TrialKind;
  readonly seed: number;
  readonly behavior: Behavior;
  readonly disturbance: Disturbance | null;
  readonly clients: number;
  readonly sendingMs: number;
  readonly perSecond: number;
  /** With everything but its target. */
  readonly plan: Readonly<Record<string, unknown>>;
}

const placeholder = (name: string): string => `\${${name}}`;
const JSON_PROTOCOL = {
  kind: 'json',
  send: { id: placeholder('id'), text: placeholder('payload') },
  id: 'id',
  payload: 'text',
};
const CONNECT_MS = 600;
/** As long as a service of a campaign waits for a pong, at most. */
const HEARTBEAT_MS = 900;
const BREACHES = ['lost', 'duplicated', 'reordered', 'corrupted'] as const;

export function drawTrial(kind: TrialKind, seed: number): Trial {
  const random = createRandom(seed, 0x7e);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const between = (from: number, to: number): number => Math.round(from + random() * (to - from));
  const clients = between(10, 40);
  // A percentile of 99 wants at least 400 messages.
  const perSecond = between(270, 400);
  const sendingMs = between(1500, 2500);
  const hasReconnect = random() < 0.5;
  const disturbance = kind === 'generator' ? drawDisturbance(random, pick, between, clients) : null;
  const behavior = drawBehavior(kind, disturbance, { random, pick, between, clients, sendingMs });
  const isPushed = behavior.pushes !== undefined;
  const isJson = behavior.unreadable !== undefined || random() < 0.4;
  const rate = disturbance?.kind === 'quota' ? 2000 : perSecond;
  return {
    kind,
    seed,
    behavior,
    disturbance,
    clients,
    sendingMs,
    perSecond: isPushed ? 0 : rate,
    plan: {
      name: `${kind}-${seed}`,
      seed,
      ...(isPushed ? pushedLoad(clients, sendingMs) : sentLoad(clients, sendingMs, rate)),
      ...(isPushed ? { protocol: { kind: 'push', sequence: 'n' } } : isJson ? { protocol: JSON_PROTOCOL } : {}),
      ...drawRules(isPushed ? PUSHED_RULES : SENT_RULES, random),
      contract: { delivery: 'exactly-once', order: 'per-stream', ...(isPushed ? {} : { integrity: 'checksum' }) },
      ...(hasReconnect ? { reconnect: { from: '50ms', to: '300ms' } } : {}),
      ...(disturbance?.kind === 'idleFault' ? { faults: [{ fault: 'swallow_pong', at: '200ms', for: '500ms' }] } : {}),
      drain: '800ms',
    },
  };
}

const SENT_RULES = [
  'lost == 0',
  'delivered >= 99%',
  'response.p99 < 400ms',
  'connections.dropped == 0',
  'connections.failed == 0',
  'unsent == 0',
];
const PUSHED_RULES = ['pushes.missed == 0', 'pushes.received >= 99%', 'connections.dropped == 0'];

function drawRules(rules: readonly string[], random: () => number): { readonly thresholds?: readonly string[] } {
  const drawn = rules.filter(() => random() < 0.6);
  return drawn.length === 0 ? {} : { thresholds: drawn };
}

function sentLoad(clients: number, sendingMs: number, perSecond: number) {
  return {
    load: {
      connections: [{ to: clients, over: `${CONNECT_MS}ms` }],
      messages: { open: [{ rate: `${perSecond}/s`, for: `${sendingMs}ms` }] },
    },
  };
}

function pushedLoad(clients: number, sendingMs: number) {
  return { load: { connections: [{ to: clients }, { hold: `${sendingMs}ms` }] } };
}

function drawDisturbance(
  random: () => number,
  pick: <T>(values: readonly T[]) => T,
  between: (from: number, to: number) => number,
  clients: number,
): Disturbance {
  const drawn = random();
  if (drawn < 0.06) return { kind: 'damage', lines: between(1, 2) };
  if (drawn < 0.1) return { kind: 'idleFault' };
  if (drawn < 0.5) return { kind: 'stopWorker', phase: pick(PHASES), forMs: between(1300, 2500) };
  if (drawn < 0.65) return { kind: 'stopCoordinator', phase: pick(PHASES), forMs: between(1300, 2500) };
  if (drawn < 0.78) return { kind: 'quota', coreShare: between(10, 20) / 100 };
  if (drawn < 0.9) return { kind: 'descriptors', left: between(0, Math.floor(clients / 2)) };
  return { kind: 'ports', left: between(1, Math.floor(clients / 2)) };
}

interface Draw {
  readonly random: () => number;
  readonly pick: <T>(values: readonly T[]) => T;
  readonly between: (from: number, to: number) => number;
  readonly clients: number;
  readonly sendingMs: number;
}

function drawBehavior(
  kind: TrialKind,
  disturbance: Disturbance | null,
  { random, pick, between, clients, sendingMs }: Draw,
): Behavior {
  switch (kind) {
    case 'calm':
      if (random() < 0.15) return { pushes: { everyMs: 20 } };
      return random() < 0.3 ? { delayMs: between(5, 60) } : {};
    case 'breach':
      if (random() < 0.15) return { pushes: { everyMs: 20, skipsEvery: between(9, 30) } };
      return { breach: { every: between(5, 20), kind: pick(BREACHES) } };
    case 'generator':
      // What waits for an answer when the process stops, and a service that drops who does not answer its pings.
      return {
        ...(random() < 0.5 ? { delayMs: between(50, 300) } : {}),
        ...(disturbance?.kind === 'stopWorker' ? { heartbeatMs: HEARTBEAT_MS } : {}),
      };
    case 'service': {
      const drawn = random();
      const close = {
        share: pick([0.2, 0.5, 1]),
        afterMs: between(100, sendingMs / 2),
        code: pick([1001, 1011, 4401, 1006]),
      };
      if (drawn < 0.4) return { close };
      if (drawn < 0.55) return { close: { ...close, share: 1 }, takesBack: between(0, clients / 2) };
      if (drawn < 0.7 && drawn >= 0.65) return { pushes: { everyMs: 20, anewAfter: between(30, 50) } };
      if (drawn < 0.65) return { refuses: between(1, clients - 1) };
      return { unreadable: { every: between(2, 12), kind: pick(UNREADABLE_KINDS) } };
    }
  }
}
