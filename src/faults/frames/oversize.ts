// oversize: the message gets through with so many bytes more behind it: beyond what a receiver takes, or what fits.

import { appendBytes } from '../../injection/damage.ts';
import { sizeField } from '../../plan/schema/fields.ts';
import { messageFault } from '../fault.ts';

const MAX_BYTES = 64 * 1024 ** 2;
const DEFAULT_BYTES = 1024 ** 2;

export const oversize = messageFault(
  'damaged',
  { bytes: sizeField('The number of bytes to add. Default 1MiB.', MAX_BYTES, '64MiB', '1MiB').optional() },
  ({ bytes = DEFAULT_BYTES }) =>
    (message, way) => {
      const { payload, isText } = message;
      way.sendDamaged(message, 'extended', appendBytes(payload, bytes, isText, way.random(message)));
    },
);
