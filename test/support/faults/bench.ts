// A stage, or a pipeline of them, by itself: over a virtual clock, between a source that does as the gate says and a sink that
// writes down what came.

import type { ProxyFault } from '../../../src/faults/fault.ts';
import { NO_METER } from '../../../src/faults/fault-meter.ts';
import { parseFaults } from '../../../src/faults/faults-file.ts';
import { createFrameStage } from '../../../src/faults/frame-stage.ts';
import { createPipeline, type Part } from '../../../src/faults/pipeline.ts';
import { type FaultState, rulesOf, stagesOf } from '../../../src/faults/selection.ts';
import type { Receiver } from '../../../src/faults/stage.ts';
import { watchUpgrade } from '../../../src/faults/upgrade.ts';
import { opcodes } from '../../../src/frames/opcodes.ts';
import { type CutFrame, encodeFrame, FrameCutter } from '../../../src/frames/wire-frame.ts';
import type { Act } from '../../../src/injection/truth.ts';
import type { Way } from '../../../src/plan/network-faults.ts';
import { createVirtualClock, type VirtualClock } from '../engine/virtual-clock.ts';

export interface StageBench {
  readonly clock: VirtualClock;
  readonly entry: () => Receiver;
  /** What came out, each with its time; null is the end. */
  readonly out: { readonly bytes: Uint8Array | null; readonly atNs: number }[];
  readonly severed: ('reset' | 'close')[];
  readonly truth: Act[];
  isPaused(): boolean;
  /** These faults, from now on. */
  arrange(faults: readonly ProxyFault[]): void;
  dispose(): void;
}

export function faultsOf(...faults: readonly object[]): readonly ProxyFault[] {
  const parsed = parseFaults({ faults });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.faults;
}

/** `withFrames`: messages are looked for, behind an answer of 101. */
export function createStageBench(
  faults: readonly ProxyFault[],
  { way = 'down', withFrames = false, seed = 1 }: { way?: Way; withFrames?: boolean; seed?: number } = {},
): StageBench {
  const clock = createVirtualClock();
  const out: { bytes: Uint8Array | null; atNs: number }[] = [];
  const severed: ('reset' | 'close')[] = [];
  const truth: Act[] = [];
  let isPaused = false;
  const pipeline = createPipeline(
    {
      push: (bytes) => void out.push({ bytes, atNs: clock.nowNs() }),
      end: () => void out.push({ bytes: null, atNs: clock.nowNs() }),
    },
    clock,
    {
      pause: () => {
        isPaused = true;
      },
      resume: () => {
        isPaused = false;
      },
    },
  );
  const stateOf = (list: readonly ProxyFault[]): FaultState => ({ seed, list, on: new Set(list) });
  let rules = rulesOf(stateOf(faults), 0, way);
  const upgrade = watchUpgrade();
  if (withFrames) upgrade.answered(Buffer.from('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
  const sever: Part['sever'] = (how, onward) => {
    severed.push(how);
    if (how === 'close') onward.end();
  };
  const frames: Part = {
    key: {},
    random: () => () => 0.5,
    meter: NO_METER,
    sever,
    make: createFrameStage({
      way,
      number: 0,
      client: () => null,
      upgrade,
      rules: () => rules,
      isParsed: true,
      logAct: (act) => truth.push(act),
    }),
  };
  function arrange(list: readonly ProxyFault[]): void {
    rules = rulesOf(stateOf(list), 0, way);
    const stages = stagesOf(stateOf(list), 0, way).map(({ fault, act, random }) => ({
      key: fault,
      make: act.make,
      random,
      meter: fault.meter,
      sever,
    }));
    pipeline.arrange([...(withFrames ? [frames] : []), ...stages]);
  }
  arrange(faults);
  return {
    clock,
    entry: () => pipeline.entry(),
    out,
    severed,
    truth,
    isPaused: () => isPaused,
    arrange,
    dispose: () => pipeline.dispose(),
  };
}

export function bytesOut({ out }: StageBench): Buffer {
  return Buffer.concat(out.flatMap(({ bytes }) => (bytes === null ? [] : [bytes])));
}

/** A text message as one frame of the server's, or, with a key, of the client's. */
export function textFrame(text: string, maskKey: number | null = null): Uint8Array {
  return encodeFrame({ isFinal: true, rsv: 0, opcode: opcodes.text, maskKey, payload: Buffer.from(text) });
}

export function framesOf(bytes: Uint8Array): CutFrame[] {
  const frames: CutFrame[] = [];
  new FrameCutter(1e9).feed(bytes, (frame) => frames.push(frame));
  return frames;
}

/** The texts of the data frames that came out, in their order. */
export function textsOut(bench: StageBench): string[] {
  return framesOf(bytesOut(bench))
    .filter(({ opcode }) => opcode < opcodes.close)
    .map(({ payload }) => Buffer.from(payload).toString());
}
