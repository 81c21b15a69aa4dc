// `highwater report`: judges a stored run again, also one that was killed.

import { createRunDirectories } from '../history/run-directory.ts';
import { judgeStoredRun } from '../run/run-plan.ts';
import { exitCodeOf, printResult } from './run-command.ts';

export async function reportCommand(run: string, flags: { json?: boolean; runsDir: string }): Promise<number> {
  const stored = await createRunDirectories(flags.runsDir).open(run);
  const result = await judgeStoredRun(stored);
  printResult(result, flags.json === true, stored.path);
  return exitCodeOf(result);
}
