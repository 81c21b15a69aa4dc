// A run as the history lists it: what is known of it, whatever state its record is in.

import type { GitState } from './event.ts';
import type { RunSummary } from './run-summary.ts';

/**
 * `unfinished`: its record has no end, and nobody is at work on it; `notJudged`: it has an end and no result; `otherVersion`: what
 * was written by a Highwater that this one does not understand; `unreadable`: no record, or not what it should be.
 */
export type UnjudgedState = 'running' | 'unfinished' | 'notJudged' | 'otherVersion' | 'unreadable';

/** Null stands for what is not known. */
interface KnownOfRun {
  /** The name of its directory. */
  readonly id: string;
  readonly path: string;
  /** In the order of the alphabet. */
  readonly tags: readonly string[] | null;
  /** Of its plan. */
  readonly name: string | null;
  /** ISO 8601. */
  readonly startedAt: string | null;
  readonly durationSeconds: number | null;
  readonly git: GitState | null;
}

export interface JudgedEntry extends KnownOfRun {
  readonly state: 'judged';
  readonly name: string;
  readonly startedAt: string;
  readonly summary: RunSummary;
}

export interface UnjudgedEntry extends KnownOfRun {
  readonly state: UnjudgedState;
  readonly summary: null;
}

export type RunEntry = JudgedEntry | UnjudgedEntry;
