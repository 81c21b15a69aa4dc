// `highwater run`: loads the plan, runs it, prints the answer. First Ctrl-C drains, the second ends at once.

import { DEFAULT_RUNS_DIRECTORY, localPorts } from '../entry/local.ts';
import { VERSION } from '../entry/version.ts';
import { EXIT_CODES } from '../facts/error.ts';
import type { RunResult } from '../facts/result.ts';
import { resultFiles } from '../outputs/report-files.ts';
import { FORMAT_NAMES } from '../report/formats.ts';
import { renderSummary } from '../report/summary.ts';
import { runPlan } from '../run/run-plan.ts';
import { openBaseline, tellChange } from './against.ts';
import type { PlanFlags } from './flags.ts';
import { loadPlan } from './load-plan.ts';
import { type OutputFlags, outputsOf, writeOutputs } from './outputs.ts';
import { createProgressView } from './progress-view.ts';
import { styleFor } from './terminal.ts';

export interface RunFlags extends PlanFlags, OutputFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly runsDir?: string;
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
      process.stderr.write('Ended at once; what was recorded can still be judged: highwater report latest\n');
      process.exit(EXIT_CODES.interrupted);
    }
    view?.say('Stopping: draining what is in flight. Ctrl-C again ends at once.');
    interruption.abort();
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  // The terminal is gone: what the plan has broken must be mended all the same.
  process.on('SIGHUP', onInterrupt);
  try {
    const outputs = outputsOf(flags, FORMAT_NAMES);
    const { plan, secrets } = await loadPlan(source, flags);
    const ports = localPorts(flags.runsDir ?? DEFAULT_RUNS_DIRECTORY);
    const baseline = flags.against === undefined ? null : await openBaseline(flags.against, plan, secrets, ports);
    const finished = await runPlan(plan, ports, {
      secrets,
      highwaterVersion: VERSION,
      signal: interruption.signal,
      onProgress: (figures) => view?.show(figures),
      onNotice: (text) => (process.stderr.isTTY && view !== null ? view.say(text) : process.stderr.write(`${text}\n`)),
    });
    view?.close();
    const { result, path } = finished;
    printResult(result, flags.json === true, path);
    writeOutputs(outputs, resultFiles(result), path);
    const exitCode = exitCodeOf(result);
    return baseline === null ? exitCode : await tellChange(baseline, finished, ports, flags.json === true, exitCode);
  } finally {
    view?.close();
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
    process.off('SIGHUP', onInterrupt);
  }
}

export function printResult(result: RunResult, json: boolean, path: string): void {
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : renderSummary(result, styleFor(process.stdout), path));
}

export function exitCodeOf(result: RunResult): number {
  if (result.run.outcome === 'interrupted') return EXIT_CODES.interrupted;
  if (result.connections.attempted > 0 && result.connections.opened === 0) return EXIT_CODES.unreachable;
  return EXIT_CODES[result.verdict.kind];
}
