// slicer: what comes in one piece goes on in many small ones, of about the average size, one after the other.

import { durationField, sizeField } from '../../plan/schema/fields.ts';
import { uniform } from '../../random/distributions.ts';
import { createDelayLine } from '../delay-line.ts';
import { toxic } from '../fault.ts';

const LIMIT_BYTES = 64 * 1024;

export const slicer = toxic(
  'nothing',
  ['slicedBytes'],
  {
    average_size: sizeField('The average size of a slice.', 1024 ** 2, '1MiB', '64'),
    size_variation: sizeField(
      'A random change of the size, up to this much more or less. Default 0.',
      1024 ** 2,
      '1MiB',
      '16',
    ).optional(),
    delay: durationField('The pause between two slices. Default 0.', { example: '1ms' }).optional(),
  },
  ({ average_size: averageBytes, size_variation: variationBytes = 0, delay: delayNs = 0 }) =>
    (context) => {
      const line = createDelayLine(context, LIMIT_BYTES, () => 0);
      const sliceBytes = (): number =>
        Math.max(1, Math.round(averageBytes + uniform(context.random, -variationBytes, variationBytes)));
      const slicesOf = (bytes: Uint8Array): readonly Uint8Array[] => {
        const slices: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; ) {
          const slice = bytes.subarray(at, at + sliceBytes());
          slices.push(slice);
          at += slice.length;
        }
        return slices;
      };
      return {
        ...line,
        push(bytes) {
          const slices = slicesOf(bytes);
          if (slices.length > 1) context.count('slicedBytes', bytes.length);
          for (const slice of slices) {
            if (delayNs === 0) context.next.push(slice);
            else line.pushAt(slice, line.lastDueNs() + delayNs);
          }
        },
        end() {
          if (delayNs === 0) context.next.end();
          else line.end();
        },
      };
    },
);
