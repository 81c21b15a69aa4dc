// `highwater report`: judges a stored run again, also one that was killed, and writes reports of it.

import { createRunDirectories } from '../history/run-directory.ts';
import { resultFiles } from '../outputs/report-files.ts';
import { FORMAT_NAMES } from '../report/formats.ts';
import { judgeStoredRun } from '../run/run-plan.ts';
import { type OutputFlags, outputsOf, writeOutputs } from './outputs.ts';
import { exitCodeOf, printResult } from './run-command.ts';

export interface ReportFlags extends OutputFlags {
  readonly json?: boolean;
  readonly runsDir: string;
}

export async function reportCommand(run: string, flags: ReportFlags): Promise<number> {
  const outputs = outputsOf(flags, FORMAT_NAMES);
  const stored = await createRunDirectories(flags.runsDir).open(run);
  const result = await judgeStoredRun(stored);
  printResult(result, flags.json === true, stored.path);
  writeOutputs(outputs, resultFiles(result), stored.path);
  return exitCodeOf(result);
}
