// Wires a run's ports to this machine: processes beside this one, files, the resolver, the limits.

import { randomBytes } from 'node:crypto';
import dns from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { monotonicClock } from '../engine/clock.ts';
import { createNodeTransport } from '../engine/connections/node-transport.ts';
import { openSimpleClient } from '../engine/connections/simple-client.ts';
import { createFaultHost } from '../faults/fault-host.ts';
import { createProcessFleet } from '../fleet/process-fleet.ts';
import { createRunDirectories } from '../history/run-directory.ts';
import { localMonitors } from '../monitors/local-monitors.ts';
import type { FirstPlanPorts } from '../run/init/first-plan.ts';
import type { HostEnvironment } from '../run/ports.ts';
import type { RunPorts } from '../run/run-plan.ts';
import { createTargetHost } from '../target/target-process.ts';
import { gitState } from './git-state.ts';
import { isLocalAddress, localMachine, watchMemory } from './machine.ts';
import { secureOptions } from './secure-options.ts';
import { tryAdapter } from './try-adapter.ts';

/** Where runs are kept unless told otherwise. */
export const DEFAULT_RUNS_DIRECTORY = '.highwater/runs';

export function localPorts(runsDirectory: string): RunPorts {
  return {
    fleet: createProcessFleet({ workerPath: entryPath('worker'), watchMemory }),
    archive: createRunDirectories(runsDirectory),
    targets: createTargetHost(entryPath('target')),
    faults: createFaultHost(path.join(path.dirname(runsDirectory), 'faults')),
    monitors: localMonitors,
    hostEnvironment: localHostEnvironment,
  };
}

/** For `highwater init`: one connection of this process itself, without workers. */
export function localFirstPlanPorts(): FirstPlanPorts {
  const clock = monotonicClock(process.hrtime.bigint());
  return {
    clock,
    hostEnvironment: localHostEnvironment,
    targets: createTargetHost(entryPath('target')),
    newNonce: () => randomBytes(4).toString('hex'),
    openSimpleClient(plan, addresses, handler) {
      const secure = secureOptions(
        plan.target.tls,
        plan.target.urls.some((url) => url.startsWith('wss:')),
      );
      return openSimpleClient({
        plan,
        addresses,
        openTransport: (links) => createNodeTransport(links, secure),
        clock,
        nextMask: () => randomBytes(4).readUInt32LE(),
        handler,
      });
    },
  };
}

function entryPath(name: string): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url));
}

export const localHostEnvironment: HostEnvironment = {
  readFile,
  tryAdapter: (file, row) => tryAdapter(entryPath('adapter-trial'), file, row),
  async resolve(host) {
    if (net.isIP(host) !== 0) return [host];
    const found = await dns.lookup(host, { all: true });
    return found.map((entry) => entry.address);
  },
  isLocalAddress,
  machine: localMachine,
  environment: () => process.env,
  git: () => gitState(process.cwd()),
};
