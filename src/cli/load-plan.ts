// From what stands on the command line to a plan: a file, a module, a URL or the reference target, with the
// flags laid over it. Every problem is reported at once.

import path from 'node:path';
import { loadModule } from '../entry/load-module.ts';
import { HighwaterError } from '../facts/error.ts';
import { PLAN_FORM } from '../faults/plan-form.ts';
import { parsePlan } from '../plan/parse.ts';
import { type Plan, REFERENCE_TARGET } from '../plan/plan.ts';
import { formatProblem } from '../plan/problems.ts';
import { readPlanText } from '../plan/text.ts';
import { withAbsoluteFiles } from '../run/plan-files.ts';
import { readText } from '../run/text-file.ts';
import { documentForUrl, type PlanFlags, withFlags } from './flags.ts';

export interface LoadedPlan {
  readonly plan: Plan;
  readonly secrets: readonly string[];
}

/** Throws PLAN_UNREADABLE, PLAN_INVALID or ARGUMENTS_INVALID. */
export async function loadPlan(source: string | undefined, flags: PlanFlags): Promise<LoadedPlan> {
  if (source === undefined) {
    throw new HighwaterError('ARGUMENTS_INVALID', [
      'expected a plan file, a ws:// or wss:// URL, or "reference", got nothing. Try: highwater run reference',
    ]);
  }
  const isUrl = source === REFERENCE_TARGET || /^[a-z][a-z0-9+.-]*:\/\//i.test(source);
  const document = isUrl ? documentForUrl(source, flags) : await readDocument(source);
  const parsed = parsePlan(document, {
    env: process.env,
    form: PLAN_FORM,
    // A URL declares no profiles, so only one that was asked for on the command line is a mistake there.
    profile: flags.profile ?? (isUrl ? undefined : process.env.HIGHWATER_PROFILE),
    fallbackProfile: process.env.CI === 'true' ? 'ci' : null,
    override: (plan) => (isUrl ? plan : withFlags(plan, flags)),
  });
  if (!parsed.ok) throw new HighwaterError('PLAN_INVALID', parsed.problems.map(formatProblem));
  const directory = isUrl ? process.cwd() : path.dirname(path.resolve(source));
  return { plan: withAbsoluteFiles(parsed.plan, directory), secrets: parsed.secrets };
}

async function readDocument(file: string): Promise<unknown> {
  const extension = path.extname(file).toLowerCase();
  if (['.ts', '.mts', '.js', '.mjs'].includes(extension)) return importPlan(file);
  const read = readPlanText(await readPlan(file), extension === '.json' ? 'json' : 'yaml');
  if ('problems' in read) throw new HighwaterError('PLAN_INVALID', read.problems.map(formatProblem));
  return read.document;
}

async function readPlan(file: string): Promise<string> {
  try {
    return await readText(file);
  } catch (error) {
    throw new HighwaterError('PLAN_UNREADABLE', [
      `${file}: expected a plan file that can be read, got: ${(error as Error).message}`,
    ]);
  }
}

async function importPlan(file: string): Promise<unknown> {
  try {
    const module = await loadModule(path.resolve(file));
    // jiti lets a module without a default export stand for one; its keys tell.
    if (!Object.keys(module).includes('default')) throw new Error('one without a default export');
    return module.default;
  } catch (error) {
    throw new HighwaterError('PLAN_UNREADABLE', [
      `${file}: expected a module whose default export is the plan, got: ${(error as Error).message}`,
    ]);
  }
}
