// What somebody means who names a run: a path, an id or the beginning of one, `latest`, a tag, `NAME@N`. An id begins with a
// digit, a tag with a character, a path has a slash, so that none is taken for another.

import { stat } from 'node:fs/promises';
import path from 'node:path';
import { HighwaterError } from '../facts/error.ts';
import type { RunEntry } from '../facts/run-entry.ts';
import { BASELINE } from '../facts/tag.ts';
import { didYouMean } from '../plan/nearest.ts';
import { isNonEmpty, type NonEmpty } from '../units/non-empty.ts';
import { listRuns, readEntry, runIds } from './listing.ts';
import { baselinesOf } from './tags.ts';

const MOST_NAMED = 10;

/**
 * The directories that are meant, in the order of time, each once. `planName`: of which plan `baseline` is meant, null for the only
 * one there is. Rejects with RUN_NOT_FOUND, which says what there is.
 */
export async function resolveReference(
  root: string,
  reference: string,
  planName: string | null,
): Promise<NonEmpty<string>> {
  if (isPath(reference) && (await isDirectory(reference))) return [reference];
  const ids = runIds(root);
  const latest = ids.at(-1);
  if (reference === 'latest' && latest !== undefined) return [path.join(root, latest)];
  if (ids.includes(reference)) return [path.join(root, reference)];
  const begun = reference === '' ? [] : ids.filter((id) => id.startsWith(reference));
  if (begun[0] !== undefined && begun.length === 1 && /^\d/.test(reference)) return [path.join(root, begun[0])];
  const entries = listRuns(root, Date.now());
  const meant = byListing(root, entries, reference, planName);
  if (meant !== null) return meant;
  if (begun.length > 1) throw notFound(root, reference, `a prefix that matches ${begun.length} runs`, latest, entries);
  if (begun[0] !== undefined) return [path.join(root, begun[0])];
  if (await isDirectory(reference)) return [reference];
  const parts = reference.split(',').map((part) => part.trim());
  if (parts.includes('')) throw notFound(root, JSON.stringify(reference), 'an empty name', latest, entries);
  if (parts.length === 1) throw notFound(root, reference, 'no such run', latest, entries);
  const found = new Set<string>();
  for (const part of parts) for (const each of await resolveReference(root, part, planName)) found.add(each);
  return inOrder(entries, [...found]);
}

/** Exactly one run, whatever state it is in. Rejects with RUN_NOT_FOUND, or RUN_UNREADABLE where the directory is none of a run. */
export async function findEntry(root: string, reference: string): Promise<RunEntry> {
  const directories = await resolveReference(root, reference, null);
  const [directory] = directories;
  if (directories.length > 1) throw severalRuns(root, reference, directories);
  const entry = readEntry(directory, path.basename(path.resolve(directory)), Date.now());
  if (entry.name !== null) return entry;
  throw new HighwaterError('RUN_UNREADABLE', [
    `${directory}: expected the record of a run, got a directory without a plan`,
  ]);
}

/** The error of a reference that means several runs where one is wanted. */
export function severalRuns(root: string, reference: string, directories: readonly string[]): HighwaterError {
  return new HighwaterError('RUN_NOT_FOUND', [
    `${reference}: expected one run in ${root}, got ${directories.length}: ${some(directories.map((each) => path.basename(each)))}`,
  ]);
}

/** What tags and names of plans say; null where the reference is neither. */
function byListing(
  root: string,
  entries: readonly RunEntry[],
  reference: string,
  planName: string | null,
): NonEmpty<string> | null {
  if (reference === BASELINE) return baselineOf(root, entries, planName);
  const tagged = entries.filter(({ tags }) => tags?.includes(reference) === true);
  if (tagged.length > 0) return inOrder(entries, pathsOf(tagged));
  const group = /^(.+)@([1-9]\d{0,5})$/.exec(reference);
  if (group === null) return null;
  const [, name = '', count = ''] = group;
  return latestOf(root, entries, { reference, name, count: Number(count) });
}

function baselineOf(root: string, entries: readonly RunEntry[], planName: string | null): NonEmpty<string> {
  const all = baselinesOf(entries);
  const baselines = planName === null ? all : all.filter(({ name }) => name === planName);
  const [only, ...others] = pathsOf(baselines);
  if (only !== undefined && others.length === 0) return [only];
  const wanted = planName === null ? BASELINE : `${BASELINE} of ${planName}`;
  const names = some(all.map(({ name, id }) => `${name} (${id})`));
  const hint = all.length === 0 ? '' : `. Plans with a baseline: ${names}`;
  throw new HighwaterError('RUN_NOT_FOUND', [
    `${wanted}: expected one run in ${root} that has this tag, got ${only === undefined ? 'none' : baselines.length}${hint}. ` +
      'Set it with: highwater baseline set RUN',
  ]);
}

interface LatestOf {
  readonly reference: string;
  readonly name: string;
  readonly count: number;
}

function latestOf(root: string, entries: readonly RunEntry[], { reference, name, count }: LatestOf): NonEmpty<string> {
  const judged = entries.filter((entry) => entry.state === 'judged' && entry.name === name);
  const chosen = pathsOf(judged.slice(0, count)).toReversed();
  if (chosen.length === count && isNonEmpty(chosen)) return chosen;
  const hint = judged.length === 0 ? planHint(name, entries) : `${name}@${judged.length} stands for all of them`;
  throw new HighwaterError('RUN_NOT_FOUND', [
    `${reference}: expected ${count} judged runs of the plan ${name} in ${root}, got ${judged.length}. ${hint}`,
  ]);
}

/** Which plans there are runs of, and which of them was meant perhaps. */
export function planHint(name: string, entries: readonly RunEntry[]): string {
  const names = [...new Set(entries.flatMap((entry) => (entry.name === null ? [] : [entry.name])))];
  if (names.length === 0) return 'There are no runs yet';
  return didYouMean(name, names) ?? `Known plans: ${some(names)}`;
}

function notFound(
  root: string,
  reference: string,
  got: string,
  latest: string | undefined,
  entries: readonly RunEntry[],
): HighwaterError {
  const tags = [...new Set(entries.flatMap((entry) => entry.tags ?? []))].toSorted();
  const hint = latest === undefined ? 'There are no runs yet' : `The latest is ${latest}`;
  const tagHint = tags.length === 0 ? '' : `. Known tags: ${some(tags)}`;
  return new HighwaterError('RUN_NOT_FOUND', [
    `${reference}: expected a run in ${root}, or a path, got ${got}. ${hint}${tagHint}`,
  ]);
}

/** Entries are the newest first; what is none of them, a path, comes after. */
function inOrder(entries: readonly RunEntry[], directories: readonly string[]): NonEmpty<string> {
  const places = new Map(pathsOf(entries).map((each, place) => [each, entries.length - place]));
  const placeOf = (each: string): number => places.get(each) ?? Number.POSITIVE_INFINITY;
  const sorted = directories.toSorted((a, b) => (placeOf(a) === placeOf(b) ? 0 : placeOf(a) - placeOf(b)));
  if (!isNonEmpty(sorted)) throw new RangeError('expected a run to put into order');
  return sorted;
}

function pathsOf(entries: readonly RunEntry[]): readonly string[] {
  return entries.map((entry) => entry.path);
}

function some(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  return `${names.slice(0, MOST_NAMED).join(', ')}${more}`;
}

function isPath(reference: string): boolean {
  return reference.startsWith('.') || reference.includes('/') || reference.includes(path.sep);
}

async function isDirectory(candidate: string): Promise<boolean> {
  try {
    return (await stat(candidate)).isDirectory();
  } catch {
    return false;
  }
}
