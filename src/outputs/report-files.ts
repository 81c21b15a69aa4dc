// Reports as files: each format is made by itself, so that what goes wrong with one is no trouble of the others.

import { accessSync, constants, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inflateSync } from 'node:zlib';
import type { RunResult } from '../facts/result.ts';
import { FORMATS, type FormatName } from '../report/formats.ts';
import type { ReportFile } from '../report/report-file.ts';
import { makeDirectory } from '../run/make-directory.ts';

export interface WrittenReports {
  readonly files: readonly string[];
  /** What could not be written, and why. */
  readonly problems: readonly string[];
}

/** A histogram of ours is not larger. */
const MAX_HISTOGRAM_BYTES = 16 * 1024 ** 2;
const tools = { inflate: (bytes: Uint8Array) => inflateSync(bytes, { maxOutputLength: MAX_HISTOGRAM_BYTES }) };

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

/** Makes the files of a format of a result. */
export function resultFiles(result: RunResult): (format: FormatName) => readonly ReportFile[] {
  return (format) => FORMATS[format](result, tools);
}

export function writeReports<Format extends string>(
  formats: readonly Format[],
  filesOf: (format: Format) => readonly ReportFile[],
  directory: string,
): WrittenReports {
  const files: string[] = [];
  const problems: string[] = [];
  const unmade = directoryProblem(directory);
  if (unmade !== null) return { files, problems: [unmade] };
  for (const format of formats) {
    try {
      for (const { name, text } of filesOf(format)) {
        const file = path.join(directory, name);
        writeFileSync(file, text);
        files.push(file);
      }
    } catch (error) {
      problems.push(`${format}: expected to write it to ${directory}, got: ${(error as Error).message}`);
    }
  }
  return { files, problems };
}
