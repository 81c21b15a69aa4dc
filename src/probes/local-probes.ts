// The probes of a run, by kind.

import type { ProbeSettings } from '../plan/plan.ts';
import type { Probe, Probes } from '../run/ports.ts';
import { unreachable } from '../units/unreachable.ts';
import { commandProblem, createCommandProbe } from './command-probe.ts';
import { createMachineProbe, machineProblem } from './machine-probe.ts';
import { createProcessProbe, processProblem } from './process-probe.ts';
import { createPrometheusProbe, prometheusProblem } from './prometheus-probe.ts';

export const localProbes: Probes = {
  problem: problemOf,
  open: openProbe,
};

function problemOf(settings: ProbeSettings): string | null {
  switch (settings.kind) {
    case 'process':
      return processProblem(settings.pid);
    case 'referenceTarget':
      // It is yet to be started: this process stands for it.
      return processProblem(process.pid);
    case 'machine':
      return machineProblem();
    case 'prometheus':
      return prometheusProblem(settings.url);
    case 'command':
      return commandProblem(settings);
    default:
      return unreachable(settings);
  }
}

function openProbe(settings: ProbeSettings, referenceTarget: (() => number) | null): Probe {
  switch (settings.kind) {
    case 'process':
      return createProcessProbe(settings.pid);
    case 'referenceTarget':
      if (referenceTarget === null) throw new Error('a probe of a reference target that the run did not start');
      return createFollowingProbe(referenceTarget);
    case 'machine':
      return createMachineProbe();
    case 'prometheus':
      return createPrometheusProbe(settings.url, settings.series);
    case 'command':
      return createCommandProbe(settings);
    default:
      return unreachable(settings);
  }
}

/** A target that was restarted is another process, and is followed. */
function createFollowingProbe(pidNow: () => number): Probe {
  let pid = pidNow();
  let probe = createProcessProbe(pid);
  return {
    read(signal) {
      if (pidNow() !== pid) {
        pid = pidNow();
        probe = createProcessProbe(pid);
      }
      return probe.read(signal);
    },
  };
}
