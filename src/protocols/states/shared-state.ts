// A state that several clients change. Nobody here knows in which order the service takes their messages, so it is held to
// what must be so in any order:
//
//   a count is told to one message       two that are told the same: one of them was overwritten (a lost update)
//   real time                            a message that was sent after n had been told is told more than n
//   one count, one digest                whoever is told it
//   the chain                            digest n = CRC-32 of digest n−1 and the id of message n, where both are known
//
// How far the counts went is told at the end, and compared with what all processes sent (`analysis/figures/states.ts`), as Jepsen's
// checker of counters does: at least what was acknowledged, at most what was attempted.

import { foldDigest, type Judged } from './state-model.ts';

/** Of a state so many counts are remembered, and so many messages that were not answered. */
const MAX_KNOWN = 4096;

interface Told {
  readonly stream: number;
  readonly sequence: number;
  readonly id: string;
  readonly digest: string | null;
}

export interface SharedState {
  /** By count. */
  readonly told: Map<number, Told>;
  /** By message that is not answered: the highest count that had been told before it was sent. */
  readonly before: Map<string, number>;
  /** Counts below are not remembered any more, and so not judged. */
  forgottenBelow: number;
  lowest: number;
  highest: number;
  /** Messages that were told a count of their own. */
  answers: number;
  /** Whether it has begun anew from another count than it must have: how far it went says nothing then. */
  isBroken: boolean;
}

export function createSharedState(): SharedState {
  return { told: new Map(), before: new Map(), forgottenBelow: 0, lowest: 0, highest: 0, answers: 0, isBroken: false };
}

export function noteSharedStep({ before, highest }: SharedState, stream: number, sequence: number): void {
  before.set(`${stream} ${sequence}`, highest);
  if (before.size > MAX_KNOWN) before.delete(before.keys().next().value!);
}

export function noteSharedRefusal({ before }: SharedState, stream: number, sequence: number): void {
  before.delete(`${stream} ${sequence}`);
}

/** What the service tells of the state, and to which message. */
export interface Telling {
  readonly stream: number;
  readonly sequence: number;
  readonly id: string;
  readonly count: number;
  /** Null where it tells none. */
  readonly digest: string | null;
}

/**
 * The state after a message, as its own client or another of the room was told it. Null where nothing is to be compared. The
 * first telling that cannot be so makes the state begin anew from there, so that one mistake is told once.
 */
export function judgeShared(state: SharedState, telling: Telling): Judged | null {
  const { told, before } = state;
  const { stream, sequence, count, digest } = telling;
  if (count >= 0 && count < state.forgottenBelow) return null;
  const got = textOf(telling);
  const known = told.get(count);
  if (known?.stream === stream && known.sequence === sequence) {
    // Another client receives of it too.
    if (known.digest === digest) return null;
    return { expected: `count ${count}, digest ${known.digest}`, got };
  }
  const key = `${stream} ${sequence}`;
  const after = before.get(key);
  before.delete(key);
  const expected = wrongness(state, telling, known, after);
  if (expected !== null) {
    beginAnew(state);
    keep(state, telling);
    return { expected, got };
  }
  keep(state, telling);
  return { expected: got, got };
}

function wrongness(
  state: SharedState,
  telling: Telling,
  known: Told | undefined,
  after: number | undefined,
): string | null {
  const { count, digest, id } = telling;
  if (count < 0) return 'a count';
  if (known !== undefined) {
    return `a count of its own, not ${count}, which #${known.sequence} of stream ${known.stream} was told`;
  }
  if (after !== undefined && count <= after) return `a count above ${after}, which was told before it was sent`;
  if (digest === null) return null;
  const previous = state.told.get(count - 1)?.digest ?? null;
  const right = previous === null ? digest : foldDigest(previous, id);
  if (right !== digest) return `count ${count}, digest ${right}`;
  // Clients hear of their messages in another order than the service took them.
  const next = state.told.get(count + 1);
  if (next === undefined || next.digest === null || foldDigest(digest, next.id) === next.digest) return null;
  return `a digest from which that of count ${count + 1} follows, which is ${next.digest}`;
}

function keep(state: SharedState, { stream, sequence, id, count, digest }: Telling): void {
  const { told } = state;
  told.set(count, { stream, sequence, id, digest });
  if (told.size > MAX_KNOWN) {
    const oldest = told.keys().next().value!;
    told.delete(oldest);
    state.forgottenBelow = Math.max(state.forgottenBelow, oldest + 1);
  }
  state.lowest = state.answers === 0 ? count : Math.min(state.lowest, count);
  state.highest = Math.max(state.highest, count);
  state.answers++;
}

/** What was sent before has nothing to be compared with any more. */
function beginAnew(state: SharedState): void {
  state.told.clear();
  state.before.clear();
  state.forgottenBelow = 0;
  state.highest = 0;
  state.isBroken = true;
}

function textOf({ count, digest }: Telling): string {
  return digest === null ? `count ${count}` : `count ${count}, digest ${digest}`;
}
