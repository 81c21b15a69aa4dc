// Starts the built command for a benchmark, pinned like its rivals, and reads its result.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runPinned } from './rig/processes.js';

export const COMMAND = fileURLToPath(new URL('../dist/cli/bin.js', import.meta.url));

/**
 * Runs `highwater run ARGS --json` on one core and returns its result. Whatever the verdict: a benchmark that
 * drives a core to its limit is rightly found inconclusive.
 * @param {number | null} core
 * @param {readonly string[]} args
 * @param {{ limitSeconds?: number, command?: string }} [options] command: another build of it
 * @returns {Promise<any>}
 */
export async function runHighwater(core, args, { limitSeconds = 180, command = COMMAND } = {}) {
  const directory = mkdtempSync(path.join(tmpdir(), 'highwater-bench-'));
  try {
    const script = '"$0" "$@"; code=$?; [ $code -le 2 ]';
    const all = [process.execPath, command, 'run', ...args, '--json', '--quiet', '--runs-dir', directory];
    return JSON.parse(await runPinned(core, 'sh', ['-c', script, ...all], { limitSeconds }));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * CPU a message in the whole seconds after the first two, in which code is still being compiled.
 * @param {any} result of a run with one worker
 */
export function steadyMicros(result) {
  const points = result.timeline.filter((point) => point.second >= 2 && point.cpuRatio !== null).slice(0, -1);
  const cpuSeconds = points.reduce((sum, point) => sum + point.cpuRatio, 0);
  return (cpuSeconds * 1e6) / points.reduce((sum, point) => sum + point.sent, 0);
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Resident memory of a process in bytes, and the part that it shares with no other, from /proc.
 * @param {number} pid */
export function memoryOf(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  return { rssBytes: kilobytes('Rss') * 1024, pssBytes: kilobytes('Pss') * 1024 };
}

/** @param {number} ratio */
export const times = (ratio) => `${ratio.toFixed(2)} ×`;

/** Starts the command and hands back the child, for benchmarks that look at it while it runs.
 * @param {readonly string[]} args
 * @param {string} directory */
export function startHighwater(args, directory) {
  return spawn(process.execPath, [COMMAND, 'run', ...args, '--json', '--quiet', '--runs-dir', directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Processes whose parent is `pid`, from /proc.
 * @param {number} pid
 * @returns {number[]} */
export function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
}
