// A WebSocket service by script, written from the server's side of RFC 6455 and sharing no code with the engine: it
// reads masked frames, answers the upgrade, and does with each message what the test says.

import { createHash } from 'node:crypto';
import type { PeerEnd } from './memory-network.ts';

export interface PeerConnection {
  /** Which connection to this service it is, from 0. */
  readonly number: number;
  readonly peer: PeerEnd;
  readonly request: string;
  /** Everything that the client sent as data messages. */
  readonly received: Received[];
  readonly pongs: string[];
  /** The payloads of the client's pings. */
  readonly pings: Uint8Array[];
  /** The code of the client's close frame; 1005 where it had none, null while it sent none. */
  closeCode: number | null;
  /** How the client left; null while it has not. */
  left: 'fin' | 'gone' | null;
  send(payload: Uint8Array, opcode?: number, rsv1?: boolean): void;
  ping(payload: string): void;
  pong(payload: Uint8Array): void;
  close(code: number | null, reason?: string): void;
}

export interface Received {
  readonly opcode: number;
  readonly rsv1: boolean;
  readonly payload: Uint8Array;
  readonly maskKey: number;
}

export interface PeerScript {
  /** What is sent back to the upgrade; by default the 101 that fits. Null answers nothing. */
  readonly answer?: (request: string, accept: string, number: number) => string | null;
  /** Before the first frame, once the upgrade is answered. */
  readonly onOpen?: (connection: PeerConnection) => void;
  /** By default the message is sent back. */
  readonly onMessage?: (connection: PeerConnection, message: Received, index: number) => void;
  /** By default the ping is answered. `index`: which one of this connection it is. */
  readonly onPing?: (connection: PeerConnection, payload: Uint8Array, index: number) => void;
  /** By default the close frame is answered with its own code, then FIN. */
  readonly onClose?: (connection: PeerConnection, code: number) => void;
}

export function createWebSocketService(script: PeerScript): {
  accept(peer: PeerEnd): void;
  readonly connections: PeerConnection[];
} {
  const connections: PeerConnection[] = [];
  return {
    connections,
    accept(peer) {
      let held = new Uint8Array(0);
      let connection: PeerConnection | null = null;
      const number = connections.length;
      connections.push(null as unknown as PeerConnection);
      const make = (request: string): PeerConnection => ({
        number,
        peer,
        request,
        received: [],
        pongs: [],
        pings: [],
        closeCode: null,
        left: null,
        send: (payload, opcode = 2, rsv1 = false) => peer.send(serverFrame(opcode, payload, rsv1)),
        ping: (payload) => peer.send(serverFrame(9, new TextEncoder().encode(payload))),
        pong: (payload) => peer.send(serverFrame(10, payload)),
        close: (code, reason = '') => peer.send(serverFrame(8, closePayload(code, reason))),
      });
      peer.onEnd = (isClean) => {
        connections[number] ??= make('');
        connections[number]!.left = isClean ? 'fin' : 'gone';
        if (isClean) peer.end();
      };
      peer.onBytes = (bytes) => {
        held = concat(held, bytes);
        if (connection === null) {
          const text = Buffer.from(held).toString('latin1');
          const end = text.indexOf('\r\n\r\n');
          if (end === -1) return;
          held = held.slice(end + 4);
          connection = make(text.slice(0, end));
          connections[number] = connection;
          const accept = acceptFor(connection.request);
          const answer = (script.answer ?? switchingProtocols)(connection.request, accept, number);
          if (answer === null) return;
          peer.send(Buffer.from(answer, 'latin1'));
          script.onOpen?.(connection);
        }
        for (let frame = readFrame(held); frame !== null; frame = readFrame(held)) {
          held = held.slice(frame.end);
          obey(connection, frame);
        }
      };
    },
  };

  function obey(connection: PeerConnection, { opcode, rsv1, payload, maskKey }: ClientFrame): void {
    if (opcode === 8) {
      const code = payload.length >= 2 ? (payload[0]! << 8) | payload[1]! : 1005;
      connection.closeCode = code;
      if (script.onClose !== undefined) script.onClose(connection, code);
      else {
        connection.peer.send(serverFrame(8, payload));
        connection.peer.end();
      }
    } else if (opcode === 9) {
      connection.pings.push(payload);
      if (script.onPing !== undefined) script.onPing(connection, payload, connection.pings.length - 1);
      else connection.pong(payload);
    } else if (opcode === 10) {
      connection.pongs.push(Buffer.from(payload).toString('utf8'));
    } else {
      const message = { opcode, rsv1, payload, maskKey };
      connection.received.push(message);
      if (script.onMessage !== undefined) script.onMessage(connection, message, connection.received.length - 1);
      else connection.send(payload, opcode, rsv1);
    }
  }
}

export function acceptFor(request: string): string {
  const key = /^sec-websocket-key: *(.*)$/im.exec(request)?.[1]?.trim() ?? '';
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

export function switchingProtocols(_request: string, accept: string, extra: number | string = ''): string {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
  ];
  if (typeof extra === 'string' && extra !== '') lines.push(extra);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** A frame as a server sends it: RFC 6455 §5.2, without a mask. */
export function serverFrame(opcode: number, payload: Uint8Array, rsv1 = false): Uint8Array {
  const { length } = payload;
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.alloc(header + length);
  frame[0] = 0x80 | (rsv1 ? 0x40 : 0) | opcode;
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.set(payload, header);
  return frame;
}

interface ClientFrame extends Received {
  readonly end: number;
}

/** Null while the frame is not whole. A frame without a mask is against RFC 6455 §5.1 and throws. */
function readFrame(bytes: Uint8Array): ClientFrame | null {
  if (bytes.length < 2) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const short = bytes[1]! & 0x7f;
  if ((bytes[1]! & 0x80) === 0) throw new Error('the client sent a frame without a mask');
  if ((bytes[0]! & 0x80) === 0) throw new Error('the client sent a fragment');
  const lengthEnd = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < lengthEnd + 4) return null;
  const length = short === 126 ? view.getUint16(2) : short === 127 ? Number(view.getBigUint64(2)) : short;
  const start = lengthEnd + 4;
  if (bytes.length < start + length) return null;
  const payload = bytes.slice(start, start + length);
  for (let i = 0; i < length; i++) payload[i]! ^= bytes[lengthEnd + (i & 3)]!;
  return {
    opcode: bytes[0]! & 0x0f,
    rsv1: (bytes[0]! & 0x40) !== 0,
    payload,
    maskKey: view.getUint32(lengthEnd),
    end: start + length,
  };
}

function closePayload(code: number | null, reason: string): Uint8Array {
  if (code === null) return new Uint8Array(0);
  const text = new TextEncoder().encode(reason);
  return Uint8Array.of(code >> 8, code & 0xff, ...text);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
