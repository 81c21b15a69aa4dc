// Memory that a service takes and never gives back, as written in a behavior file. How much is held follows from the time
// alone, grows and never shrinks, and has an upper limit: it cannot take the machine down unless it is told to.

import * as z from 'zod';
import { byteRateField, durationField, objectField, sizeField } from '../plan/schema/fields.ts';

export interface Leak {
  readonly bytesPerSecond: number;
  readonly atMostBytes: number;
  /** From the start of the service. */
  readonly fromNs: number;
  /** Null goes on until the limit is reached. */
  readonly toNs: number | null;
}

const DEFAULT_AT_MOST_BYTES = 1e9;
const MAX_HELD_BYTES = 64 * 1024 ** 3;
const LEAK_EXPECTED = `bytes per second such as 1MB/s, or a leak: { rate, atMost, from, to }`;

const byteRate = byteRateField('How fast the leak grows.', '1MB/s');

const settings = objectField(
  {
    rate: byteRate,
    atMost: sizeField('The most memory that it holds. Default 1GB.', MAX_HELD_BYTES, '64GiB', '1GB').optional(),
    from: durationField('When the leak starts, measured from the start of the target. Default 0s.').optional(),
    to: durationField('When the leak stops growing; the memory stays in use. Default: never.', { min: 1 }).optional(),
  },
  LEAK_EXPECTED,
  'Memory that is allocated and never freed.',
).refine(({ from, to }) => to === undefined || to > (from ?? 0), {
  error: () => 'a time after from',
  path: ['to'],
});

export const leakField = z.union([byteRate, settings], { error: () => LEAK_EXPECTED });

export function resolveLeak(written: z.output<typeof leakField>): Leak {
  const { rate, atMost, from, to } =
    typeof written === 'number' ? { rate: written, atMost: undefined, from: undefined, to: undefined } : written;
  return {
    bytesPerSecond: rate,
    atMostBytes: atMost ?? DEFAULT_AT_MOST_BYTES,
    fromNs: from ?? 0,
    toNs: to ?? null,
  };
}

/** How much is held so long after the start. */
export function leakedBytes({ bytesPerSecond, atMostBytes, fromNs, toNs }: Leak, elapsedNs: number): number {
  const grownNs = Math.max(0, Math.min(elapsedNs, toNs ?? elapsedNs) - fromNs);
  return Math.min(atMostBytes, Math.floor((bytesPerSecond * grownNs) / 1e9));
}

/** How much is held in the end, if the service lives so long. */
export function mostLeakedBytes(leak: Leak): number {
  return leakedBytes(leak, leak.toNs ?? Number.POSITIVE_INFINITY);
}
