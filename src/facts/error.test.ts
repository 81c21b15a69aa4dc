import { expect, test } from 'vitest';
import { ERROR_CODES, HighwaterError } from './error.ts';

test('an error says its code before each of its problems', () => {
  const error = new HighwaterError('PLAN_INVALID', ['a: expected b, got c', 'd: expected e, got f']);
  expect(error.message).toBe('PLAN_INVALID  a: expected b, got c\nPLAN_INVALID  d: expected e, got f');
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe('HighwaterError');
});

test('the exit code says whose fault it was: 64 the plan’s, 69 the target’s, 70 Highwater’s', () => {
  const exitCodes = Object.fromEntries(ERROR_CODES.map((code) => [code, new HighwaterError(code, []).exitCode]));
  expect(exitCodes).toEqual({
    PLAN_INVALID: 64,
    QUERY_INVALID: 64,
    DUCKDB_MISSING: 64,
    PLAN_UNREADABLE: 64,
    ARGUMENTS_INVALID: 64,
    BEHAVIOR_INVALID: 64,
    FAULTS_INVALID: 64,
    PROTOCOL_INVALID: 64,
    MACHINE_LIMIT: 64,
    TLS_FILE_UNREADABLE: 64,
    ROWS_UNREADABLE: 64,
    MONITOR_UNREADABLE: 64,
    RUN_NOT_FOUND: 64,
    RUN_UNREADABLE: 64,
    RUNS_NOT_COMPARABLE: 64,
    OUTPUT_UNWRITABLE: 64,
    RUN_DIRECTORY_UNWRITABLE: 64,
    TARGET_UNREACHABLE: 69,
    TARGET_START_FAILED: 70,
    WORKER_START_FAILED: 70,
    BOOKS_UNBALANCED: 70,
    INTERNAL: 70,
  });
});
