// Sockets that behave as no client should: a transport around another one. The engine above talks WebSocket as always and knows
// nothing of it; what is broken is when bytes are taken, whether they go, and how the connection ends.

import { opcodes } from '../../frames/opcodes.ts';
import type { Misbehavior } from '../../plan/plan.ts';
import { NS_PER_SECOND } from '../../units/duration.ts';
import { unreachable } from '../../units/unreachable.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Endpoint, OpenTransport, Socket, SocketError, SocketHandler } from './transport.ts';

/** A frame with reserved bits and a reserved opcode, unmasked: each of the three must end the connection (RFC 6455 §5.1, §5.2). */
const MALFORMED = Uint8Array.of(0xf3, 0x00);
/** A large message goes in pieces of this size, and no more of them wait than these. */
const PIECE_BYTES = 64 * 1024;
const PIECE = new Uint8Array(PIECE_BYTES);
const MOST_WAITING_BYTES = 1024 ** 2;
const PIECE_EVERY_NS = 2e6;
const ENDED: SocketError = { kind: 'misbehaved', cause: { kind: 'planned' } };

interface MisbehavingSocket<Tag> extends Socket {
  readonly tag: Tag;
  received(byteCount: number): void;
  closed(): void;
  /** Whether it was the client itself that ended the connection. */
  readonly hasEnded: boolean;
}

export function misbehavingTransport(
  misbehavior: Misbehavior,
  openTransport: OpenTransport,
  clock: Clock,
): OpenTransport {
  return <Tag>(handler: SocketHandler<Tag>) => {
    const transport = openTransport<MisbehavingSocket<Tag>>({
      onConnect: (socket) => handler.onConnect(socket.tag),
      onBytes(socket, bytes, view, end) {
        handler.onBytes(socket.tag, bytes, view, end);
        socket.received(end);
      },
      onClose(socket, _inner, error) {
        socket.closed();
        handler.onClose(socket.tag, socket, socket.hasEnded ? ENDED : error);
      },
    });
    return {
      open(endpoint: Endpoint, tag: Tag): Socket {
        const rough: MisbehavingSocket<Tag> = misbehavingSocket(misbehavior, clock, tag, () => inner);
        const inner = transport.open(endpoint, rough);
        return rough;
      },
    };
  };
}

function misbehavingSocket<Tag>(
  misbehavior: Misbehavior,
  clock: Clock,
  tag: Tag,
  inner: () => Socket,
): MisbehavingSocket<Tag> {
  const timers = new Set<Timer>();
  let hasAsked = false;
  let hasBegun = false;
  let hasEnded = false;
  let isClosed = false;
  /** The client reads again, to learn what has become of its connection. */
  let isReleased = false;

  function after(delayNs: number, action: () => void): void {
    const timer = clock.after(delayNs, () => {
      timers.delete(timer);
      action();
    });
    timers.add(timer);
  }

  function begin(): void {
    if (isReleased) return;
    switch (misbehavior.kind) {
      case 'half-open':
        inner().pause();
        return;
      case 'slow-reader':
        if (misbehavior.bytesPerSecond === 0) inner().pause();
        return;
      case 'malformed-frames':
        inner().write(MALFORMED);
        return;
      case 'oversized':
        inner().write(frameHeader(misbehavior.bytes));
        sendPieces(misbehavior.bytes);
        return;
      case 'reset':
        hasEnded = true;
        inner().reset();
        return;
      case 'churn':
        hasEnded = true;
        inner().destroy();
        return;
      case 'no-pong':
      case 'slow-handshake':
        return;
      default:
        unreachable(misbehavior);
    }
  }

  function sendPieces(leftBytes: number): void {
    let left = leftBytes;
    while (left > 0 && inner().writableLength < MOST_WAITING_BYTES) {
      inner().write(left < PIECE_BYTES ? PIECE.subarray(0, left) : PIECE);
      left -= PIECE_BYTES;
    }
    if (left > 0) after(PIECE_EVERY_NS, () => sendPieces(left));
  }

  function trickle(bytes: Uint8Array, bytesPerSecond: number): void {
    if (bytes.length === 0) return;
    inner().write(bytes.subarray(0, 1));
    after(NS_PER_SECOND / bytesPerSecond, () => trickle(bytes.subarray(1), bytesPerSecond));
  }

  return {
    tag,
    get hasEnded() {
      return hasEnded;
    },
    get writableLength() {
      return inner().writableLength;
    },
    write(bytes) {
      if (misbehavior.kind === 'half-open' && hasBegun) return;
      const isRequest = !hasAsked;
      hasAsked = true;
      if (misbehavior.kind === 'slow-handshake' && isRequest) trickle(bytes, misbehavior.bytesPerSecond);
      else inner().write(bytes);
    },
    end: () => inner().end(),
    destroy: () => inner().destroy(),
    reset: () => inner().reset(),
    pause: () => inner().pause(),
    resume() {
      isReleased = true;
      inner().resume();
    },
    received(byteCount) {
      if (isClosed) return;
      // The first that comes is the answer to the handshake.
      if (timers.size === 0 && !hasBegun) {
        after('afterNs' in misbehavior ? misbehavior.afterNs : 0, () => {
          hasBegun = true;
          begin();
        });
      }
      if (misbehavior.kind !== 'slow-reader' || !hasBegun || isReleased || misbehavior.bytesPerSecond === 0) return;
      inner().pause();
      after((byteCount * NS_PER_SECOND) / misbehavior.bytesPerSecond, () => inner().resume());
    },
    closed() {
      isClosed = true;
      for (const timer of timers) timer.cancel();
      timers.clear();
    },
  };
}

/** Of a binary message of zeros, masked with a key of zeros (RFC 6455 §5.2). */
function frameHeader(payloadBytes: number): Uint8Array {
  const header = new Uint8Array(14);
  header[0] = 0x80 | opcodes.binary;
  header[1] = 0x80 | 127;
  new DataView(header.buffer).setBigUint64(2, BigInt(payloadBytes));
  return header;
}
