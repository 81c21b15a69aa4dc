// duplicate: the message gets through more than once.

import { copiesField, FAULT_DEFAULTS } from '../../injection/fault-fields.ts';
import { messageFault } from '../fault.ts';

export const duplicate = messageFault(
  'duplicated',
  { copies: copiesField },
  ({ copies = FAULT_DEFAULTS.copies }) =>
    (message, way) => {
      way.send(message);
      for (let copy = 0; copy < copies; copy++) way.sendAgain(message);
    },
);
