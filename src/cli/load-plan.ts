// From what stands on the command line to a plan: a file, a module, a URL or the reference target, with the
// flags laid over it. Every problem is reported at once.

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { loadModule } from '../entry/load-module.ts';
import { HighwaterError } from '../facts/error.ts';
import { PLAN_FORM } from '../faults/plan-form.ts';
import { nearest } from '../plan/nearest.ts';
import { parsePlan } from '../plan/parse.ts';
import { type Plan, REFERENCE_TARGET } from '../plan/plan.ts';
import { formatProblem } from '../plan/problems.ts';
import { redactUrl } from '../plan/redact.ts';
import { likelyUrl } from '../plan/templates/url.ts';
import { readPlanText } from '../plan/text.ts';
import { withAbsoluteFiles } from '../run/preflight/plan-files.ts';
import { readText } from '../run/text-file.ts';
import { asTyped, documentForUrl, type PlanFlags, withFlags } from './flags.ts';

const MODULE_ENDINGS = ['.ts', '.mts', '.js', '.mjs'];
const PLAN_ENDINGS = ['.yaml', '.yml', '.json', ...MODULE_ENDINGS];

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
  if (!parsed.ok) {
    const problems = parsed.problems.map((problem) => formatProblem(asTyped(problem, flags, isUrl ? null : document)));
    throw new HighwaterError('PLAN_INVALID', problems);
  }
  const directory = isUrl ? process.cwd() : path.dirname(path.resolve(source));
  return { plan: withAbsoluteFiles(parsed.plan, directory), secrets: parsed.secrets };
}

async function readDocument(file: string): Promise<unknown> {
  const extension = path.extname(file).toLowerCase();
  if (MODULE_ENDINGS.includes(extension) && existsSync(file)) return importPlan(file);
  const read = readPlanText(await readPlan(file), extension === '.json' ? 'json' : 'yaml');
  if ('problems' in read) throw new HighwaterError('PLAN_INVALID', read.problems.map(formatProblem));
  return read.document;
}

async function readPlan(file: string): Promise<string> {
  try {
    return await readText(file);
  } catch (error) {
    throw planUnreadable(file, error as NodeJS.ErrnoException);
  }
}

/** Who typed no plan's name may have meant a URL, and who mistyped one a file that lies beside it. */
function planUnreadable(file: string, error: NodeJS.ErrnoException): HighwaterError {
  const shown = redactUrl(file);
  if (error.code !== 'ENOENT') {
    const got = error.code === 'EISDIR' ? 'a directory' : error.message;
    return new HighwaterError('PLAN_UNREADABLE', [`${shown}: expected a readable plan file, got ${got}`]);
  }
  const url = PLAN_ENDINGS.includes(path.extname(file).toLowerCase()) ? null : likelyUrl(file);
  const hint = url === null ? nearName(file) : `did you mean ${redactUrl(url)}?`;
  const expected = 'a plan file, a ws:// or wss:// URL, or "reference"';
  return new HighwaterError('PLAN_UNREADABLE', [
    `${shown}: expected ${expected}, got no such file${hint === null ? '' : ` (${hint})`}`,
  ]);
}

function nearName(file: string): string | null {
  const { dir, base } = path.parse(file);
  const plans = filesIn(dir === '' ? '.' : dir).filter((name) => PLAN_ENDINGS.includes(path.extname(name)));
  const near = nearest(base, dir === '' ? [REFERENCE_TARGET, ...plans] : plans);
  return near === null ? null : `did you mean ${path.join(dir, near)}?`;
}

function filesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

async function importPlan(file: string): Promise<unknown> {
  try {
    const module = await loadModule(path.resolve(file));
    // jiti lets a module without a default export stand for one; its keys tell.
    if (!Object.keys(module).includes('default')) throw new Error('a module without a default export');
    return module.default;
  } catch (error) {
    throw new HighwaterError('PLAN_UNREADABLE', [
      `${file}: expected a module whose default export is the plan, got: ${(error as Error).message}`,
    ]);
  }
}
