// What must be undone, written down before it is done: a run that is killed in the middle of a fault undoes nothing itself, and
// the next one does it in its place. A note says which run it is of; while that run lives, it is none of anybody else's business.

import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory } from '../run/make-directory.ts';
import { isAlive, startOf } from '../run/process-identity.ts';

export interface CleanupJournal<T extends object> {
  write(name: string, what: T): void;
  remove(name: string): void;
  /**
   * What runs that are gone have left, each handed to `undo`, which tells what there is to tell, or throws: then the note stays, for
   * somebody who may.
   */
  undoAbandoned(undo: (what: T) => readonly string[]): readonly string[];
}

interface Note {
  readonly what: object;
  /** The run's process. */
  readonly by: number;
  readonly byStartedAt: string;
}

/** Notes are files `KIND-NAME.json` of the directory; names are of characters, digits and hyphens. */
export function createCleanupJournal<T extends object>(
  directory: string,
  kind: string,
  isWhat: (value: object) => value is T,
): CleanupJournal<T> {
  const fileOf = (name: string): string => path.join(directory, `${kind}-${name}.json`);
  return {
    write(name, what) {
      makeDirectory(directory);
      const note: Note = { what, by: process.pid, byStartedAt: startOf(process.pid) };
      // Written aside and renamed: another run that looks finds a whole one, or none.
      const aside = `${fileOf(name)}.${process.pid}`;
      writeFileSync(aside, JSON.stringify(note));
      renameSync(aside, fileOf(name));
    },
    remove: (name) => rmSync(fileOf(name), { force: true }),
    undoAbandoned(undo) {
      return filesIn(directory, kind).flatMap((name) => {
        const file = path.join(directory, name);
        const note = readNote(file);
        if (note !== null && isAlive(note.by, note.byStartedAt)) return [];
        try {
          const told = note !== null && isWhat(note.what) ? undo(note.what) : [];
          rmSync(file, { force: true });
          return told;
        } catch (error) {
          return [`${file}: expected an entry that can be undone and removed, got: ${(error as Error).message}`];
        }
      });
    },
  };
}

function filesIn(directory: string, kind: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => name.startsWith(`${kind}-`) && name.endsWith('.json'));
  } catch {
    return [];
  }
}

function readNote(file: string): Note | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isNote(value) ? value : null;
  } catch {
    return null;
  }
}

function isNote(value: unknown): value is Note {
  if (typeof value !== 'object' || value === null) return false;
  const { what, by, byStartedAt } = value as Readonly<Record<string, unknown>>;
  return typeof what === 'object' && what !== null && Number.isSafeInteger(by) && typeof byStartedAt === 'string';
}
