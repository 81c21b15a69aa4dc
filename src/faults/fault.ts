// What a fault is: its settings as they are written, and what becomes of them. A file of `toxics/` or `frames/` exports one
// definition, and `catalog.ts` lists them by name; nothing else knows which faults there are.

import * as z from 'zod';
import type { FaultEffect } from '../facts/fault-counts.ts';
import { type Chosen, choiceFields, refuseChoice, resolveChoice } from '../injection/fault-fields.ts';
import type { Excludes, NetworkFaultForm, Way } from '../plan/network-faults.ts';
import { choiceField, objectField, present, ratioField } from '../plan/schema/fields.ts';
import { createFaultMeter, type FaultMeter } from './fault-meter.ts';
import type { Message, MessageWay } from './message-way.ts';
import type { MakeStage } from './stage.ts';

/** What affects one message. It sends the message on, or does not, as it pleases. */
export type AffectMessage = (message: Message, way: MessageWay) => void;

export type FaultAct =
  /** Of the connection: a stage of its pipeline. */
  | { readonly kind: 'stage'; readonly make: MakeStage }
  /** Of the messages that it chooses. */
  | { readonly kind: 'message'; readonly chosen: Chosen; readonly affect: AffectMessage }
  /** Of pongs, a share of them. */
  | { readonly kind: 'pong'; readonly rate: number };

export interface ProxyFault extends OnTimes {
  readonly name: string;
  readonly way: Way;
  /** Of the connections, above 0 to 1. */
  readonly share: number;
  readonly act: FaultAct;
  readonly meter: FaultMeter;
}

/** When it is on, since the start of the proxy; it may go on for ever. */
export interface OnTimes {
  readonly fromNs: number;
  readonly untilNs: number;
}

export interface FaultDefinition extends NetworkFaultForm {
  /** `written` is what the schema made. */
  readonly resolve: (name: string, written: unknown, times: OnTimes) => ProxyFault;
}

type Fields = z.core.$ZodLooseShape;
type Written<F extends Fields> = z.output<z.ZodObject<F>>;

const commonFields = {
  stream: choiceField(['up', 'down'], 'The direction: up is from client to server. Default down.').optional(),
  share: ratioField('The share of connections that it affects, selected by the seed. Default 100%.')
    .refine((share) => share > 0, { error: () => 'a percentage above 0% to 100%' })
    .optional(),
};
type Common = Written<typeof commonFields>;

/** A fault of the connection. `does`: what it does there, and counts by `context.count`, but for connections that it ends. */
export function toxic<F extends Fields>(
  excludes: Excludes,
  does: readonly FaultEffect[],
  fields: F,
  make: (settings: Written<F>) => MakeStage,
): FaultDefinition {
  return {
    excludes,
    schema: (name, times) => faultField(name, times, fields),
    resolve: (name, written, times) => ({
      ...resolveCommon(name, written as Common, times),
      meter: createFaultMeter(does),
      act: { kind: 'stage', make: make(written as Written<F>) },
    }),
  };
}

/** A fault of messages. `does`: what becomes of those that it chooses. */
export function messageFault<F extends Fields>(
  does: FaultEffect,
  fields: F,
  affect: (settings: Written<F>) => AffectMessage,
): FaultDefinition {
  return {
    excludes: 'nothing',
    schema: (name, times) =>
      faultField(name, times, { ...choiceFields, ...fields }).superRefine(
        (written, context) => refuseChoice(written as Written<typeof choiceFields>, context),
        present,
      ),
    resolve: (name, written, times) => ({
      ...resolveCommon(name, written as Common, times),
      meter: createFaultMeter(['passed', 'chosen', does]),
      act: {
        kind: 'message',
        chosen: resolveChoice(written as Written<typeof choiceFields>),
        affect: affect(written as Written<F>),
      },
    }),
  };
}

/** A fault of pongs. */
export function pongFault(): FaultDefinition {
  const fields = { rate: ratioField('The share of pongs that it affects. Default 100%.').optional() };
  return {
    excludes: 'nothing',
    schema: (name, times) => faultField(name, times, fields),
    resolve: (name, written, times) => ({
      ...resolveCommon(name, written as Common, times),
      meter: createFaultMeter(['swallowedPongs']),
      act: { kind: 'pong', rate: (written as Written<typeof fields>).rate ?? 1 },
    }),
  };
}

function faultField<F extends Fields>(name: string, times: Fields, fields: F): z.ZodObject {
  const shape = { fault: z.literal(name), ...times, ...commonFields, ...fields };
  return objectField(shape, `the fault ${name}`, `The fault ${name}.`);
}

function resolveCommon(name: string, written: Common, times: OnTimes): Omit<ProxyFault, 'act' | 'meter'> {
  return {
    name,
    way: written.stream ?? 'down',
    share: written.share ?? 1,
    fromNs: times.fromNs,
    untilNs: times.untilNs,
  };
}
