// The command on a terminal, which `script` (util-linux) makes.

import { spawn, spawnSync } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { stopProcess } from './foreign-server.ts';
import { HIGHWATER } from './highwater.ts';

export const hasTerminal = spawnSync('script', ['--version']).status === 0;

export const CTRL_C = '\u0003';

export type Answers = readonly (readonly [question: RegExp, answer: string])[];

export interface Screen {
  /** Without the codes that move the cursor and color. */
  readonly screen: string;
  /** As it came. */
  readonly raw: string;
  readonly exitCode: number | null;
}

/** Each answer is typed when the screen ends in its question. Arguments are words without quotation marks. */
export async function highwaterOnTerminal(args: readonly string[], answers: Answers, cwd: string): Promise<Screen> {
  const command = [process.execPath, HIGHWATER, ...args].map((word) => `'${word}'`).join(' ');
  const { PATH = '', HOME = '/' } = process.env;
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd,
    env: { PATH, HOME, TERM: 'xterm', LANG: 'C.UTF-8' },
  });
  onTestFinished(() => stopProcess(child));
  let raw = '';
  let screen = '';
  let seen = 0;
  const left = [...answers];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    raw += text;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: readline moves the cursor
    screen += text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '');
    const [next] = left;
    if (next === undefined || !next[0].test(screen.slice(seen))) return;
    left.shift();
    seen = screen.length;
    child.stdin.write(next[1] === CTRL_C ? CTRL_C : `${next[1]}\r`);
  });
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (left.length > 0) throw new Error(`was not asked ${left[0]![0]}:\n${screen}`);
  return { screen, raw, exitCode };
}
