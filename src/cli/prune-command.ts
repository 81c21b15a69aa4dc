// `highwater history prune`: removes old runs. It says what would go and how much room that is, and asks before it does.

import { EXIT_CODES, HighwaterError } from '../facts/error.ts';
import type { RunEntry } from '../facts/run-entry.ts';
import { listRuns } from '../history/listing.ts';
import { chooseToPrune, isRemovable, type PruneRule, removeRun, sizeOf } from '../history/prune.ts';
import { formatBytes } from '../units/bytes.ts';
import { plural } from '../units/plural.ts';
import { printable } from '../units/printable.ts';
import { checkName } from './history-command.ts';
import { argumentsInvalid, countOf, parseAge } from './history-flags.ts';
import { createQuestions, hasSomebody } from './questions.ts';

export interface PruneFlags {
  readonly runsDir: string;
  readonly keep?: string;
  readonly olderThan?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const MOST_LISTED = 20;

export async function pruneCommand(name: string | undefined, flags: PruneFlags): Promise<number> {
  const nowMs = Date.now();
  const rule = ruleOf(flags, nowMs);
  if (flags.dryRun !== true && flags.yes !== true && !hasSomebody()) {
    throw argumentsInvalid('prune: expected --yes or --dry-run without a terminal, got neither');
  }
  const entries = listRuns(flags.runsDir, nowMs);
  if (name !== undefined) checkName(name, entries, flags.runsDir);
  const meant = entries.filter((entry) => name === undefined || entry.name === name);
  const chosen = chooseToPrune(meant, rule);
  const going: RunEntry[] = [];
  for (const entry of chosen) if (await isRemovable(entry, nowMs)) going.push(entry);
  let bytes = 0;
  for (const { path } of going) bytes += await sizeOf(path);
  printPruned(going, bytes, chosen.length - going.length);
  if (going.length === 0 || flags.dryRun === true) return 0;
  const answer = flags.yes === true ? 'yes' : await asked(going.length);
  if (answer === 'interrupted') return EXIT_CODES.interrupted;
  if (answer === 'no') return 0;
  process.stdout.write(`${plural(await remove(going), 'run')} deleted\n`);
  return 0;
}

function ruleOf({ keep, olderThan }: PruneFlags, nowMs: number): PruneRule {
  if ((keep === undefined) === (olderThan === undefined)) {
    throw argumentsInvalid(
      `prune: expected either --keep or --older-than, got ${keep === undefined ? 'neither' : 'both'}`,
    );
  }
  if (keep !== undefined) return { kind: 'keep', count: countOf('--keep', keep, 0) };
  const ageMs = parseAge(olderThan ?? '');
  if (ageMs !== null) return { kind: 'olderThan', beforeMs: nowMs - ageMs };
  throw argumentsInvalid(`--older-than: expected an age such as 30d or 12h, got ${JSON.stringify(olderThan)}`);
}

function printPruned(going: readonly RunEntry[], bytes: number, spared: number): void {
  const lines = going.slice(0, MOST_LISTED).map(({ id }) => `  ${printable(id, 100)}`);
  if (going.length > MOST_LISTED) lines.push(`  and ${plural(going.length - MOST_LISTED, 'run')} more`);
  if (spared > 0) lines.push(`  ${plural(spared, 'run')} kept: still going, or without a complete record`);
  const total =
    going.length === 0 ? 'Nothing to delete' : `${plural(going.length, 'run')} to delete, ${formatBytes(bytes)}`;
  process.stdout.write(`${[total, ...lines].join('\n')}\n`);
}

async function asked(count: number): Promise<'yes' | 'no' | 'interrupted'> {
  const calledOff = new AbortController();
  const questions = createQuestions(calledOff.signal, () => calledOff.abort());
  try {
    return /^y(es)?$/i.test(await questions.ask(`Delete ${plural(count, 'run')}?`, 'no')) ? 'yes' : 'no';
  } catch (error) {
    if (calledOff.signal.aborted) return 'interrupted';
    throw error;
  }
}

/** As far as it goes, and how many those were; throws RUN_DIRECTORY_UNWRITABLE with all that could not be removed. */
async function remove(going: readonly RunEntry[]): Promise<number> {
  const problems: string[] = [];
  let removed = 0;
  for (const entry of going) {
    try {
      if (await removeRun(entry, Date.now())) removed++;
    } catch (error) {
      problems.push(`${entry.path}: expected to delete it, got: ${(error as Error).message}`);
    }
  }
  if (problems.length > 0) throw new HighwaterError('RUN_DIRECTORY_UNWRITABLE', problems);
  return removed;
}
