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
  | { readonly kind: 'ports'; readonly left: number };

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
const JSON_DIALECT = {
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
  const perSecond = between(150, 400);
  const sendingMs = between(1500, 2500);
  const hasReconnect = random() < 0.5;
  const disturbance = kind === 'generator' ? drawDisturbance(random, pick, between, clients) : null;
  const behavior = drawBehavior(kind, disturbance, { random, pick, between, clients, sendingMs });
  const isJson = behavior.unreadable !== undefined || random() < 0.4;
  const rules = [
    'lost == 0',
    'delivered >= 99%',
    'response.p99 < 400ms',
    'connections.dropped == 0',
    'connections.failed == 0',
    'unsent == 0',
  ].filter(() => random() < 0.6);
  const rate = disturbance?.kind === 'quota' ? 2000 : perSecond;
  return {
    kind,
    seed,
    behavior,
    disturbance,
    clients,
    sendingMs,
    perSecond: rate,
    plan: {
      name: `${kind}-${seed}`,
      seed,
      ...(isJson ? { dialect: JSON_DIALECT } : {}),
      load: {
        connections: [{ to: clients, over: `${CONNECT_MS}ms` }],
        messages: { open: [{ rate: `${rate}/s`, for: `${sendingMs}ms` }] },
      },
      contract: { delivery: 'exactly-once', order: 'per-stream', integrity: 'checksum' },
      ...(rules.length === 0 ? {} : { thresholds: rules }),
      ...(hasReconnect ? { reconnect: { from: '50ms', to: '300ms' } } : {}),
      drain: '800ms',
    },
  };
}

function drawDisturbance(
  random: () => number,
  pick: <T>(values: readonly T[]) => T,
  between: (from: number, to: number) => number,
  clients: number,
): Disturbance {
  const drawn = random();
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
      return random() < 0.3 ? { delayMs: between(5, 60) } : {};
    case 'breach':
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
      if (drawn < 0.65) return { refuses: between(1, clients - 1) };
      return { unreadable: { every: between(2, 12), kind: pick(UNREADABLE_KINDS) } };
    }
  }
}
