// The truth log: what was really done to which message, one JSON line each, written by whoever did it. What a message
// tester finds must agree with it, message by message.

/**
 * What was done on the connection of client `to` to a message of `stream`, but for a leak. Numbers are the sender's; `atNs` counts from when
 * the log was opened.
 */
export type Act =
  /** Not sent, and never will be. */
  | {
      readonly act: 'drop';
      readonly to: number;
      readonly stream: number;
      readonly seq: number;
      /** `evicted`: its receiver is no longer thought of; `acknowledged`: it had been acknowledged. */
      readonly why: 'fault' | 'slowReader' | 'held' | 'evicted' | 'acknowledged';
    }
  /** Sent once more, whole: as a copy at once, or later as a replay. */
  | { readonly act: 'duplicate'; readonly to: number; readonly stream: number; readonly seq: number }
  /** Sent after a later one; `extent` is RFC 4737's: how many whole messages went since the first later one, it included. */
  | {
      readonly act: 'reorder';
      readonly to: number;
      readonly stream: number;
      readonly seq: number;
      readonly extent: number;
    }
  /** Sent damaged instead of whole. */
  | {
      readonly act: 'damage';
      readonly to: number;
      readonly stream: number;
      readonly seq: number;
      /** `utf8`: a text that is none any more; `header`: a frame that nobody may send. Both end the connection. */
      readonly how: 'bitFlips' | 'truncated' | 'extended' | 'spliced' | 'utf8' | 'header';
    }
  /** Sent behind a message of this stream although nobody had sent it. */
  | { readonly act: 'fabricate'; readonly to: number; readonly stream: number }
  | {
      readonly act: 'disconnect';
      readonly to: number;
      readonly stream: number;
      readonly seq: number;
      readonly code: number;
    }
  | {
      readonly act: 'stall';
      readonly to: number;
      readonly stream: number;
      readonly seq: number;
      readonly forNs: number;
    }
  | {
      readonly act: 'delay';
      readonly to: number;
      readonly stream: number;
      readonly seq: number;
      readonly forNs: number;
    }
  /** Taken and not acknowledged; taken twice; taken after all that was before it had been forgotten. */
  | {
      readonly act: 'swallowAck' | 'applyTwice' | 'forget';
      readonly to: number;
      readonly stream: number;
      readonly seq: number;
    }
  /** Not taken, and its sender told so: the queue was full. */
  | {
      readonly act: 'refuse';
      readonly to: number;
      readonly stream: number;
      readonly seq: number;
      /** One of the queue's; null for what names none of them. */
      readonly priority: string | null;
    }
  /** Sent in several fragments; sent together with others in one write. */
  | { readonly act: 'split' | 'coalesce'; readonly to: number; readonly stream: number; readonly seq: number }
  /** A pong that did not get through. */
  | { readonly act: 'swallowPong'; readonly to: number }
  /** A connection, by its number at the proxy, was reset or closed. */
  | { readonly act: 'cut'; readonly connection: number; readonly fault: string; readonly how: 'reset' | 'close' }
  /** A fault of the proxy came on, or went off. */
  | { readonly act: 'switch'; readonly fault: string; readonly on: boolean }
  /**
   * Of a ticker, when a connection ended and before its sum: of a channel that it received, the first number that went out on it
   * whole, and the highest.
   */
  | {
      readonly act: 'told';
      readonly to: number;
      readonly stream: number;
      readonly first: number;
      readonly highest: number;
    }
  /** A connection's sum when it ended: messages that were to go out on it, and of them sent whole at least once. */
  | {
      readonly act: 'closed';
      readonly to: number;
      readonly received: number;
      /** Of its own messages, and of others'. */
      readonly returned: number;
      readonly passedOn: number;
    }
  /** Of the whole service, and so on no connection: what it holds and will not give back, when that begins and at the end. */
  | { readonly act: 'leak'; readonly heldBytes: number };

/** Of the proxy, in which direction it was done: up is from the client to the server. */
export interface Direction {
  readonly way?: 'up' | 'down';
}

export type TruthLine = Act & Direction & { readonly atNs: number };

/** Where acts are written down. */
export type LogAct = (act: Act & Direction) => void;

export function encodeTruth(line: TruthLine): string {
  return JSON.stringify(line);
}
