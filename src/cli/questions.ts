// Questions on a terminal, one line each, on stderr: stdout may be the plan itself. Between questions the terminal is as it
// was, so that Ctrl-C ends the command; within one it comes as a key, and so does the end of input.

import { createInterface } from 'node:readline/promises';
import { wrapText } from '../report/terminal/wrap.ts';
import type { Prompter } from '../run/ports.ts';
import { printNote, styleFor } from './terminal.ts';

/** Whether somebody can be asked. */
export function hasSomebody(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** `interrupt` is called for Ctrl-C and Ctrl-D, and must abort the signal. */
export function createQuestions(signal: AbortSignal, interrupt: () => void): Prompter {
  async function put(question: string): Promise<string> {
    signal.throwIfAborted();
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await new Promise<string>((resolve, reject) => {
        terminal.once('SIGINT', interrupt);
        terminal.once('close', interrupt);
        terminal.question(lastLine(question), { signal }).then(resolve, reject);
      });
    } finally {
      terminal.off('close', interrupt);
      terminal.close();
    }
  }
  return {
    async ask(question, fallback) {
      const answer = (await put(`${question} [${fallback}]: `)).trim();
      return answer === '' ? fallback : answer;
    },
    async confirm(question) {
      const answer = (await put(`${question} [Y/n]: `)).trim();
      return answer === '' || /^y(es)?$/i.test(answer);
    },
    object(why) {
      printNote(`  ${why}`);
    },
  };
}

/** Prints the lines before it: readline counts on a question of one line. */
function lastLine(question: string): string {
  const lines = wrapText(question.trimEnd(), 2, styleFor(process.stderr).columns).split('\n');
  for (const line of lines.slice(0, -1)) process.stderr.write(`${line}\n`);
  return `${lines.at(-1)} `;
}
