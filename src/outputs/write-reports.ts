// Reports as files: each format is made by itself, so that what goes wrong with one is no trouble of the others.

import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ReportFile } from '../report/files/report-file.ts';
import { makeDirectory } from '../run/make-directory.ts';

export interface WrittenReports {
  readonly files: readonly string[];
  /** Formats that have nothing of this run, such as histograms without samples. */
  readonly empty: readonly string[];
  /** What could not be written, and why. */
  readonly problems: readonly string[];
}

/** Makes the files of a format. */
export type MakeFiles<Format extends string> = (
  format: Format,
) => readonly ReportFile[] | Promise<readonly ReportFile[]>;

/** Why nothing can be written there; null where it can. The directory is made where it is not there. */
export function directoryProblem(directory: string): string | null {
  try {
    makeDirectory(directory);
    accessSync(directory, constants.W_OK);
    return null;
  } catch (error) {
    return `expected a writable directory, got ${directory}: ${(error as Error).message}`;
  }
}

/** Says of which runs the reports of a directory are. */
const MARK = '.highwater-reports.json';
const RECORD = 'events.ndjson';

/** Why reports of these runs must not be written there, as it holds those, or the record, of others; null where it does not. */
export function othersProblem(directory: string, runs: readonly string[]): string | null {
  const others = reportedIn(directory).filter((run) => !runs.includes(run));
  const isRecord = existsSync(path.join(directory, RECORD)) && !runs.includes(path.basename(path.resolve(directory)));
  if (others.length === 0 && !isRecord) return null;
  const got = isRecord ? 'which is the record of another run' : `which holds the reports of ${others.join(', ')}`;
  return `expected a directory without files of another run, got ${directory}, ${got}. Choose another one, or overwrite them with --overwrite`;
}

function reportedIn(directory: string): readonly string[] {
  try {
    const { runs } = JSON.parse(readFileSync(path.join(directory, MARK), 'utf8')) as { readonly runs?: unknown };
    return Array.isArray(runs) ? runs.filter((run): run is string => typeof run === 'string').slice(0, MOST_NAMED) : [];
  } catch {
    // There is none, or it is none of ours.
    return [];
  }
}

const MOST_NAMED = 5;

/** From now on the reports there are of these runs. Rejects with the system's error. */
export function markReports(directory: string, runs: readonly string[]): void {
  writeFileSync(path.join(directory, MARK), `${JSON.stringify({ runs })}\n`);
}

export async function writeReports<Format extends string>(
  formats: readonly Format[],
  filesOf: MakeFiles<Format>,
  directory: string,
): Promise<WrittenReports> {
  const files: string[] = [];
  const empty: string[] = [];
  const problems: string[] = [];
  const unmade = directoryProblem(directory);
  if (unmade !== null) return { files, empty, problems: [unmade] };
  for (const format of formats) {
    try {
      const made = await filesOf(format);
      if (made.length === 0) empty.push(format);
      for (const { name, content } of made) {
        const file = path.join(directory, name);
        writeFileSync(file, content);
        files.push(file);
      }
    } catch (error) {
      problems.push(`${format}: expected to write it to ${directory}, got: ${(error as Error).message}`);
    }
  }
  return { files, empty, problems };
}
