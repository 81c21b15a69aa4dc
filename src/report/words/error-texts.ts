// Errors with what was said of them and what to do: why connections failed, how the service closed them, what it rejected, what
// could not be read. Tables in the page and in Markdown are made of the same rows.

import { describeCloseCode } from '../../facts/close-codes.ts';
import { FAILURE_MEANINGS, type FailureKind } from '../../facts/failure.ts';
import type { RunResult } from '../../facts/result.ts';
import { UNREADABLE_TEXTS, type UnreadableKind } from '../../facts/unreadable.ts';
import { printable } from '../../units/printable.ts';
import { failureAdvice } from './advice.ts';
import { failureText } from './failure-text.ts';

export interface ErrorRow {
  /** The name under which the documentation has it. */
  readonly kind: string;
  readonly count: number;
  readonly meaning: string;
  /** The first time, in the words of whoever said it; null where nothing was said. */
  readonly message: string | null;
  readonly advice: string | null;
}

/** Of what was said. */
export const MOST_CHARACTERS = 300;

/** The most frequent first. */
export function failureRows(result: RunResult): readonly ErrorRow[] {
  const rows = Object.entries(result.connections.failures).map(([kind, failure]) => {
    const message = failureText(kind as FailureKind, failure, result.run);
    return {
      kind,
      count: failure.count,
      meaning: FAILURE_MEANINGS[kind as FailureKind],
      message: message === '' ? null : printable(message, MOST_CHARACTERS),
      advice: failureAdvice(result, kind as FailureKind),
    };
  });
  return rows.sort((a, b) => b.count - a.count);
}

export function closeRows({ connections }: RunResult): readonly ErrorRow[] {
  const { closeCodes, closeReasons } = connections;
  const rows = Object.entries(closeCodes).map(([code, count]) => {
    const reason = Object.hasOwn(closeReasons, code) ? closeReasons[code]! : '';
    return {
      kind: printable(code, 40),
      count,
      meaning: describeCloseCode(Number(code)),
      message: reason === '' ? null : printable(reason, MOST_CHARACTERS),
      advice: null,
    };
  });
  return rows.sort((a, b) => b.count - a.count);
}

export function unreadableRows({ delivery }: RunResult): readonly ErrorRow[] {
  const rows = Object.entries(delivery.unreadable).map(([kind, { count, first }]) => {
    const { is, are, remedy } = UNREADABLE_TEXTS[kind as UnreadableKind];
    return {
      kind,
      count,
      meaning: count === 1 ? is : are,
      message: first === null ? null : printable(first.text, MOST_CHARACTERS),
      advice: remedy,
    };
  });
  return rows.sort((a, b) => b.count - a.count);
}
