// Reports as files: each format is made by itself, so that what goes wrong with one is no trouble of the others.

import { accessSync, constants, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RunResult } from '../facts/result.ts';
import { FORMATS, type FormatName } from '../report/formats.ts';
import { makeDirectory } from '../run/make-directory.ts';
import { REPORT_TOOLS } from './report-tools.ts';

export interface WrittenReports {
  readonly files: readonly string[];
  /** What could not be written, and why. */
  readonly problems: readonly string[];
}

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

export async function writeReports(
  result: RunResult,
  formats: readonly FormatName[],
  directory: string,
): Promise<WrittenReports> {
  const files: string[] = [];
  const problems: string[] = [];
  const unmade = directoryProblem(directory);
  if (unmade !== null) return { files, problems: [unmade] };
  for (const format of formats) {
    try {
      for (const { name, content } of await FORMATS[format](result, REPORT_TOOLS)) {
        const file = path.join(directory, name);
        writeFileSync(file, content);
        files.push(file);
      }
    } catch (error) {
      problems.push(`${format}: expected to write it to ${directory}, got: ${(error as Error).message}`);
    }
  }
  return { files, problems };
}
