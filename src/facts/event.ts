// What happened once, as it lies in `events.ndjson`: one JSON line each, in the order in which the
// coordinator learned of it. `atNs` counts from the start of the run.

import { type AudienceFacts, isAudience } from './audience.ts';
import { FAILURE_KINDS, type FailureKind } from './failure.ts';
import { isStateFacts, type StateFacts } from './states.ts';
import { UNREADABLE_KINDS, type UnreadableExample } from './unreadable.ts';

export type RunEvent =
  | { readonly kind: 'runStarted'; readonly atNs: number; readonly manifest: Manifest }
  /** Every lane of the first connection segment is open or has failed. */
  | { readonly kind: 'connected'; readonly atNs: number }
  | { readonly kind: 'messagesStarted'; readonly atNs: number }
  | {
      readonly kind: 'failure';
      readonly atNs: number;
      readonly worker: number;
      /** Of lanes: 0 is of those that behave as they should. */
      readonly group: number;
      readonly lane: number;
      readonly failure: FailureKind;
      /** Redacted, printable, at most a few hundred characters. */
      readonly detail: string;
    }
  /** The first of its kind that came to this worker. */
  | ({
      readonly kind: 'unreadable';
      readonly atNs: number;
      readonly worker: number;
      readonly group: number;
      readonly lane: number;
    } & UnreadableExample)
  | ({ readonly kind: 'violation'; readonly atNs: number; readonly worker: number } & Violation)
  /** What the person at the command should know at once. */
  | { readonly kind: 'notice'; readonly atNs: number; readonly worker: number; readonly detail: string }
  /** A probe has begun to read less than it should, or for another reason than before. */
  | { readonly kind: 'probeGap'; readonly atNs: number; readonly probe: string; readonly detail: string }
  | {
      readonly kind: 'audience';
      readonly atNs: number;
      readonly worker: number;
      readonly group: number;
      readonly audience: AudienceFacts;
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
  /** How late the process of the proxy for faults on the way was, at its 99th percentile, over the run. */
  | { readonly kind: 'proxyDelay'; readonly atNs: number; readonly delayNs: number }
  | { readonly kind: 'workerDied'; readonly atNs: number; readonly worker: number; readonly detail: string }
  | { readonly kind: 'stopping'; readonly atNs: number; readonly reason: StopReason; readonly detail: string }
  | { readonly kind: 'runEnded'; readonly atNs: number; readonly outcome: Outcome };

const FAULT_PHASES = ['began', 'ended'] as const;
export type FaultPhase = (typeof FAULT_PHASES)[number];

const OUTCOMES = ['completed', 'interrupted', 'aborted'] as const;
export type Outcome = (typeof OUTCOMES)[number];

const STOP_REASONS = ['interrupted', 'abortRule', 'noLanes', 'workersDied'] as const;
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
  readonly memoryBytes: number;
  readonly hostname: string;
}

export const VIOLATION_KINDS = [
  'lost',
  'missed',
  'duplicated',
  'reordered',
  'corrupted',
  'unexpected',
  'belated',
  'diverged',
  'disagreed',
] as const;

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
    return isEvent(value) ? withGit(value) : null;
  } catch {
    return null;
  }
}

/** Records of before it was asked for do not say. */
function withGit(event: RunEvent): RunEvent {
  if (event.kind !== 'runStarted') return event;
  return { ...event, manifest: { ...event.manifest, git: event.manifest.git ?? null } };
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isNumber = (value: unknown): boolean => Number.isFinite(value);
const isOneOf =
  (values: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === 'string' && values.includes(value);

/** What each kind of event must have beside `atNs`: a line that lacks it is a foreign one. */
const FIELDS: Readonly<Record<RunEvent['kind'], Readonly<Record<string, (value: unknown) => boolean>>>> = {
  runStarted: { manifest: isManifest },
  connected: {},
  messagesStarted: {},
  failure: { worker: isNumber, group: isNumber, lane: isNumber, failure: isOneOf(FAILURE_KINDS), detail: isText },
  violation: {
    worker: isNumber,
    violation: isOneOf(VIOLATION_KINDS),
    lane: isNumber,
    stream: isNumber,
    seq: (value) => value === null || isNumber(value),
    detail: isText,
  },
  unreadable: {
    worker: isNumber,
    group: isNumber,
    lane: isNumber,
    unreadable: isOneOf(UNREADABLE_KINDS),
    byte: (value) => value === null || isNumber(value),
    detail: isText,
  },
  notice: { worker: isNumber, detail: isText },
  probeGap: { probe: isText, detail: isText },
  audience: { worker: isNumber, group: isNumber, audience: isAudience },
  states: { worker: isNumber, states: (value) => Array.isArray(value) && value.every(isStateFacts) },
  fault: {
    fault: isNumber,
    phase: isOneOf(FAULT_PHASES),
    detail: (value) => value === null || isText(value),
  },
  proxyDelay: { delayNs: isNumber },
  workerDied: { worker: isNumber, detail: isText },
  stopping: { reason: isOneOf(STOP_REASONS), detail: isText },
  runEnded: { outcome: isOneOf(OUTCOMES) },
};

const MACHINE: Readonly<Record<keyof Machine, (value: unknown) => boolean>> = {
  platform: isText,
  cpuModel: isText,
  cores: isNumber,
  memoryBytes: isNumber,
  hostname: isText,
};
const MANIFEST: Readonly<Record<keyof Manifest, (value: unknown) => boolean>> = {
  id: isText,
  startedAt: isText,
  highwaterVersion: isText,
  nodeVersion: isText,
  workerCount: isNumber,
  machine: (value) => hasFields(value, MACHINE),
  git: (value) => value === undefined || value === null || isGitState(value),
};

export function isGitState(value: unknown): value is GitState {
  return hasFields(value, {
    commit: isText,
    branch: (branch) => branch === null || isText(branch),
    isDirty: (isDirty) => typeof isDirty === 'boolean',
  });
}

function isManifest(value: unknown): boolean {
  return hasFields(value, MANIFEST);
}

function isEvent(value: unknown): value is RunEvent {
  if (!hasFields(value, { kind: isText, atNs: isNumber })) return false;
  const kind = value.kind as string;
  return Object.hasOwn(FIELDS, kind) && hasFields(value, FIELDS[kind as RunEvent['kind']]);
}

function hasFields(
  value: unknown,
  fields: Readonly<Record<string, (value: unknown) => boolean>>,
): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(fields).every(([name, isRight]) => isRight((value as Record<string, unknown>)[name]));
}
