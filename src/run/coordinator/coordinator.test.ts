import { describe, expect, test } from 'vitest';
import { curve, makePlan, openMessages, SECOND } from '../../../test/support/engine/plans.ts';
import { MANIFEST, makeWindow } from '../../../test/support/engine/windows.ts';
import { ROOMY_MACHINE } from '../../../test/support/machine.ts';
import type { RunEvent } from '../../facts/event.ts';
import type { MonitorReading } from '../../facts/monitor.ts';
import type { Notice } from '../../facts/notice.ts';
import type { Window } from '../../facts/window.ts';
import type { Plan } from '../../plan/plan.ts';
import type { RunOptions } from '../options.ts';
import type { WorkerCommand, WorkerPool, WorkerPoolHandler, WorkerReport } from '../ports.ts';
import { machineNeeds } from '../preflight/machine-needs.ts';
import { coordinateRun } from './coordinator.ts';
import type { Watched } from './watch.ts';

/** What a worker says to a command; `die` ends it. Nothing waits for time: answers come on the next turn. */
type Script = (
  worker: number,
  command: WorkerCommand,
  say: (...reports: readonly WorkerReport[]) => void,
  die: (detail: string) => void,
) => void;

interface Conducted {
  readonly events: RunEvent[];
  readonly windows: Window[];
  readonly readings: MonitorReading[];
  readonly sent: { worker: number; command: WorkerCommand }[];
  dismissed: number;
  killed: number[];
  error: unknown;
}

/** A worker that goes through its phases without trouble. */
const obedient: Script = (worker, command, say) => {
  switch (command.kind) {
    case 'assign':
      say({ kind: 'ready' });
      break;
    case 'connect':
      say({ kind: 'connected' });
      break;
    case 'startMessages':
      say({ kind: 'window', window: makeWindow({ worker }) }, { kind: 'finished' });
      break;
    case 'stop':
      say({ kind: 'finished' });
      break;
  }
};

const plan = makePlan({
  connections: curve({ to: 10 }),
  messages: openMessages(100, SECOND),
  plan: { workers: 2 },
});

async function conduct(
  script: Script,
  options: Partial<RunOptions> = {},
  used: Plan = plan,
  onEvent: (event: RunEvent) => void = () => {},
  watched: readonly Watched[] = [],
  problem: () => string | null = () => null,
): Promise<Conducted> {
  const seen: Conducted = { events: [], windows: [], readings: [], sent: [], dismissed: 0, killed: [], error: null };
  const start = async (_count: number, handler: WorkerPoolHandler): Promise<WorkerPool> => {
    const say =
      (worker: number) =>
      (...reports: readonly WorkerReport[]): void =>
        void setImmediate(() => {
          for (const report of reports) handler.report(worker, report);
        });
    const die = (worker: number) => (detail: string) => void setImmediate(() => handler.died(worker, detail));
    return {
      send(worker, command) {
        seen.sent.push({ worker, command });
        script(worker, command, say(worker), die(worker));
      },
      kill(worker) {
        seen.killed.push(worker);
        die(worker)('signal SIGKILL');
      },
      async close() {
        seen.dismissed++;
      },
    };
  };
  try {
    await coordinateRun(used, {
      rows: [],
      feeder: [],
      target: null,
      faults: {
        urls: used.target.urls,
        begin: async () => {},
        end: async () => {},
        counts: () => null,
        interrupt: () => {},
        delayNs: () => null,
        close: async () => {},
      },
      rowSecrets: [],
      addresses: {},
      needs: machineNeeds(used, ROOMY_MACHINE),
      manifest: MANIFEST,
      recording: {
        path: '/nowhere',
        event(event) {
          onEvent(event);
          seen.events.push(event);
        },
        window: (window) => void seen.windows.push(window),
        reading: (reading) => void seen.readings.push(reading),
        truth: () => {},
        problem,
        end: () => {
          throw new Error('the recording is ended by whoever began it');
        },
      },
      fleet: { start },
      watched,
      options: { secrets: [], highwaterVersion: '0.1.0', ...options },
    });
  } catch (error) {
    seen.error = error;
  }
  expect(seen.dismissed, 'the workerPool is dismissed, whatever happens').toBe(1);
  return seen;
}

const kinds = ({ events }: Conducted): string[] => events.map(({ kind }) => kind);
const commands = ({ sent }: Conducted, worker: number): string[] =>
  sent.filter((one) => one.worker === worker).map(({ command }) => command.kind);

describe('a run that goes its way', () => {
  test('takes all workers from phase to phase together', async () => {
    const seen = await conduct(obedient);
    expect(seen.error).toBeNull();
    for (const worker of [0, 1]) expect(commands(seen, worker)).toEqual(['assign', 'connect', 'startMessages']);
    expect(kinds(seen).filter((kind) => kind !== 'connected')).toEqual(['runStarted', 'messagesStarted', 'runEnded']);
    expect(seen.events.at(-1)).toMatchObject({ end: 'completed' });
    expect(seen.windows.map(({ worker }) => worker).sort()).toEqual([0, 1]);
  });

  test('gives every worker its shard, the same start and the same moment for the first message', async () => {
    const { sent } = await conduct(obedient);
    const assigned = sent.flatMap(({ command }) => (command.kind === 'assign' ? command.assignments : []));
    expect(assigned.map(({ shard, shards, clientCount }) => [shard, shards, clientCount])).toEqual([
      [0, 2, 10],
      [1, 2, 10],
    ]);
    expect(new Set(assigned.map(({ run }) => run)).size).toBe(1);
    const origins = sent.flatMap(({ command }) => (command.kind === 'connect' ? [command.originNs] : []));
    expect(new Set(origins).size).toBe(1);
    const starts = sent.flatMap(({ command }) => (command.kind === 'startMessages' ? [command.atNs] : []));
    expect(new Set(starts).size).toBe(1);
  });

  test('is watched, and that a monitor has gaps is told once, without secrets, however often it has', async () => {
    const notices: Notice[] = [];
    let reads = 0;
    let steadyReads = 0;
    const broken: Watched = {
      name: 'app',
      monitor: {
        async read() {
          reads++;
          throw new Error('refused hush-hush');
        },
      },
    };
    const steady: Watched = {
      name: 'queue',
      monitor: {
        async read() {
          steadyReads++;
          return { values: { depth: 7 }, gap: null };
        },
      },
    };
    const whenReadTwice = async (): Promise<void> => {
      while (reads < 2 || steadyReads < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const seen = await conduct(
      (worker, command, say, die) => {
        if (command.kind === 'startMessages') void whenReadTwice().then(() => obedient(worker, command, say, die));
        else obedient(worker, command, say, die);
      },
      { secrets: ['hush-hush'], onNotice: (notice) => notices.push(notice) },
      plan,
      undefined,
      [broken, steady],
    );
    expect(seen.error).toBeNull();
    const read = seen.readings.filter(({ monitor, gap }) => monitor === 'queue' && gap === null);
    expect(read.length).toBeGreaterThanOrEqual(2);
    expect(read[0]).toMatchObject({ values: { depth: 7 } });
    const told = seen.events.flatMap((event) =>
      event.kind === 'monitorGap' && event.monitor === 'app' ? [event.detail] : [],
    );
    expect(told).toContain('refused [redacted]');
    expect(notices.filter((notice) => notice.kind === 'monitorGap' && notice.monitor === 'app')).toEqual([
      { kind: 'monitorGap', monitor: 'app', reason: 'refused [redacted]' },
    ]);
  });

  test('waits for the last worker to be connected', async () => {
    let first = true;
    const seen = await conduct((worker, command, say, die) => {
      if (worker === 1 && command.kind === 'connect' && first) {
        first = false;
        setImmediate(() => setImmediate(() => setImmediate(() => obedient(worker, command, say, die))));
      } else obedient(worker, command, say, die);
    });
    const connects = seen.sent.findIndex(({ command }) => command.kind === 'startMessages');
    expect(connects).toBeGreaterThan(3);
    expect(seen.error).toBeNull();
  });

  test('without messages nobody is told to start any', async () => {
    const quiet = makePlan({ connections: curve({ to: 10 }, { hold: SECOND }), plan: { workers: 2 } });
    const seen = await conduct(
      (worker, command, say, die) => {
        if (command.kind === 'connect') say({ kind: 'connected' }, { kind: 'finished' });
        else obedient(worker, command, say, die);
      },
      {},
      quiet,
    );
    expect(kinds(seen)).not.toContain('messagesStarted');
    expect(commands(seen, 0)).toEqual(['assign', 'connect']);
  });
});

describe('workers in trouble', () => {
  test('one that dies is a fact of the run, and the others go on', async () => {
    const seen = await conduct((worker, command, say, die) => {
      if (worker === 1 && command.kind === 'startMessages') die('exit code 3: out of memory');
      else obedient(worker, command, say, die);
    });
    expect(seen.events).toContainEqual(
      expect.objectContaining({ kind: 'workerDied', worker: 1, detail: 'exit code 3: out of memory' }),
    );
    expect(seen.events.at(-1)).toMatchObject({ kind: 'runEnded', end: 'completed' });
  });

  test('one that dies while clients open does not hold the others up', async () => {
    const seen = await conduct((worker, command, say, die) => {
      if (worker === 0 && command.kind === 'connect') die('signal SIGSEGV');
      else obedient(worker, command, say, die);
    });
    expect(kinds(seen)).toContain('messagesStarted');
    expect(commands(seen, 0)).toEqual(['assign', 'connect']);
    expect(seen.events.at(-1)).toMatchObject({ end: 'completed' });
  });

  test.each(['connect', 'startMessages'] as const)('when all die at %s the run is aborted', async (kind) => {
    const seen = await conduct((worker, command, say, die) => {
      if (command.kind === kind) die('exit code 1');
      else obedient(worker, command, say, die);
    });
    expect(kinds(seen).filter((one) => one === 'workerDied')).toHaveLength(2);
    expect(seen.events).toContainEqual(expect.objectContaining({ kind: 'stopping', reason: 'workersDied' }));
    expect(seen.events.at(-1)).toMatchObject({ kind: 'runEnded', end: 'aborted' });
  });

  test('one that dies before it is ready: the run does not start', async () => {
    const seen = await conduct((worker, command, say, die) => {
      if (worker === 1) die('exit code 1: no such module');
      else obedient(worker, command, say, die);
    });
    expect(seen.error).toMatchObject({ code: 'WORKER_START_FAILED', message: expect.stringContaining('got 1') });
    expect(kinds(seen)).not.toContain('runStarted');
  });

  test('what a dead worker still says changes nothing', async () => {
    const seen = await conduct((worker, command, say, die) => {
      if (worker === 1 && command.kind === 'startMessages') {
        die('exit code 1');
        say({ kind: 'finished' });
      } else obedient(worker, command, say, die);
    });
    expect(kinds(seen).filter((kind) => kind === 'workerDied')).toHaveLength(1);
    expect(seen.events.at(-1)).toMatchObject({ end: 'completed' });
  });

  test('a worker that finished and then exits has not died', async () => {
    const seen = await conduct((worker, command, say, die) => {
      obedient(worker, command, say, die);
      if (command.kind === 'startMessages') die('exit code 0');
    });
    expect(kinds(seen)).not.toContain('workerDied');
  });
});

describe('an early end', () => {
  test('asked for by the user: every worker is told to stop, once, and the run is interrupted', async () => {
    const stopper = new AbortController();
    const seen = await conduct(
      (worker, command, say, die) => {
        if (command.kind === 'startMessages') setImmediate(() => stopper.abort());
        else obedient(worker, command, say, die);
      },
      { signal: stopper.signal },
    );
    expect(seen.events).toContainEqual(expect.objectContaining({ kind: 'stopping', reason: 'interrupted' }));
    expect(seen.events.at(-1)).toMatchObject({ kind: 'runEnded', end: 'interrupted' });
    for (const worker of [0, 1]) expect(commands(seen, worker).filter((kind) => kind === 'stop')).toHaveLength(1);
  });

  test('asked for before the first message: none is sent', async () => {
    const stopper = new AbortController();
    const seen = await conduct(
      (worker, command, say, die) => {
        if (command.kind === 'connect') stopper.abort();
        else obedient(worker, command, say, die);
      },
      { signal: stopper.signal },
    );
    expect(kinds(seen)).not.toContain('messagesStarted');
    expect(seen.events.at(-1)).toMatchObject({ end: 'interrupted' });
  });

  test('no connection could be opened', async () => {
    const seen = await conduct((worker, command, say, die) => {
      if (command.kind === 'startMessages') {
        const connections = { attempted: 5, failed: 5, failures: { refused: 5 } };
        say({ kind: 'window', window: makeWindow({ worker, connections }) });
      } else obedient(worker, command, say, die);
    });
    expect(seen.events).toContainEqual(expect.objectContaining({ kind: 'stopping', reason: 'noConnections' }));
    expect(seen.events.at(-1)).toMatchObject({ end: 'aborted' });
  });
});

test('a record that cannot be written any further ends the run: workers drain, and the record says why', async () => {
  const notices: Notice[] = [];
  let problem: string | null = null;
  const seen = await conduct(
    (worker, command, say, die) => {
      // It would go on for ever: only the stop ends it.
      if (command.kind === 'startMessages') say({ kind: 'window', window: makeWindow({ worker }) });
      else obedient(worker, command, say, die);
    },
    { onNotice: (notice) => notices.push(notice) },
    plan,
    (event) => {
      if (event.kind === 'messagesStarted') problem = 'ENOSPC: no space left on device, write';
    },
    [],
    () => problem,
  );
  expect(seen.error).toBeNull();
  for (const worker of [0, 1]) expect(commands(seen, worker).at(-1)).toBe('stop');
  const [stopping, ended] = seen.events.slice(-2);
  expect(stopping).toMatchObject({
    kind: 'stopping',
    reason: 'recordUnwritable',
    detail: 'the record could not be written: ENOSPC: no space left on device, write',
  });
  expect(ended).toMatchObject({ kind: 'runEnded', end: 'aborted' });
  expect(notices).toEqual([
    { kind: 'recordUnwritable', path: '/nowhere', reason: 'ENOSPC: no space left on device, write' },
  ]);
});

test('the end of the record says how many windows each worker sent', async () => {
  const seen = await conduct((worker, command, say, die) => {
    if (command.kind === 'startMessages') {
      for (let number = 0; number <= worker; number++) say({ kind: 'window', window: makeWindow({ worker, number }) });
      say({ kind: 'window', window: makeWindow({ worker, group: 1, number: 0 }) }, { kind: 'finished' });
    } else obedient(worker, command, say, die);
  });
  const { windows } = seen.events.at(-1) as Extract<RunEvent, { kind: 'runEnded' }>;
  expect(windows.toSorted((a, b) => a.worker - b.worker || a.group - b.group)).toEqual([
    { worker: 0, group: 0, count: 1 },
    { worker: 0, group: 1, count: 1 },
    { worker: 1, group: 0, count: 2 },
    { worker: 1, group: 1, count: 1 },
  ]);
});

test('what workers report is kept, with secrets taken out', async () => {
  const cause = {
    kind: 'httpStatus',
    status: 401,
    reasonPhrase: 'Unauthorized',
    location: '/login?token=s3cr3t-value',
    retryAfter: null,
    authenticate: null,
    body: 'bad token s3cr3t-value in Authorization',
  } as const;
  const seen = await conduct(
    (worker, command, say, die) => {
      if (command.kind === 'connect' && worker === 0) {
        say({
          kind: 'event',
          event: {
            kind: 'failure',
            atNs: 1,
            worker,
            group: 0,
            client: 0,
            failure: 'upgradeRejected',
            cause,
          },
        });
      }
      obedient(worker, command, say, die);
    },
    { secrets: ['s3cr3t-value'] },
  );
  const failure = seen.events.find(({ kind }) => kind === 'failure');
  expect(failure).toMatchObject({ cause: { status: 401, body: 'bad token [redacted] in Authorization' } });
  expect(JSON.stringify(failure)).not.toContain('s3cr3t-value');
});
