// What the person at the command should know while the run goes, as data. The words are in `report/words/notice-text.ts`.

import type { Protocol } from '../plan/plan.ts';
import type { FaultPhase } from './event.ts';
import type { TargetDeath } from './result.ts';
import type { UnreadableKind } from './unreadable.ts';

export type Notice =
  /** Nothing that came could be matched with what was sent. */
  | {
      readonly kind: 'notUnderstood';
      readonly protocol: Protocol;
      /** The beginning of one message, as the service sent it. */
      readonly sample: string;
      /** What keeps it from being read; null where it can be. */
      readonly unreadable: UnreadableKind | null;
    }
  /** A monitor has begun to read less than it should. */
  | { readonly kind: 'monitorGap'; readonly monitor: string; readonly reason: string }
  | { readonly kind: 'faultFailed'; readonly fault: string; readonly phase: FaultPhase; readonly reason: string }
  /** `path`: of the run. It ends with what was recorded so far. */
  | { readonly kind: 'recordUnwritable'; readonly path: string; readonly reason: string }
  /** Nothing is judged by the log of network faults, so the run goes on without it. */
  | { readonly kind: 'faultLogEnded'; readonly reason: string }
  | { readonly kind: 'targetDied'; readonly death: TargetDeath }
  /** What faults and the archive say of their own work, in a sentence. */
  | { readonly kind: 'remark'; readonly text: string };
