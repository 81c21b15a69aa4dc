// The stages of one connection and direction, in the order of the list of faults. Stages come and go while bytes flow, and no
// byte is lost, doubled or overtaken by that: a stage that goes hands on what it holds to what was behind it before.
//
// It knows no fault by its name. With no stage in it, `entry` is the sink itself.

import type { Clock, Timer } from '../engine/clock.ts';
import type { Random } from '../random/generator.ts';
import type { FaultMeter } from './fault-meter.ts';
import type { FaultStage, Gate, MakeStage, Receiver } from './stage.ts';

/** A stage by what it is made of: the same key is the same stage. */
export interface Part {
  readonly key: object;
  readonly make: MakeStage;
  readonly random: () => Random;
  readonly meter: FaultMeter;
  /** `onward`: where the stage would have sent the end. */
  readonly sever: (how: 'reset' | 'close', onward: { readonly end: () => void }) => void;
}

export interface Pipeline {
  /** Where bytes go in, until the next `arrange`. */
  entry(): Receiver;
  /** From now on these stages, in this order. */
  arrange(parts: readonly Part[]): void;
  /** The connection is gone. */
  dispose(): void;
}

interface Node {
  readonly key: object;
  readonly stage: FaultStage;
  readonly timers: Set<Timer>;
  next: Receiver;
  isClosed: boolean;
}

/** `pause` and `resume` are called in turn: with the first stage that cannot take more, and when the last can again. */
export function createPipeline(
  sink: Receiver,
  clock: Clock,
  source: { readonly pause: () => void; readonly resume: () => void },
): Pipeline {
  let nodes: readonly Node[] = [];
  let closedGates = 0;

  function make(part: Part): Node {
    const timers = new Set<Timer>();
    const gate: Gate = {
      close() {
        if (node.isClosed) return;
        node.isClosed = true;
        if (closedGates++ === 0) source.pause();
      },
      open() {
        if (!node.isClosed) return;
        node.isClosed = false;
        if (--closedGates === 0) source.resume();
      },
    };
    const node: Node = {
      key: part.key,
      timers,
      next: sink,
      isClosed: false,
      stage: part.make({
        next: { push: (bytes) => node.next.push(bytes), end: () => node.next.end() },
        random: part.random(),
        gate,
        count: (what, by) => part.meter.add(what, by),
        nowNs: () => clock.nowNs(),
        after: (delayNs, callback) => setTimer(timers, delayNs, callback),
        sever: (how) => part.sever(how, { end: () => node.next.end() }),
      }),
    };
    return node;
  }

  function setTimer(timers: Set<Timer>, delayNs: number, callback: () => void): Timer {
    const timer = clock.after(Math.max(0, delayNs), () => {
      timers.delete(timer);
      callback();
    });
    timers.add(timer);
    return {
      cancel() {
        timers.delete(timer);
        timer.cancel();
      },
    };
  }

  function release(node: Node): void {
    for (const timer of node.timers) timer.cancel();
    node.timers.clear();
    if (!node.isClosed) return;
    node.isClosed = false;
    if (--closedGates === 0) source.resume();
  }

  return {
    entry: () => nodes[0]?.stage ?? sink,
    arrange(parts) {
      // From the source on: what one hands on, the next that goes hands on as well.
      for (const node of nodes.filter(({ key }) => !parts.some((part) => part.key === key))) {
        node.stage.retire();
        release(node);
      }
      nodes = parts.map((part) => nodes.find(({ key }) => key === part.key) ?? make(part));
      for (const [index, node] of nodes.entries()) node.next = nodes[index + 1]?.stage ?? sink;
    },
    dispose() {
      for (const node of nodes) {
        node.stage.dispose();
        release(node);
      }
      nodes = [];
    },
  };
}
