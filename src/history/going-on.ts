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

/** Of a run whose record has an end and that was judged, it is not asked: such a run is over. */
export function isGoingOn(directory: string, nowMs: number): boolean {
  return coordinatorLives(directory) || nowMs - lastWrittenMs(directory) < QUIET_MS;
}

function coordinatorLives(directory: string): boolean {
  try {
    const value: unknown = JSON.parse(readFileSync(path.join(directory, COORDINATOR), 'utf8'));
    if (typeof value !== 'object' || value === null) return false;
    const { pid, startedAt, hostname: host } = value as Readonly<Record<string, unknown>>;
    return (
      host === hostname() &&
      Number.isSafeInteger(pid) &&
      typeof startedAt === 'string' &&
      isAlive(pid as number, startedAt)
    );
  } catch {
    return false;
  }
}

/** 0 where there is nothing. */
function lastWrittenMs(directory: string): number {
  const times = [WINDOWS, EVENTS].map(
    (name) => statSync(path.join(directory, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  return Math.max(...times);
}
