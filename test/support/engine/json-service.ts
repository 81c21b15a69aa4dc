// A service that answers JSON with JSON, by script: what it makes of each message is the test's.

import type { PeerScript } from './websocket-peer.ts';

/** What is sent back to a message: documents, each in a text frame of its own. */
export type Answer = (message: Record<string, unknown>, index: number) => readonly unknown[];

const TEXT = 1;

export function jsonService(answer: Answer): PeerScript {
  return {
    onMessage(connection, { payload }, index) {
      const message = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
      for (const document of answer(message, index)) {
        const text = typeof document === 'string' ? document : JSON.stringify(document);
        connection.send(new TextEncoder().encode(text), TEXT);
      }
    },
  };
}
