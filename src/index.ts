// What the package publishes: plans in, results out. Nothing here prints or exits.

import { DEFAULT_RUNS_DIRECTORY, localPorts } from './entry/local.ts';
import { VERSION } from './entry/version.ts';
import { HighwaterError } from './facts/error.ts';
import type { LiveFigures } from './facts/live-figures.ts';
import type { RunResult } from './facts/result.ts';
import { PLAN_FORM } from './faults/plan-form.ts';
import { parsePlan as parseDocument, parsePlanText } from './plan/parse.ts';
import type { Plan } from './plan/plan.ts';
import { formatProblem } from './plan/problems.ts';
import { noticeText } from './report/words/notice-text.ts';
import { withAbsoluteFiles } from './run/preflight/plan-files.ts';
import { runPlan as run } from './run/run-plan.ts';

export { HighwaterError } from './facts/error.ts';
export type { LiveFigures, LiveRule } from './facts/live-figures.ts';
export type * from './facts/result.ts';
export type { Plan } from './plan/plan.ts';
export type * from './protocols/adapter.ts';
export { type AdapterProblem, adapterProblems } from './protocols/adapter-contract.ts';

export interface ParsePlanOptions {
  /** For `${env.X}`; `process.env` where left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly profile?: string;
  /** What file names in the plan are relative to; the working directory where left out. */
  readonly baseDirectory?: string;
}

/** A plan that `runPlan` takes, with the values that must stay out of everything stored. */
export interface ParsedPlan {
  readonly plan: Plan;
  readonly secrets: readonly string[];
}

/**
 * Reads a plan: YAML or JSON text, or the same as an object. Throws HighwaterError PLAN_INVALID whose
 * `problems` are all that is wrong with it, one sentence each.
 */
export function parsePlan(source: string | object, options: ParsePlanOptions = {}): ParsedPlan {
  const context = {
    env: options.env ?? process.env,
    form: PLAN_FORM,
    profile: options.profile ?? null,
  };
  const parsed = typeof source === 'string' ? parsePlanText(source, 'yaml', context) : parseDocument(source, context);
  if (!parsed.ok) throw new HighwaterError('PLAN_INVALID', parsed.problems.map(formatProblem));
  return { plan: withAbsoluteFiles(parsed.plan, options.baseDirectory ?? process.cwd()), secrets: parsed.secrets };
}

export interface RunPlanOptions {
  /** Aborting stops sending, drains, and resolves with the result of what there was. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (figures: LiveFigures) => void;
  /** Something that should be known at once: as it goes, the run comes to nothing; or a monitor reads nothing. */
  readonly onNotice?: (text: string) => void;
  /** Where the record of the run is kept: `.highwater/runs` where left out. */
  readonly runsDirectory?: string;
}

/**
 * Runs a plan as the command does and resolves with its result, whatever the verdict. Rejects with
 * HighwaterError: PLAN_INVALID (what shows only now), MACHINE_LIMIT, TARGET_UNREACHABLE (the name does not resolve),
 * TARGET_START_FAILED, TLS_FILE_UNREADABLE, PROTOCOL_INVALID, ROWS_UNREADABLE, MONITOR_UNREADABLE, RUN_DIRECTORY_UNWRITABLE, WORKER_START_FAILED or BOOKS_UNBALANCED.
 */
export async function runPlan({ plan, secrets }: ParsedPlan, options: RunPlanOptions = {}): Promise<RunResult> {
  const { onNotice } = options;
  const { result } = await run(plan, localPorts(options.runsDirectory ?? DEFAULT_RUNS_DIRECTORY), {
    secrets,
    highwaterVersion: VERSION,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    ...(onNotice === undefined ? {} : { onNotice: (notice) => onNotice(noticeText(notice)) }),
  });
  return result;
}
