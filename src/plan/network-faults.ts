// Network faults between clients and service, as the parser of plans is told of them. It knows none by name: those who do
// them say what each may be told beside its times, and with which others it cannot be on.

import type * as z from 'zod';

/** With which others on the same way it cannot be on at the same time. */
export type Excludes = 'nothing' | 'itself' | 'everything';

/** `up` is from the client to the server. */
export type Way = 'up' | 'down';

export interface NetworkFaultForm {
  readonly excludes: Excludes;
  /** What is written of it: `fault: name`, these times, and what is its own. */
  readonly schema: (name: string, times: z.core.$ZodLooseShape) => z.ZodObject;
}

/** By name. */
export type NetworkFaultForms = Readonly<Record<string, NetworkFaultForm>>;

export interface TimedNetworkFault {
  readonly name: string;
  readonly way: Way;
  readonly fromNs: number;
  /** Infinite where it goes on to the end. */
  readonly untilNs: number;
}

/** Whether the two are on at the same time and must not be. */
export function excludeEachOther(forms: NetworkFaultForms, one: TimedNetworkFault, other: TimedNetworkFault): boolean {
  if (one.fromNs >= other.untilNs || other.fromNs >= one.untilNs) return false;
  if ([one, other].some(({ name }) => forms[name]?.excludes === 'everything')) return true;
  return one.name === other.name && one.way === other.way && forms[one.name]?.excludes === 'itself';
}
