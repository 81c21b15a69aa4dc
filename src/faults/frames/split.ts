// split: the message gets through in so many fragments. A receiver must not mind (RFC 6455 §5.4).

import { wholeField } from '../../plan/schema/fields.ts';
import { messageFault } from '../fault.ts';

const MAX_FRAGMENTS = 1000;

export const split = messageFault(
  'split',
  {
    fragments: wholeField(`a whole number from 2 to ${MAX_FRAGMENTS}`, 'The number of fragments. Default 2.', {
      min: 2,
      max: MAX_FRAGMENTS,
    }).optional(),
  },
  ({ fragments = 2 }) =>
    (message, way) =>
      way.sendSplit(message, fragments),
);
