// What a fault of the connection is made of: a stage in the pipeline of one connection and direction. Bytes go in, and go on
// to what comes next when the stage sees fit. A stage knows of nothing but its context.
//
//   source ──▶ stage ──▶ stage ──▶ … ──▶ sink        one pipeline for up (client → server), one for down
//     ▲          │
//     └─ gate ───┘   a stage that holds as much as it may has the source wait

import type { Timer } from '../engine/clock.ts';
import type { FaultEffect } from '../facts/fault-counts.ts';
import type { Random } from '../random/generator.ts';

export interface Receiver {
  /** The bytes are the receiver's from then on, and are not overwritten. */
  push(bytes: Uint8Array): void;
  /** The source has ended, and sends nothing more. */
  end(): void;
}

export interface FaultStage extends Receiver {
  /** The fault is switched off: all that is held goes on now, in its order. The stage is not used afterwards. */
  retire(): void;
  /** The connection is gone: what is held is lost. Timers end by themselves. */
  dispose(): void;
}

export interface Gate {
  /** The source is to wait. Bytes that were under way already may still come. */
  close(): void;
  open(): void;
}

/** All that a stage may touch. */
export interface StageContext {
  readonly next: Receiver;
  /** Of this stage alone: the same for the same seed, fault and connection. */
  readonly random: Random;
  readonly gate: Gate;
  /** Tells what the stage does, for the counts of its fault. */
  readonly count: (what: FaultEffect, by?: number) => void;
  nowNs(): number;
  /** Calls back once, unless the stage has been retired or the connection is gone. */
  after(delayNs: number, callback: () => void): Timer;
  /** `reset`: both sides see a TCP reset, at once. `close`: what has gone on is still delivered, then both sides are closed. */
  sever(how: 'reset' | 'close'): void;
}

export type MakeStage = (context: StageContext) => FaultStage;

/** A stage that does nothing yet: a fault replaces what it does differently. */
export function passing({ next }: StageContext): FaultStage {
  return {
    push: (bytes) => next.push(bytes),
    end: () => next.end(),
    retire() {},
    dispose() {},
  };
}
