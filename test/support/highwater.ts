// The built command as a child process, in a directory of its own, with an environment that says nothing of the
// machine it runs on. Nothing that is started here outlives the test that started it.

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { RunResult } from '../../src/facts/result.ts';
import { stopProcess } from './foreign-server.ts';

export const HIGHWATER = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));

export interface HighwaterOptions {
  /** Beside PATH, HOME and a plain locale; nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Where it runs and keeps its runs; a fresh directory where left out. */
  readonly cwd?: string;
  /** A shell line to run first, such as a `ulimit`; in the network of the command. */
  readonly before?: string;
  /** In a network namespace of its own, in which there is nothing but the loopback. */
  readonly ownNetwork?: boolean;
  /** Of a test that runs beside others: its own. */
  readonly whenOver?: WhenOver;
}

export type WhenOver = (clean: () => void | Promise<void>) => void;

export interface FinishedHighwater {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What `--json` printed; throws where that is no JSON. */
  readonly result: RunResult;
}

export interface RunningHighwater {
  /** Its workers are its children. */
  readonly pid: number;
  readonly finished: Promise<FinishedHighwater>;
  /** Resolves once the text has been printed; rejects when the command ends without. */
  prints(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
}

const DEFAULT_TIMEOUT_MS = 120_000;

export function runHighwater(args: readonly string[], options: HighwaterOptions = {}): Promise<FinishedHighwater> {
  return startHighwater(args, options).finished;
}

export function startHighwater(args: readonly string[], options: HighwaterOptions = {}): RunningHighwater {
  const { PATH = '', HOME = '/' } = process.env;
  const command = [process.execPath, HIGHWATER, ...args];
  const lines = [options.ownNetwork === true ? 'ip link set lo up' : [], options.before ?? []].flat();
  const [file = '', ...rest] = [
    ...(options.ownNetwork === true ? ['unshare', '--net'] : []),
    ...(lines.length === 0 ? [] : ['bash', '-c', `${lines.join(' && ')} && exec "$@"`, 'bash']),
    ...command,
  ];
  const child = spawn(file, rest, {
    cwd: options.cwd ?? temporaryDirectory(options.whenOver),
    env: { PATH, HOME, LANG: 'C.UTF-8', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      for (const listener of listeners) listener();
    });
  }
  // Its workers and its target end with their channel to it.
  const whenOver = options.whenOver ?? onTestFinished;
  whenOver(() => stopProcess(child));
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  let ended = false;
  const finished = new Promise<FinishedHighwater>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => {
      clearTimeout(timer);
      ended = true;
      for (const listener of listeners) listener();
      resolve({
        exitCode,
        ...output,
        get result() {
          return parseResult(output);
        },
      });
    });
  });
  return {
    finished,
    pid: child.pid!,
    signal: (name) => void child.kill(name),
    prints: (stream, pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(output[stream]);
          if (found === null && !ended) return;
          listeners.delete(look);
          if (found !== null) resolve(found);
          else reject(new Error(`${stream} ended without ${pattern}: ${output.stdout}\n${output.stderr}`));
        };
        listeners.add(look);
        look();
      }),
  };
}

function parseResult({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): RunResult {
  try {
    return JSON.parse(stdout) as RunResult;
  } catch (error) {
    throw new Error(`expected a result as JSON on stdout (${(error as Error).message}), got:\n${stdout}\n${stderr}`);
  }
}

/** A directory that is removed when the test is over. */
export function temporaryDirectory(whenOver: WhenOver = onTestFinished): string {
  const { directory, remove } = createDirectory();
  whenOver(remove);
  return directory;
}

/** The same for a whole file: call `remove` in `afterAll`. */
export function createDirectory(): { readonly directory: string; remove(): void } {
  const directory = mkdtempSync(path.join(tmpdir(), 'highwater-test-'));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }) };
}

/** Writes a file into the directory and returns its path. */
export function writeInto(directory: string, name: string, text: string): string {
  const file = path.join(directory, name);
  writeFileSync(file, text);
  return file;
}

/** Everything that is stored below a directory: file names and contents. */
export function everythingIn(directory: string): string {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.name}\n${readFileSync(path.join(entry.parentPath, entry.name), 'latin1')}`)
    .join('\n');
}
