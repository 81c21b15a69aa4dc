// Plans for tests, built without the parser: what is tested here must not depend on how a plan is written.

import type { Curve, Messages, MessageType, Plan, Rooms, Target, Threshold } from '../../../src/plan/plan.ts';
import { chainSegments, type WrittenSegment } from '../../../src/plan/resolve/segments.ts';
import { parseThreshold } from '../../../src/plan/rules/thresholds.ts';
import type { NonEmpty } from '../../../src/units/non-empty.ts';

export const SECOND = 1e9;
export const MS = 1e6;

export function curve(...written: NonEmpty<WrittenSegment>): Curve {
  return chainSegments(written, String);
}

/** So many messages per second for so long; waits for the first clients. */
export function openMessages(perSecond: number, forNs: number, arrival: 'constant' | 'poisson' = 'constant'): Messages {
  return { kind: 'open', curve: curve({ rate: perSecond, for: forNs }), arrival, start: { kind: 'connected' } };
}

export function closedMessages(
  inFlight: number,
  durationNs: number,
  more: { readonly thinkNs?: number; readonly replyTimeoutNs?: number } = {},
): Messages {
  const thinkNs = more.thinkNs ?? 0;
  return {
    kind: 'closed',
    inFlight,
    think: { minNs: thinkNs, maxNs: thinkNs },
    replyTimeoutNs: more.replyTimeoutNs ?? 30 * SECOND,
    durationNs,
    start: { kind: 'connected' },
  };
}

export interface PlanParts {
  readonly connections?: Curve;
  readonly messages?: Messages;
  readonly mix?: NonEmpty<MessageType>;
  readonly bytes?: number;
  readonly rooms?: Rooms;
  readonly target?: Partial<Target>;
  readonly format?: 'binary' | 'text';
  readonly plan?: Partial<Plan>;
}

export function makePlan(parts: PlanParts = {}): Plan {
  return {
    name: 'test',
    profile: null,
    seed: 7,
    target: {
      urls: ['ws://10.0.0.1:80/ws'],
      headers: {},
      subprotocols: [],
      compression: { kind: 'off' },
      tls: {
        caFile: null,
        certFile: null,
        keyFile: null,
        passphrase: null,
        serverName: null,
        insecure: false,
      },
      sourceAddresses: [],
      rowsFile: null,
      rowsOrder: 'sequential',
      connectTimeoutNs: 10 * SECOND,
      handshakeTimeoutNs: 10 * SECOND,
      maxMessageBytes: 16 * 1024 ** 2,
      maxBufferedBytes: 1024 ** 2,
      ping: null,
      ...parts.target,
    },
    protocol: { kind: 'echo', format: parts.format ?? 'binary' },
    load: {
      connections: parts.connections ?? curve({ to: 1 }),
      messages: parts.messages ?? { kind: 'none' },
      mix: parts.mix ?? [{ type: 'message', weight: 1, payloadBytes: parts.bytes ?? 64, priority: null }],
      rooms: parts.rooms ?? null,
      feeder: null,
      misbehaving: [],
    },
    contract: null,
    thresholds: [],
    abort: [],
    resend: null,
    reconnect: null,
    faults: [],
    monitors: [],
    drainNs: 5 * SECOND,
    workers: 1,
    pace: 'economical',
    ...parts.plan,
  };
}

export function threshold(expression: string): Threshold {
  const parsed = parseThreshold(expression);
  if ('expected' in parsed) throw new Error(`${expression}: expected ${parsed.expected}, got ${parsed.got}`);
  return parsed;
}
