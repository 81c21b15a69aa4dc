// What is put together for a message that did not fare as it should have. All of them are counted where they are met; of each kind so
// many are described, so a flood of violations costs as little as a flood of messages. The cold room: objects are made here.

import { MAX_VIOLATIONS_OF_A_KIND, VIOLATION_KINDS, type Violation, type ViolationKind } from '../facts/violation.ts';
import type { DamageKind, UnexpectedKind } from '../facts/window.ts';
import type { TotalOrderViolation } from '../measure/total-order.ts';
import { nsToSeconds } from '../units/duration.ts';
import type { Client } from './connections/client.ts';

/** Of so many corrupted messages the number is kept, so that a loss says whether the message came damaged. */
const MAX_DAMAGED = 10_000;

export interface Violations {
  /** How many more of each kind are described; the rest are only counted. */
  readonly left: Record<ViolationKind, number>;
  /** Numbers of messages that came back corrupted, by client; none for one to which that has not happened. */
  readonly damaged: Map<number, Set<number>>;
  damagedLeft: number;
  readonly report: (violation: Violation, atNs: number) => void;
}

export function createViolations(report: Violations['report']): Violations {
  const left = Object.fromEntries(VIOLATION_KINDS.map((kind) => [kind, MAX_VIOLATIONS_OF_A_KIND]));
  return { left: left as Violations['left'], damaged: new Map(), damagedLeft: MAX_DAMAGED, report };
}

/** Of its kind some must be left. */
export function emit(violations: Violations, violation: Violation, atNs: number): void {
  violations.left[violation.violation]--;
  violations.report(violation, atNs);
}

/** `duplicated`: it had come before. `late`: it had been counted as lost or unresolved. */
export function reportRepeat(
  violations: Violations,
  violation: 'duplicated' | 'late',
  client: Client,
  stream: number,
  seq: number,
  atNs: number,
): void {
  if (violations.left[violation] === 0) return;
  emit(violations, { violation, client: client.stream, stream, seq, push: null }, atNs);
}

/** `after`: the highest number that had arrived; null where it is not at hand. `extent`: 0 where it is not known. */
export function reportReordered(
  violations: Violations,
  client: Client,
  stream: number,
  seq: number,
  { after, extent }: { readonly after: number | null; readonly extent: number },
  atNs: number,
): void {
  const kept = extent === 0 ? null : extent;
  const place = { client: client.stream, stream, seq };
  emit(violations, { violation: 'reordered', ...place, after, extent: kept, push: null }, atNs);
}

export function reportCorrupted(
  violations: Violations,
  client: Client,
  stream: number,
  seq: number | null,
  damage: DamageKind,
  bytes: number,
  atNs: number,
): void {
  if (violations.left.corrupted === 0) return;
  emit(violations, { violation: 'corrupted', client: client.stream, stream, seq, damage, bytes }, atNs);
}

/** What the figure of an unexpected message is. */
const FIGURES: Readonly<Record<UnexpectedKind, 'bytes' | 'ofStream' | 'seq'>> = {
  otherOpcode: 'bytes',
  otherStream: 'ofStream',
  foreign: 'bytes',
  stale: 'bytes',
  neverSent: 'seq',
  refused: 'seq',
};

/** `sample` is asked only where the message is described. `push`: where its number counts, if it is one. */
export function reportUnexpected(
  violations: Violations,
  { stream }: Client,
  unexpected: UnexpectedKind,
  figure: number,
  sample: (() => string) | null,
  push: { readonly channel: string | null } | null,
  atNs: number,
): void {
  if (violations.left.unexpected === 0) return;
  const known = { seq: null, ofStream: null, bytes: null, [FIGURES[unexpected]]: figure };
  const shown = sample === null ? null : sample();
  const place = { client: stream, stream };
  emit(violations, { violation: 'unexpected', ...place, unexpected, ...known, sample: shown, push }, atNs);
}

export function reportDiverged(
  violations: Violations,
  { stream }: Client,
  seq: number,
  expected: string,
  got: string,
  atNs: number,
): void {
  if (violations.left.diverged === 0) return;
  emit(violations, { violation: 'diverged', client: stream, stream, seq, expected, got }, atNs);
}

export function reportTotalOrder(
  violations: Violations,
  client: Client,
  { stream, seq, before }: TotalOrderViolation,
  atNs: number,
): void {
  if (violations.left.totalOrder === 0) return;
  emit(violations, { violation: 'totalOrder', client: client.stream, stream, seq, before }, atNs);
}

/** What is known of a lost message beside its number. */
export interface LostFacts {
  readonly acknowledged: boolean;
  /** Numbers next to its hole that did come. */
  readonly previous: number | null;
  readonly next: number | null;
  readonly dueNs: number | null;
  readonly sentFromNs: number | null;
  readonly sentToNs: number | null;
}

export function reportLost(
  violations: Violations,
  { index, stream }: Client,
  seq: number,
  { dueNs, sentFromNs, sentToNs, ...facts }: LostFacts,
  atNs: number,
): void {
  const lost = {
    violation: 'lost' as const,
    client: stream,
    stream,
    seq,
    damaged: violations.damaged.get(index)?.has(seq) === true,
    dueSecond: secondsOrNull(dueNs),
    sentFromSecond: secondsOrNull(sentFromNs),
    sentToSecond: secondsOrNull(sentToNs),
    ...facts,
  };
  emit(violations, lost, atNs);
}

function secondsOrNull(ns: number | null): number | null {
  return ns === null ? null : nsToSeconds(ns);
}

export function noteDamaged(violations: Violations, index: number, sequence: number): void {
  const known = violations.damaged.get(index);
  if (violations.damagedLeft === 0 || known?.has(sequence) === true) return;
  violations.damagedLeft--;
  if (known === undefined) violations.damaged.set(index, new Set([sequence]));
  else known.add(sequence);
}

/** Every message of the client has an outcome: what came damaged before is of no more use. */
export function forgetDamaged(violations: Violations, index: number): void {
  violations.damagedLeft += violations.damaged.get(index)?.size ?? 0;
  violations.damaged.delete(index);
}
