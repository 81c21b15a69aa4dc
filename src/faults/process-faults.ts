// Process faults: stopped, killed, restarted, or whatever a command of the user's does. What must be undone is written
// down before it is done: a process that stands still would stand for ever where the coordinator was killed meanwhile.

import { type ChildProcess, spawn } from 'node:child_process';
import { startTimer } from '../engine/clock.ts';
import type { FaultCounts } from '../facts/fault-counts.ts';
import type { Fault, ProcessFault } from '../plan/plan.ts';
import type { RunningTarget } from '../run/ports.ts';
import { isAlive, startOf } from '../run/process-identity.ts';
import { unreachable } from '../units/unreachable.ts';
import { type CleanupJournal, createCleanupJournal } from './cleanup-journal.ts';

/** A command that says nothing for so long is ended. */
const COMMAND_PATIENCE_MS = 60_000;
const LAST_OUTPUT_MS = 50;
const MAX_OUTPUT_KEPT = 500;

/** What one does that could be begun. */
const COUNTS: Readonly<Record<ProcessFault['kind'], FaultCounts>> = {
  stop: { signals: 1 },
  kill: { signals: 1 },
  restart: { restarts: 1 },
  command: { commands: 1 },
};

/** A process that stands still, and when it was started: numbers of processes are given again. */
interface StoppedProcess {
  readonly pid: number;
  readonly startedAt: string;
}

export type PlannedProcessFault = Fault & ProcessFault;

export interface ProcessFaults {
  /** A sentence for each that cannot be, as far as that can be known before. */
  problems(faults: readonly PlannedProcessFault[]): readonly string[];
  begin(fault: PlannedProcessFault, target: RunningTarget | null): Promise<void>;
  end(fault: PlannedProcessFault, target: RunningTarget | null): Promise<void>;
  counts(fault: PlannedProcessFault): FaultCounts;
  interrupt(): void;
  recover(): readonly string[];
}

/** `directory`: where what must be undone is written down. */
export function createProcessFaults(directory: string): ProcessFaults {
  const journal = createCleanupJournal(directory, 'stopped', isStoppedProcess);
  /** When each process was started that the plan names: a number that has been given to another since is not touched. */
  const startedAt = new Map<number, string>();
  const commands = new Set<ChildProcess>();
  /** The run waits for these: they mend something. */
  const undoing = new Set<ChildProcess>();
  const standing = new Set<number>();
  let isHeeded = false;

  /** Where this process ends without more ado, such as at a second Ctrl-C: nobody may stand still for ever. */
  function heedExit(): void {
    if (isHeeded) return;
    isHeeded = true;
    process.once('exit', () => {
      for (const child of [...commands, ...undoing]) endGroup(child);
      for (const pid of standing) letGoOn(pid, journal);
    });
  }

  function pidOf(of: 'reference' | number, target: RunningTarget | null): number {
    if (of === 'reference') return runningTarget(target).pid();
    const known = startedAt.get(of);
    if (known !== undefined && known !== startOf(of)) throw new Error(`process ${of} is gone`);
    return of;
  }

  return {
    problems(faults) {
      for (const fault of faults) {
        const pid = fault.kind === 'stop' || fault.kind === 'kill' ? fault.process : 'reference';
        if (pid !== 'reference' && !startedAt.has(pid)) startedAt.set(pid, startOf(pid));
      }
      return faults.flatMap(problemsOf);
    },
    counts: ({ kind }) => COUNTS[kind],
    interrupt() {
      for (const child of commands) endGroup(child);
    },
    async begin(fault, target) {
      heedExit();
      switch (fault.kind) {
        case 'stop': {
          const pid = pidOf(fault.process, target);
          stop(pid, journal);
          standing.add(pid);
          return;
        }
        case 'kill':
          process.kill(pidOf(fault.process, target), 'SIGKILL');
          return;
        case 'restart':
          await runningTarget(target).kill();
          return;
        case 'command':
          await run(fault.run, fault.directory, commands);
          return;
        default:
          unreachable(fault);
      }
    },
    async end(fault, target) {
      switch (fault.kind) {
        case 'stop': {
          const pid = pidOf(fault.process, target);
          standing.delete(pid);
          goOn(pid, journal);
          return;
        }
        case 'kill':
          return;
        case 'restart':
          await runningTarget(target).startAgain();
          return;
        case 'command':
          if (fault.undo !== null) await run(fault.undo, fault.directory, undoing);
          return;
        default:
          unreachable(fault);
      }
    },
    recover: () => recover(journal),
  };
}

function problemsOf(fault: PlannedProcessFault): readonly string[] {
  if ((fault.kind !== 'stop' && fault.kind !== 'kill') || fault.process === 'reference') return [];
  if (fault.process === process.pid || fault.process === process.ppid) {
    return [
      `faults: ${fault.name}: expected a process of the service, got ${fault.process}, which this run needs itself`,
    ];
  }
  try {
    process.kill(fault.process, 0);
    return [];
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'EPERM' ? 'one of another user' : 'none';
    return [`faults: ${fault.name}: expected a running process with id ${fault.process}, got ${why}`];
  }
}

function runningTarget(target: RunningTarget | null): RunningTarget {
  if (target === null) throw new Error('the run has no reference target');
  return target;
}

function letGoOn(pid: number, journal: CleanupJournal<StoppedProcess>): void {
  try {
    goOn(pid, journal);
  } catch {
    // it is gone
  }
}

function stop(pid: number, journal: CleanupJournal<StoppedProcess>): void {
  journal.write(String(pid), { pid, startedAt: startOf(pid) });
  process.kill(pid, 'SIGSTOP');
}

function goOn(pid: number, journal: CleanupJournal<StoppedProcess>): void {
  try {
    process.kill(pid, 'SIGCONT');
  } finally {
    journal.remove(String(pid));
  }
}

function isStoppedProcess(value: object): value is StoppedProcess {
  const { pid, startedAt } = value as Readonly<Record<string, unknown>>;
  return Number.isSafeInteger(pid) && (pid as number) > 1 && typeof startedAt === 'string';
}

/** What runs that were killed have left standing goes on. */
function recover(journal: CleanupJournal<StoppedProcess>): readonly string[] {
  return journal.undoAbandoned(({ pid, startedAt }) => {
    if (!isAlive(pid, startedAt)) return [];
    process.kill(pid, 'SIGCONT');
    return [`resumed process ${pid}, which a killed run had left paused`];
  });
}

/**
 * Rejects where the command cannot be run, fails, or takes too long. It has a process group of its own; what it leaves
 * behind in the background when it ends well is meant, such as a service that it starts, and is not waited for.
 */
function run(
  [file, ...args]: readonly [string, ...string[]],
  directory: string | null,
  commands: Set<ChildProcess>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
      ...(directory === null ? {} : { cwd: directory }),
    });
    commands.add(child);
    let lastOutput = '';
    let isTooLong = false;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      lastOutput = (lastOutput + text).slice(-MAX_OUTPUT_KEPT);
    });
    const patience = startTimer(COMMAND_PATIENCE_MS, () => {
      isTooLong = true;
      endGroup(child);
    });
    const done = (reason: string | null): void => {
      patience.cancel();
      commands.delete(child);
      // Who runs on in the background may hold the pipe.
      child.stderr.destroy();
      if (reason === null) resolve();
      else reject(new Error(`${file}: ${reason}`));
    };
    child.once('error', (error) => done(error.message));
    // Its last words may come a little after its end.
    child.once('exit', (code, signal) =>
      startTimer(LAST_OUTPUT_MS, () => {
        if (code === 0) done(null);
        else if (isTooLong) done(`expected the command to end within ${COMMAND_PATIENCE_MS / 1000} s, got a timeout`);
        else done(`expected exit code 0, got ${code ?? signal}. ${lastOutput.trim()}`.trim());
      }),
    );
  });
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}
