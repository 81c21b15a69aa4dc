// slow_close: that a side has ended is told the other so much later.

import { durationField } from '../../plan/fields.ts';
import { toxic } from '../fault.ts';
import { passing } from '../stage.ts';

export const slowClose = toxic(
  'nothing',
  ['delayedEnds'],
  { delay: durationField('How much later.', { example: '1s' }) },
  ({ delay: delayNs }) =>
    (link) => {
      let isEnding = false;
      const end = (): void => {
        if (!isEnding) return;
        isEnding = false;
        link.next.end();
      };
      return {
        ...passing(link),
        end() {
          isEnding = true;
          link.count('delayedEnds');
          link.after(delayNs, end);
        },
        retire: end,
      };
    },
);
