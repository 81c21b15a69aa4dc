#!/usr/bin/env node
// What `highwater` starts. It loads next to nothing itself: under a limit too low for the rest that is said, instead of whatever
// module it was that could not be opened.

import { LIMITS_FILE, readText, startProblems } from '../entry/process-limits.ts';
import { HighwaterError } from '../facts/error.ts';
import { reportError } from './report-error.ts';

const problems = startProblems(readText(LIMITS_FILE));
if (problems.length > 0) process.exitCode = reportError(new HighwaterError('MACHINE_LIMIT', problems));
else {
  try {
    await import('./start.ts');
  } catch (error) {
    process.exitCode = reportError(error);
  }
}
