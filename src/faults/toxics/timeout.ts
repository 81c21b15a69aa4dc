// timeout: nothing gets through any more, not even that a side has ended, and after the timeout the connection is closed. With
// 0 it never is: a line that was cut, and nobody was told. What was swallowed does not come back when it is switched off.

import { durationField } from '../../plan/schema/fields.ts';
import { toxic } from '../fault.ts';
import { passing } from '../stage.ts';

export const timeout = toxic(
  'itself',
  ['swallowedBytes'],
  {
    timeout: durationField('The time after which the connection is closed; 0 for never. Default 0.', {
      example: '5s',
    }).optional(),
  },
  ({ timeout: timeoutNs = 0 }) =>
    (context) => {
      let hasEnded = false;
      if (timeoutNs > 0) context.after(timeoutNs, () => context.sever('close'));
      return {
        ...passing(context),
        push: (bytes) => context.count('swallowedBytes', bytes.length),
        end() {
          hasEnded = true;
        },
        retire() {
          if (hasEnded) context.next.end();
        },
      };
    },
);
