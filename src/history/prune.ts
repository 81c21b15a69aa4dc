// Which runs may go, and their going. Only a directory that is the record of a run is ever removed, and never one that somebody has
// tagged, that is still at work, or that cannot be understood.

import { lstat, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { RunEntry } from '../facts/run-entry.ts';
import { isGoingOn } from './going-on.ts';
import { readEntry } from './listing.ts';
import { EVENTS, PLAN } from './record-files.ts';

export type PruneRule =
  /** Of each plan so many of the newest stay; tagged ones beside them. */
  | { readonly kind: 'keep'; readonly count: number }
  /** What began before, in ms since 1970. */
  | { readonly kind: 'olderThan'; readonly beforeMs: number };

/** `entries`: the newest first. What is tagged, or of a plan or a time that nobody knows, is not among them. */
export function chooseToPrune(entries: readonly RunEntry[], rule: PruneRule): readonly RunEntry[] {
  const kept = new Map<string, number>();
  return entries.filter(({ name, tags, startedAt }) => {
    if (name === null || startedAt === null || tags === null || tags.length > 0) return false;
    if (rule.kind === 'olderThan') return Date.parse(startedAt) < rule.beforeMs;
    const before = kept.get(name) ?? 0;
    kept.set(name, before + 1);
    return before >= rule.count;
  });
}

/** Whether it is a record, in a directory of its own and no link to one, on which nobody is at work. */
export async function isRemovable(entry: RunEntry, nowMs: number): Promise<boolean> {
  const { path: directory, state, summary } = entry;
  const isRecord =
    (await isKind(directory, 'directory')) &&
    (await isKind(path.join(directory, PLAN), 'file')) &&
    (await isKind(path.join(directory, EVENTS), 'file'));
  if (!isRecord) return false;
  // A result whose end is `aborted` may be of a record without an end, judged while the run goes on.
  const isOver = state === 'judged' && summary.end !== 'aborted';
  return isOver || !isGoingOn(directory, nowMs);
}

/** Bytes of all files below; links are not followed. */
export async function sizeOf(directory: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const full = path.join(directory, entry.name);
    if (entry.isDirectory()) bytes += await sizeOf(full);
    else if (entry.isFile()) bytes += (await lstat(full)).size;
  }
  return bytes;
}

/**
 * With all that is in it; a link goes, and what it points to stays. Looks once more, as somebody may have taken a while to say yes:
 * false where the run has been tagged since, or is at work. Rejects with the system's error.
 */
export async function removeRun({ path: directory, id }: RunEntry, nowMs: number): Promise<boolean> {
  const entry = readEntry(directory, id, nowMs);
  if (entry.tags === null || entry.tags.length > 0 || !(await isRemovable(entry, nowMs))) return false;
  await rm(directory, { recursive: true });
  return true;
}

async function isKind(file: string, kind: 'file' | 'directory'): Promise<boolean> {
  try {
    const found = await lstat(file);
    return kind === 'file' ? found.isFile() : found.isDirectory();
  } catch {
    return false;
  }
}
