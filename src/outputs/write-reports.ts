// Reports as files: each format is made by itself, so that what goes wrong with one is no trouble of the others.

import { accessSync, constants, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ReportFile } from '../report/report-file.ts';
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
    return `expected a directory that can be written, got ${directory}: ${(error as Error).message}`;
  }
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
