// reset_peer: so long after the connection was opened, or after the fault came on, both sides see a TCP reset. Until then
// everything passes.

import { durationField } from '../../plan/schema/fields.ts';
import { toxic } from '../fault.ts';
import { passing } from '../stage.ts';

export const resetPeer = toxic(
  'itself',
  ['disconnected'],
  { timeout: durationField('The time before the reset. Default 0.', { example: '2s' }).optional() },
  ({ timeout: timeoutNs = 0 }) =>
    (context) => {
      context.after(timeoutNs, () => context.sever('reset'));
      return passing(context);
    },
);
