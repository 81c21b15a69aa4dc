// All that a plan can have broken: processes, the way of messages, packets. Which of the three does a fault, its kind says.

import type { Fault } from '../plan/plan.ts';
import type { FaultHost } from '../run/ports.ts';
import { isNetworkFault, networkProblems, openNetworkFaults } from './network-faults.ts';
import { createPacketFaults, isPacketFault } from './packet-faults.ts';
import { createProcessFaults, type PlannedProcessFault } from './process-faults.ts';

/** `directory`: where what must be undone is written down. */
export function createFaultHost(directory: string): FaultHost {
  const processes = createProcessFaults(directory);
  const kernel = createPacketFaults(directory);
  return {
    problems: (plan) => [...processes.problems(plan.faults.filter(isOfProcess)), ...networkProblems(plan)],
    unavailable: (plan) => kernel.unavailable(plan),
    recover: () => [...processes.recover(), ...kernel.recover()],
    async open(plan, parts) {
      const way = await openNetworkFaults(plan, parts);
      const packets = kernel.open(plan, parts.addresses, parts.notice);
      return {
        urls: way.urls,
        begin(fault) {
          if (isNetworkFault(fault)) return way.begin(fault);
          return isPacketFault(fault) ? packets.begin(fault) : processes.begin(fault, parts.target);
        },
        end(fault) {
          if (isNetworkFault(fault)) return way.end(fault);
          return isPacketFault(fault) ? packets.end(fault) : processes.end(fault, parts.target);
        },
        counts(fault) {
          if (isNetworkFault(fault)) return way.counts(fault);
          return isPacketFault(fault) ? packets.counts(fault) : processes.counts(fault);
        },
        interrupt: () => processes.interrupt(),
        delayNs: () => way.delayNs(),
        close: () => way.close(),
      };
    },
  };
}

function isOfProcess(fault: Fault): fault is PlannedProcessFault {
  return !isNetworkFault(fault) && !isPacketFault(fault);
}
