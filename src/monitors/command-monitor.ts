// Starts a program at every tick and reads the numbers that it prints: one, or lines of a name and a number. It runs
// without a shell, in a process group of its own, which is ended with it: nothing that it starts is left behind.

import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { MOST_SERIES } from '../facts/monitor.ts';
import type { MonitorSettings } from '../plan/plan.ts';
import type { Monitor } from '../run/ports.ts';
import { textOf } from '../run/text-file.ts';

const MOST_OUTPUT_BYTES = 64 * 1024;
const MOST_ERROR_CHARACTERS = 200;
const ONLY_SERIES = 'value';
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const LINE = /^(\S{1,100})\s+(\S+)$/;

export type CommandSettings = Extract<MonitorSettings, { readonly kind: 'command' }>;

export function createCommandMonitor(settings: CommandSettings): Monitor {
  return { read: async (signal) => ({ values: parseNumbers(textOf(await outputOf(settings, signal))), gap: null }) };
}

/** Null where the program is there. Whether it prints numbers shows only when it runs. */
export function commandProblem({ program, directory }: CommandSettings): string | null {
  const places = program.includes('/')
    ? [path.resolve(directory ?? '.', program)]
    : (process.env.PATH ?? '').split(path.delimiter).map((folder) => path.join(folder, program));
  return places.some(isProgram) ? null : `expected an executable program, got ${program}`;
}

/** Throws with what was found where it is no numbers. */
export function parseNumbers(output: string): Readonly<Record<string, number>> {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const [first = ''] = lines;
  if (lines.length === 1 && isNumber(first)) return { [ONLY_SERIES]: Number(first) };
  if (lines.length > MOST_SERIES) throw new Error(`expected at most ${MOST_SERIES} lines, got ${lines.length}`);
  const numbers = lines.map((line) => {
    const [, name = '', number = ''] = LINE.exec(line) ?? [];
    if (!isNumber(number))
      throw new Error(`expected a number, or a name and a number, got ${JSON.stringify(line.slice(0, 60))}`);
    return [name, Number(number)] as const;
  });
  if (numbers.length === 0) throw new Error('expected a number, got no output');
  return Object.fromEntries(numbers);
}

function isNumber(text: string): boolean {
  return NUMBER.test(text) && Number.isFinite(Number(text));
}

function outputOf({ program, args, directory }: CommandSettings, signal: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...(directory === null ? {} : { cwd: directory }),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const output: Buffer[] = [];
    let outputBytes = 0;
    let errors = '';
    const end = (): void => {
      endGroup(child.pid);
      // Who left the group may hold the pipes.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    signal.addEventListener('abort', end, { once: true });
    child.stdout.on('data', (bytes: Buffer) => {
      output.push(bytes);
      outputBytes += bytes.length;
      if (outputBytes <= MOST_OUTPUT_BYTES) return;
      reject(new Error(`expected at most ${MOST_OUTPUT_BYTES / 1024} KiB of output, got more`));
      end();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(0, MOST_ERROR_CHARACTERS);
    });
    child.once('error', reject);
    child.once('close', (code, killedBy) => {
      signal.removeEventListener('abort', end);
      if (code === 0) resolve(Buffer.concat(output));
      else
        reject(
          new Error(`ended with ${killedBy ?? `code ${code}`}${errors.trim() === '' ? '' : `: ${errors.trim()}`}`),
        );
    });
  });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
