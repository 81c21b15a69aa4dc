// What must hold in every run, whatever it met.

import { expect } from 'vitest';
import type { MessageResult, RunResult } from '../../src/facts/result.ts';

/** Nothing that was sent went astray, and nothing else came. */
export const NOTHING = {
  lost: 0,
  unresolved: 0,
  duplicated: 0,
  reordered: 0,
  corrupted: 0,
  unexpected: 0,
  late: 0,
} satisfies Partial<MessageResult>;

/** due = sent + unsent, and sent = delivered + rejected + lost + unresolved. */
export function expectBalancedBooks({ messages }: RunResult): void {
  const { overdue, backpressure, windowFull, socketClosed } = messages.unsent;
  expect(messages.due, 'due = sent + unsent').toBe(messages.sent + overdue + backpressure + windowFull + socketClosed);
  expect(messages.sent, 'sent = delivered + rejected + lost + unresolved').toBe(
    messages.delivered + messages.rejected + messages.lost + messages.unresolved,
  );
}

/** Balanced books, something sent, all of it delivered, and nothing else seen. */
export function expectPerfectDelivery(result: RunResult): void {
  expectBalancedBooks(result);
  const { sent, delivered, lost, unresolved, rejected, duplicated, reordered, corrupted, unexpected } = result.messages;
  expect(sent).toBeGreaterThan(0);
  expect({ delivered, lost, unresolved, rejected, duplicated, reordered, corrupted, unexpected }).toEqual({
    delivered: sent,
    lost: 0,
    unresolved: 0,
    rejected: 0,
    duplicated: 0,
    reordered: 0,
    corrupted: 0,
    unexpected: 0,
  });
  expect(result.connections.failed).toBe(0);
  expect(result.connections.failures).toEqual({});
  expect(result.violations).toEqual([]);
  expect(result.verdict.breaches).toEqual([]);
}
