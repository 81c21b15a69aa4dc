import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createProcessFaults, type PlannedProcessFault } from './process-faults.ts';

function directory(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'highwater-faults-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return path.join(made, 'faults');
}

function idle(): ChildProcess {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  onTestFinished(() => {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
  });
  return child;
}

/** The letter of proc(5): T stands still. */
function stateOf({ pid }: ChildProcess): string {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2)[0] ?? '';
}

async function stands(child: ChildProcess, isStill: boolean): Promise<void> {
  for (let look = 0; (stateOf(child) === 'T') !== isStill; look++) {
    if (look > 500) throw new Error(`the process is in state ${stateOf(child)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function isThere(file: string): Promise<void> {
  for (let look = 0; !existsSync(file); look++) {
    if (look > 1000) throw new Error(`${file} is not there`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const stopping = ({ pid }: ChildProcess): PlannedProcessFault => ({
  kind: 'stop',
  name: 'stop',
  process: pid!,
  atNs: 0,
  forNs: 1,
});
const command = (
  run: readonly [string, ...string[]],
  undo: readonly [string, ...string[]] | null = null,
): PlannedProcessFault => ({
  kind: 'command',
  name: 'command',
  run,
  undo,
  directory: null,
  atNs: 0,
  forNs: 0,
});

describe.runIf(process.platform === 'linux')('a process that is stopped', () => {
  test('stands still until it is let go on, and nothing is left behind', async () => {
    const journal = directory();
    const faults = createProcessFaults(journal);
    const child = idle();
    await faults.begin(stopping(child), null);
    await stands(child, true);
    expect(readdirSync(journal)).toEqual([`stopped-${child.pid}.json`]);
    await faults.end(stopping(child), null);
    await stands(child, false);
    expect(readdirSync(journal)).toEqual([]);
  });

  test('by a run that is still there stays as it is', async () => {
    const faults = createProcessFaults(directory());
    const child = idle();
    await faults.begin(stopping(child), null);
    expect(faults.recover()).toEqual([]);
    await stands(child, true);
    await faults.end(stopping(child), null);
  });

  test('by a run that was killed goes on at the next start, which says so', async () => {
    const journal = directory();
    const child = idle();
    await createProcessFaults(journal).begin(stopping(child), null);
    const file = path.join(journal, `stopped-${child.pid}.json`);
    const note = JSON.parse(readFileSync(file, 'utf8')) as { what: object };
    // As a coordinator would have left it that is gone: its number is another's now.
    writeFileSync(file, JSON.stringify({ ...note, byStartedAt: '1' }));
    expect(createProcessFaults(journal).recover()).toEqual([
      `resumed process ${child.pid}, which a killed run had left paused`,
    ]);
    await stands(child, false);
    expect(readdirSync(journal)).toEqual([]);
  });

  test('whose number has been given to another since is left alone', async () => {
    const journal = directory();
    const child = idle();
    await createProcessFaults(journal).begin(stopping(child), null);
    const file = path.join(journal, `stopped-${child.pid}.json`);
    const note = JSON.parse(readFileSync(file, 'utf8')) as { what: object };
    writeFileSync(file, JSON.stringify({ ...note, byStartedAt: '1', what: { ...note.what, startedAt: '2' } }));
    await stands(child, true);
    expect(createProcessFaults(journal).recover()).toEqual([]);
    expect(stateOf(child)).toBe('T');
  });
});

describe('a process that is not there', () => {
  test('is named before the run', async () => {
    const child = idle();
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(createProcessFaults(directory()).problems([stopping(child)])).toEqual([
      `faults: stop: expected a running process with id ${child.pid}, got none`,
    ]);
    expect(createProcessFaults(directory()).problems([stopping(idle())])).toEqual([]);
  });

  test('in mid-run is a reason', async () => {
    const fault: PlannedProcessFault = { kind: 'kill', name: 'kill', process: 4_194_303, atNs: 0, forNs: 0 };
    await expect(createProcessFaults(directory()).begin(fault, null)).rejects.toThrow('ESRCH');
  });
});

test('the process of the run itself is none to break', () => {
  const fault: PlannedProcessFault = { kind: 'stop', name: 'stop', process: process.pid, atNs: 0, forNs: 1 };
  expect(createProcessFaults(directory()).problems([fault])[0]).toContain('which this run needs itself');
});

describe('a command', () => {
  const faults = createProcessFaults('unused');

  test('is run when the fault begins, and another when it ends', async () => {
    const file = path.join(path.dirname(directory()), 'said');
    const say = (word: string) => ['sh', '-c', `printf %s ${word} >> ${file}`] as const;
    const fault = command(say('begun'), say('-undone'));
    await faults.begin(fault, null);
    await faults.end(fault, null);
    expect(readFileSync(file, 'utf8')).toBe('begun-undone');
  });

  test('that starts something in the background is not waited for', async () => {
    const file = path.join(path.dirname(directory()), 'pid');
    await faults.begin(command(['sh', '-c', `sleep 60 & echo $! > ${file}`]), null);
    const pid = Number(readFileSync(file, 'utf8'));
    expect(process.kill(pid, 'SIGKILL')).toBe(true);
  });

  test('that is at work when the run ends is ended, with all that it has started', async () => {
    const file = path.join(path.dirname(directory()), 'at-work');
    const mine = createProcessFaults('unused');
    const begun = mine.begin(command(['sh', '-c', `sleep 61 & touch ${file}; sleep 62`]), null);
    await isThere(file);
    mine.interrupt();
    await expect(begun).rejects.toThrow('sh: expected exit code 0, got SIGKILL');
  });

  test('that mends something is not ended with the run, but waited for', async () => {
    const begun = path.join(path.dirname(directory()), 'begun');
    const mine = createProcessFaults('unused');
    const mend = `touch ${begun}; until [ -e ${begun}.go ]; do sleep 0.01; done; touch ${begun}.mended`;
    const ended = mine.end(command(['true'], ['sh', '-c', mend]), null);
    await isThere(begun);
    mine.interrupt();
    writeFileSync(`${begun}.go`, '');
    await ended;
    expect(existsSync(`${begun}.mended`)).toBe(true);
  });

  test('that fails, or is not there, is a reason with its last words', async () => {
    await expect(faults.begin(command(['sh', '-c', 'echo no such service >&2; exit 3']), null)).rejects.toThrow(
      'sh: expected exit code 0, got 3. no such service',
    );
    await expect(faults.begin(command(['/no/such/command']), null)).rejects.toThrow('ENOENT');
  });
});
