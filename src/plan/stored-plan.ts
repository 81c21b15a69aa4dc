// The plan of a stored run, as it is read back: whether it has what judging asks of it. A record may have been written by another
// version, torn, or changed by hand.

import { z } from 'zod';
import type { Plan } from './plan.ts';

const kinded = z.looseObject({ kind: z.string() });
const named = z.looseObject({ name: z.string() });
const rule = z.looseObject({ expression: z.string(), metric: kinded, operator: z.string(), limit: z.number() });

const STORED_PLAN = z.looseObject({
  name: z.string(),
  profile: z.string().nullable(),
  target: z.looseObject({ urls: z.array(z.string()).min(1) }),
  protocol: kinded,
  load: z.looseObject({
    connections: z.array(named).min(1),
    messages: kinded,
    mix: z.array(z.looseObject({ type: z.string() })),
    misbehaving: z.array(z.looseObject({ misbehavior: kinded })),
  }),
  contract: z.looseObject({}).nullable(),
  thresholds: z.array(rule),
  abort: z.array(rule),
  resend: z.looseObject({}).nullable(),
  reconnect: z.looseObject({}).nullable(),
  faults: z.array(kinded),
  drainNs: z.number(),
  monitors: z.array(kinded.extend(named.shape)),
});

/** The plan, or where it is none: `load.mix: Invalid input`. */
export function readStoredPlan(value: unknown): Plan | { readonly problem: string } {
  const read = STORED_PLAN.safeParse(value);
  if (read.success) return value as Plan;
  const [issue] = read.error.issues;
  const where = issue?.path.join('.') ?? '';
  return { problem: `${where === '' ? 'plan' : where}: ${issue?.message ?? 'not a plan'}` };
}
