// What a caller may ask of a run beside its plan.

import type { LiveFigures } from '../facts/live-figures.ts';
import type { Notice } from '../facts/notice.ts';

export interface RunOptions {
  /** Values that must not appear in anything printed or stored. */
  readonly secrets: readonly string[];
  readonly highwaterVersion: string;
  /** What the run is found by later; each passes `tagProblem`. */
  readonly tags?: readonly string[];
  /** Aborting stops sending, drains and judges what there is. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LiveFigures) => void;
  /** Something that should be known at once: as it goes, the run comes to nothing; or a monitor reads nothing. */
  readonly onNotice?: (notice: Notice) => void;
  /** The run has begun and lies here. */
  readonly onStart?: (path: string) => void;
}
