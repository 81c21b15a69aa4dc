// What an end-to-end test with a known answer works with: the built command in a copy of its own (so that it may be
// broken on purpose, and a rebuild does not change it under a run), known servers, and a directory for the runs.
// Everything that is started here is gone after `clear`, also when the test fails.

import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RunResult } from '../../../src/facts/result.ts';
import { type KnownBehavior, type KnownServer, startKnownServer } from './known-server.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
/** No test lets the command run for longer. */
const MAX_RUN_MS = 120_000;

/** One change of the built code: `from` must stand there exactly once. */
export interface Mutation {
  /** Below dist/. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  stderr(): string;
  hasEnded(): boolean;
  /** As a terminal does it: to the process group of the command. */
  interrupt(signal: 'SIGINT' | 'SIGTERM'): void;
}

export interface CommandOptions {
  /** Another copy of the command, from `broken`. */
  readonly command?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A shell line to run first, such as a `ulimit`. */
  readonly before?: string;
}

export interface Workbench {
  readonly directory: string;
  /** Pass it as `--runs-dir`. */
  readonly runsDirectory: string;
  start(args: readonly string[], options?: CommandOptions): RunningCommand;
  run(args: readonly string[], options?: CommandOptions): Promise<Ended>;
  /** Runs with `--json` and reads the result. */
  measure(args: readonly string[], options?: CommandOptions): Promise<Measured>;
  server(behavior: KnownBehavior): Promise<KnownServer>;
  /** A copy of the command with these changes. */
  broken(mutations: readonly Mutation[]): string;
  writeFile(name: string, text: string): string;
  clear(): Promise<void>;
}

export interface Measured extends Ended {
  readonly result: RunResult;
}

export function createWorkbench(): Workbench {
  const directory = mkdtempSync(path.join(tmpdir(), 'highwater-known-'));
  const runsDirectory = path.join(directory, 'runs');
  const commands = new Set<ChildProcess>();
  const servers = new Set<KnownServer>();
  let copies = 0;

  function copy(): string {
    const root = path.join(directory, `copy-${copies++}`);
    mkdirSync(root);
    cpSync(path.join(ROOT, 'dist'), path.join(root, 'dist'), { recursive: true });
    cpSync(path.join(ROOT, 'package.json'), path.join(root, 'package.json'));
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(root, 'node_modules'));
    return root;
  }

  const whole = copy();

  function start(
    args: readonly string[],
    { command = whole, env = {}, before = 'true' }: CommandOptions = {},
  ): RunningCommand {
    const { PATH = '', HOME = '/' } = process.env;
    const words = [process.execPath, path.join(command, 'dist/cli/bin.js'), ...args];
    const child = spawn('sh', ['-c', `${before} && exec "$@"`, 'sh', ...words], {
      cwd: directory,
      env: { PATH, HOME, LANG: 'C.UTF-8', HIGHWATER_RUNS_DIR: runsDirectory, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    commands.add(child);
    const timer = setTimeout(() => child.kill('SIGKILL'), MAX_RUN_MS);
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, signal) => {
        clearTimeout(timer);
        commands.delete(child);
        resolve({ exitCode, signal, ...output });
      });
    });
    return {
      pid: child.pid!,
      ended,
      stderr: () => output.stderr,
      hasEnded: () => child.exitCode !== null || child.signalCode !== null,
      interrupt: (signal) => void process.kill(-child.pid!, signal),
    };
  }

  return {
    directory,
    runsDirectory,
    start,
    run: (args, options) => start(args, options).ended,
    async measure(args, options) {
      const ended = await start([...args, '--json'], options).ended;
      return { ...ended, result: resultOf(ended) };
    },
    async server(behavior) {
      const server = await startKnownServer(behavior);
      servers.add(server);
      return server;
    },
    broken(mutations) {
      const root = copy();
      for (const { file, from, to } of mutations) {
        const target = path.join(root, 'dist', file);
        const parts = readFileSync(target, 'utf8').split(from);
        if (parts.length !== 2)
          throw new Error(`dist/${file}: expected once, found ${parts.length - 1} times: ${from}`);
        writeFileSync(target, parts.join(to));
      }
      return root;
    },
    writeFile(name, text) {
      const file = path.join(directory, name);
      writeFileSync(file, text);
      return file;
    },
    async clear() {
      await Promise.all([...commands].map(kill));
      await Promise.all([...servers].map((server) => server.stop()));
      rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

export function resultOf({ stdout, stderr, exitCode }: Ended): RunResult {
  try {
    return JSON.parse(stdout) as RunResult;
  } catch {
    throw new Error(`expected a result as JSON on stdout, got exit code ${exitCode} and:\n${stdout}\n${stderr}`);
  }
}

function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
