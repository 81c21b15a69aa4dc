// The answer to the handshake, read in passing: what follows a 101 are frames, and how they are compressed stands in it. What
// is no answer of that kind is passed on, and never looked into.

import { readDeflateAnswer } from '../frames/deflate.ts';
import { maxHeaderBytes } from '../frames/handshake.ts';
import { readResponseHead } from '../frames/http-response.ts';
import { joined } from '../frames/wire-frame.ts';
import type { Way } from '../plan/network-faults.ts';
import type { DirectionCompression } from './assembler.ts';

export type Upgrade =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'frames'; readonly compression: Readonly<Record<Way, DirectionCompression | null>> }
  /** Refused, or in an extension that is not known here. */
  | { readonly kind: 'opaque' };

export interface UpgradeWatch {
  state(): Upgrade;
  /** Bytes from the server; says how many of them belong to the answer, once it is all there, else all of them. */
  answered(bytes: Uint8Array): number;
}

const OPAQUE: Upgrade = { kind: 'opaque' };
/** What a client that says yes to everything has offered; what was really offered does not matter once it was answered. */
const OFFERED = { clientContextTakeover: true, serverContextTakeover: true };

export function watchUpgrade(): UpgradeWatch {
  let state: Upgrade = { kind: 'waiting' };
  let head: Uint8Array = new Uint8Array(0);

  function read(bytes: Uint8Array): number {
    const before = head.length;
    head = before === 0 ? bytes : joined([head, bytes]);
    for (;;) {
      const found = readResponseHead(head, 0, Math.min(head.length, maxHeaderBytes));
      if (found.kind === 'incomplete' && head.length < maxHeaderBytes) return bytes.length;
      if (found.kind !== 'head') return end(OPAQUE, bytes.length);
      const restBytes = head.length - found.end;
      if (found.head.status === 101)
        return end(agreed(found.head.fields.get('sec-websocket-extensions') ?? null), bytes.length - restBytes);
      if (found.head.status >= 200) return end(OPAQUE, bytes.length);
      // Interim responses precede the final one (RFC 9110 §15.2).
      head = head.subarray(found.end);
    }
  }

  function end(found: Upgrade, consumedBytes: number): number {
    state = found;
    head = new Uint8Array(0);
    return consumedBytes;
  }

  return {
    state: () => state,
    answered: (bytes) => (state.kind === 'waiting' ? read(bytes) : 0),
  };
}

function agreed(extensions: string | null): Upgrade {
  const answer = readDeflateAnswer(extensions, OFFERED);
  switch (answer.kind) {
    case 'none':
      return { kind: 'frames', compression: { up: null, down: null } };
    case 'refused':
      return OPAQUE;
    case 'agreed': {
      const { serverContextTakeover, serverWindowBits, sending } = answer.agreement;
      const up =
        sending.kind === 'compressed'
          ? { contextTakeover: sending.contextTakeover, windowBits: sending.windowBits }
          : { contextTakeover: true, windowBits: 8 };
      return {
        kind: 'frames',
        compression: { up, down: { contextTakeover: serverContextTakeover, windowBits: serverWindowBits } },
      };
    }
  }
}
