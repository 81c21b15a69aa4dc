// What git says of a directory, asked of the `git` of this machine. Whatever is wrong with it, the answer is null and nobody is
// bothered: a run does not need it.

import { execFile } from 'node:child_process';
import type { GitState } from '../facts/event.ts';

const TIMEOUT_MS = 2_000;
/** A first changed file is enough: what exceeds this is cut off, and read as far as it goes. */
const MAX_OUTPUT_BYTES = 256 * 1024;

const ARGUMENTS = [
  // A repository may name a monitor of files and hooks that git is to run: not for us.
  ...['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'],
  ...['status', '--porcelain=v2', '--branch', '-z', '--untracked-files=no', '--ignore-submodules=dirty'],
];

export function gitState(directory: string): Promise<GitState | null> {
  // Variables such as GIT_DIR, which a hook of git sets, speak of another repository than the directory's.
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_')));
  return new Promise((resolve) => {
    execFile(
      'git',
      ARGUMENTS,
      {
        cwd: directory,
        // Looking must not take the index's lock from somebody who commits.
        env: { ...environment, GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' },
        timeout: TIMEOUT_MS,
        killSignal: 'SIGKILL',
        maxBuffer: MAX_OUTPUT_BYTES,
      },
      (error, output) => {
        const isWhole = error === null || error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';
        resolve(isWhole ? parseGitStatus(output) : null);
      },
    );
  });
}

/** Of `git status --porcelain=v2 --branch -z`: headers begin with `# `, whatever else is there is a change. */
export function parseGitStatus(output: string): GitState | null {
  const entries = output.split('\0').filter((entry) => entry !== '');
  const header = (name: string): string | null =>
    entries.find((entry) => entry.startsWith(`# ${name} `))?.slice(name.length + 3) ?? null;
  const commit = header('branch.oid');
  const branch = header('branch.head');
  // A repository without a commit says "(initial)".
  if (commit === null || !/^[0-9a-f]{40,64}$/.test(commit)) return null;
  return {
    commit,
    branch: branch === '(detached)' ? null : branch,
    isDirty: entries.some((entry) => !entry.startsWith('# ')),
  };
}
