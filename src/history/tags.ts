// Tags on disk: `tags.json` in the directory of the run, so that they go where the run goes.

import { lstatSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { HighwaterError } from '../facts/error.ts';
import type { JudgedEntry, RunEntry } from '../facts/run-entry.ts';
import { BASELINE, decodeTags, encodeTags } from '../facts/tag.ts';
import { textOf } from '../run/text-file.ts';
import { replaceFile, TAGS } from './record-files.ts';

/** In the order of the alphabet; null where the file is there and cannot be understood: the run may have tags. */
export function readTags(directory: string): readonly string[] | null {
  const file = path.join(directory, TAGS);
  try {
    // Most runs have none, and to ask is cheaper than to fail. A link to nowhere is no "none".
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return [];
    return decodeTags(textOf(readFileSync(file)))?.toSorted() ?? null;
  } catch {
    return null;
  }
}

/** Rejects with RUN_DIRECTORY_UNWRITABLE. */
async function writeTags(directory: string, tags: readonly string[]): Promise<void> {
  const file = path.join(directory, TAGS);
  try {
    await replaceFile(file, encodeTags([...new Set(tags)].toSorted()));
  } catch (error) {
    throw new HighwaterError('RUN_DIRECTORY_UNWRITABLE', [
      `${file}: expected to write the tags, got: ${(error as Error).message}`,
    ]);
  }
}

/** Adds and takes away; one that is there already, or is not, is none the worse. Rejects with RUN_UNREADABLE or RUN_DIRECTORY_UNWRITABLE. */
export async function changeTags(
  directory: string,
  { add = [], remove = [] }: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
): Promise<void> {
  const tags = readTags(directory);
  if (tags === null) {
    throw new HighwaterError('RUN_UNREADABLE', [
      `${path.join(directory, TAGS)}: expected a list of tags, got other content. Delete the file to start again`,
    ]);
  }
  await writeTags(
    directory,
    [...tags, ...add].filter((tag) => !remove.includes(tag)),
  );
}

/** Whatever state they are in; a plan should have one at most. */
export function baselinesOf(entries: readonly RunEntry[]): readonly RunEntry[] {
  return entries.filter(({ tags }) => tags?.includes(BASELINE) === true);
}

/** Makes it the baseline of its plan, and takes that from any other. Rejects as `changeTags`. */
export async function moveBaseline(entries: readonly RunEntry[], to: JudgedEntry): Promise<void> {
  // First the new one: whoever is interrupted in between has two, and not none.
  await changeTags(to.path, { add: [BASELINE] });
  for (const entry of baselinesOf(entries)) {
    if (entry.name === to.name && entry.path !== to.path) await changeTags(entry.path, { remove: [BASELINE] });
  }
}
