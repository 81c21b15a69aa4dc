// Faults of processes: stopped, killed, restarted, or whatever a command of the user's does. What must be undone is written
// down before it is done: a process that stands still would stand for ever where the coordinator was killed meanwhile.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Fault } from '../plan/plan.ts';
import type { FaultHost, RunningTarget } from '../run/ports.ts';
import { unreachable } from '../units/unreachable.ts';

/** A command that says nothing for so long is ended. */
const COMMAND_PATIENCE_MS = 60_000;
const LAST_WORDS_MS = 50;
const MAX_WORDS_KEPT = 500;

/** A process that stands still, and when it was started: numbers of processes are given again. */
interface Standing {
  readonly pid: number;
  readonly startedAt: string;
  /** The coordinator that stopped it. */
  readonly by: number;
  readonly byStartedAt: string;
}

/** `directory`: where what must be undone is written down. */
export function createProcessFaults(directory: string): FaultHost {
  /** When each process was started that the plan names: a number that has been given to another since is not touched. */
  const startedAt = new Map<number, string>();
  const commands = new Set<ChildProcess>();
  const standing = new Set<number>();
  let isHeeded = false;

  /** Where this process ends without more ado, such as at a second Ctrl-C: nobody may stand still for ever. */
  function heedExit(): void {
    if (isHeeded) return;
    isHeeded = true;
    process.once('exit', () => {
      for (const child of commands) endGroup(child);
      for (const pid of standing) letGoOn(pid, directory);
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
    interrupt() {
      for (const child of commands) endGroup(child);
    },
    async begin(fault, target) {
      heedExit();
      switch (fault.kind) {
        case 'stop': {
          const pid = pidOf(fault.process, target);
          stop(pid, directory);
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
          await run(fault.run, commands);
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
          goOn(pid, directory);
          return;
        }
        case 'kill':
          return;
        case 'restart':
          await runningTarget(target).startAgain();
          return;
        case 'command':
          if (fault.undo !== null) await run(fault.undo, commands);
          return;
        default:
          unreachable(fault);
      }
    },
    recover: () => recover(directory),
  };
}

function problemsOf(fault: Fault): readonly string[] {
  if ((fault.kind !== 'stop' && fault.kind !== 'kill') || fault.process === 'reference') return [];
  if (fault.process === process.pid || fault.process === process.ppid) {
    return [
      `faults: ${fault.name}: expected a process of the service, got ${fault.process}, on which this run depends`,
    ];
  }
  try {
    process.kill(fault.process, 0);
    return [];
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'EPERM' ? 'one that belongs to somebody else' : 'none';
    return [`faults: ${fault.name}: expected a process with the number ${fault.process}, got ${why}`];
  }
}

function runningTarget(target: RunningTarget | null): RunningTarget {
  if (target === null) throw new Error('the run has no reference target');
  return target;
}

function fileOf(pid: number, directory: string): string {
  return path.join(directory, `stopped-${pid}.json`);
}

function stop(pid: number, directory: string): void {
  mkdirSync(directory, { recursive: true });
  const standing: Standing = {
    pid,
    startedAt: startOf(pid),
    by: process.pid,
    byStartedAt: startOf(process.pid),
  };
  writeFileSync(fileOf(pid, directory), JSON.stringify(standing));
  process.kill(pid, 'SIGSTOP');
}

function goOn(pid: number, directory: string): void {
  try {
    process.kill(pid, 'SIGCONT');
  } finally {
    rmSync(fileOf(pid, directory), { force: true });
  }
}

function letGoOn(pid: number, directory: string): void {
  try {
    goOn(pid, directory);
  } catch {
    // it is gone
  }
}

/** When the process was started, in the kernel's ticks since boot (proc(5), field 22); empty where that cannot be known. */
function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isStanding(value: unknown): value is Standing {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, startedAt, by, byStartedAt } = value as Record<string, unknown>;
  return [pid, by].every(Number.isSafeInteger) && [startedAt, byStartedAt].every((text) => typeof text === 'string');
}

/** A process of the same number that was started at another time is another. */
function isAlive(pid: number, startedAt: string): boolean {
  try {
    process.kill(pid, 0);
    return startOf(pid) === startedAt;
  } catch {
    return false;
  }
}

/** What runs that were killed have left standing goes on. */
function recover(directory: string): readonly string[] {
  const told: string[] = [];
  for (const name of filesIn(directory)) {
    const file = path.join(directory, name);
    const standing = readStanding(file);
    if (standing !== null && isAlive(standing.by, standing.byStartedAt)) continue;
    if (!isRemoved(file)) {
      told.push(`${file}: expected a note that can be removed, got one that cannot: it is left as it is`);
      continue;
    }
    if (standing === null || !isAlive(standing.pid, standing.startedAt)) continue;
    process.kill(standing.pid, 'SIGCONT');
    told.push(`process ${standing.pid} was left standing still by a run that was killed: it goes on again`);
  }
  return told;
}

function isRemoved(file: string): boolean {
  try {
    rmSync(file, { force: true });
    return true;
  } catch {
    return false;
  }
}

function filesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => /^stopped-\d+\.json$/.test(name));
  } catch {
    return [];
  }
}

function readStanding(file: string): Standing | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isStanding(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * Rejects where the command cannot be run, fails, or takes too long. It has a process group of its own; what it leaves
 * behind in the background when it ends well is meant, such as a service that it starts, and is not waited for.
 */
function run([file, ...args]: readonly [string, ...string[]], commands: Set<ChildProcess>): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    commands.add(child);
    let lastWords = '';
    let isTooLong = false;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      lastWords = (lastWords + text).slice(-MAX_WORDS_KEPT);
    });
    const patience = setTimeout(() => {
      isTooLong = true;
      endGroup(child);
    }, COMMAND_PATIENCE_MS);
    const settle = (reason: string | null): void => {
      clearTimeout(patience);
      commands.delete(child);
      // Who runs on in the background may hold the pipe.
      child.stderr.destroy();
      if (reason === null) resolve();
      else reject(new Error(`${file}: ${reason}`));
    };
    child.once('error', (error) => settle(error.message));
    // Its last words may come a little after its end.
    child.once('exit', (code, signal) =>
      setTimeout(() => {
        if (code === 0) settle(null);
        else if (isTooLong) settle(`expected an end within ${COMMAND_PATIENCE_MS / 1000} s, got none`);
        else settle(`expected exit code 0, got ${code ?? signal}. ${lastWords.trim()}`.trim());
      }, LAST_WORDS_MS),
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
