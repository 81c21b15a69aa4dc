// fabricate: the message gets through, and behind it as many bytes that nobody sent.

import { randomBytes } from '../../injection/damage.ts';
import { messageFault } from '../fault.ts';

export const fabricate = messageFault('fabricated', {}, () => (message, way) => {
  way.send(message);
  way.fabricate(message, randomBytes(message.payload.length, message.isText, way.random(message)));
});
