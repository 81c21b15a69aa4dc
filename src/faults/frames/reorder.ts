// reorder: so many later messages of its stream go first. What none follow goes after 100 ms, unharmed.

import { FAULT_DEFAULTS, reorderField } from '../../injection/fault-fields.ts';
import { messageFault } from '../fault.ts';

const HOLD_LIMIT_NS = 100e6;

export const reorder = messageFault(
  'reordered',
  { by: reorderField },
  ({ by = FAULT_DEFAULTS.by }) =>
    (message, way) =>
      way.hold(message, by, HOLD_LIMIT_NS),
);
