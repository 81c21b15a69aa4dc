// Whether somebody is still at work on a run. Its coordinator writes down who it is before anything else; a run goes on while that
// process lives, and for another five minutes after the last line of its record, because a process of another machine cannot be asked.

import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { isAlive, startOf } from '../run/process-identity.ts';
import { COORDINATOR, EVENTS, WINDOWS } from './record-files.ts';

/** A run that goes on writes once a second; before its first line its workers have 30 s to start. */
const QUIET_MS = 5 * 60_000;

export function encodeCoordinator(): string {
  return `${JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid), hostname: hostname() })}\n`;
}

/** Whether a run may go on, where a wrong no would do harm. Of one whose record has an end and that was judged, it is not asked. */
export function isGoingOn(directory: string, nowMs: number): boolean {
  return coordinatorOf(directory) === 'alive' || isWrittenLately(directory, nowMs);
}

/** Whether a run without an end goes on. A process of this machine that is gone was killed, however lately it wrote. */
export function isAtWork(directory: string, nowMs: number): boolean {
  const coordinator = coordinatorOf(directory);
  return coordinator === 'alive' || (coordinator === 'unknown' && isWrittenLately(directory, nowMs));
}

/** `unknown`: of another machine, which cannot be asked, or not named. */
function coordinatorOf(directory: string): 'alive' | 'gone' | 'unknown' {
  try {
    const value: unknown = JSON.parse(readFileSync(path.join(directory, COORDINATOR), 'utf8'));
    if (typeof value !== 'object' || value === null) return 'unknown';
    const { pid, startedAt, hostname: host } = value as Readonly<Record<string, unknown>>;
    if (host !== hostname() || !Number.isSafeInteger(pid) || typeof startedAt !== 'string') return 'unknown';
    return isAlive(pid as number, startedAt) ? 'alive' : 'gone';
  } catch {
    return 'unknown';
  }
}

function isWrittenLately(directory: string, nowMs: number): boolean {
  return nowMs - lastWrittenMs(directory) < QUIET_MS;
}

/** 0 where there is nothing. */
function lastWrittenMs(directory: string): number {
  const times = [WINDOWS, EVENTS].map(
    (name) => statSync(path.join(directory, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  return Math.max(...times);
}
