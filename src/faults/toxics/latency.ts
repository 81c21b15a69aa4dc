// latency: everything takes so much longer, give or take the jitter. The order stays, as TCP keeps it.

import { durationField } from '../../plan/schema/fields.ts';
import { uniform } from '../../random/distributions.ts';
import { createDelayLine } from '../delay-line.ts';
import { toxic } from '../fault.ts';

/** More than this is not on its way at once; a faster source waits. */
export const LATENCY_LIMIT_BYTES = 1024 ** 2;

export const latency = toxic(
  'nothing',
  ['delayedBytes'],
  {
    latency: durationField('The extra delay.', { example: '100ms' }),
    jitter: durationField('A random change of the delay, up to this much more or less. Default 0.', {
      example: '20ms',
    }).optional(),
  },
  ({ latency: latencyNs, jitter: jitterNs = 0 }) =>
    (context) => {
      const line = createDelayLine(context, LATENCY_LIMIT_BYTES, () =>
        Math.max(0, latencyNs + uniform(context.random, -jitterNs, jitterNs)),
      );
      return {
        ...line,
        push(bytes) {
          context.count('delayedBytes', bytes.length);
          line.push(bytes);
        },
      };
    },
);
