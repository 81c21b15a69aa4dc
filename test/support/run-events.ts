// What a run has recorded so far, looked at from outside while it goes.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent } from '../../src/facts/event.ts';

const LOOK_EVERY_MS = 10;

/** Resolves once the only run of the directory has recorded the event; with false where `hasEnded` before. */
export async function whenRecorded(runs: string, kind: RunEvent['kind'], hasEnded: () => boolean): Promise<boolean> {
  for (;;) {
    if (recordedIn(runs).includes(`"kind":"${kind}"`)) return true;
    if (hasEnded()) return false;
    await sleep(LOOK_EVERY_MS);
  }
}

function recordedIn(runs: string): string {
  try {
    const [run = ''] = readdirSync(runs).filter((name) => /^\d/.test(name));
    return readFileSync(path.join(runs, run, 'events.ndjson'), 'utf8');
  } catch {
    return ''; // nothing is written yet
  }
}
