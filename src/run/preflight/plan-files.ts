// File names in a plan are relative to the plan's own file, wherever the command is started.

import path from 'node:path';
import type { Plan } from '../../plan/plan.ts';

export function withAbsoluteFiles(plan: Plan, directory: string): Plan {
  const absolute = (file: string | null): string | null => (file === null ? null : path.resolve(directory, file));
  const { protocol } = plan;
  const { tls, rowsFile } = plan.target;
  const { feeder } = plan.load;
  return {
    ...plan,
    protocol: protocol.kind === 'module' ? { ...protocol, file: path.resolve(directory, protocol.file) } : protocol,
    load: { ...plan.load, feeder: feeder === null ? null : { ...feeder, file: path.resolve(directory, feeder.file) } },
    faults: plan.faults.map((fault) => (fault.kind === 'command' ? { ...fault, directory } : fault)),
    monitors: plan.monitors.map((monitor) => (monitor.kind === 'command' ? { ...monitor, directory } : monitor)),
    target: {
      ...plan.target,
      rowsFile: absolute(rowsFile),
      tls: { ...tls, caFile: absolute(tls.caFile), certFile: absolute(tls.certFile), keyFile: absolute(tls.keyFile) },
    },
  };
}
