// How far the states went that several clients share, as one worker was told it: at the end of a run it is joined with what
// the others were told and sent.

export interface StateFacts {
  /** The number of the room; 0 where the plan has none. */
  readonly group: number;
  /** By this worker's clients. */
  readonly sent: number;
  /** Messages that were told a count of their own, and the lowest and the highest of the counts; 0 where none were. */
  readonly answers: number;
  readonly lowest: number;
  readonly highest: number;
  /** Something was told that cannot be so, and was counted: how far the state went says nothing then. */
  readonly isBroken: boolean;
}

export function isStateFacts(value: unknown): value is StateFacts {
  if (typeof value !== 'object' || value === null) return false;
  const { isBroken, ...counts } = value as Record<string, unknown>;
  return (
    typeof isBroken === 'boolean' &&
    ['group', 'sent', 'answers', 'lowest', 'highest'].every((name) => Number.isSafeInteger(counts[name]))
  );
}
