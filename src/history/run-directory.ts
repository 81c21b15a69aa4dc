// Runs on disk, `.highwater/runs/<id>/`:
//
//   plan.json        the resolved plan, redacted
//   windows.ndjson   appended as they arrive       } each line reaches the kernel before the next is
//   events.ndjson    appended as they happen       } taken: a killed process loses none that it had
//   monitors.ndjson    appended as they are read     }
//   truth.ndjson     appended as network faults affect messages and connections
//   result.json      at the end, and again whenever the run is judged again
//   summary.json     beside it: the few figures of it by which runs are listed
//   tags.json        what the run is found by; at the start, and whenever somebody changes it
//   coordinator.json before anything else: whose run it is, while it goes on
//   reserve          while the run goes on: room for the end of the record where the disk fills up

import { randomFillSync } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HighwaterError } from '../facts/error.ts';
import { decodeEvent, encodeEvent, type Manifest, type RecordedEvent } from '../facts/event.ts';
import { decodeReading, encodeReading, type MonitorReading } from '../facts/monitor.ts';
import { RESULT_SCHEMA, type RunResult } from '../facts/result.ts';
import { summaryOf } from '../facts/run-summary.ts';
import { decodeWindow, encodeWindow, foreignSchema, WINDOW_SCHEMA, type Window } from '../facts/window.ts';
import { encodeTruth } from '../injection/truth.ts';
import type { Plan } from '../plan/plan.ts';
import { readStoredPlan } from '../plan/stored-plan.ts';
import { makeDirectory } from '../run/make-directory.ts';
import type { Archive, Recording, StoredRun } from '../run/ports.ts';
import { isNonEmpty } from '../units/non-empty.ts';
import { type AppendFile, openAppendFile } from './append-file.ts';
import { encodeCoordinator, isAtWork } from './going-on.ts';
import { readLines } from './read-lines.ts';
import {
  COORDINATOR,
  EVENTS,
  MONITORS,
  PLAN,
  RESERVE,
  RESULT,
  replaceFile,
  SUMMARY,
  TRUTH,
  WINDOWS,
} from './record-files.ts';
import { resolveReference, severalRuns } from './references.ts';
import { changeTags } from './tags.ts';

/** `root`: the directory that holds one directory a run. */
export function createRunDirectories(root: string): Archive {
  return {
    async begin(manifest: Manifest, plan: Plan, tags: readonly string[]): Promise<Recording> {
      const directory = path.join(root, manifest.id);
      let isMade = false;
      try {
        makeDirectory(root);
        mkdirSync(directory);
        isMade = true;
        await writeFile(path.join(directory, COORDINATOR), encodeCoordinator());
        await writeFile(path.join(directory, PLAN), `${JSON.stringify(plan, null, 2)}\n`);
        if (tags.length > 0) await changeTags(directory, { add: tags });
        reserve(directory);
        return record(directory, plan);
      } catch (error) {
        if (isMade) rmSync(directory, { recursive: true, force: true });
        throw new HighwaterError('RUN_DIRECTORY_UNWRITABLE', [
          `${directory}: expected a writable directory, got: ${(error as Error).message}. ` +
            'Change to another directory, or choose one with --runs-dir',
        ]);
      }
    },
    async open(reference) {
      const directories = await resolveReference(root, reference, null);
      if (directories.length > 1) throw severalRuns(root, reference, directories);
      return openRun(directories[0]);
    },
    async find(reference, planName) {
      const runs: StoredRun[] = [];
      for (const directory of await resolveReference(root, reference, planName ?? null))
        runs.push(await openRun(directory));
      if (!isNonEmpty(runs)) throw new RangeError(`${reference}: resolved to no run`);
      return runs;
    },
  };
}

/** What the drain of a run and its last events take, but for runs of many workers or large rooms. */
const RESERVE_BYTES = 1024 * 1024;

/** Of random bytes, as some file systems keep zeros without any room. Throws where there is not as much. */
function reserve(directory: string): void {
  const file = path.join(directory, RESERVE);
  try {
    writeFileSync(file, randomFillSync(Buffer.alloc(RESERVE_BYTES)));
  } catch (error) {
    // A limit on the size of a file is none on all of them, so that nothing can be set aside.
    if ((error as NodeJS.ErrnoException).code !== 'EFBIG') throw error;
    rmSync(file, { force: true });
  }
}

function record(directory: string, plan: Plan): Recording {
  const open = (name: string): AppendFile => openAppendFile(path.join(directory, name));
  const windows = open(WINDOWS);
  const events = open(EVENTS);
  const readings = plan.monitors.length === 0 ? null : open(MONITORS);
  const isBroken = plan.faults.some(({ kind }) => kind === 'way');
  const truth = isBroken ? open(TRUTH) : null;
  let eventCount = 0;
  let problem: string | null = null;
  /** Without these nobody would know why the run ended; they are few, and bounded where they arise. */
  const unwritten: RecordedEvent[] = [];

  function freeReserve(): void {
    rmSync(path.join(directory, RESERVE), { force: true });
  }

  /** Whether it is in the file. */
  function keep(file: AppendFile, line: string): boolean {
    try {
      file.append(line);
      return true;
    } catch (error) {
      if (problem === null) {
        problem = (error as Error).message;
        freeReserve();
        return keep(file, line);
      }
      return false;
    }
  }

  return {
    path: directory,
    window: (window) => void keep(windows, encodeWindow(window)),
    event(event) {
      const recorded = { event, number: eventCount++ };
      if (!keep(events, encodeEvent(recorded))) unwritten.push(recorded);
    },
    reading(reading) {
      if (readings !== null) keep(readings, encodeReading(reading));
    },
    truth: (line) => truth?.append(encodeTruth(line)),
    problem: () => problem,
    end() {
      for (const file of [windows, events, readings, truth]) file?.close();
      freeReserve();
      const run = stored(directory, plan, null);
      // This process lives, and is done with the record.
      return { ...run, isAtWork: () => false, events: async () => [...(await run.events()), ...unwritten] };
    },
  };
}

function stored(directory: string, plan: Plan, unjudgeable: string | null): StoredRun {
  return {
    path: directory,
    plan,
    unjudgeable,
    isAtWork: () => isAtWork(directory, Date.now()),
    async events() {
      const events: RecordedEvent[] = [];
      for await (const line of readLines(path.join(directory, EVENTS))) {
        const event = decodeEvent(line);
        if (event !== null) events.push(event);
      }
      return events;
    },
    windows: () => readWindows(path.join(directory, WINDOWS)),
    readings: () => readReadings(path.join(directory, MONITORS)),
    result: () => keptResult(directory),
    async keepResult(result: RunResult) {
      try {
        await replaceFile(path.join(directory, RESULT), `${JSON.stringify(result, null, 2)}\n`);
        await replaceFile(path.join(directory, SUMMARY), `${JSON.stringify(summaryOf(result))}\n`);
      } catch (error) {
        throw new HighwaterError('RUN_DIRECTORY_UNWRITABLE', [
          `${directory}: expected to write the result, got: ${(error as Error).message}. ` +
            `Free disk space or make the directory writable, then judge the record again: highwater report ${directory}`,
        ]);
      }
    },
  };
}

/** Null where none was kept, as where the run was killed, or only a part of one, or one of another version. */
async function keptResult(directory: string): Promise<RunResult | null> {
  try {
    return readResult(JSON.parse(await readFile(path.join(directory, RESULT), 'utf8')));
  } catch {
    return null;
  }
}

/** Fields are only ever added: one that lacks some is of a version before. */
const RESULT_FIELDS = [
  ...[
    'run',
    'record',
    'verdict',
    'connections',
    'messages',
    'delivery',
    'fanout',
    'pushes',
    'pings',
    'types',
    'recovery',
  ],
  ...['misbehaving', 'response', 'service', 'sendLag', 'throughput', 'generator', 'resources', 'monitors', 'findings'],
  ...['stages', 'timeline', 'responseHeat', 'violations'],
];

/** Null for one that is none, or of another version. */
function readResult(kept: unknown): RunResult | null {
  if (typeof kept !== 'object' || kept === null || !('schema' in kept) || kept.schema !== RESULT_SCHEMA) return null;
  const isWhole =
    'plan' in kept && !('problem' in readStoredPlan(kept.plan)) && RESULT_FIELDS.every((field) => field in kept);
  return isWhole ? (kept as RunResult) : null;
}

async function* readWindows(file: string): AsyncGenerator<Window> {
  for await (const line of readLines(file)) {
    const window = decodeWindow(line);
    if (window !== null) yield window;
  }
}

async function* readReadings(file: string): AsyncGenerator<MonitorReading> {
  // A run without monitors has no such file.
  if (!(await isFile(file))) return;
  for await (const line of readLines(file)) {
    const reading = decodeReading(line);
    if (reading !== null) yield reading;
  }
}

/** A run whose record is not whole is what was kept of its judgment. Rejects with RUN_UNREADABLE where nothing was. */
async function openRun(directory: string): Promise<StoredRun> {
  const read = await readRecord(directory);
  if (!('problem' in read)) return stored(directory, read, null);
  const { problem } = read;
  const kept = await keptResult(directory);
  if (kept !== null) return stored(directory, kept.plan, problem);
  throw new HighwaterError('RUN_UNREADABLE', [`${directory}: expected the record of a run, got: ${problem}`]);
}

/** The plan of a record that can be judged; otherwise why it cannot. */
async function readRecord(directory: string): Promise<Plan | { readonly problem: string }> {
  let kept: unknown;
  try {
    kept = JSON.parse(await readFile(path.join(directory, PLAN), 'utf8'));
  } catch (error) {
    return { problem: (error as Error).message };
  }
  for (const file of [WINDOWS, EVENTS]) {
    if (!(await isFile(path.join(directory, file)))) return { problem: `no file ${file}` };
  }
  const plan = readStoredPlan(kept);
  if ('problem' in plan) return { problem: `a ${PLAN} that is not a resolved plan of this version (${plan.problem})` };
  // The windows of another version would be left out as foreign lines.
  for await (const line of readLines(path.join(directory, WINDOWS))) {
    const schema = foreignSchema(line);
    if (schema !== null)
      return { problem: `one of another version of Highwater (${schema} instead of ${WINDOW_SCHEMA})` };
    break;
  }
  const events = await stored(directory, plan, null).events();
  if (events.some(({ event }) => event.kind === 'runStarted')) return plan;
  const isDamaged = events.length > 0;
  const why = isDamaged
    ? 'its line is missing or cannot be read'
    : 'the run ended before it started, or lines are missing';
  return { problem: `no runStarted event in ${EVENTS}: ${why}` };
}

async function isFile(candidate: string): Promise<boolean> {
  try {
    return (await stat(candidate)).isFile();
  } catch {
    return false;
  }
}
