// delay: the message gets through later, and others do not wait for it.

import { FAULT_DEFAULTS } from '../../injection/fault-fields.ts';
import { durationRangeField } from '../../plan/schema/fields.ts';
import { uniform } from '../../random/distributions.ts';
import { messageFault } from '../fault.ts';

export const delay = messageFault(
  'delayed',
  { delay: durationRangeField('The delay. Default 10ms.', '5ms..50ms').optional() },
  ({ delay: { minNs, maxNs } = FAULT_DEFAULTS.forNs }) =>
    (message, way) =>
      way.delay(message, uniform(way.random(message), minNs, maxNs)),
);
