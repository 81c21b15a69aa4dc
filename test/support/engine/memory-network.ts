// A network in memory, as strict as the real one may be: bytes travel through a kernel buffer of a bounded size, what
// does not fit stays in the writer's own memory until it does (so overwriting it would show), every read hands up one
// shared buffer that is wiped after the call, and nothing calls back within a call.

import type {
  Endpoint,
  Socket,
  SocketError,
  SocketHandler,
  Transport,
} from '../../../src/engine/connections/transport.ts';
import type { FailureCause } from '../../../src/facts/failure-cause.ts';
import type { VirtualClock } from './virtual-clock.ts';

export const DELAY_NS = 100_000;
const READ_BUFFER_BYTES = 16 * 1024;
const WIPED = 0xee;

/** The service's end of a connection. */
export interface PeerEnd {
  readonly endpoint: Endpoint;
  onBytes: (bytes: Uint8Array) => void;
  /** The client sent FIN (true) or is gone without one (false). Once. */
  onEnd: (isClean: boolean) => void;
  send(bytes: Uint8Array): void;
  end(): void;
  reset(): void;
  /** Stops taking bytes out of the kernel's buffer. */
  pause(): void;
  resume(): void;
}

export interface MemoryNetwork {
  /** What listens at an address and port; `null` accepts no connection and refuses none. */
  listen(address: string, port: number, onConnection: ((peer: PeerEnd) => void) | null): void;
  open<Tag>(handler: SocketHandler<Tag>): Transport<Tag>;
  /** Every connection attempt so far, as "address:port". */
  readonly attempts: string[];
}

export interface MemoryNetworkOptions {
  /** Bytes that the kernel takes from a client before the service reads. */
  readonly kernelBytes: number;
  /** One way, by connection attempt: 0, 1, … */
  readonly delayNs: (attempt: number) => number;
}

export function createMemoryNetwork(
  clock: VirtualClock,
  { kernelBytes = 64 * 1024, delayNs = () => DELAY_NS }: Partial<MemoryNetworkOptions> = {},
): MemoryNetwork {
  const listeners = new Map<string, ((peer: PeerEnd) => void) | null>();
  const attempts: string[] = [];

  function openSocket<Tag>(handler: SocketHandler<Tag>, shared: SharedBuffer, endpoint: Endpoint, tag: Tag): Socket {
    const key = `${endpoint.address}:${endpoint.port}`;
    const oneWayNs = delayNs(attempts.length);
    attempts.push(key);
    let state: 'connecting' | 'open' | 'closed' = 'connecting';
    let queue: Uint8Array[] = [];
    let queuedBytes = 0;
    let inKernel = 0;
    let isEnding = false;
    let isEnded = false;
    let isPaused = false;
    /** What came while the client did not read. */
    let unread: (() => void)[] | null = null;
    let peerKnowsEnd = false;
    const kernel: Uint8Array[] = [];

    const later = (action: () => void): void => void clock.after(oneWayNs, action);

    function close(error: SocketError | null): void {
      if (state === 'closed') return;
      state = 'closed';
      queue = [];
      queuedBytes = 0;
      clock.after(0, () => handler.onClose(tag, socket, error));
    }

    function reportPeerEnd(isClean: boolean): void {
      later(() => {
        if (peerKnowsEnd) return;
        peerKnowsEnd = true;
        peer.onEnd(isClean);
      });
    }

    /** Moves what fits from the writer's memory to the kernel's, and what is there on its way. */
    function pump(): void {
      if (state !== 'open') return;
      while (queue.length > 0 && inKernel < kernelBytes) {
        const [first] = queue as [Uint8Array];
        const taken = Math.min(first.length, kernelBytes - inKernel);
        kernel.push(Uint8Array.from(first.subarray(0, taken))); // of a Buffer, slice() is no copy
        inKernel += taken;
        queuedBytes -= taken;
        if (taken === first.length) queue.shift();
        else queue[0] = first.subarray(taken);
      }
      if (!isPaused && kernel.length > 0) later(arrive);
      if (isEnding && !isEnded && queuedBytes === 0) {
        isEnded = true;
        reportPeerEnd(true);
      }
    }

    function arrive(): void {
      if (isPaused) return;
      while (kernel.length > 0 && !isPaused) {
        const bytes = kernel.shift()!;
        inKernel -= bytes.length;
        peer.onBytes(bytes);
      }
      pump();
    }

    const socket: Socket = {
      get writableLength() {
        return queuedBytes;
      },
      write(bytes) {
        if (state === 'closed' || isEnding || bytes.length === 0) return;
        queue.push(bytes);
        queuedBytes += bytes.length;
        pump();
      },
      end() {
        if (state === 'closed' || isEnding) return;
        isEnding = true;
        pump();
      },
      destroy() {
        if (state === 'closed') return;
        const wasOpen = state === 'open';
        close(null);
        if (wasOpen) reportPeerEnd(false);
      },
      reset: () => socket.destroy(),
      pause() {
        unread ??= [];
      },
      resume() {
        const waiting = unread ?? [];
        unread = null;
        for (const hand of waiting) later(hand);
      },
    };

    const peer: PeerEnd = {
      endpoint,
      onBytes: () => {},
      onEnd: () => {},
      send(bytes) {
        const copy = Uint8Array.from(bytes);
        const hand = (): void => {
          if (unread !== null) {
            unread.push(hand);
            return;
          }
          for (let at = 0; at < copy.length && state === 'open'; at += READ_BUFFER_BYTES) {
            const end = Math.min(copy.length - at, READ_BUFFER_BYTES);
            shared.bytes.set(copy.subarray(at, at + end));
            handler.onBytes(tag, shared.bytes, shared.view, end);
            shared.bytes.fill(WIPED, 0, end);
          }
        };
        later(hand);
      },
      end: () => later(() => close(null)),
      reset: () => later(() => close({ kind: 'reset', cause: systemCause('ECONNRESET', 'read ECONNRESET') })),
      pause() {
        isPaused = true;
      },
      resume() {
        isPaused = false;
        later(arrive);
      },
    };

    const listener = listeners.get(key);
    clock.after(2 * oneWayNs, () => {
      if (state === 'closed' || listener === null) return;
      if (listener === undefined) {
        close({ kind: 'refused', cause: systemCause('ECONNREFUSED', `connect ECONNREFUSED ${key}`) });
        return;
      }
      state = 'open';
      listener(peer);
      handler.onConnect(tag);
      pump();
    });
    return socket;
  }

  return {
    attempts,
    listen: (address, port, onConnection) => void listeners.set(`${address}:${port}`, onConnection),
    open(handler) {
      const bytes = new Uint8Array(READ_BUFFER_BYTES);
      const shared = { bytes, view: new DataView(bytes.buffer) };
      return { open: (endpoint, tag) => openSocket(handler, shared, endpoint, tag) };
    },
  };
}

interface SharedBuffer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

function systemCause(code: string, message: string): FailureCause {
  return { kind: 'system', code, message };
}
