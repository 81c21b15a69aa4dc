// What a run needs of this machine and whether it may use that much: worker processes by file descriptors and by load, local
// ports by target, memory, and cores to spin on. Said before the run, with what to change.

import { type Plan, REFERENCE_TARGET } from '../../plan/plan.ts';
import { countOpenMessages } from '../../plan/schedule/arrivals.ts';
import { curveDurationNs, peakLevel } from '../../plan/schedule/curve.ts';
import { splitUrl } from '../../plan/templates/url.ts';
import { formatBytes } from '../../units/bytes.ts';
import { nsToSeconds } from '../../units/duration.ts';
import { formatCount } from '../../units/rate.ts';
import { unreachable } from '../../units/unreachable.ts';
import type { MachineLimits } from '../ports.ts';

export interface MachineNeeds {
  readonly clients: number;
  readonly peakMessagesPerSecond: number | null;
  readonly messages: number | null;
  readonly workers: number;
  readonly connectionsPerWorker: number;
  readonly filesPerWorker: number;
  /** Of the command itself. */
  readonly coordinatorFiles: number;
  /** Clients that share one source address and one target address and port. */
  readonly portsPerAddress: number;
  /** Processes that can each keep a core busy. */
  readonly processes: number;
  /** What all processes of the run take at the least. */
  readonly memoryBytes: number;
  readonly precise: boolean;
  /** Why the run cannot be done here, whole sentences; empty where it can. */
  readonly problems: readonly string[];
}

/** Files a worker has open beside its clients: standard streams, IPC, libraries, the event loop's own. */
const FILES_BESIDE_CONNECTIONS = 64;
/** One to the client, one to the service. */
const FILES_A_CONNECTION_BY_PROXY = 2;
/** The coordinator's to a worker: its channel and its last words. Starting one takes as many again for a moment. */
const FILES_A_WORKER = 4;
/**
 * Of their own, beside the program text that processes share: `grep RssAnon /proc/PID/status` of runs with 10 and 3,000 clients, on
 * 2026-11-28 (Node 20, x64). With less nothing runs; what messages take in flight comes on top.
 */
const COORDINATOR_BYTES = 35e6;
const WORKER_BYTES = 20e6;
const CLIENT_BYTES = 2e3;
/** What one worker carries easily; more of a load gets more workers, up to the cores that are free. */
const CLIENTS_PER_WORKER = 15_000;
const MESSAGES_PER_WORKER = 40_000;

export function machineNeeds(plan: Plan, machine: MachineLimits): MachineNeeds {
  const clients = Math.ceil(peakLevel(plan.load.connections));
  const connectionsPerProcess = Math.max(1, machine.filesPerProcess - FILES_BESIDE_CONNECTIONS);
  const rate = peakMessagesPerSecond(plan);
  const workers =
    plan.workers === 'auto' ? chooseWorkers(clients, rate, connectionsPerProcess, machine.allowedCores) : plan.workers;
  const connectionsPerWorker = Math.ceil(clients / workers);
  // A bound source address has its ports once for all targets: the kernel picks the port before it knows the target.
  const addresses =
    plan.target.sourceAddresses.length > 0 ? plan.target.sourceAddresses.length : targetCount(plan.target.urls);
  const portsPerAddress = Math.ceil(clients / addresses);
  const hasReference = plan.target.urls.includes(REFERENCE_TARGET);
  const targets = hasReference ? 1 : 0;
  const processes = workers + 1 + targets;
  const byProxy = plan.faults.some(({ kind }) => kind === 'way');
  const coordinatorFiles =
    FILES_BESIDE_CONNECTIONS +
    FILES_A_WORKER * (workers + targets) +
    (byProxy ? FILES_A_CONNECTION_BY_PROXY * clients : 0);
  const memoryBytes = COORDINATOR_BYTES + WORKER_BYTES * (workers + targets) + CLIENT_BYTES * clients * (1 + targets);
  const problems: string[] = [];
  if (memoryBytes > machine.allowedMemoryBytes) {
    const limit = machine.allowedMemoryBytes < machine.memoryBytes ? 'that its cgroup allows' : 'of this machine';
    problems.push(
      `load.connections: ${formatCount(clients)} clients (workers: ${formatCount(workers)}) need at least ${formatBytes(memoryBytes)} ` +
        `of memory, more than the ${formatBytes(machine.allowedMemoryBytes)} ${limit}. Use fewer clients or workers, or raise the limit`,
    );
  }
  if (connectionsPerWorker > connectionsPerProcess) {
    problems.push(
      `workers: ${formatCount(connectionsPerWorker)} clients per worker need more than the ${formatCount(machine.filesPerProcess)} files ` +
        `that a process may open here; at most ${formatCount(connectionsPerProcess)} clients per worker are possible. ` +
        `Use ${Math.ceil(clients / connectionsPerProcess)} workers or more (workers: auto), or raise the limit (ulimit -n)`,
    );
  }
  if (portsPerAddress > machine.portsPerAddress) {
    problems.push(
      `load.connections: ${formatCount(clients)} clients need more than the ${formatCount(machine.portsPerAddress)} local ports that one ` +
        `source address has to one target port; at most ${formatCount(machine.portsPerAddress * addresses)} clients are possible. ` +
        `Set at least ${Math.ceil(clients / machine.portsPerAddress)} target.sourceAddresses ` +
        '(on loopback: 127.0.0.2-127.0.0.9), or more target URLs',
    );
  }
  if (hasReference && clients > connectionsPerProcess) {
    problems.push(
      `target.url: the reference target is one process and may open ${formatCount(machine.filesPerProcess)} files here; ` +
        `at most ${formatCount(connectionsPerProcess)} clients are possible. Use fewer clients, raise the limit (ulimit -n), or test another target`,
    );
  }
  const clientsByWay = Math.floor(
    Math.max(0, machine.filesPerProcess - FILES_BESIDE_CONNECTIONS - FILES_A_WORKER * (workers + targets)) /
      FILES_A_CONNECTION_BY_PROXY,
  );
  if (byProxy && clients > clientsByWay) {
    problems.push(
      `faults: the proxy for network faults is one process with 2 files per client, and may open ` +
        `${formatCount(machine.filesPerProcess)} here; at most ${formatCount(clientsByWay)} clients are possible. ` +
        'Use fewer clients, or raise the limit (ulimit -n)',
    );
  }
  if (!byProxy && coordinatorFiles > machine.filesPerProcess) {
    problems.push(
      `workers: ${formatCount(workers)} workers need ${formatCount(coordinatorFiles)} files in the coordinator process, more than ` +
        `the ${formatCount(machine.filesPerProcess)} that it may open here. Use fewer workers, or raise the limit (ulimit -n)`,
    );
  }
  return {
    clients,
    peakMessagesPerSecond: rate,
    messages: plan.load.messages.kind === 'open' ? countOpenMessages(plan.load.messages.curve) : null,
    workers,
    connectionsPerWorker,
    filesPerWorker: connectionsPerWorker + FILES_BESIDE_CONNECTIONS,
    coordinatorFiles,
    portsPerAddress,
    processes,
    memoryBytes,
    precise: isPrecise(plan, machine.allowedCores - workers - targets),
    problems,
  };
}

/** URLs that differ only behind host and port are one target: the ports of a source address are shared among them. */
function targetCount(urls: readonly string[]): number {
  const targets = urls.map((url) => {
    const parts = splitUrl(url);
    return parts === null ? url : `${parts.scheme} ${parts.host} ${parts.port}`;
  });
  return new Set(targets).size;
}

function chooseWorkers(clients: number, rate: number | null, connectionsPerProcess: number, cores: number): number {
  const forFiles = Math.ceil(clients / connectionsPerProcess);
  const forLoad = Math.max(Math.ceil(clients / CLIENTS_PER_WORKER), Math.ceil((rate ?? 0) / MESSAGES_PER_WORKER));
  // One core stays with the coordinator and whatever else runs here. A part of a core carries no worker.
  return Math.max(1, forFiles, Math.min(forLoad, Math.max(1, Math.floor(cores) - 1)));
}

/** Spinning is worth a core only where one is free besides the workers' own. */
function isPrecise(plan: Plan, freeCores: number): boolean {
  switch (plan.pace) {
    case 'precise':
      return true;
    case 'economical':
      return false;
    case 'auto':
      return plan.load.messages.kind === 'open' && freeCores >= 1;
    default:
      return unreachable(plan.pace);
  }
}

function peakMessagesPerSecond(plan: Plan): number | null {
  return plan.load.messages.kind === 'open' ? peakLevel(plan.load.messages.curve) : null;
}

/** How long the run lasts by plan, without opening the first clients where messages wait for them. */
export function plannedSeconds(plan: Plan): number {
  const { connections, messages } = plan.load;
  const connectionsNs = curveDurationNs(connections);
  if (messages.kind === 'none') return nsToSeconds(connectionsNs);
  const messagesNs = messages.kind === 'open' ? curveDurationNs(messages.curve) : messages.durationNs;
  const startNs = messages.start.kind === 'at' ? messages.start.atNs : connections[0].durationNs;
  return nsToSeconds(Math.max(connectionsNs, startNs + messagesNs));
}
