// Which message a payload says it is, whatever its protocol: the echo's own head, or an id in a document. Where it says
// nothing, its name is the number of its connection at the proxy, and its own number there.

import { nameEcho } from '../protocols/echo/echo.ts';

export interface Name {
  readonly stream: number;
  readonly seq: number;
}

/** As `protocols/message-id.ts` writes it, where it stands as a text of its own. */
const ID = /"[0-9a-f]{8}-(\d{1,10})-(\d{1,16})(?:-[0-9a-z]+-[0-9a-z]+)?"/;
const BRACE = 0x7b;
const BRACKET = 0x5b;
/** Documents are searched so far for an id. */
const SEARCHED_BYTES = 16_384;

/** Null where the payload does not say. */
export function nameOf(payload: Uint8Array, isText: boolean): Name | null {
  const echo = nameEcho(payload, isText);
  if (echo !== null) return { stream: echo.stream, seq: echo.sequence };
  if (payload[0] !== BRACE && payload[0] !== BRACKET) return null;
  const { buffer, byteOffset, length } = payload;
  const text = Buffer.from(buffer, byteOffset, Math.min(length, SEARCHED_BYTES)).toString('latin1');
  const found = ID.exec(text);
  return found === null ? null : { stream: Number(found[1]), seq: Number(found[2]) };
}
