// The port for custom protocols: how bytes become messages. A module exports one of
// these as `protocol`; the plan names its path. See CREATING_A_PROTOCOL.md beside this file.

/** What goes over the wire: text frames for a string, binary frames for bytes. */
export type Wire = string | Uint8Array;

/** The connection that a session is about. */
export interface ClientInfo {
  /** Its number in the run, from 0. */
  readonly client: number;
  /** The room that it is in; 0 where the plan has no rooms. */
  readonly room: number;
  /** Its row of the plan's CSV file (`target.rows`); empty where there is none. */
  readonly row: Readonly<Record<string, string>>;
}

/** A message to be laid out. */
export interface Outgoing {
  /** Must come back as it stands: characters, digits and dashes, at most 60. */
  readonly id: string;
  /** Its number within the client, from 0. */
  readonly seq: number;
  /** The name of its type in the mix. */
  readonly type: string;
  /** As many characters, digits, dashes and underscores as its type has bytes. */
  readonly payload: string;
}

/** What an arrived message means. */
export type Incoming =
  /** A message of the run, or its answer. Give the payload where it came back: it is then checked. */
  | {
      readonly kind: 'message';
      readonly id: string;
      readonly payload?: string;
      /** The service says that it had the message before. */
      readonly duplicate?: boolean;
      /** The service's state and what it should be: a difference is counted as diverged. */
      readonly state?: { readonly expected: string; readonly got: string };
    }
  /** The service took the message, and delivers it apart from that. */
  | {
      readonly kind: 'acknowledgement';
      readonly id: string;
      readonly duplicate?: boolean;
      readonly state?: { readonly expected: string; readonly got: string };
    }
  /** The service says that it did not take a message. The reason is shown to people; where there is none, what was received. */
  | { readonly kind: 'rejection'; readonly id: string; readonly reason?: string }
  /** Nothing that the service should have sent. */
  | { readonly kind: 'unexpected' }
  /** What it is cannot be said: messages that are still missing on this connection may be in it. `why`: in a few words. */
  | { readonly kind: 'unreadable'; readonly why?: string }
  /** Must be answered at once, with this. */
  | { readonly kind: 'reply'; readonly send: Wire };

/** One connection's side of the protocol. What must be remembered from message to message is remembered here. */
export interface ProtocolSession {
  /** True where the service acknowledges apart from delivering: then `acknowledgement` says so, and a message without is not done. */
  readonly acknowledges?: boolean;
  /** Sent in this order as soon as the client is open, before its messages. */
  readonly join?: readonly Wire[];
  encode(message: Outgoing): Wire;
  /** Of each data message that arrives, all that it means; empty for nothing that needs to be judged. */
  decode(received: Wire): readonly Incoming[];
}

/** Called once for each connection of a client. */
export type ProtocolAdapter = (client: ClientInfo) => ProtocolSession;
