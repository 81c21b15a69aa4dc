// Whether a verdict is true, by what the service and the trial know. The verdict's own evidence is not asked.

import type { RunResult } from '../../src/facts/result.ts';
import type { FinishedTrial } from './run-trial.ts';
import type { Truth } from './service.ts';

export interface Judged {
  readonly verdict: RunResult['verdict']['kind'] | 'error';
  /** Why the verdict is false; null where it is true, or says nothing. */
  readonly false: string | null;
}

/** What the service may miss of a load that was whole: the edges of its own clock. */
const WHOLE = 0.97;

export function judgeVerdict({ trial, exitCode, result, truth }: FinishedTrial): Judged {
  if (result === null) {
    // No verdict is none that is false; but a bug of ours is never right.
    const isBug = exitCode === 70 || exitCode === null;
    return { verdict: 'error', false: isBug ? `ended with exit code ${exitCode} and no result` : null };
  }
  const { kind, breaches } = result.verdict;
  // Each reason by itself: a false verdict does not hide that its cause is not named.
  const reasons = [
    kind === 'pass' ? falsePass(trial, truth) : null,
    kind === 'fail' ? falseFail(breaches, trial, truth) : null,
    causeMissing(result, trial, truth),
  ].filter((reason) => reason !== null);
  return { verdict: kind, false: reasons.length === 0 ? null : reasons.join('; ') };
}

type DoubtKind = RunResult['verdict']['doubts'][number]['kind'];

/** What was done must be named among the doubts, whatever the verdict is. */
function causeMissing(result: RunResult, trial: FinishedTrial['trial'], truth: Truth | null): string | null {
  const named = result.verdict.doubts.map(({ kind }) => kind);
  const missing = causesOf(result, trial, truth).filter((kind) => !named.includes(kind));
  return missing.length === 0 ? null : `does not name ${missing.join(' and ')}`;
}

function causesOf(
  result: RunResult,
  { disturbance, clients, sendingMs }: FinishedTrial['trial'],
  truth: Truth | null,
): DoubtKind[] {
  const causes: DoubtKind[] = [];
  switch (disturbance?.kind) {
    case 'stopWorker':
      causes.push('standstill');
      break;
    case 'quota':
      // Where the quota was enough nothing was held back.
      if ((result.generator.cpuRatioMax ?? 0) > QUOTA_USED * disturbance.coreShare) causes.push('throttled');
      break;
    case 'descriptors':
    case 'ports':
      causes.push('generatorLimits');
      break;
    case 'damage':
      causes.push('damagedRecord');
      break;
    case 'idleFault':
      causes.push('faultWithoutEffect');
      break;
    default:
  }
  if (truth === null) return causes;
  if (truth.unreadable > 0) causes.push('unreadable');
  if (truth.renumbered > 0) causes.push('renumbered');
  if (truth.closed + truth.refused > 0 && connectedMs(truth, sendingMs) < ABSENT * clients * sendingMs) {
    causes.push('loadAbsent');
  }
  return causes;
}

/** A process that uses so much of its quota is held back now and then. */
const QUOTA_USED = 0.9;
/** Less than this is less than 99 %, also by another clock. */
const ABSENT = 0.95;

function falsePass(
  { clients, sendingMs, perSecond, disturbance }: FinishedTrial['trial'],
  truth: Truth | null,
): string | null {
  if (disturbance?.kind === 'damage') return 'passes though facts are missing';
  if (truth === null) return 'passes though this machine had no ports for its clients';
  const planned = (perSecond * sendingMs) / 1000;
  if (truth.received < WHOLE * planned) return `passes though ${truth.received} of ${planned} messages came`;
  if (perSecond > 0 && connectedMs(truth, sendingMs) < WHOLE * clients * sendingMs)
    return 'passes though clients were not connected';
  if (truth.unreadable > 0) return `passes though ${truth.unreadable} answers could not be read`;
  const wrong = truth.unanswered + truth.duplicated + truth.reordered + truth.corrupted + truth.skipped;
  return wrong > 0 ? `passes though the service did wrong ${wrong} times` : null;
}

function falseFail(
  breaches: readonly { readonly rule: string; readonly detail: string }[],
  trial: FinishedTrial['trial'],
  truth: Truth | null,
): string | null {
  const wrong = breaches.filter(({ rule }) => !isTrulyBroken(rule, trial, truth));
  if (wrong.length === 0) return null;
  return `fails for nothing that the service did: ${wrong.map(({ rule, detail }) => `${rule}: ${detail}`).join('; ')}`;
}

/** While messages were due, over all clients. */
function connectedMs({ connections, firstMs }: Truth, sendingMs: number): number {
  return connections.reduce(
    (sum, { fromMs, toMs }) => sum + Math.max(0, Math.min(toMs, firstMs + sendingMs) - Math.max(fromMs, firstMs)),
    0,
  );
}

/** `rule`: of the plan's thresholds, or a clause of its contract. */
function isTrulyBroken(rule: string, { behavior }: FinishedTrial['trial'], truth: Truth | null): boolean {
  if (truth === null) return false;
  const { closed, refused, unanswered, duplicated, reordered, corrupted, skipped } = truth;
  // What is in flight when the service closes on purpose may be lost, or not sent.
  if (/^(lost|delivered)\b/.test(rule)) return unanswered + corrupted > 0 || (closed > 0 && /^delivered/.test(rule));
  if (/^unsent/.test(rule)) return closed + refused > 0;
  if (/^delivery/.test(rule)) return unanswered + duplicated + corrupted + skipped > 0;
  if (/^pushes/.test(rule)) return skipped > 0;
  if (/^order/.test(rule)) return reordered > 0;
  if (/^integrity/.test(rule)) return corrupted > 0;
  if (/^connections.dropped/.test(rule)) return closed > 0;
  if (/^connections.failed/.test(rule)) return refused > 0;
  if (/^response/.test(rule)) return unanswered + closed + refused + corrupted > 0 || (behavior.delayMs ?? 0) >= 390;
  return false;
}
