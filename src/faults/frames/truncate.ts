// truncate: the message is cut off somewhere. Of one that is too short to be known again afterwards half is left.

import { cutOff, isTooShortToCut } from '../../injection/damage.ts';
import { messageFault } from '../fault.ts';

export const truncate = messageFault('damaged', {}, () => (message, way) => {
  const { payload, isText } = message;
  const isShort = isTooShortToCut(payload, isText);
  const cut = isShort ? payload.slice(0, payload.length >> 1) : cutOff(payload, isText, way.random(message));
  if (payload.length === 0) way.send(message);
  else way.sendDamaged(message, 'truncated', cut);
});
