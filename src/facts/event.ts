// What happened once, as it lies in `events.ndjson`: one JSON line each, in the order in which the
// coordinator learned of it. `atNs` counts from the start of the run.

import type { FailureKind } from './failure.ts';

export type RunEvent =
  | { readonly kind: 'runStarted'; readonly atNs: number; readonly manifest: Manifest }
  /** Every lane of the first connection segment is open or has failed. */
  | { readonly kind: 'connected'; readonly atNs: number }
  | { readonly kind: 'messagesStarted'; readonly atNs: number }
  | {
      readonly kind: 'failure';
      readonly atNs: number;
      readonly worker: number;
      readonly lane: number;
      readonly failure: FailureKind;
      /** Redacted, printable, at most a few hundred characters. */
      readonly detail: string;
    }
  | ({ readonly kind: 'violation'; readonly atNs: number; readonly worker: number } & Violation)
  | { readonly kind: 'workerDied'; readonly atNs: number; readonly worker: number; readonly detail: string }
  | { readonly kind: 'stopping'; readonly atNs: number; readonly reason: StopReason; readonly detail: string }
  | { readonly kind: 'runEnded'; readonly atNs: number; readonly outcome: Outcome };

export type Outcome = 'completed' | 'interrupted' | 'aborted';

/** Why a run ended before its plan did. */
export type StopReason = 'interrupted' | 'abortRule' | 'noLanes' | 'workersDied';

/** Facts about the run that neither the plan nor a window holds. */
export interface Manifest {
  readonly id: string;
  readonly startedAt: string;
  readonly highwaterVersion: string;
  readonly nodeVersion: string;
  readonly workerCount: number;
  readonly machine: Machine;
}

export interface Machine {
  readonly platform: string;
  readonly cpuModel: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly hostname: string;
}

export const VIOLATION_KINDS = ['lost', 'duplicated', 'reordered', 'corrupted', 'unexpected'] as const;

/** A message that did not fare as a perfect service would have it. */
export interface Violation {
  readonly violation: (typeof VIOLATION_KINDS)[number];
  readonly lane: number;
  readonly stream: number;
  /** Null where the number cannot be known (unexpected or damaged beyond reading). */
  readonly seq: number | null;
  readonly detail: string;
}

export function encodeEvent(event: RunEvent): string {
  return JSON.stringify(event);
}

/** Null for a torn or foreign line. */
export function decodeEvent(line: string): RunEvent | null {
  try {
    const value: unknown = JSON.parse(line);
    return isEvent(value) ? value : null;
  } catch {
    return null;
  }
}

const EVENT_KINDS: readonly string[] = [
  'runStarted',
  'connected',
  'messagesStarted',
  'failure',
  'violation',
  'workerDied',
  'stopping',
  'runEnded',
] satisfies RunEvent['kind'][];

function isEvent(value: unknown): value is RunEvent {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, atNs } = value as { kind?: unknown; atNs?: unknown };
  return typeof kind === 'string' && EVENT_KINDS.includes(kind) && typeof atNs === 'number';
}
