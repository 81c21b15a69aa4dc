// What happened, in one sentence: the line under the verdict. Most runs have no such line: their rules are enough.

import { closedText } from '../../analysis/judge/load-presence.ts';
import { BEFORE_OPEN, FAILURE_MEANINGS, type FailureKind } from '../../facts/failure.ts';
import type { FailureResult, RunResult, TargetDeath } from '../../facts/result.ts';
import { msToNs } from '../../units/duration.ts';
import { plural } from '../../units/plural.ts';
import { printable } from '../../units/printable.ts';
import { formatCount } from '../../units/rate.ts';
import { failureAdvice } from './advice.ts';
import { failureText } from './failure-text.ts';
import { formatSeconds } from './figures.ts';

type Cause = (result: RunResult) => string | null;

/** The gravest first: what explains most of the others. */
const CAUSES: readonly Cause[] = [targetDied, nothingOpened, mostClosed, mostRejected, mostFailed];

const MOST_CHARACTERS = 160;

/** Null where nothing stands out. */
export function headlineCause(result: RunResult): string | null {
  for (const cause of CAUSES) {
    const text = cause(result);
    if (text !== null) return text;
  }
  return null;
}

function targetDied({ run }: RunResult): string | null {
  return run.targetDeath === null ? null : `${targetDeathText(run.targetDeath)}.`;
}

/** `the reference target (process 4711) was killed by SIGKILL after 2.1 s`. */
export function targetDeathText({ pid, exitCode, signal, atSecond }: TargetDeath): string {
  const how = signal === null ? `exited with code ${exitCode ?? 'unknown'}` : `was killed by ${signal}`;
  return `the reference target (process ${pid}) ${how} after ${formatSeconds(atSecond)}`;
}

function nothingOpened(result: RunResult): string | null {
  const { connections } = result;
  if (connections.attempted === 0 || connections.opened > 0) return null;
  const worst = worstFailure(connections.failures);
  const text = `0 of ${plural(connections.attempted, 'connection')} opened`;
  return worst === null ? `${text}.` : `${text}: ${worstText(worst, result)}`;
}

/** The load was not on the service because it, or the way to it, ended the connections. */
function mostClosed({ connections, verdict, recovery }: RunResult): string | null {
  const { opened, droppedByServer } = connections;
  if (verdict.doubts.every(({ kind }) => kind !== 'loadAbsent') || droppedByServer <= MOST_RATIO * opened) return null;
  const { p50Ms } = connections.lifetime;
  const text = closedText({ ...connections, lifetimeNs: p50Ms === null ? null : msToNs(p50Ms) });
  if (text === null) return null;
  const planned = (recovery?.incidents ?? []).reduce((sum, { dropped }) => sum + dropped, 0);
  return planned > MOST_RATIO * droppedByServer ? `${text}, most of them during the plan's own faults.` : `${text}.`;
}

/** More of them than this, and they are what the run is about. */
const MOST_RATIO = 0.5;

function mostRejected({ messages, rejections, verdict }: RunResult): string | null {
  // Where a rule about it is kept, it was meant to be so.
  const isMeant = verdict.thresholds.some(
    ({ kind, expression }) => kind === 'pass' && expression.startsWith('rejected'),
  );
  if (isMeant || messages.rejected <= MOST_RATIO * messages.sent) return null;
  const [first] = rejections;
  const words = first === undefined ? '' : `; first: ${printable(first.text, MOST_CHARACTERS)}`;
  return `the service rejected ${formatCount(messages.rejected)} of ${plural(messages.sent, 'message')}${words}.`;
}

function mostFailed(result: RunResult): string | null {
  const { connections, verdict, recovery, plan } = result;
  const isPlanned = (recovery?.incidents.length ?? 0) > 0;
  // With reconnects an attempt that fails is mended by the next.
  if (verdict.kind === 'pass' || isPlanned || plan.reconnect !== null) return null;
  if (connections.failed <= MOST_RATIO * connections.attempted) return null;
  const worst = worstFailure(connections.failures, BEFORE_OPEN);
  const text = `${formatCount(connections.failed)} of ${plural(connections.attempted, 'connection')} did not open`;
  return worst === null ? `${text}.` : `${text}: ${worstText(worst, result)}`;
}

interface WorstFailure {
  readonly kind: FailureKind;
  readonly failure: FailureResult;
}

/** That of most connections. */
function worstFailure(
  failures: Readonly<Partial<Record<FailureKind, FailureResult>>>,
  among: readonly FailureKind[] | null = null,
): WorstFailure | null {
  const [worst] = Object.entries(failures)
    .filter(([kind]) => among === null || among.includes(kind as FailureKind))
    .sort(([, a], [, b]) => b.count - a.count);
  return worst === undefined ? null : { kind: worst[0] as FailureKind, failure: worst[1] };
}

function worstText({ kind, failure }: WorstFailure, result: RunResult): string {
  const advice = failureAdvice(result, kind);
  const detail = printable(failureText(kind, failure, result.run), MOST_CHARACTERS);
  const refusedAt = kind === 'refused' ? /(\S+:\d+)$/.exec(detail)?.[1] : undefined;
  const what = refusedAt === undefined ? `${FAILURE_MEANINGS[kind]} (${detail})` : `connection refused (${refusedAt})`;
  return advice === null ? `${what}.` : `${what}. ${advice[0]!.toUpperCase()}${advice.slice(1)}`;
}
