// `highwater check`: what a plan would do, and what this machine lacks for it. Starts nothing; a protocol of the user's own is tried.

import { DEFAULT_RUNS_DIRECTORY, localHostEnvironment, localPorts } from '../entry/local.ts';
import { HighwaterError } from '../facts/error.ts';
import { localMonitors } from '../monitors/local-monitors.ts';
import { redactPlan } from '../plan/redact.ts';
import { renderCheck } from '../report/terminal/check.ts';
import { machineNeeds, plannedSeconds } from '../run/preflight/machine-needs.ts';
import { checkFaults, checkMonitors, checkPlan } from '../run/preflight/prepare.ts';
import { unusedProxy } from '../run/preflight/proxy-environment.ts';
import type { PlanFlags } from './flags.ts';
import { loadPlan } from './load-plan.ts';
import { printNote, styleFor } from './terminal.ts';

export async function checkCommand(
  source: string | undefined,
  flags: PlanFlags & { readonly json?: boolean },
): Promise<number> {
  const { plan, secrets } = await loadPlan(source, flags);
  await checkPlan(plan, localHostEnvironment);
  const { faults } = localPorts(DEFAULT_RUNS_DIRECTORY);
  checkFaults(plan, faults);
  for (const text of faults.unavailable(plan)) printNote(text);
  checkMonitors(plan, localMonitors);
  const machine = localHostEnvironment.machine();
  const needs = machineNeeds(plan, machine);
  const shown = redactPlan(plan, secrets);
  if (flags.json === true) process.stdout.write(`${JSON.stringify(shown)}\n`);
  else {
    const proxy = unusedProxy(plan.target.urls, localHostEnvironment.environment());
    const outlook = { plan: shown, needs, machine, plannedSeconds: plannedSeconds(plan), unusedProxy: proxy };
    process.stdout.write(renderCheck(outlook, styleFor(process.stdout)));
  }
  if (needs.problems.length > 0) throw new HighwaterError('MACHINE_LIMIT', needs.problems);
  return 0;
}
