// `summary.json`: of a result the few figures by which runs are listed and compared over time. It is made from the result
// alone and says nothing that the result does not.

import { type Check, isFlag, isNumber, isOneOf, isText, orNull } from './checks.ts';
import { type GitState, isGitState, type Machine } from './event.ts';
import type { RunFacts, RunResult, Verdict } from './result.ts';

export const RUN_SUMMARY_SCHEMA = 'highwater/summary/2';

/** A number that cannot be known is null. */
export interface RunSummary {
  readonly schema: typeof RUN_SUMMARY_SCHEMA;
  readonly id: string;
  /** Of the plan. */
  readonly name: string;
  readonly profile: string | null;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly end: RunFacts['end'];
  readonly verdict: Verdict['kind'];
  readonly responseP50Ms: number | null;
  readonly responseP99Ms: number | null;
  readonly deliveredPerSecond: number | null;
  readonly sent: number;
  readonly delivered: number;
  readonly lost: number;
  readonly unresolved: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly peakOpen: number;
  readonly highwaterVersion: string;
  readonly git: GitState | null;
  /** Whether the generator kept up. */
  readonly generatorHealthy: boolean;
  /** What figures depend on beside the service. */
  readonly machine: Pick<Machine, 'cpuModel' | 'cores' | 'allowedCores'>;
}

export function summaryOf(result: RunResult): RunSummary {
  const { run, plan, verdict, messages, response, throughput, connections, generator } = result;
  return {
    schema: RUN_SUMMARY_SCHEMA,
    id: run.id,
    name: run.name,
    profile: plan.profile,
    startedAt: run.startedAt,
    durationSeconds: run.durationSeconds,
    end: run.end,
    verdict: verdict.kind,
    responseP50Ms: response.p50Ms,
    responseP99Ms: response.p99Ms,
    deliveredPerSecond: throughput.deliveredPerSecond,
    sent: messages.sent,
    delivered: messages.delivered,
    lost: messages.lost,
    unresolved: messages.unresolved,
    duplicated: messages.duplicated,
    reordered: messages.reordered,
    peakOpen: connections.peakOpen,
    highwaterVersion: run.highwaterVersion,
    // A result of before it was asked for does not say.
    git: run.git ?? null,
    generatorHealthy: generator.healthy,
    machine: { cpuModel: run.machine.cpuModel, cores: run.machine.cores, allowedCores: run.machine.allowedCores },
  };
}

const FIELDS: Readonly<Record<keyof RunSummary, Check>> = {
  schema: isOneOf([RUN_SUMMARY_SCHEMA]),
  id: isText,
  name: isText,
  profile: orNull(isText),
  startedAt: (value) => typeof value === 'string' && Number.isFinite(Date.parse(value)),
  durationSeconds: isNumber,
  end: isOneOf(['completed', 'interrupted', 'aborted']),
  verdict: isOneOf(['pass', 'fail', 'inconclusive']),
  responseP50Ms: orNull(isNumber),
  responseP99Ms: orNull(isNumber),
  deliveredPerSecond: orNull(isNumber),
  sent: isNumber,
  delivered: isNumber,
  lost: isNumber,
  unresolved: isNumber,
  duplicated: isNumber,
  reordered: isNumber,
  peakOpen: isNumber,
  highwaterVersion: isText,
  git: (value) => value === null || isGitState(value),
  generatorHealthy: isFlag,
  machine: isMachine,
};

function isMachine(value: unknown): boolean {
  const { cpuModel, cores, allowedCores } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return isText(cpuModel) && isNumber(cores) && isNumber(allowedCores);
}

/** Null for what is torn, or of another version. */
export function decodeSummary(text: string): RunSummary | null {
  try {
    const value: unknown = JSON.parse(text);
    return isSummary(value) ? value : null;
  } catch {
    return null;
  }
}

export function isSummary(value: unknown): value is RunSummary {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(FIELDS).every(([name, isRight]) => isRight((value as Record<string, unknown>)[name]));
}
