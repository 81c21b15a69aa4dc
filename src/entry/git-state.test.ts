import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { gitState, parseGitStatus } from './git-state.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'highwater-git-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

function git(...args: readonly string[]): string {
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@localhost', '-c', 'init.defaultBranch=main'];
  return execFileSync('git', [...who, ...args], { cwd: directory, encoding: 'utf8', stdio: 'pipe' }).trim();
}

function commit(): string {
  git('init', '--quiet');
  writeFileSync(path.join(directory, 'file'), 'a');
  git('add', 'file');
  git('commit', '--quiet', '--message', 'first');
  return git('rev-parse', 'HEAD');
}

describe('git of a directory', () => {
  test('is its commit, its branch, and whether a file differs', async () => {
    const head = commit();
    expect(await gitState(directory)).toEqual({ commit: head, branch: 'main', isDirty: false });
    writeFileSync(path.join(directory, 'file'), 'b');
    expect(await gitState(directory)).toEqual({ commit: head, branch: 'main', isDirty: true });
  });

  test('does not count files that git does not know: the record of a run is one', async () => {
    commit();
    writeFileSync(path.join(directory, 'other'), 'b');
    expect(await gitState(directory)).toMatchObject({ isDirty: false });
  });

  test('has no branch where none is checked out', async () => {
    const head = commit();
    git('checkout', '--quiet', '--detach');
    expect(await gitState(directory)).toEqual({ commit: head, branch: null, isDirty: false });
  });

  test('is that of the directory, whatever variables of git say', async () => {
    const head = commit();
    vi.stubEnv('GIT_DIR', '/nowhere');
    vi.stubEnv('GIT_WORK_TREE', '/nowhere');
    expect(await gitState(directory)).toMatchObject({ commit: head });
  });

  test('runs no monitor of files that the repository names', async () => {
    commit();
    const trap = path.join(directory, 'trap');
    const program = path.join(directory, 'program');
    writeFileSync(program, `#!/bin/sh\ntouch '${trap}'\n`);
    chmodSync(program, 0o755);
    git('config', 'core.fsmonitor', program);
    await gitState(directory);
    expect(existsSync(trap)).toBe(false);
  });

  test('is null without a repository, without a commit, without a directory, without git', async () => {
    expect(await gitState(directory)).toBeNull();
    git('init', '--quiet');
    expect(await gitState(directory)).toBeNull();
    expect(await gitState(path.join(directory, 'nowhere'))).toBeNull();
    vi.stubEnv('PATH', directory);
    expect(await gitState(directory)).toBeNull();
  });

  test('is null where git takes longer than two seconds', async () => {
    const slow = path.join(directory, 'git');
    writeFileSync(slow, '#!/bin/sh\nexec sleep 60\n');
    chmodSync(slow, 0o755);
    vi.stubEnv('PATH', `${directory}:${process.env.PATH}`);
    expect(await gitState(directory)).toBeNull();
  });
});

test('what is no status of a repository is null', () => {
  for (const text of ['', 'rubbish', '# branch.oid (initial)\0# branch.head main\0', '# branch.oid \u001b[31m\0']) {
    expect(parseGitStatus(text)).toBeNull();
  }
});
