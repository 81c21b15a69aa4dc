// Runs on disk, `.highwater/runs/<id>/`:
//
//   plan.json        the resolved plan, redacted
//   windows.ndjson   appended as they arrive       } each line reaches the kernel before the next is
//   events.ndjson    appended as they happen       } taken: a killed process loses none that it had
//   probes.ndjson    appended as they are read     }
//   truth.ndjson     appended as faults on the way befall messages and connections
//   result.json      at the end, and again whenever the run is judged again

import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { HighwaterError } from '../facts/error.ts';
import { decodeEvent, encodeEvent, type Manifest, type RunEvent } from '../facts/event.ts';
import { decodeReading, encodeReading, type ProbeReading } from '../facts/probe.ts';
import { RESULT_SCHEMA, type RunResult } from '../facts/result.ts';
import { decodeWindow, encodeWindow, foreignSchema, WINDOW_SCHEMA, type Window } from '../facts/window.ts';
import { encodeTruth } from '../injection/truth.ts';
import type { Plan } from '../plan/plan.ts';
import { makeDirectory } from '../run/make-directory.ts';
import type { Archive, Recording, StoredRun } from '../run/ports.ts';

const PLAN = 'plan.json';
const WINDOWS = 'windows.ndjson';
const EVENTS = 'events.ndjson';
const PROBES = 'probes.ndjson';
const TRUTH = 'truth.ndjson';
const RESULT = 'result.json';

/** `root`: the directory that holds one directory a run. */
export function createRunDirectories(root: string): Archive {
  return {
    async begin(manifest: Manifest, plan: Plan): Promise<Recording> {
      const directory = path.join(root, manifest.id);
      try {
        makeDirectory(directory);
        await writeFile(path.join(directory, PLAN), `${JSON.stringify(plan, null, 2)}\n`);
        return record(directory, plan);
      } catch (error) {
        throw new HighwaterError('RUN_DIRECTORY_UNWRITABLE', [
          `${directory}: expected a directory that can be written, got: ${(error as Error).message}. ` +
            'Change to another directory, or name one with --runs-dir',
        ]);
      }
    },
    open: async (id) => openRun(await findRun(root, id)),
    async find(reference) {
      const [first = '', ...others] = reference.split(',').map((part) => part.trim());
      if ([first, ...others].includes('')) {
        throw new HighwaterError('RUN_NOT_FOUND', [
          `${JSON.stringify(reference)}: expected runs in ${root}, with commas between them, got an empty name`,
        ]);
      }
      const open = async (part: string): Promise<StoredRun> => openRun(await findRun(root, part));
      return [await open(first), ...(await Promise.all(others.map(open)))];
    },
  };
}

function record(directory: string, plan: Plan): Recording {
  const windows = openSync(path.join(directory, WINDOWS), 'a');
  const events = openSync(path.join(directory, EVENTS), 'a');
  const readings = plan.probes.length === 0 ? null : openSync(path.join(directory, PROBES), 'a');
  const isBroken = plan.faults.some(({ kind }) => kind === 'way');
  const truth = isBroken ? openSync(path.join(directory, TRUTH), 'a') : null;
  return {
    path: directory,
    window: (window) => void writeSync(windows, `${encodeWindow(window)}\n`),
    event: (event) => void writeSync(events, `${encodeEvent(event)}\n`),
    reading(reading) {
      if (readings !== null) writeSync(readings, `${encodeReading(reading)}\n`);
    },
    truth(line) {
      if (truth !== null) writeSync(truth, `${encodeTruth(line)}\n`);
    },
    end() {
      closeSync(windows);
      closeSync(events);
      if (readings !== null) closeSync(readings);
      if (truth !== null) closeSync(truth);
      return stored(directory, plan);
    },
  };
}

function stored(directory: string, plan: Plan): StoredRun {
  return {
    path: directory,
    plan,
    async events() {
      const events: RunEvent[] = [];
      for await (const line of lines(path.join(directory, EVENTS))) {
        const event = decodeEvent(line);
        if (event !== null) events.push(event);
      }
      return events;
    },
    windows: () => readWindows(path.join(directory, WINDOWS)),
    readings: () => readReadings(path.join(directory, PROBES)),
    async result() {
      try {
        const kept: unknown = JSON.parse(await readFile(path.join(directory, RESULT), 'utf8'));
        return isResult(kept) ? kept : null;
      } catch {
        // None was kept, as where the run was killed, or only a part of one: the record itself can be judged.
        return null;
      }
    },
    async keepResult(result: RunResult) {
      const file = path.join(directory, RESULT);
      try {
        // Written aside and renamed, so that a reader never sees half a result.
        await writeFile(`${file}.new`, `${JSON.stringify(result, null, 2)}\n`);
        await rename(`${file}.new`, file);
      } catch (error) {
        await rm(`${file}.new`, { force: true });
        throw new HighwaterError('RUN_DIRECTORY_UNWRITABLE', [
          `${file}: expected to write the result, got: ${(error as Error).message}. ` +
            `The record is whole and can be judged once there is room: highwater report ${directory}`,
        ]);
      }
    },
  };
}

function isResult(value: unknown): value is RunResult {
  return typeof value === 'object' && value !== null && 'schema' in value && value.schema === RESULT_SCHEMA;
}

/** The last line may be torn, where the run was killed in the middle of it: it is left out without a word. */
async function* readWindows(file: string): AsyncGenerator<Window | null> {
  let isTorn = false;
  for await (const line of lines(file)) {
    if (line === '') continue;
    if (isTorn) yield null;
    const window = decodeWindow(line);
    isTorn = window === null;
    if (window !== null) yield window;
  }
}

async function* readReadings(file: string): AsyncGenerator<ProbeReading> {
  // A run without probes has no such file.
  if (!(await isFile(file))) return;
  for await (const line of lines(file)) {
    const reading = decodeReading(line);
    if (reading !== null) yield reading;
  }
}

function lines(file: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
}

async function openRun(directory: string): Promise<StoredRun> {
  const unreadable = (what: string): HighwaterError =>
    new HighwaterError('RUN_UNREADABLE', [`${directory}: expected the record of a run, got: ${what}`]);
  let plan: unknown;
  try {
    plan = JSON.parse(await readFile(path.join(directory, PLAN), 'utf8'));
    await Promise.all([stat(path.join(directory, WINDOWS)), stat(path.join(directory, EVENTS))]);
  } catch (error) {
    throw unreadable((error as Error).message);
  }
  if (typeof plan !== 'object' || plan === null || !('load' in plan) || !('thresholds' in plan)) {
    throw unreadable(`a ${PLAN} that is not a resolved plan`);
  }
  // The plan of another version may lack what this one asks for, and its windows would be left out as foreign lines.
  for await (const line of lines(path.join(directory, WINDOWS))) {
    const schema = foreignSchema(line);
    if (schema !== null) throw unreadable(`one of another version of Highwater (${schema}, and not ${WINDOW_SCHEMA})`);
    break;
  }
  const run = stored(directory, plan as Plan);
  const events = await run.events();
  if (!events.some((event) => event.kind === 'runStarted')) {
    throw unreadable('no runStarted event: the run ended before it began');
  }
  return run;
}

/** By path, by id, by the beginning of an id, or the latest. */
async function findRun(root: string, id: string): Promise<string> {
  if (await isDirectory(id)) return id;
  let known: string[] = [];
  try {
    const entries = await readdir(root, { withFileTypes: true });
    known = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
  } catch {
    // no run yet: said below
  }
  if (id === 'latest' && known.length > 0) return path.join(root, known.at(-1)!);
  const matches = known.includes(id) ? [id] : known.filter((name) => name.startsWith(id));
  if (matches.length === 1) return path.join(root, matches[0]!);
  const got = matches.length > 1 ? `${matches.length} runs that begin so` : 'none of that name';
  const hint = known.length === 0 ? 'No run is kept there yet' : `The latest is ${known.at(-1)}`;
  throw new HighwaterError('RUN_NOT_FOUND', [`${id}: expected a run in ${root}, or a path, got ${got}. ${hint}`]);
}

async function isFile(candidate: string): Promise<boolean> {
  try {
    return (await stat(candidate)).isFile();
  } catch {
    return false;
  }
}

async function isDirectory(candidate: string): Promise<boolean> {
  try {
    return (await stat(candidate)).isDirectory();
  } catch {
    return false;
  }
}
