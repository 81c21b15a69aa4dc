// The frame stages of a connection, one for each direction. They are there from its first byte or not at all: in the middle of
// a stream nobody can say where a frame begins, nor what a compressed one refers to.

import type { LogAct } from '../injection/truth.ts';
import type { Way } from '../plan/network-faults.ts';
import { NO_METER } from './fault-meter.ts';
import { createFrameStage, type MessageFaultRules } from './frame-stage.ts';
import type { Part } from './pipeline.ts';
import { type FaultState, isAmongShare, rulesOf } from './selection.ts';
import { watchUpgrade } from './upgrade.ts';

export interface FramePartsHost {
  /** Of the connection. */
  readonly number: number;
  /** When it was opened. */
  readonly state: FaultState;
  /** Look for messages even where no fault is about them yet. */
  readonly watchFrames: boolean;
  readonly logAct: LogAct;
}

export type Sever = (fault: string, how: 'reset' | 'close', way: Way, onward: { readonly end: () => void }) => unknown;

export interface FrameParts {
  /** None where nobody looks for messages; else the one of this way, with what affects messages from now on. */
  of(way: Way, state: FaultState, sever: Sever): readonly Part[];
}

export function framePartsOf(host: FramePartsHost, client: () => number | null): FrameParts {
  const { number, logAct } = host;
  const upgrade = watchUpgrade();
  const isParsed = (way: Way): boolean =>
    host.watchFrames ||
    host.state.list.some(
      (fault) => fault.act.kind !== 'stage' && fault.way === way && isAmongShare(host.state, fault, number),
    );
  const parsed: Readonly<Record<Way, boolean>> = { up: isParsed('up'), down: isParsed('down') };
  const rules: Record<Way, MessageFaultRules> = {
    up: rulesOf(host.state, number, 'up'),
    down: rulesOf(host.state, number, 'down'),
  };
  const made: Readonly<Record<Way, { readonly key: object; readonly make: Part['make'] }>> = {
    up: { key: {}, make: stageOf('up') },
    down: { key: {}, make: stageOf('down') },
  };

  function stageOf(way: Way): Part['make'] {
    return createFrameStage({ way, number, client, upgrade, rules: () => rules[way], isParsed: parsed[way], logAct });
  }

  return {
    of(way, state, sever) {
      if (!parsed.up && !parsed.down) return [];
      rules[way] = rulesOf(state, number, way);
      return [
        {
          ...made[way],
          random: () => Math.random,
          meter: NO_METER,
          sever: (how, onward) => sever('frames', how, way, onward),
        },
      ];
    },
  };
}
