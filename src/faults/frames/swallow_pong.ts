// swallow_pong: who pings receives nothing, and must think that the other side is gone.

import { pongFault } from '../fault.ts';

export const swallowPong = pongFault();
