// One connection beside any run, to see what a service says: opened, read and answered by the same code as a run's clients,
// with nothing measured. What it is told and what it tells is bounded by the plan's target: times, size of a message.

import { inflateRawSync } from 'node:zlib';
import { noCloseCode } from '../../facts/close-codes.ts';
import type { FailureKind } from '../../facts/failure.ts';
import type { FailureCause } from '../../facts/failure-cause.ts';
import { FrameReader, type FrameSink, type ViolationCode } from '../../frames/frame-reader.ts';
import {
  frameHeaderBytes,
  maxControlFrameBytes,
  writeCloseFrame,
  writeControlFrame,
  writeFrame,
} from '../../frames/frame-writer.ts';
import { opcodes } from '../../frames/opcodes.ts';
import { zlibInflate } from '../../frames/zlib-codec.ts';
import { createRecorder } from '../../measure/recorder.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Clock, Timer } from '../clock.ts';
import { Client } from './client.ts';
import type { Addresses } from './connect-target.ts';
import { createConnector } from './connector.ts';
import type { OpenTransport } from './transport.ts';

export interface SimpleClient {
  send(format: 'text' | 'binary', bytes: Uint8Array): void;
  /** Closes it as a polite client would; `onEnd` is not called any more. Resolves when the connection is gone. */
  close(): Promise<void>;
}

export interface SimpleClientHandler {
  onOpen(): void;
  /** The bytes of `[start, end)` are valid during the call only. */
  onMessage(format: 'text' | 'binary', bytes: Uint8Array, start: number, end: number): void;
  /** It could not be opened, or was ended from the other side. Once; nothing follows. */
  onEnd(kind: FailureKind, cause: FailureCause): void;
}

export interface SimpleClientParts {
  readonly plan: Pick<Plan, 'target' | 'load'>;
  readonly addresses: Addresses;
  readonly openTransport: OpenTransport;
  readonly clock: Clock;
  /** A fresh 32-bit mask key for each frame; must be unpredictable (RFC 6455 §10.3). */
  nextMask(): number;
  readonly handler: SimpleClientHandler;
}

/** A service that does not close its end is not waited for longer. */
const CLOSE_TIMEOUT_NS = 1e9;
const NORMAL_CLOSE = 1000;
const KIND_OF_VIOLATION: Readonly<Record<ViolationCode, FailureKind>> = {
  1002: 'framing',
  1007: 'invalidUtf8',
  1009: 'tooBig',
};

export function openSimpleClient(parts: SimpleClientParts): SimpleClient {
  const { plan, clock, handler, nextMask } = parts;
  const client = new Client(0, 0);
  let isOver = false;
  let patience: Timer | null = null;
  let gone: () => void = () => {};
  const whenGone = new Promise<void>((resolve) => {
    gone = resolve;
  });

  function end(kind: FailureKind, cause: FailureCause): void {
    if (isOver) return;
    isOver = true;
    handler.onEnd(kind, cause);
  }

  function sendClose(code: number): void {
    const { socket } = client;
    if (socket === null || client.state === 'closing') return;
    client.state = 'closing';
    const frame = new Uint8Array(maxControlFrameBytes);
    socket.write(frame.subarray(0, writeCloseFrame(frame, 0, code, '', nextMask())));
    patience = clock.after(CLOSE_TIMEOUT_NS, () => socket.destroy());
  }

  const sink: FrameSink<Client> = {
    message(_client, isText, bytes, start, messageEnd) {
      if (!isOver) handler.onMessage(isText ? 'text' : 'binary', bytes, start, messageEnd);
    },
    ping(_client, bytes, start, pingEnd) {
      const { socket } = client;
      // A flood of pings whose pongs nobody takes must not pile up here.
      if (socket === null || client.state !== 'open' || socket.writableLength > plan.target.maxBufferedBytes) return;
      const frame = new Uint8Array(maxControlFrameBytes);
      socket.write(frame.subarray(0, writeControlFrame(frame, 0, opcodes.pong, bytes, start, pingEnd, nextMask())));
    },
    pong() {},
    close(_client, code, reason) {
      end('closedByServer', { kind: 'closeFrame', code, reason });
      // RFC 6455 §5.5.1: a close frame is answered with one; 1005 may not be sent (§7.4.1).
      sendClose(code === noCloseCode ? NORMAL_CLOSE : code);
    },
    violation(_client, code, rule) {
      end(KIND_OF_VIOLATION[code], { kind: 'brokenRule', rule });
      sendClose(code);
    },
  };

  const connector = createConnector({
    plan,
    rows: [],
    addresses: parts.addresses,
    clock,
    recorder: createRecorder(),
    transport: parts.openTransport<Client>({
      onConnect: () => connector.onConnect(client),
      onBytes(_client, bytes, _view, received) {
        const start = client.opening === null ? 0 : connector.onBytes(client, bytes, received);
        if (start < received) client.reader?.feed(bytes, start, received, sink, client);
      },
      onClose(_client, socket, error) {
        if (client.socket !== socket) return; // given up before
        if (client.opening !== null) {
          connector.onClose(client, error);
          return;
        }
        patience?.cancel();
        client.socket = null;
        client.state = 'idle';
        end('reset', error?.cause ?? { kind: 'ended', isOpen: true });
        gone();
      },
    }),
    opened(_client, deflate) {
      client.state = 'open';
      const inflation = deflate === null ? null : { ...deflate, inflate: zlibInflate(inflateRawSync) };
      client.reader = new FrameReader<Client>({ maxMessageBytes: plan.target.maxMessageBytes, inflation });
      if (!isOver) handler.onOpen();
    },
    failed(_client, kind, cause) {
      end(kind, cause);
      gone();
    },
  });
  connector.request(client);

  return {
    send(format, bytes) {
      if (client.socket === null || client.state !== 'open') return;
      const frame = new Uint8Array(frameHeaderBytes(bytes.length) + bytes.length);
      // Where compression was agreed on, a message may go without (RFC 7692 §6): these are too short to gain by it.
      writeFrame(
        frame,
        0,
        format === 'text' ? opcodes.text : opcodes.binary,
        bytes,
        0,
        bytes.length,
        nextMask(),
        false,
      );
      client.socket.write(frame);
    },
    close() {
      isOver = true;
      if (client.opening !== null || client.socket === null) {
        connector.cancelAll();
        return Promise.resolve();
      }
      sendClose(NORMAL_CLOSE);
      return whenGone;
    },
  };
}
