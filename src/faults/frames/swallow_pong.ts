// swallow_pong: who pings hears nothing, and must think that the other side is gone.

import { pongFault } from '../fault.ts';

export const swallowPong = pongFault();
