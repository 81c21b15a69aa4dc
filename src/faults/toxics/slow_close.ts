// slow_close: that a side has ended is told the other so much later.

import { durationField } from '../../plan/schema/fields.ts';
import { toxic } from '../fault.ts';
import { passing } from '../stage.ts';

export const slowClose = toxic(
  'nothing',
  ['delayedEnds'],
  { delay: durationField('The delay of the close.', { example: '1s' }) },
  ({ delay: delayNs }) =>
    (context) => {
      let isEnding = false;
      const end = (): void => {
        if (!isEnding) return;
        isEnding = false;
        context.next.end();
      };
      return {
        ...passing(context),
        end() {
          isEnding = true;
          context.count('delayedEnds');
          context.after(delayNs, end);
        },
        retire: end,
      };
    },
);
