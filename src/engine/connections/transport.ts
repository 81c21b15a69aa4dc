// The port through which the engine reaches the network. A transport opens sockets and hands their bytes
// up in one shared buffer; it knows nothing of WebSocket. Adapters: `node-transport.ts` and, in tests,
// a transport in memory; both keep the contract in `transport-contract.ts`.

import type { FailureKind } from '../../facts/failure.ts';
import type { FailureCause } from '../../facts/failure-cause.ts';

export interface Endpoint {
  /** An IP address: names are resolved before the run, but for hosts that differ by row beyond the first rows. */
  readonly address: string;
  readonly port: number;
  readonly secure: boolean;
  /** For SNI and the certificate check; empty where there is none. */
  readonly serverName: string;
  readonly localAddress: string | null;
}

export interface SocketError {
  readonly kind: FailureKind;
  readonly cause: FailureCause;
}

/** One connection. After `onClose` it is dead and no call has an effect. */
export interface Socket {
  /** Bytes accepted by `write` and not yet handed to the kernel. While it is 0, written buffers are free again. */
  readonly writableLength: number;
  write(bytes: Uint8Array): unknown;
  /** Sends what is buffered, then FIN. */
  end(): unknown;
  /** Drops the connection at once. */
  destroy(): unknown;
  /** The same with a TCP reset, where the socket is plain. */
  reset(): unknown;
  /** Nothing further is read, but for what is on its way up already, until `resume`. */
  pause(): unknown;
  resume(): unknown;
}

/** Called by the transport; `tag` is what `open` was given. */
export interface SocketHandler<Tag> {
  onConnect(tag: Tag): void;
  /** `bytes[0, end)` and `view` over the same memory are valid until the call returns. */
  onBytes(tag: Tag, bytes: Uint8Array, view: DataView, end: number): void;
  /** Exactly once for every socket, also for one that never connected or was destroyed. */
  onClose(tag: Tag, socket: Socket, error: SocketError | null): void;
}

export interface Transport<Tag> {
  open(endpoint: Endpoint, tag: Tag): Socket;
}

export type OpenTransport = <Tag>(handler: SocketHandler<Tag>) => Transport<Tag>;
