// corrupt: bits are flipped, in the content, in what makes a text one, or in the frame's header. Of the last two the receiver
// knows without reading further that it must fail the connection (RFC 6455 §8.1, §5.2).

import { rsv2Bit } from '../../frames/wire-frame.ts';
import { flipBits } from '../../injection/damage.ts';
import { bitsField, FAULT_DEFAULTS } from '../../injection/fault-fields.ts';
import { choiceField } from '../../plan/schema/fields.ts';
import { unreachable } from '../../units/unreachable.ts';
import { messageFault } from '../fault.ts';

/** An octet that stands nowhere in UTF-8 (RFC 3629 §1). */
const NO_UTF8 = 0xff;

export const corrupt = messageFault(
  'damaged',
  {
    bits: bitsField,
    part: choiceField(['payload', 'utf8', 'header'], 'The part to damage. Default payload.').optional(),
  },
  ({ bits = FAULT_DEFAULTS.bits, part = 'payload' }) =>
    (message, way) => {
      const { payload, isText } = message;
      const random = way.random(message);
      switch (part) {
        case 'payload':
          if (payload.length === 0) way.send(message);
          else way.sendDamaged(message, 'bitFlips', flipBits(payload, bits, isText, random));
          return;
        case 'utf8': {
          if (!isText || payload.length === 0) {
            way.send(message);
            return;
          }
          const damaged = Uint8Array.from(payload); // not slice(): a Buffer's shares its memory
          damaged[Math.floor(random() * damaged.length)] = NO_UTF8;
          way.sendDamaged(message, 'utf8', damaged);
          return;
        }
        case 'header':
          way.sendDamaged(message, 'header', payload, (frame) => ({ ...frame, rsv: frame.rsv ^ rsv2Bit }));
          return;
        default:
          unreachable(part);
      }
    },
);
