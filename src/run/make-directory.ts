// Directories for what a run writes: its record, its reports, and the journal of what must be undone.

import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * As `mkdir -p`. Node's own recursive mkdir never returns where the kernel says ENOENT to every name (below /proc).
 * Throws the system's error where the directory neither is there nor can be made.
 */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const parent = path.dirname(directory);
    if (code === 'EEXIST' && statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return;
    if (code !== 'ENOENT' || parent === directory) throw error;
    makeDirectory(parent);
    mkdirSync(directory);
  }
}
