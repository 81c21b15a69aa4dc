// Failures that end the command, with the code under which `docs/reference/errors.md` explains them.

export const ERROR_CODES = [
  'PLAN_INVALID',
  'PLAN_UNREADABLE',
  'ARGUMENTS_INVALID',
  'BEHAVIOR_INVALID',
  'FAULTS_INVALID',
  'PROTOCOL_INVALID',
  'MACHINE_LIMIT',
  'TLS_FILE_UNREADABLE',
  'ROWS_UNREADABLE',
  'MONITOR_UNREADABLE',
  'TARGET_UNREACHABLE',
  'TARGET_START_FAILED',
  'RUN_NOT_FOUND',
  'RUN_UNREADABLE',
  'RUNS_NOT_COMPARABLE',
  'RUN_DIRECTORY_UNWRITABLE',
  'OUTPUT_UNWRITABLE',
  'QUERY_INVALID',
  'DUCKDB_MISSING',
  'WORKER_START_FAILED',
  'BOOKS_UNBALANCED',
  'INTERNAL',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** sysexits.h where it has a word for it; see `docs/reference/errors.md`. */
export const EXIT_CODES = {
  pass: 0,
  fail: 1,
  inconclusive: 2,
  usage: 64,
  unreachable: 69,
  internal: 70,
  interrupted: 130,
} as const;

const EXIT_CODE_OF: Readonly<Record<ErrorCode, number>> = {
  PLAN_INVALID: EXIT_CODES.usage,
  PLAN_UNREADABLE: EXIT_CODES.usage,
  ARGUMENTS_INVALID: EXIT_CODES.usage,
  BEHAVIOR_INVALID: EXIT_CODES.usage,
  FAULTS_INVALID: EXIT_CODES.usage,
  PROTOCOL_INVALID: EXIT_CODES.usage,
  MACHINE_LIMIT: EXIT_CODES.usage,
  TLS_FILE_UNREADABLE: EXIT_CODES.usage,
  ROWS_UNREADABLE: EXIT_CODES.usage,
  MONITOR_UNREADABLE: EXIT_CODES.usage,
  RUN_NOT_FOUND: EXIT_CODES.usage,
  RUN_UNREADABLE: EXIT_CODES.usage,
  RUNS_NOT_COMPARABLE: EXIT_CODES.usage,
  TARGET_UNREACHABLE: EXIT_CODES.unreachable,
  TARGET_START_FAILED: EXIT_CODES.internal,
  RUN_DIRECTORY_UNWRITABLE: EXIT_CODES.usage,
  OUTPUT_UNWRITABLE: EXIT_CODES.usage,
  QUERY_INVALID: EXIT_CODES.usage,
  DUCKDB_MISSING: EXIT_CODES.usage,
  WORKER_START_FAILED: EXIT_CODES.internal,
  BOOKS_UNBALANCED: EXIT_CODES.internal,
  INTERNAL: EXIT_CODES.internal,
};

/** `problems` are whole lines: what, where, expected, got and what to do. */
export class HighwaterError extends Error {
  readonly code: ErrorCode;
  readonly problems: readonly string[];
  readonly exitCode: number;

  constructor(code: ErrorCode, problems: readonly string[]) {
    super(problems.map((problem) => `${code}  ${problem}`).join('\n'));
    this.name = 'HighwaterError';
    this.code = code;
    this.problems = problems;
    this.exitCode = EXIT_CODE_OF[code];
  }
}
