// bandwidth: so many bytes a second get through, and no more. What one read brings is cut into pieces, so that a slow line
// trickles instead of standing still and then jumping.

import { byteRateField } from '../../plan/schema/fields.ts';
import { createDelayLine } from '../delay-line.ts';
import { toxic } from '../fault.ts';
import { passing } from '../stage.ts';

const LIMIT_BYTES = 64 * 1024;
/** A piece takes about so long. */
const PIECE_SECONDS = 0.005;

export const bandwidth = toxic(
  'itself',
  ['delayedBytes'],
  { rate: byteRateField('The maximum rate.', '100KB/s') },
  ({ rate: bytesPerSecond }) =>
    (context) => {
      const line = createDelayLine(context, LIMIT_BYTES, () => 0);
      const pieceBytes = Math.max(1, Math.floor(bytesPerSecond * PIECE_SECONDS));
      return {
        ...passing(context),
        ...line,
        push(bytes) {
          context.count('delayedBytes', bytes.length);
          for (let at = 0; at < bytes.length; at += pieceBytes) {
            const piece = bytes.subarray(at, at + pieceBytes);
            line.pushAt(piece, line.lastDueNs() + (piece.length * 1e9) / bytesPerSecond);
          }
        },
      };
    },
);
