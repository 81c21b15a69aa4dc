// Messages of the services that speak JSON (`assistants.ts`, `queues.ts`): documents with an id. One of Highwater's says which
// message it is (`protocols/message-id.ts`); any other is as good an id, and has no name.

import type { Peer } from './delivery.ts';

export interface JsonMessage {
  readonly id: string;
  readonly text: string;
  /** Whatever stands there. */
  readonly priority: unknown;
}

/** Null for what is no JSON with an `id`. */
export function readMessage(data: Uint8Array): JsonMessage | null {
  try {
    const { id, text, priority } = JSON.parse(Buffer.from(data).toString('utf8')) as Readonly<Record<string, unknown>>;
    return typeof id === 'string' ? { id, text: typeof text === 'string' ? text : '', priority } : null;
  } catch {
    return null;
  }
}

/** Which message an id says it is of; −1 and −1 where it does not say. */
export function nameOfId(id: string): { readonly stream: number; readonly seq: number } {
  const [, stream = '-1', seq = '-1'] = /^[0-9a-f]{8}-(\d{1,10})-(\d{1,16})/.exec(id) ?? [];
  return { stream: Number(stream), seq: Number(seq) };
}

/** The answer to what is no message. */
export function sayWhatIsExpected(peer: Peer): void {
  peer.send(encode({ error: 'expected {"id": "…"}' }), false);
}

export function encode(document: object): Uint8Array {
  return Buffer.from(JSON.stringify(document));
}
