// `highwater baseline`: which run of a plan the others are held to. It is a tag that each plan has once.

import { HighwaterError } from '../facts/error.ts';
import type { RunEntry } from '../facts/run-entry.ts';
import { BASELINE } from '../facts/tag.ts';
import { listRuns } from '../history/listing.ts';
import { findEntry } from '../history/references.ts';
import { baselinesOf, changeTags, moveBaseline } from '../history/tags.ts';
import { printable } from '../units/printable.ts';
import { checkName } from './history-command.ts';

export interface BaselineFlags {
  readonly runsDir: string;
}

export async function setBaselineCommand(reference: string, { runsDir }: BaselineFlags): Promise<number> {
  const entry = await findEntry(runsDir, reference);
  if (entry.state !== 'judged') {
    throw new HighwaterError('RUN_UNREADABLE', [
      `${entry.path}: expected a judged run, got one without a result. Judge it with: highwater report ${entry.id}`,
    ]);
  }
  await moveBaseline(listRuns(runsDir, Date.now()), entry);
  process.stdout.write(lineOf(entry));
  return 0;
}

/** Rejects with RUN_NOT_FOUND where there is none, so that a script can ask. */
export async function showBaselineCommand(name: string | undefined, { runsDir }: BaselineFlags): Promise<number> {
  const baselines = await findBaselines(name, runsDir);
  process.stdout.write(baselines.map(lineOf).join(''));
  return 0;
}

/** Rejects with RUN_NOT_FOUND where there is none. Where no plan is named, there must be no doubt of which. */
export async function clearBaselineCommand(name: string | undefined, { runsDir }: BaselineFlags): Promise<number> {
  const baselines = await findBaselines(name, runsDir);
  const plans = [...new Set(baselines.map((entry) => entry.name))];
  if (plans.length > 1) {
    throw new HighwaterError('ARGUMENTS_INVALID', [
      `name: expected a plan that has a baseline: ${plans.map((plan) => plan ?? 'an unreadable plan').join(', ')}`,
    ]);
  }
  for (const { path } of baselines) await changeTags(path, { remove: [BASELINE] });
  return 0;
}

async function findBaselines(name: string | undefined, runsDir: string): Promise<readonly RunEntry[]> {
  const entries = listRuns(runsDir, Date.now());
  if (name !== undefined) checkName(name, entries, runsDir);
  const baselines = baselinesOf(entries).filter((entry) => name === undefined || entry.name === name);
  if (baselines.length > 0) return baselines;
  const which = name === undefined ? 'a baseline' : `a baseline of ${name}`;
  throw new HighwaterError('RUN_NOT_FOUND', [
    `${runsDir}: expected ${which}, got none. Set one with: highwater baseline set RUN`,
  ]);
}

function lineOf({ name, id }: RunEntry): string {
  return `${printable(name ?? 'an unreadable plan', 80)}   ${printable(id, 100)}\n`;
}
