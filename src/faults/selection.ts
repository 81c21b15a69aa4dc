// Which faults are on for which connection: a pure function of the list, the seed, the time and the connection's number.
// Where a fault stands in the list is part of what is chosen by, so switching one does not change what others choose.

import type { Way } from '../plan/network-faults.ts';
import { createRandom, hash01, type Random } from '../random/generator.ts';
import type { ProxyFault } from './fault.ts';
import { NO_METER } from './fault-meter.ts';
import type { MessageFaultRules } from './frame-stage.ts';

/** The list as it is at the moment. */
export interface FaultState {
  readonly seed: number;
  readonly list: readonly ProxyFault[];
  readonly on: ReadonlySet<ProxyFault>;
}

const SHARE_STEP = 104_729;
const NEVER = { rate: 0, messages: [] } as const;

export function isDue({ fromNs, untilNs }: ProxyFault, nowNs: number): boolean {
  return nowNs >= fromNs && nowNs < untilNs;
}

/** When the next fault of the list comes on or goes off; infinite where none will. */
export function nextSwitchNs(list: readonly ProxyFault[], nowNs: number): number {
  return list
    .flatMap(({ fromNs, untilNs }) => [fromNs, untilNs])
    .filter((atNs) => atNs > nowNs)
    .reduce((least, atNs) => Math.min(least, atNs), Number.POSITIVE_INFINITY);
}

/** Whether the connection is among the fault's share, be it on or off. */
export function isAmongShare({ seed, list }: FaultState, fault: ProxyFault, connection: number): boolean {
  return fault.share >= 1 || hash01(seedOf(seed, list.indexOf(fault)), connection) < fault.share;
}

export interface ChosenStage {
  readonly fault: ProxyFault;
  readonly act: Extract<ProxyFault['act'], { kind: 'stage' }>;
  readonly random: () => Random;
}

/** The stages of a way, in the order of the list. */
export function stagesOf(state: FaultState, connection: number, way: Way): readonly ChosenStage[] {
  return state.list.flatMap((fault, index) => {
    const { act } = fault;
    if (act.kind !== 'stage' || !isOnFor(state, fault, connection, way)) return [];
    return [{ fault, act, random: () => createRandom(seedOf(state.seed, index), 2 * connection + WAY_INDEX[way]) }];
  });
}

/** What affects messages of a way: a rule for each fault of the list, and those that are off choose nothing. */
export function rulesOf(state: FaultState, connection: number, way: Way): MessageFaultRules {
  const { seed, list } = state;
  const isOnHere = (fault: ProxyFault): boolean =>
    fault.act.kind === 'message' && isOnFor(state, fault, connection, way);
  return {
    messages: {
      seed,
      faults: list.map((fault) =>
        fault.act.kind === 'message' && isOnHere(fault)
          ? { ...fault.act.chosen, fault: { affect: fault.act.affect, meter: fault.meter } }
          : { ...NEVER, fault: { affect: () => {}, meter: NO_METER } },
      ),
    },
    passedBy: list.filter(isOnHere).map(({ meter }) => meter),
    pongs: {
      seed,
      faults: list.map((fault) => ({
        ...NEVER,
        rate: fault.act.kind === 'pong' && isOnFor(state, fault, connection, way) ? fault.act.rate : 0,
        fault: fault.meter,
      })),
    },
  };
}

const WAY_INDEX: Readonly<Record<Way, number>> = { up: 0, down: 1 };

function isOnFor(state: FaultState, fault: ProxyFault, connection: number, way: Way): boolean {
  return fault.way === way && state.on.has(fault) && isAmongShare(state, fault, connection);
}

function seedOf(seed: number, index: number): number {
  return seed + SHARE_STEP * (index + 1);
}
