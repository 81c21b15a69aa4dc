// What a service's state must be after each message of a lane that has it to itself: how many messages it has taken, and a
// rolling digest of their ids. The model goes with the sends; each answer that tells the state is compared with it once.
//
//   digest 0 = 00000000      digest n = CRC-32, as 8 hex digits, of digest n−1 followed by the id of message n

import { textCrc32 } from './crc32.ts';

const DIGEST_DIGITS = 8;

interface Step {
  readonly id: string;
  /** After this message. */
  count: number;
  digest: string;
}

export interface StateModel {
  /** After the last message that was sent. */
  count: number;
  digest: string;
  /** By number: sent, and not answered with a state. */
  readonly steps: Map<number, Step>;
}

export interface Divergence {
  readonly expected: string;
  readonly got: string;
}

export function createStateModel(): StateModel {
  return { count: 0, digest: '0'.repeat(DIGEST_DIGITS), steps: new Map() };
}

export function foldDigest(digest: string, id: string): string {
  return textCrc32(digest + id)
    .toString(16)
    .padStart(DIGEST_DIGITS, '0');
}

export function noteStep(model: StateModel, sequence: number, id: string): void {
  model.count++;
  model.digest = foldDigest(model.digest, id);
  model.steps.set(sequence, { id, count: model.count, digest: model.digest });
}

/**
 * An answer to message `sequence` tells the state; null for a part that it does not tell. What it should have been, where
 * it is another: the model then goes on from what the service has, so that one mistake is told once.
 */
export function judgeState(
  model: StateModel,
  sequence: number,
  count: number | null,
  digest: string | null,
): Divergence | null {
  const step = model.steps.get(sequence);
  if (step === undefined) return null;
  forgetUpTo(model, sequence);
  const isSame = (count ?? step.count) === step.count && (digest ?? step.digest) === step.digest;
  if (isSame) return null;
  rebase(model, count ?? step.count, digest ?? step.digest);
  return { expected: stateText(step.count, step.digest), got: stateText(count ?? step.count, digest ?? step.digest) };
}

/** The service did not take a message: those behind it follow what was before it. */
export function noteRefused(model: StateModel, sequence: number): void {
  const step = model.steps.get(sequence);
  if (step === undefined) return;
  model.steps.delete(sequence);
  const before = [...model.steps.entries()].filter(([number]) => number < sequence).at(-1)?.[1];
  if (before !== undefined || step.count === 1) {
    rebaseAfter(model, sequence, before?.count ?? 0, before?.digest ?? '0'.repeat(DIGEST_DIGITS));
  }
}

function forgetUpTo({ steps }: StateModel, sequence: number): void {
  for (const number of steps.keys()) if (number <= sequence) steps.delete(number);
}

/** Every step that is left follows from this state. */
function rebase(model: StateModel, count: number, digest: string): void {
  rebaseAfter(model, -1, count, digest);
}

function rebaseAfter(model: StateModel, sequence: number, count: number, digest: string): void {
  model.count = count;
  model.digest = digest;
  for (const [number, step] of model.steps) {
    if (number <= sequence) continue;
    model.count++;
    model.digest = foldDigest(model.digest, step.id);
    step.count = model.count;
    step.digest = model.digest;
  }
}

function stateText(count: number, digest: string): string {
  return `count ${count}, digest ${digest}`;
}
