// `highwater history`: the runs that are kept, by plan, and how they went; `history tag` and `untag`.

import { statSync } from 'node:fs';
import { filterRuns, flatRun, historyByPlan, type PlanHistory } from '../analysis/compare/run-history.ts';
import { HighwaterError } from '../facts/error.ts';
import type { Verdict } from '../facts/result.ts';
import type { RunEntry } from '../facts/run-entry.ts';
import { listRuns } from '../history/listing.ts';
import { findEntry, planHint } from '../history/references.ts';
import { changeTags } from '../history/tags.ts';
import { renderRunList } from '../report/terminal/run-list.ts';
import { printable, printableJson } from '../units/printable.ts';
import { checkTags, countOf, sinceOf } from './history-flags.ts';
import { styleFor } from './terminal.ts';

export interface HistoryFlags {
  readonly runsDir: string;
  readonly tag?: string;
  readonly verdict?: Verdict['kind'] | 'unjudged';
  readonly since?: string;
  readonly limit?: string;
  readonly json?: boolean;
}

const SHOWN = 50;

export async function historyCommand(name: string | undefined, flags: HistoryFlags): Promise<number> {
  const nowMs = Date.now();
  const limit = flags.limit === undefined ? null : countOf('--limit', flags.limit, 1);
  const sinceMs = flags.since === undefined ? null : sinceOf('--since', flags.since, nowMs);
  checkRunsDirectory(flags.runsDir);
  const entries = listRuns(flags.runsDir, nowMs);
  if (name !== undefined) checkName(name, entries, flags.runsDir);
  const filter = { name: name ?? null, tag: flags.tag ?? null, verdict: flags.verdict ?? null, sinceMs };
  const found = filterRuns(entries, filter);
  const plans = historyByPlan(found);
  if (flags.json === true) {
    const changes = changesByRun(plans);
    const runs = found.slice(0, limit ?? found.length).map((entry) => ({
      ...flatRun(entry),
      changes: changes.get(entry.id) ?? [],
    }));
    process.stdout.write(`${printableJson(runs)}\n`);
  } else if (found.length === 0) {
    process.stdout.write(`${nothingFound(entries.length, flags.runsDir)}\n`);
  } else {
    const shown = new Set(found.slice(0, limit ?? SHOWN));
    const list = { plans, shown, total: found.length, isOfOnePlan: name !== undefined };
    process.stdout.write(renderRunList(list, styleFor(process.stdout)));
  }
  return 0;
}

/** One that is not there yet holds no runs; a file is a mistake. Throws ARGUMENTS_INVALID. */
function checkRunsDirectory(runsDir: string): void {
  if (runsDir !== '' && statSync(runsDir, { throwIfNoEntry: false })?.isDirectory() !== false) return;
  throw new HighwaterError('ARGUMENTS_INVALID', [
    `--runs-dir: expected a directory, got ${runsDir === '' ? 'nothing' : `the file ${runsDir}`}`,
  ]);
}

/** By the id of the run with which they began: where each figure went to another level. */
function changesByRun(plans: readonly PlanHistory[]): ReadonlyMap<string, readonly object[]> {
  const byRun = new Map<string, object[]>();
  for (const { trend } of plans) {
    for (const { run, place: _place, ...change } of trend?.kind === 'trend' ? trend.changes : []) {
      const others = byRun.get(run.id);
      if (others === undefined) byRun.set(run.id, [change]);
      else others.push(change);
    }
  }
  return byRun;
}

/** Throws RUN_NOT_FOUND where there are runs and none is of this plan. */
export function checkName(name: string, entries: readonly RunEntry[], runsDir: string): void {
  if (entries.length === 0 || entries.some((entry) => entry.name === name)) return;
  throw new HighwaterError('RUN_NOT_FOUND', [
    `${name}: expected the name of a plan with runs in ${runsDir}, got none. ${planHint(name, entries)}`,
  ]);
}

function nothingFound(kept: number, runsDir: string): string {
  if (kept > 0) return `None of the ${kept} runs in ${printable(runsDir)} matches: leave out a flag.`;
  return `There are no runs in ${printable(runsDir)} yet. Make one with highwater run PLAN, or choose another directory with --runs-dir.`;
}

export interface TagFlags {
  readonly runsDir: string;
}

export async function tagCommand(reference: string, tag: string, { runsDir }: TagFlags): Promise<number> {
  checkTags('tag', [tag]);
  await changeTags((await findEntry(runsDir, reference)).path, { add: [tag] });
  return 0;
}

export async function untagCommand(reference: string, tag: string, { runsDir }: TagFlags): Promise<number> {
  checkTags('tag', [tag]);
  await changeTags((await findEntry(runsDir, reference)).path, { remove: [tag] });
  return 0;
}
