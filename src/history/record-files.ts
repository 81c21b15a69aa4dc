// What the files of a run are called, and the one way in which those are written that somebody may read meanwhile.

import { rename, rm, writeFile } from 'node:fs/promises';

export const PLAN = 'plan.json';
export const WINDOWS = 'windows.ndjson';
export const EVENTS = 'events.ndjson';
export const MONITORS = 'monitors.ndjson';
export const TRUTH = 'truth.ndjson';
export const RESULT = 'result.json';
export const SUMMARY = 'summary.json';
export const TAGS = 'tags.json';
export const COORDINATOR = 'coordinator.json';
export const RESERVE = 'reserve';

/** Written aside and renamed, so that a reader never sees half of it. Rejects with the system's error. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const aside = `${file}.new-${process.pid}`;
  try {
    await writeFile(aside, text);
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}
