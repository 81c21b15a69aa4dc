// coalesce: the message and so many that come next go in one write; what has not come after 100 ms is not waited for. A
// receiver must not mind.

import { wholeField } from '../../plan/schema/fields.ts';
import { messageFault } from '../fault.ts';

const LIMIT_NS = 100e6;
const MAX_OTHERS = 1000;

export const coalesce = messageFault(
  'coalesced',
  {
    by: wholeField(
      `a whole number from 1 to ${MAX_OTHERS}`,
      'The number of further messages that are sent together with it. Default 1.',
      {
        min: 1,
        max: MAX_OTHERS,
      },
    ).optional(),
  },
  ({ by = 1 }) =>
    (message, way) =>
      way.gather(message, by, LIMIT_NS),
);
