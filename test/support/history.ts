// Runs for tests of the history: entries as they are listed, and records as they lie on disk, made without running anything.

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createJudge } from '../../src/analysis/judge/judge.ts';
import type { GitState } from '../../src/facts/event.ts';
import type { RunResult } from '../../src/facts/result.ts';
import type { JudgedEntry } from '../../src/facts/run-entry.ts';
import { type RunSummary, summaryOf } from '../../src/facts/run-summary.ts';
import { createRunDirectories } from '../../src/history/run-directory.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { makePlan, openMessages, SECOND, threshold } from './engine/plans.ts';
import { completedRun, MANIFEST, makeWindow } from './engine/windows.ts';

/** Whatever a plan, a branch or a tag may be called. */
export const HOSTILE = `\u001b[31mred\u001b]0;title\u0007\r\nnext\u202eright\u2066 \u009b2J ${'x'.repeat(10_000)}`;

/** What would do something to a terminal, but for line breaks. */
export function rawIn(text: string): readonly string[] {
  return text.replaceAll('\n', '').match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu) ?? [];
}

export interface KeptRun {
  readonly id: string;
  readonly name?: string;
  readonly startedAt?: string;
  readonly tags?: readonly string[];
  readonly rules?: readonly string[];
  readonly git?: GitState | null;
  readonly responseMs?: number;
}

function planOf({ name = 'chat', rules = ['lost == 0'] }: KeptRun): Plan {
  return { ...makePlan({ messages: openMessages(100, SECOND) }), name, thresholds: rules.map(threshold) };
}

/** What has been judged, by the run: properties ask for the same runs hundreds of times. Tags are no part of a result. */
const judged = new Map<string, RunResult>();

/** The result of one second with 1,000 messages. */
export function resultOf({ tags: _, ...run }: KeptRun): RunResult {
  const key = JSON.stringify(run);
  const result = judged.get(key) ?? judge(run);
  judged.set(key, result);
  return result;
}

function judge(run: KeptRun): RunResult {
  const manifest = { ...MANIFEST, id: run.id, startedAt: run.startedAt ?? MANIFEST.startedAt, git: run.git ?? null };
  const events = completedRun(0, SECOND).map((event) => (event.kind === 'runStarted' ? { ...event, manifest } : event));
  const judging = createJudge(planOf(run), events, () => '');
  judging.window(windowOf(run));
  return judging.finish();
}

function windowOf({ responseMs = 1 }: KeptRun): ReturnType<typeof makeWindow> {
  const times = Array.from({ length: 1000 }, (_, index) => responseMs * 1e6 + index);
  return makeWindow({
    messages: { due: 1000, sent: 1000, delivered: 1000 },
    times: { response: times, service: times, sendLag: times.map(() => 1e4), eventLoopDelay: [1e5] },
  });
}

/** Keeps a whole record below `root`, judged unless told otherwise, and returns its directory. */
export async function keepRun(root: string, run: KeptRun, isJudged = true): Promise<string> {
  mkdirSync(root, { recursive: true });
  const manifest = { ...MANIFEST, id: run.id, startedAt: run.startedAt ?? MANIFEST.startedAt, git: run.git ?? null };
  const recording = await createRunDirectories(root).begin(manifest, planOf(run), run.tags ?? []);
  recording.event({ kind: 'runStarted', atNs: 0, manifest });
  recording.event({ kind: 'messagesStarted', atNs: 0 });
  recording.window(windowOf(run));
  const windows = [{ worker: 0, group: 0, count: 1 }];
  recording.event({ kind: 'runEnded', atNs: SECOND, end: 'completed', windows });
  const stored = recording.end();
  if (isJudged) await stored.keepResult(resultOf(run));
  return path.join(root, run.id);
}

export function makeSummary(run: KeptRun, changes: Partial<RunSummary> = {}): RunSummary {
  return { ...summaryOf(resultOf(run)), ...changes };
}

/** As it is listed. */
export function makeEntry(run: KeptRun, changes: Partial<RunSummary> = {}): JudgedEntry {
  const summary = makeSummary(run, changes);
  const { name, startedAt, durationSeconds, git } = summary;
  const { id, tags = [] } = run;
  return { id, path: `/runs/${id}`, tags, state: 'judged', name, startedAt, durationSeconds, git, summary };
}
