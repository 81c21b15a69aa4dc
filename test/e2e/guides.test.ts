// The shell blocks of the guides and of the first page, run as they stand there: with the built command behind `npx`, page by page,
// each in a directory of its own. A block is run if its fence says `sh`; what needs a service of the reader's says `bash`. What
// ends with another code than 0 says so in a comment: `# exit 1`.

import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { HIGHWATER, temporaryDirectory, type WhenOver, writeInto } from '../support/highwater.ts';

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));
/** Those with the most runs first: three are run at once, and the last should be short. */
const PAGES = [
  'start/first-result.md',
  ...readdirSync(path.join(DOCS, 'guides'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `guides/${name}`),
].sort((a, b) => runsOf(b) - runsOf(a));
/** On a busy machine the generator may doubt itself: then a run is inconclusive, and not to be compared. */
const IN_DOUBT = 2;
const NOT_COMPARABLE = 64;

interface FinishedCommand {
  readonly command: string;
  readonly exitCode: number;
}

describe('the commands that the guides show', { concurrent: true, timeout: 120_000 }, () => {
  test.each(PAGES)('%s', async (page) => {
    const whenOver: (() => void | Promise<void>)[] = [];
    try {
      await runPage(page, (clean) => void whenOver.push(clean));
    } finally {
      for (const clean of whenOver.reverse()) await clean();
    }
  });
});

function runsOf(page: string): number {
  const blocks = shellBlocks(readFileSync(path.join(DOCS, page), 'utf8'));
  return blocks.join('\n').split('npx highwater run ').length;
}

async function runPage(page: string, whenOver: WhenOver): Promise<void> {
  const blocks = shellBlocks(readFileSync(path.join(DOCS, page), 'utf8'));
  expect(blocks.length, page).toBeGreaterThan(0);
  const directory = temporaryDirectory(whenOver);
  const { searchPath, finished } = commandInPath(directory);
  const ports = { '9000': await freePort(), '9001': await freePort() };
  let isInDoubt = false;
  for (const block of blocks) {
    const script = block.replace(/\b900[01]\b/g, (port) => String(ports[port as keyof typeof ports]));
    const before = finished().length;
    const { exitCode, output } = await shell(script, directory, searchPath);
    expect(exitCode, output).toBe(0);
    const commands = finished().slice(before);
    // A target that the block ended with `kill` has no exit code of its own in the list.
    const expected = expectedCodes(script);
    expect(commands.length, output).toBe(expected.length);
    for (const [index, { command, exitCode: code }] of commands.entries()) {
      const allowed = [expected[index], IN_DOUBT, ...(isInDoubt ? [NOT_COMPARABLE] : [])];
      expect(allowed, `${command} ended with ${code}:\n${output}`).toContain(code);
      isInDoubt ||= code === IN_DOUBT;
    }
  }
}

function shellBlocks(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
}

/** What each command of a block ends with, but for targets, which the block kills. */
function expectedCodes(script: string): readonly number[] {
  return script
    .split('\n')
    .filter((line) => line.startsWith('npx highwater ') && !line.startsWith('npx highwater target'))
    .map((line) => Number(/# exit (\d+)$/.exec(line)?.[1] ?? 0));
}

/** `npx highwater` is the built command, and writes down what it ended with. */
function commandInPath(directory: string): {
  readonly searchPath: string;
  readonly finished: () => readonly FinishedCommand[];
} {
  const bin = path.join(directory, 'bin');
  const log = path.join(directory, 'finished.log');
  mkdirSync(bin);
  const shim = writeInto(
    bin,
    'npx',
    `#!/bin/bash
[ "$1" = highwater ] || exit 99
shift
[ "$1" = target ] && exec "${process.execPath}" "${HIGHWATER}" "$@"
"${process.execPath}" "${HIGHWATER}" "$@"
code=$?
echo "$code $*" >> "${log}"
exit 0
`,
  );
  chmodSync(shim, 0o755);
  return {
    searchPath: `${bin}:${process.env.PATH ?? ''}`,
    finished: () =>
      existsSync(log)
        ? readFileSync(log, 'utf8')
            .trimEnd()
            .split('\n')
            .map((line) => ({
              exitCode: Number(line.split(' ', 1)[0]),
              command: line.slice(line.indexOf(' ') + 1),
            }))
        : [],
  };
}

function shell(
  script: string,
  cwd: string,
  searchPath: string,
): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  const { HOME = '/' } = process.env;
  // In a group of its own, so that nothing outlives it if a line of it fails.
  const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd,
    detached: true,
    env: { PATH: searchPath, HOME, LANG: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // Nothing of it is left.
      }
    });
    child.once('close', (exitCode) => resolve({ exitCode, output }));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
