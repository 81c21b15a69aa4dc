// The head of the client's request, which passes as it is but for one line: a Host that names the proxy must name the target,
// which would not know itself otherwise. A Host that names somebody else is what the client means, and stays.

import { joined } from '../frames/wire-frame.ts';

/** A longer head passes as it is. */
const MAX_HEAD_BYTES = 65_536;
const HEAD_END = Buffer.from('\r\n\r\n');

export interface RequestHead {
  /** What is to go on; null while the head is not whole. */
  feed(bytes: Uint8Array): Uint8Array | null;
  /** Path and query of the request; null where it is none. */
  path(): string | null;
}

/** `ownPort`: the proxy's; `host`: the target's, as a Host header has it. */
export function createRequestHead(ownPort: number, host: string): RequestHead {
  let head: Uint8Array = new Uint8Array(0);
  let path: string | null = null;

  function rewrite(text: string): string {
    path = /^[A-Z]+ (\S+) HTTP\/1\.\d\r\n/.exec(text)?.[1] ?? null;
    return text.replace(/^(host:[ \t]*)([^\r\n]*)/im, (line, name: string, value: string) =>
      value.trimEnd().endsWith(`:${ownPort}`) ? `${name}${host}` : line,
    );
  }

  return {
    feed(bytes) {
      head = head.length === 0 ? bytes : joined([head, bytes]);
      const all = Buffer.from(head.buffer, head.byteOffset, head.length);
      const end = all.indexOf(HEAD_END);
      if (end < 0) return head.length > MAX_HEAD_BYTES ? head : null;
      const written = Buffer.from(rewrite(all.toString('latin1', 0, end + 2)), 'latin1');
      return Buffer.concat([written, all.subarray(end + 2)]);
    },
    path: () => path,
  };
}

/** The client that a request says it is of: `?client=N`. */
export function clientOf(path: string | null): number | null {
  const found = /[?&]client=(\d{1,10})(?:&|$)/.exec(path ?? '');
  return found === null ? null : Number(found[1]);
}
