// What happened once, as it lies in `events.ndjson`: one JSON line each, in the order in which the
// coordinator learned of it. `atNs` counts from the start of the run.

import { hasFields, isNumber, isOneOf, isText, orNull } from './checks.ts';
import { FAILURE_KINDS, type FailureKind } from './failure.ts';
import { type FailureCause, isFailureCause } from './failure-cause.ts';
import { type FaultCounts, isFaultCounts } from './fault-counts.ts';
import { isReceiverFacts, type ReceiverFacts } from './receivers.ts';
import { isStateFacts, type StateFacts } from './states.ts';
import { UNREADABLE_KINDS, type UnreadableExample, type UnreadableKind } from './unreadable.ts';
import { isViolation, type Violation } from './violation.ts';

export type RunEvent =
  | { readonly kind: 'runStarted'; readonly atNs: number; readonly manifest: Manifest }
  /** Every client of the first connection segment is open or has failed. */
  | { readonly kind: 'connected'; readonly atNs: number }
  | { readonly kind: 'messagesStarted'; readonly atNs: number }
  | {
      readonly kind: 'failure';
      readonly atNs: number;
      readonly worker: number;
      /** Of clients: 0 is of those that behave as they should. */
      readonly group: number;
      readonly client: number;
      readonly failure: FailureKind;
      readonly cause: FailureCause;
    }
  /** The first of its kind that came to this worker. */
  | ({
      readonly kind: 'unreadable';
      readonly atNs: number;
      readonly worker: number;
      readonly group: number;
      readonly client: number;
    } & UnreadableExample)
  | ({ readonly kind: 'violation'; readonly atNs: number; readonly worker: number } & Violation)
  /** A message that the service refused: the first of its kind that a worker met. `detail`: what the service said. */
  | {
      readonly kind: 'rejection';
      readonly atNs: number;
      readonly worker: number;
      readonly client: number;
      readonly seq: number;
      readonly detail: string;
    }
  /** A worker could match nothing that came with what it sent. `detail`: the beginning of one message, as the service sent it. */
  | {
      readonly kind: 'notUnderstood';
      readonly atNs: number;
      readonly worker: number;
      readonly detail: string;
      /** What keeps the message from being read; null where it can be. */
      readonly unreadable: UnreadableKind | null;
    }
  /** A monitor has begun to read less than it should, or for another reason than before. */
  | { readonly kind: 'monitorGap'; readonly atNs: number; readonly monitor: string; readonly detail: string }
  | {
      readonly kind: 'receivers';
      readonly atNs: number;
      readonly worker: number;
      readonly group: number;
      readonly receivers: ReceiverFacts;
    }
  | {
      readonly kind: 'states';
      readonly atNs: number;
      readonly worker: number;
      readonly states: readonly StateFacts[];
    }
  | {
      readonly kind: 'fault';
      readonly atNs: number;
      /** Its place among the faults of the plan. */
      readonly fault: number;
      readonly phase: FaultPhase;
      /** Why it could not be done; null where it was. */
      readonly detail: string | null;
    }
  /** The coordinator did not get to its work for so long. */
  | { readonly kind: 'coordinatorStalled'; readonly atNs: number; readonly forNs: number }
  /** What a fault that began has done, told at the end of the run; null where nobody can know. */
  | { readonly kind: 'faultCounts'; readonly atNs: number; readonly fault: number; readonly counts: FaultCounts | null }
  /** How late the process of the proxy for network faults was, at its 99th percentile, over the run. */
  | { readonly kind: 'proxyDelay'; readonly atNs: number; readonly delayNs: number }
  /** The reference target ended without having been asked to. */
  | {
      readonly kind: 'targetDied';
      readonly atNs: number;
      readonly pid: number;
      readonly exitCode: number | null;
      readonly signal: string | null;
    }
  | { readonly kind: 'workerDied'; readonly atNs: number; readonly worker: number; readonly detail: string }
  | { readonly kind: 'stopping'; readonly atNs: number; readonly reason: StopReason; readonly detail: string }
  | {
      readonly kind: 'runEnded';
      readonly atNs: number;
      readonly end: RunEnd;
      /** What must be in the record: a window that is missing at its end shows by this alone. */
      readonly windows: readonly WindowCount[];
    };

/** How many windows the coordinator was sent by a worker for one of its groups. */
export interface WindowCount {
  readonly worker: number;
  readonly group: number;
  readonly count: number;
}

const FAULT_PHASES = ['began', 'ended'] as const;
export type FaultPhase = (typeof FAULT_PHASES)[number];

const RUN_ENDS = ['completed', 'interrupted', 'aborted'] as const;
export type RunEnd = (typeof RUN_ENDS)[number];

const STOP_REASONS = ['interrupted', 'abortRule', 'noConnections', 'workersDied', 'recordUnwritable'] as const;
/** Why a run ended before its plan did. */
export type StopReason = (typeof STOP_REASONS)[number];

/** Facts about the run that neither the plan nor a window holds. */
export interface Manifest {
  readonly id: string;
  readonly startedAt: string;
  readonly highwaterVersion: string;
  readonly nodeVersion: string;
  readonly workerCount: number;
  readonly machine: Machine;
  /** Of the directory in which the run was started; null where that is none of a repository, or could not be asked. */
  readonly git: GitState | null;
  /** The environment variable that names a proxy for the target, which is not used; null where none does. */
  readonly unusedProxy: string | null;
}

export interface GitState {
  /** In full. */
  readonly commit: string;
  /** Null where none is checked out. */
  readonly branch: string | null;
  /** Whether a file that git knows differs from the commit; files that it does not know do not count. */
  readonly isDirty: boolean;
}

export interface Machine {
  readonly platform: string;
  readonly cpuModel: string;
  readonly cores: number;
  /** How many of them Highwater was allowed to keep busy: with a quota also a part of one. */
  readonly allowedCores: number;
  readonly memoryBytes: number;
  readonly allowedMemoryBytes: number;
  readonly hostname: string;
}

/** An event as it lies in the record. */
export interface RecordedEvent {
  readonly event: RunEvent;
  /** From 0 without a gap: a line that is gone shows. */
  readonly number: number;
}

export function encodeEvent({ event, number }: RecordedEvent): string {
  return JSON.stringify({ ...event, number });
}

/** Null for a torn or foreign line. */
export function decodeEvent(line: string): RecordedEvent | null {
  try {
    const value: unknown = JSON.parse(line);
    if (!hasFields(value, { number: isIndex })) return null;
    const { number, ...event } = value;
    return isEvent(event) ? { event, number: number as number } : null;
  } catch {
    return null;
  }
}

const isIndex = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** What each kind of event must have beside `atNs`: a line that lacks it is a foreign one. */
const FIELDS: Readonly<Record<RunEvent['kind'], Readonly<Record<string, (value: unknown) => boolean>>>> = {
  runStarted: { manifest: isManifest },
  connected: {},
  messagesStarted: {},
  failure: {
    worker: isNumber,
    group: isNumber,
    client: isNumber,
    failure: isOneOf(FAILURE_KINDS),
    cause: isFailureCause,
  },
  violation: { worker: isNumber },
  rejection: { worker: isNumber, client: isNumber, seq: isNumber, detail: isText },
  unreadable: {
    worker: isNumber,
    group: isNumber,
    client: isNumber,
    unreadable: isOneOf(UNREADABLE_KINDS),
    byte: (value) => value === null || isNumber(value),
    detail: isText,
  },
  notUnderstood: {
    worker: isNumber,
    detail: isText,
    unreadable: (value) => value === null || isOneOf(UNREADABLE_KINDS)(value),
  },
  monitorGap: { monitor: isText, detail: isText },
  receivers: { worker: isNumber, group: isNumber, receivers: isReceiverFacts },
  states: { worker: isNumber, states: (value) => Array.isArray(value) && value.every(isStateFacts) },
  fault: {
    fault: isNumber,
    phase: isOneOf(FAULT_PHASES),
    detail: (value) => value === null || isText(value),
  },
  coordinatorStalled: { forNs: isNumber },
  faultCounts: { fault: isNumber, counts: (value) => value === null || isFaultCounts(value) },
  proxyDelay: { delayNs: isNumber },
  targetDied: {
    pid: isNumber,
    exitCode: (value) => value === null || isNumber(value),
    signal: (value) => value === null || isText(value),
  },
  workerDied: { worker: isNumber, detail: isText },
  stopping: { reason: isOneOf(STOP_REASONS), detail: isText },
  runEnded: { end: isOneOf(RUN_ENDS), windows: (value) => Array.isArray(value) && value.every(isWindowCount) },
};

const MACHINE: Readonly<Record<keyof Machine, (value: unknown) => boolean>> = {
  platform: isText,
  cpuModel: isText,
  cores: isNumber,
  allowedCores: isNumber,
  memoryBytes: isNumber,
  allowedMemoryBytes: isNumber,
  hostname: isText,
};
const MANIFEST: Readonly<Record<keyof Manifest, (value: unknown) => boolean>> = {
  id: isText,
  startedAt: isText,
  highwaterVersion: isText,
  nodeVersion: isText,
  workerCount: isNumber,
  machine: (value) => hasFields(value, MACHINE),
  git: (value) => value === null || isGitState(value),
  unusedProxy: orNull(isText),
};

export function isGitState(value: unknown): value is GitState {
  return hasFields(value, {
    commit: isText,
    branch: (branch) => branch === null || isText(branch),
    isDirty: (isDirty) => typeof isDirty === 'boolean',
  });
}

function isWindowCount(value: unknown): boolean {
  return hasFields(value, { worker: isIndex, group: isIndex, count: isIndex });
}

function isManifest(value: unknown): boolean {
  return hasFields(value, MANIFEST);
}

function isEvent(value: unknown): value is RunEvent {
  if (!hasFields(value, { kind: isText, atNs: isNumber })) return false;
  const kind = value.kind as string;
  if (!Object.hasOwn(FIELDS, kind) || !hasFields(value, FIELDS[kind as RunEvent['kind']])) return false;
  return kind !== 'violation' || isViolation(value);
}
