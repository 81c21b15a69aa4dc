// Starts the rig's programs, each on the core it is told, and sees to it that none outlives the benchmark: every child has a
// time limit, is killed by its own pid when this process exits, and the echo server also goes when its stdin closes, which
// happens even if this process is killed.

import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { buildRig } from './build.js';

const START_LIMIT_MS = 5_000;
const STOP_LIMIT_MS = 2_000;
const MOST_OUTPUT_CHARACTERS = 64 * 1024 * 1024;
const STDERR_TAIL_CHARACTERS = 4_000;

/** @typedef {import('node:child_process').ChildProcessWithoutNullStreams} Child */

/** Pinning needs taskset (util-linux); without it a benchmark still runs, with more noise. */
const canPin = spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0;

/**
 * @param {number | null} core
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {[string, string[]]} taskset replaces itself by the command, so the child's pid is the command's
 */
const pinned = (core, command, args) =>
  core === null || !canPin ? [command, [...args]] : ['taskset', ['-c', String(core), command, ...args]];

/**
 * @param {Child} child
 * @param {number} limitMs
 * @param {() => void} [onLimit]
 */
function endWithThisProcess(child, limitMs, onLimit) {
  const kill = () => child.kill('SIGKILL');
  const timer = setTimeout(() => {
    onLimit?.();
    kill();
  }, limitMs);
  timer.unref();
  process.setMaxListeners(process.getMaxListeners() + 1);
  process.on('exit', kill);
  child.once('close', () => {
    clearTimeout(timer);
    process.off('exit', kill);
    process.setMaxListeners(process.getMaxListeners() - 1);
  });
}

/**
 * @param {NodeJS.ReadableStream} stream
 * @param {(text: string) => void} take
 */
function readText(stream, take) {
  stream.setEncoding('utf8');
  stream.on('data', take);
}

/**
 * Starts the C echo server on ephemeral ports of 127.0.0.1.
 * @param {{ core?: number | null, ports?: number, limitSeconds?: number }} [options] core: null for any; ports: how many;
 *   limitSeconds: it is killed after that time whatever happens
 * @returns {Promise<{ ports: number[], pid: number, stop: () => Promise<void> }>}
 * @throws {Error} when there is no rig here (see buildRig) or the server does not listen within five seconds
 */
export async function startEchoServer({ core = null, ports = 1, limitSeconds = 600 } = {}) {
  const rig = buildRig();
  if (rig === null) throw new Error('bench/rig: the C echo server cannot be built here');
  const child = spawn(...pinned(core, rig.echoServer, ['--ports', String(ports), '--until-stdin-closes']));
  endWithThisProcess(child, limitSeconds * 1000);
  let stderr = '';
  readText(child.stderr, (text) => {
    stderr = (stderr + text).slice(-STDERR_TAIL_CHARACTERS);
  });
  child.stdin.on('error', () => {}); // the pipe of a server that is gone already; 'close' tells
  const closed = new Promise((resolve) => child.once('close', resolve));

  /** @type {string} */
  const line = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`bench/rig: the echo server did not listen within ${START_LIMIT_MS} ms`));
    }, START_LIMIT_MS);
    const settle = (/** @type {() => void} */ finish) => {
      clearTimeout(timer);
      finish();
    };
    createInterface({ input: child.stdout }).once('line', (text) => settle(() => resolve(text)));
    child.once('error', (error) => settle(() => reject(error)));
    child.once('close', (code) =>
      settle(() => reject(new Error(`bench/rig: the echo server ended with code ${code}: ${stderr}`))),
    );
  });

  return {
    ports: line.split(' ').slice(1).map(Number),
    pid: /** @type {number} */ (child.pid),
    async stop() {
      child.stdin.end();
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}

/**
 * Runs a command to its end, on one core.
 * @param {number | null} core null for any
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ limitSeconds?: number, cwd?: string, env?: NodeJS.ProcessEnv }} [options] limitSeconds: it is killed after that
 * @returns {Promise<string>} what it wrote to stdout
 * @throws {Error} when it cannot start, ends with a code other than 0, or is killed; with the end of its stderr
 */
export function runPinned(core, command, args, { limitSeconds = 120, cwd, env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(...pinned(core, command, args), { cwd, env });
    const name = [command, ...args].join(' ');
    let stdout = '';
    let stderr = '';
    let killedFor = '';
    endWithThisProcess(child, limitSeconds * 1000, () => {
      killedFor = `took more than ${limitSeconds} s`;
    });
    child.stdin.on('error', () => {}); // a command that ends without reading its stdin is no error
    child.stdin.end();
    readText(child.stdout, (text) => {
      stdout += text;
      if (stdout.length <= MOST_OUTPUT_CHARACTERS) return;
      killedFor = `wrote more than ${MOST_OUTPUT_CHARACTERS} characters`;
      child.kill('SIGKILL');
    });
    readText(child.stderr, (text) => {
      stderr = (stderr + text).slice(-STDERR_TAIL_CHARACTERS);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (killedFor !== '') reject(new Error(`${name}: ${killedFor} and was killed\n${stderr}`));
      else if (code !== 0) reject(new Error(`${name}: ended with ${signal ?? `code ${code}`}\n${stderr}`));
      else resolve(stdout);
    });
  });
}
