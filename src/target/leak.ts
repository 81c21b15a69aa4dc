// A leak at work: memory that the process holds until it ends. What is taken is written to, page by page, so that it is
// resident and not a promise of the kernel's; and it lies outside of the engine's heap, whose limit does not bound it.

import { type Leak, leakedBytes, mostLeakedBytes } from '../injection/leak.ts';
import type { LogAct } from '../injection/truth.ts';

export interface RunningLeak {
  readonly heldBytes: number;
  /** Takes no more, and tells how much is held. */
  stop(): void;
}

const LOOK_EVERY_MS = 50;
/** Less is not worth an allocation, but for the last. */
const LEAST_PIECE_BYTES = 64 * 1024;
/** What one allocation takes, so that none is larger than every version of Node allows. */
const MOST_PIECE_BYTES = 64 * 1024 ** 2;
/** Any that is not zero: the kernel may share pages of zeros. */
const FILLING = 0xa5;

export function startLeak(leak: Leak, logAct: LogAct): RunningLeak {
  const startedMs = performance.now();
  const mostBytes = mostLeakedBytes(leak);
  /** Never read: that it is reachable is what it is for. */
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  let hasBegun = false;

  function grow(): void {
    const elapsedNs = (performance.now() - startedMs) * 1e6;
    if (elapsedNs < leak.fromNs) return;
    if (!hasBegun) {
      hasBegun = true;
      logAct({ act: 'leak', heldBytes });
    }
    const dueBytes = leakedBytes(leak, elapsedNs);
    if (dueBytes - heldBytes >= LEAST_PIECE_BYTES || dueBytes === mostBytes) take(dueBytes - heldBytes);
    if (heldBytes === mostBytes) clearInterval(timer);
  }

  function take(bytes: number): void {
    for (let left = bytes; left > 0; left -= MOST_PIECE_BYTES) {
      held.push(Buffer.alloc(Math.min(left, MOST_PIECE_BYTES), FILLING));
    }
    heldBytes += bytes;
  }

  const timer = setInterval(grow, LOOK_EVERY_MS);
  return {
    get heldBytes() {
      return heldBytes;
    },
    stop() {
      clearInterval(timer);
      if (hasBegun) logAct({ act: 'leak', heldBytes });
    },
  };
}
