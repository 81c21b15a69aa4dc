// One trial: the built command with real workers against the campaign's service, and what is done to it on the way.

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunResult } from '../../src/facts/result.ts';
import { limitedGroup, mayLimit } from '../support/cgroup.ts';
import { canUnshareNetwork, childrenOf, limitDescriptors, limitPorts, signal } from '../support/processes.ts';
import { whenRecorded } from '../support/run-events.ts';
import type { Disturbance, Phase, Trial } from './draw.ts';
import type { Truth, VerdictService } from './service.ts';

export interface FinishedTrial {
  readonly trial: Trial;
  readonly exitCode: number | null;
  /** Null where the command ended without one. */
  readonly result: RunResult | null;
  /** Null where the command's own target served. */
  readonly truth: Truth | null;
  readonly stderr: string;
  /** Why the trial could not be carried out on this machine; null where it was. */
  readonly skipped: string | null;
}

const PATIENCE_MS = 60_000;

/** `command`: the file of the built command. */
export async function runTrial(trial: Trial, service: VerdictService, command: string): Promise<FinishedTrial> {
  const { disturbance } = trial;
  const name = `${trial.kind}-${trial.seed}`;
  const isAlone = disturbance?.kind === 'ports';
  if (isAlone && !canUnshareNetwork()) return skipped(trial, 'network namespaces cannot be made here');
  if (disturbance?.kind === 'quota' && !mayLimit('cpu')) return skipped(trial, 'no CPU group can be made here');
  const cwd = mkdtempSync(path.join(tmpdir(), 'highwater-verdict-'));
  const undo: (() => void | Promise<void>)[] = [];
  try {
    const group =
      disturbance?.kind === 'quota' ? limitedGroup({ cores: disturbance.coreShare }, (step) => undo.push(step)) : null;
    const url = isAlone ? 'reference' : service.url(name, trial.behavior);
    writeFileSync(path.join(cwd, 'plan.json'), JSON.stringify({ ...trial.plan, target: { url } }));
    const own = isAlone ? ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'] : [];
    const joined = group === null ? [] : ['sh', '-c', `${group.enter} && exec "$@"`, 'sh'];
    const [file = '', ...args] = [
      ...own,
      ...joined,
      process.execPath,
      command,
      'run',
      'plan.json',
      '--json',
      '-q',
      '--runs-dir',
      'runs',
    ];
    const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        output[stream] += text;
      });
    }
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const hasEnded = { yes: false };
    void ended.then(() => {
      hasEnded.yes = true;
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    if (disturbance !== null && child.pid !== undefined) {
      await disturb(disturbance, trial, child.pid, path.join(cwd, 'runs'), () => hasEnded.yes);
    }
    let exitCode = await ended;
    clearTimeout(timer);
    if (disturbance?.kind === 'damage') {
      takeAway(path.join(cwd, 'runs'), disturbance.lines);
      // Not in one go: the service of the other trials is in this process.
      const again = await ranToItsEnd([command, 'report', 'latest', '--json', '--runs-dir', 'runs'], cwd);
      exitCode = again.exitCode;
      output.stdout = again.stdout;
    }
    return {
      trial,
      exitCode,
      result: output.stdout.startsWith('{') ? (JSON.parse(output.stdout) as RunResult) : null,
      truth: isAlone ? null : service.truth(name),
      stderr: output.stderr,
      skipped: null,
    };
  } finally {
    rmSync(cwd, { recursive: true, force: true, maxRetries: 3 });
    for (const step of undo) await step();
  }
}

function skipped(trial: Trial, reason: string): FinishedTrial {
  return { trial, exitCode: null, result: null, truth: null, stderr: '', skipped: reason };
}

function ranToItsEnd(
  args: readonly string[],
  cwd: string,
): Promise<{ readonly exitCode: number | null; readonly stdout: string }> {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, stdout }));
  });
}

/** Lines in the middle of the windows: as a file system loses them. */
function takeAway(runs: string, lines: number): void {
  const [run = ''] = readdirSync(runs).filter((name) => /^\d/.test(name));
  const file = path.join(runs, run, 'windows.ndjson');
  const written = readFileSync(file, 'utf8').split('\n');
  written.splice(Math.floor(written.length / 2), lines);
  writeFileSync(file, written.join('\n'));
}

async function disturb(
  disturbance: Disturbance,
  trial: Trial,
  pid: number,
  runs: string,
  hasEnded: () => boolean,
): Promise<void> {
  switch (disturbance.kind) {
    case 'quota':
    case 'damage':
    case 'idleFault':
      return;
    case 'descriptors':
    case 'ports': {
      if (!(await whenRecorded(runs, 'runStarted', hasEnded))) return;
      for (const worker of childrenOf(pid)) {
        if (disturbance.kind === 'ports') return limitPorts(worker, disturbance.left);
        limitDescriptors(worker, disturbance.left);
      }
      return;
    }
    case 'stopWorker':
    case 'stopCoordinator': {
      await reach(disturbance.phase, trial, runs, hasEnded);
      const victims = disturbance.kind === 'stopWorker' ? childrenOf(pid) : [pid];
      for (const victim of victims) signal(victim, 'SIGSTOP');
      await sleep(disturbance.forMs);
      for (const victim of victims) signal(victim, 'SIGCONT');
      return;
    }
  }
}

async function reach(phase: Phase, { sendingMs }: Trial, runs: string, hasEnded: () => boolean): Promise<void> {
  if (phase === 'connecting') {
    await whenRecorded(runs, 'runStarted', hasEnded);
    await sleep(200);
    return;
  }
  await whenRecorded(runs, 'messagesStarted', hasEnded);
  await sleep(phase === 'sending' ? sendingMs / 3 : sendingMs + 120);
}
