// Compiles the rig's two C programs, once for each change of their source, into bench/rig/build/ (not under version control).
// Without a C compiler, or off Linux (they use epoll), there is no rig: the caller gets null and skips what needs it.

import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const buildFolder = join(folder, 'build');
const compilers = /** @type {const} */ (['cc', 'gcc', 'clang']);

/** @param {string} path */
const modifiedMs = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** @returns {string | undefined} the first compiler that runs */
const findCompiler = () => compilers.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);

/**
 * Compiles under a temporary name and renames, so that a program which another process is about to start is always whole.
 * @param {string} compiler
 * @param {string} source
 * @param {string} target
 */
function compile(compiler, source, target) {
  const unfinished = `${target}.${process.pid}`;
  const { status, stderr } = spawnSync(compiler, ['-std=c11', '-O2', '-Wall', '-Wextra', '-o', unfinished, source], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(`${compiler} could not compile ${source}:\n${stderr}`);
  renameSync(unfinished, target);
}

/**
 * Builds what is missing or older than its source.
 * @returns {{ echoServer: string, bareClient: string } | null} paths of the two programs; null, with the reason on stderr,
 *   where they cannot be built
 * @throws {Error} when a source does not compile: a bug, not a lack of the machine
 */
export function buildRig() {
  const paths = { echoServer: join(buildFolder, 'echo-server'), bareClient: join(buildFolder, 'bare-client') };
  if (process.platform !== 'linux') {
    console.error(`bench/rig: no C programs here: they use Linux's epoll, and this is ${process.platform}.`);
    return null;
  }
  const stale = Object.values(paths)
    .map((target) => ({ target, source: join(folder, `${target.slice(buildFolder.length + 1)}.c`) }))
    .filter(({ target, source }) => modifiedMs(target) < modifiedMs(source));
  if (stale.length === 0) return paths;
  const compiler = findCompiler();
  if (compiler === undefined) {
    console.error(
      `bench/rig: no C compiler found (tried ${compilers.join(', ')}): install gcc or clang to measure speed.`,
    );
    return null;
  }
  mkdirSync(buildFolder, { recursive: true });
  for (const { source, target } of stale) compile(compiler, source, target);
  return paths;
}
