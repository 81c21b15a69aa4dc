// Which message meets which fault. A pure function of the seed and the message's name, so the same messages are chosen
// on whichever connection, in whatever order and however often they come.

import { messageIndex } from '../plan/schedule/message-index.ts';
import { createRandom, hash01, type Random } from '../random/generator.ts';
import type { Chosen, ChosenMessage } from './fault-fields.ts';

/** The fault that affects a message, or null. */
export type Decide<Fault> = (stream: number, seq: number) => Fault | null;

export interface Choice<Fault> {
  readonly seed: number;
  /** Where a rule stands is part of what it chooses by: one that is to choose nothing stays, with neither rate nor names. */
  readonly faults: readonly (Chosen & { readonly fault: Fault })[];
}

const RULES = 256;
const TWO_POW_32 = 2 ** 32;

/** `to`: the client that the messages are on their way to. */
export function createDecide<Fault>({ seed, faults }: Choice<Fault>, to: number): Decide<Fault> {
  const choosers = faults
    .map((rule, index) => ({ fault: rule.fault, chooses: chooserOf(rule, seed, index, to), isIdle: isIdle(rule) }))
    .filter((chooser) => !chooser.isIdle);
  return (stream, seq) => choosers.find(({ chooses }) => chooses(stream, seq))?.fault ?? null;
}

function isIdle({ rate, messages }: Chosen): boolean {
  return rate === 0 && messages.length === 0;
}

function chooserOf(rule: Chosen, seed: number, index: number, to: number): (stream: number, seq: number) => boolean {
  if (rule.messages.length === 0)
    return (stream, seq) => hash01(ruleSeed(seed, index), messageIndex(stream, seq)) < rule.rate;
  const here = rule.messages.filter((name: ChosenMessage) => name.to === null || name.to === to);
  const names = new Set(here.map(({ stream, seq }) => messageIndex(stream, seq)));
  return (stream, seq) => names.has(messageIndex(stream, seq));
}

/** The source of what else there is to choose about a message: which bits, how long. */
export function randomFor({ seed }: { readonly seed: number }, stream: number, seq: number): Random {
  return createRandom(seed, Math.floor(hash01(seed, messageIndex(stream, seq)) * TWO_POW_32));
}

function ruleSeed(seed: number, index: number): number {
  return (seed % 2 ** 44) * RULES + index;
}
