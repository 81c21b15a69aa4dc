// limit_data: so many bytes get through, and then the connection is closed.

import { sizeField } from '../../plan/schema/fields.ts';
import { toxic } from '../fault.ts';
import { passing } from '../stage.ts';

export const limitData = toxic(
  'itself',
  ['disconnected'],
  { bytes: sizeField('The number of bytes after which the connection is closed.', 1024 ** 4, '1TiB', '1MB') },
  ({ bytes: limitBytes }) =>
    (context) => {
      let leftBytes = limitBytes;
      return {
        ...passing(context),
        push(bytes) {
          if (leftBytes === 0) return;
          const passed = bytes.length <= leftBytes ? bytes : bytes.subarray(0, leftBytes);
          leftBytes -= passed.length;
          context.next.push(passed);
          if (leftBytes === 0) context.sever('close');
        },
      };
    },
);
