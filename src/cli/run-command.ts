// `highwater run`: loads the plan, runs it, prints the answer. First Ctrl-C drains, the second ends at once.

import { DEFAULT_RUNS_DIRECTORY, localPorts } from '../entry/local.ts';
import { VERSION } from '../entry/version.ts';
import { EXIT_CODES } from '../facts/error.ts';
import { OWN_LIMITS } from '../facts/failure.ts';
import type { RunResult } from '../facts/result.ts';
import type { Plan } from '../plan/plan.ts';
import { FORMAT_NAMES } from '../report/files/format-names.ts';
import { renderSummary } from '../report/terminal/summary.ts';
import { noticeText } from '../report/words/notice-text.ts';
import type { RunGroup } from '../run/compare-runs.ts';
import { type RunPorts, runPlan } from '../run/run-plan.ts';
import type { PlanFlags } from './flags.ts';
import { checkTags } from './history-flags.ts';
import { loadPlan } from './load-plan.ts';
import { type OutputFlags, outputsOf, refuseOthers } from './outputs.ts';
import { createProgressView } from './progress-view.ts';
import { printNote, styleFor } from './terminal.ts';

export interface RunFlags extends PlanFlags, OutputFlags, PrintFlags {
  readonly quiet?: boolean;
  readonly runsDir?: string;
  readonly tag?: readonly string[];
  readonly against?: string;
}

export async function runCommand(source: string | undefined, flags: RunFlags): Promise<number> {
  const interruption = new AbortController();
  const view = flags.quiet === true ? null : createProgressView(process.stderr);
  let interrupts = 0;
  const onInterrupt = (): void => {
    interrupts++;
    if (interrupts > 1) {
      view?.close();
      printNote('Stopped at once. Judge the record so far with: highwater report latest');
      process.exit(EXIT_CODES.interrupted);
    }
    view?.say('Stopping: waiting for messages in flight. Press Ctrl-C again to stop at once.');
    interruption.abort();
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  // The terminal is gone: what the plan has broken must be mended all the same.
  process.on('SIGHUP', onInterrupt);
  try {
    const outputs = outputsOf(flags, FORMAT_NAMES);
    refuseOthers(outputs, []);
    const tags = flags.tag ?? [];
    checkTags('--tag', tags);
    const { plan, secrets } = await loadPlan(source, flags);
    const ports = localPorts(flags.runsDir ?? DEFAULT_RUNS_DIRECTORY);
    const baseline = await openBaseline(flags.against, plan, secrets, ports);
    const finished = await runPlan(plan, ports, {
      secrets,
      highwaterVersion: VERSION,
      tags,
      signal: interruption.signal,
      // Without it nothing is made for a view that nobody sees.
      ...(view === null ? {} : { onProgress: view.show }),
      onNotice(notice) {
        const text = noticeText(notice);
        if (process.stderr.isTTY && view !== null) view.say(text);
        else printNote(text);
      },
    });
    view?.close();
    await printResult(finished.result, flags, finished.path);
    const exitCode = exitCodeOf(finished.result);
    if (baseline === null && outputs.formats.length === 0) return exitCode;
    const { reportRun } = await import('./run-reports.ts');
    return await reportRun({ finished, baseline, archive: ports.archive, outputs, flags, exitCode });
  } finally {
    view?.close();
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
    process.off('SIGHUP', onInterrupt);
  }
}

/** What comparing and reporting need is only loaded where they are asked for. Null where no baseline was named. */
async function openBaseline(
  reference: string | undefined,
  plan: Plan,
  secrets: readonly string[],
  ports: RunPorts,
): Promise<RunGroup | null> {
  if (reference === undefined) return null;
  const against = await import('./against.ts');
  return against.openBaseline(reference, plan, secrets, ports);
}

export interface PrintFlags {
  readonly json?: boolean;
  readonly plot?: boolean;
}

export async function printResult(result: RunResult, { json, plot }: PrintFlags, path: string): Promise<void> {
  if (json === true) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  const style = styleFor(process.stdout);
  process.stdout.write(renderSummary(result, style, path));
  if (plot !== true) return;
  const [{ renderPlots }, { REPORT_TOOLS }] = await Promise.all([
    import('../report/terminal/plot.ts'),
    import('../outputs/report-tools.ts'),
  ]);
  process.stdout.write(`\n${renderPlots(result, style, REPORT_TOOLS.inflate)}`);
}

export function exitCodeOf(result: RunResult): number {
  if (result.run.end === 'interrupted') return EXIT_CODES.interrupted;
  const { attempted, opened, failures } = result.connections;
  const own: readonly string[] = OWN_LIMITS;
  // What never got out of this machine says nothing about the target.
  const isOwn = Object.keys(failures).length > 0 && Object.keys(failures).every((kind) => own.includes(kind));
  if (attempted > 0 && opened === 0 && !isOwn) return EXIT_CODES.unreachable;
  return EXIT_CODES[result.verdict.kind];
}
