// replay: the message gets through, and one of the last 32 behind it once more.

import { messageFault } from '../fault.ts';

export const replay = messageFault('duplicated', {}, () => (message, way) => {
  way.send(message);
  const recent = way.recent();
  const again = recent[Math.floor(way.random(message)() * recent.length)];
  if (again !== undefined) way.sendAgain(again);
});
