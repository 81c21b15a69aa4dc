// The monitors of a run, by kind.

import type { MonitorSettings } from '../plan/plan.ts';
import type { Monitor, Monitors } from '../run/ports.ts';
import { unreachable } from '../units/unreachable.ts';
import { commandProblem, createCommandMonitor } from './command-monitor.ts';
import { createMachineMonitor, machineProblem } from './machine-monitor.ts';
import { createProcessMonitor, processProblem } from './process-monitor.ts';
import { createPrometheusMonitor, prometheusProblem } from './prometheus-monitor.ts';

export const localMonitors: Monitors = {
  problem: problemOf,
  open: openMonitor,
};

function problemOf(settings: MonitorSettings): string | null {
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

function openMonitor(settings: MonitorSettings, referenceTarget: (() => number) | null): Monitor {
  switch (settings.kind) {
    case 'process':
      return createProcessMonitor(settings.pid);
    case 'referenceTarget':
      if (referenceTarget === null) throw new Error('a monitor of a reference target that the run did not start');
      return createFollowingMonitor(referenceTarget);
    case 'machine':
      return createMachineMonitor();
    case 'prometheus':
      return createPrometheusMonitor(settings.url, settings.series);
    case 'command':
      return createCommandMonitor(settings);
    default:
      return unreachable(settings);
  }
}

/** A target that was restarted is another process, and is followed. */
function createFollowingMonitor(pidNow: () => number): Monitor {
  let pid = pidNow();
  let monitor = createProcessMonitor(pid);
  return {
    read(signal) {
      if (pidNow() !== pid) {
        pid = pidNow();
        monitor = createProcessMonitor(pid);
      }
      return monitor.read(signal);
    },
  };
}
