// What a service's state must be after each message of a client that has it to itself: how many messages it has taken, and a
// rolling digest of their ids. The model goes with the sends; each answer that tells the state is compared with it once.
//
//   digest 0 = 00000000      digest n = CRC-32, as 8 hex digits, of digest n−1 followed by the id of message n

import { textCrc32 } from '../echo/crc32.ts';

const DIGEST_DIGITS = 8;
/** A service that never tells its state must not fill the memory. */
const MAX_STEPS = 65_536;

interface State {
  count: number;
  digest: string;
}

/** After this message. */
interface Step extends State {
  readonly id: string;
}

export interface StateModel extends State {
  /** The next state that is told is taken as it is: what was sent before may have been taken or not. */
  isLost: boolean;
  /** After the last message that was answered; the state itself is after the last that was sent. */
  readonly base: State;
  /** By number: sent, and not answered with a state. */
  readonly steps: Map<number, Step>;
}

/** What was expected after a message and what the service has, in the same words. */
export interface Judged {
  readonly expected: string;
  readonly got: string;
}

export function createStateModel(): StateModel {
  const digest = '0'.repeat(DIGEST_DIGITS);
  return { isLost: false, count: 0, digest, base: { count: 0, digest }, steps: new Map() };
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
  if (model.steps.size > MAX_STEPS) model.steps.delete(model.steps.keys().next().value!);
}

/**
 * An answer to message `sequence` tells the state; null for a part that it does not tell, −1 for a count that is none. Where
 * it is another than expected, the model goes on from what the service has, so that one mistake is told once. Null where
 * nothing is to be compared.
 */
export function judgeState(
  model: StateModel,
  sequence: number,
  count: number | null,
  digest: string | null,
): Judged | null {
  const step = model.steps.get(sequence);
  if (step === undefined) return null;
  for (const number of model.steps.keys()) {
    if (number > sequence) break;
    model.steps.delete(number);
  }
  const got: State = { count: count ?? step.count, digest: digest ?? step.digest };
  const judged = { expected: stateText(step), got: stateText(got) };
  const isState = got.count >= 0;
  if (model.isLost && isState) {
    model.isLost = false;
    Object.assign(model.base, got);
    goOnFrom(model, sequence, got);
    return null;
  }
  Object.assign(model.base, isState ? got : { count: step.count, digest: step.digest });
  if (isState && judged.got !== judged.expected) goOnFrom(model, -1, got);
  return judged;
}

/** The service did not take a message: those behind it follow what was before it. */
export function noteRefused(model: StateModel, sequence: number): void {
  if (!model.steps.delete(sequence)) return;
  const before = [...model.steps].filter(([number]) => number < sequence).at(-1)?.[1];
  goOnFrom(model, sequence, before ?? model.base);
}

/** Every step behind message `sequence` follows from this state. */
function goOnFrom(model: StateModel, sequence: number, { count, digest }: State): void {
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

function stateText({ count, digest }: State): string {
  return `count ${count}, digest ${digest}`;
}
