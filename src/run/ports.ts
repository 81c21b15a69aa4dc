// What a run needs of the outside: workers to do the load, a place to keep the facts, a reference
// target, faults, monitors. `run/` declares it; the adapters are in `fleet/`, `history/`, `target/`, `faults/` and `monitors/`.

import type { Addresses } from '../engine/connections/connect-target.ts';
import type { SimpleClient, SimpleClientHandler } from '../engine/connections/simple-client.ts';
import type { Assignment } from '../engine/engine.ts';
import type { GitState, Manifest, RecordedEvent, RunEvent } from '../facts/event.ts';
import type { FaultCounts } from '../facts/fault-counts.ts';
import type { MonitorReading } from '../facts/monitor.ts';
import type { RunResult } from '../facts/result.ts';
import type { Window } from '../facts/window.ts';
import type { LogAct, TruthLine } from '../injection/truth.ts';
import type { Fault, MonitorSettings, Plan } from '../plan/plan.ts';
import type { Environment } from '../plan/resolve/interpolate.ts';
import type { AdapterProblem } from '../protocols/adapter-contract.ts';
import type { NonEmpty } from '../units/non-empty.ts';

/** From coordinator to worker. Other times count from the run's origin. */
export type WorkerCommand =
  /** One for each group of clients, the healthy one first. */
  | { readonly kind: 'assign'; readonly assignments: NonEmpty<Assignment> }
  /** The run begins at `originNs` of the machine's monotonic clock, a little in the future. */
  | { readonly kind: 'connect'; readonly originNs: bigint }
  | { readonly kind: 'startMessages'; readonly atNs: number }
  | { readonly kind: 'stop' };

/** From worker to coordinator. */
export type WorkerReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'window'; readonly window: Window }
  | { readonly kind: 'event'; readonly event: RunEvent }
  | { readonly kind: 'finished' };

export interface WorkerPoolHandler {
  report(worker: number, report: WorkerReport): void;
  /** The worker is gone without having finished; it says nothing further. */
  died(worker: number, detail: string): void;
}

/** The workers of one run. */
export interface WorkerPool {
  send(worker: number, command: WorkerCommand): void;
  /** Ends one worker that no longer answers; `died` follows. */
  kill(worker: number): void;
  /** Ends all that is left, and resolves when it is gone. */
  close(): Promise<void>;
}

/** Starts workers; rejects with WORKER_START_FAILED. */
export interface Fleet {
  start(workerCount: number, handler: WorkerPoolHandler): Promise<WorkerPool>;
}

/** Where the facts of runs are kept, as they happen. */
export interface Archive {
  /** Rejects with RUN_DIRECTORY_UNWRITABLE. The plan is already redacted. */
  begin(manifest: Manifest, plan: Plan, tags: readonly string[]): Promise<Recording>;
  /** Exactly one run. Rejects with RUN_NOT_FOUND, also where several are meant, or RUN_UNREADABLE. */
  open(reference: string): Promise<StoredRun>;
  /**
   * The runs that are meant, in the order of time: by a path, an id, the beginning of one, `latest`, a tag, or `NAME@N`, the N latest
   * judged runs of a plan; several with commas between them. `planName`: whose `baseline` is meant. Rejects as `open`.
   */
  find(reference: string, planName?: string): Promise<NonEmpty<StoredRun>>;
}

/** What is recorded is on disk, or at least with the kernel, when the call returns, unless `problem` says otherwise. */
export interface Recording {
  readonly path: string;
  window(window: Window): void;
  event(event: RunEvent): void;
  reading(reading: MonitorReading): void;
  /** What was done to a single message or connection on the way. Throws where it cannot be written. */
  truth(line: TruthLine): void;
  /** Why a line could not be written as usual, in the system's words; the run must end then. Null while all went well. */
  problem(): string | null;
  /** Closes the files and hands back what was recorded. */
  end(): StoredRun;
}

export interface StoredRun {
  readonly path: string;
  readonly plan: Plan;
  /** Why its record cannot be judged again, so that there is only the result that was kept; null where it can. */
  readonly unjudgeable: string | null;
  /** Whether a run whose record has no end goes on. */
  isAtWork(): boolean;
  /** In the order in which they were written. Lines that are none are left out: numbers tell what is missing. */
  events(): Promise<readonly RecordedEvent[]>;
  windows(): AsyncIterable<Window>;
  /** None where the run had no monitors. */
  readings(): AsyncIterable<MonitorReading>;
  /** Rejects with RUN_DIRECTORY_UNWRITABLE. */
  keepResult(result: RunResult): Promise<void>;
  /** What was kept; null where there is none, or one of another version. */
  result(): Promise<RunResult | null>;
}

/** Starts the target that ships with Highwater; rejects with TARGET_START_FAILED. */
export interface TargetHost {
  start(): Promise<RunningTarget>;
}

/** Exactly one of the last two is not null. */
export interface UnaskedDeath {
  readonly pid: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export interface RunningTarget {
  readonly url: string;
  /** The number of its process. */
  pid(): number;
  /** Calls `received` once, where the process ends or has ended without having been asked to. */
  onDeath(notify: (death: UnaskedDeath) => void): void;
  /** Ends it at once; resolves when it is gone. */
  kill(): Promise<void>;
  /** The same target on the same port; rejects with TARGET_START_FAILED. */
  startAgain(): Promise<void>;
  stop(): Promise<void>;
}

/** Breaks things on purpose, and mends them. */
export interface FaultHost {
  /** A sentence for each fault of the plan that makes no sense, as far as that can be known before. */
  problems(plan: Plan): readonly string[];
  /** A sentence for each that this machine cannot do, and that a run will do without. */
  unavailable(plan: Plan): readonly string[];
  /** Mends what runs that were killed have left broken; a sentence for each. */
  recover(): readonly string[];
  /** Puts up what the plan's faults need, and breaks nothing yet. */
  open(plan: Plan, parts: FaultParts): Promise<OpenFaults>;
}

export interface FaultParts {
  /** Null where the run has none. */
  readonly target: RunningTarget | null;
  /** Of the hosts of the plan's URLs. */
  readonly addresses: Addresses;
  /** What is done to single messages and connections. */
  readonly logAct: LogAct;
  /** What the person at the command should know: a fault that cannot be done here, a service that cannot be reached. */
  notice(text: string): void;
}

/** The faults of one run. What they do and undo rejects with a reason where it cannot be. */
export interface OpenFaults {
  /** Where the clients are to connect to, in the order of the plan's: it may lead by way of a proxy. */
  readonly urls: NonEmpty<string>;
  begin(fault: Fault): Promise<void>;
  end(fault: Fault): Promise<void>;
  /** What a fault that has begun did so far; null where nobody can know. */
  counts(fault: Fault): FaultCounts | null;
  /** Commands that are still at work are ended: the run will not wait for them. */
  interrupt(): void;
  /** How late this process was to pass messages on, at the 99th percentile of its delays so far, in ns; null where it passes none on. */
  delayNs(): number | null;
  /** Takes down what was put up; resolves when it is gone. */
  close(): Promise<void>;
}

/** Watches what a run costs. */
export interface Monitors {
  /** What can be known to be wrong before the run, as `expected …, got …`; null where nothing is. */
  problem(settings: MonitorSettings): string | null;
  /** `referenceTarget`: the number of the process that the run has started, as it is now; null where it has started none. */
  open(settings: MonitorSettings, referenceTarget: (() => number) | null): Monitor;
}

export interface Monitor {
  /**
   * What there is now, by series, and why something is missing. Rejects where there is nothing, with the reason; keeps no
   * more than a bounded part of whatever it is answered. Leaves nothing running once `signal` aborts.
   */
  read(signal: AbortSignal): Promise<Pick<MonitorReading, 'values' | 'gap'>>;
}

/** What became of trying a protocol of the user's own. */
export type AdapterTrial =
  | { readonly kind: 'tried'; readonly problems: readonly AdapterProblem[] }
  | { readonly kind: 'unloadable'; readonly got: string };

/** Reads files that a plan names, and names that the network knows. */
export interface HostEnvironment {
  readFile(path: string): Promise<Uint8Array>;
  /** Loads the protocol of a module and tries it; whatever it does, this resolves. */
  tryAdapter(path: string, row: Readonly<Record<string, string>>): Promise<AdapterTrial>;
  /** IP addresses of a host in the order to try; rejects where it has none. */
  resolve(host: string): Promise<readonly string[]>;
  /** Whether a connection of this machine can come from it. */
  isLocalAddress(address: string): Promise<boolean>;
  machine(): MachineLimits;
  /** The variables of this process. */
  environment(): Environment;
  /** Of the working directory; null where that is none of a repository, or git is missing or slow. Never rejects. */
  git(): Promise<GitState | null>;
}

/** Opens a connection beside any run. The plan's TLS files have been read once before. */
export type OpenSimpleClient = (plan: Plan, addresses: Addresses, handler: SimpleClientHandler) => SimpleClient;

/** Asks whoever sits there; null where nobody does. Rejects when it is called off. */
export interface Prompter {
  /** The answer as typed, or the fallback where nothing was. */
  ask(question: string, fallback: string): Promise<string>;
  confirm(question: string): Promise<boolean>;
  /** An answer was not right: says why, before it is asked again. */
  object(why: string): void;
}

/** What bounds a run on this machine; infinity where it cannot be known. */
export interface MachineLimits {
  readonly cores: number;
  /** As many as this process may keep busy: with a quota also a part of one. At most `cores`. */
  readonly allowedCores: number;
  readonly coresBoundBy: 'machine' | 'affinity' | 'quota';
  readonly memoryBytes: number;
  /** With a limit of a cgroup less than `memoryBytes`. */
  readonly allowedMemoryBytes: number;
  readonly filesPerProcess: number;
  /** Local ports from one source address to one target port. */
  readonly portsPerAddress: number;
  readonly platform: string;
  readonly cpuModel: string;
  readonly hostname: string;
  readonly nodeVersion: string;
}
