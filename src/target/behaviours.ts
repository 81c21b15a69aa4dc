// What the reference target does with a message: a table of named behaviours, one function each.

import type { RawData, WebSocket } from 'ws';

export type Behaviour = (socket: WebSocket, data: RawData, isBinary: boolean) => void;

export const BEHAVIOURS = {
  /** Sends every message back as it came. */
  echo: (socket, data, isBinary) => socket.send(data, { binary: isBinary }),
} as const satisfies Record<string, Behaviour>;

export type BehaviourName = keyof typeof BEHAVIOURS;
