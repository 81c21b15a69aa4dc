// One connection and its sending state. There may be tens of thousands in a process, so a client holds a
// few words; what only an opening connection needs is in `opening`, what only short messages need in `times`.

import type { MessageDeflater } from '../../frames/deflate.ts';
import type { FrameReader } from '../../frames/frame-reader.ts';
import type { HandshakeReader, HandshakeResult } from '../../frames/handshake.ts';
import type { Socket } from './transport.ts';

/**
 * idle → opening → open → draining → closing → idle
 *
 * draining: sends nothing further, waits for what is in flight. closing: our close frame is sent.
 */
export type ClientState = 'idle' | 'opening' | 'open' | 'draining' | 'closing';

export type HandshakeRefusal = Extract<HandshakeResult, { kind: 'rejected' }>;

/** What an opening connection needs beyond an open one. */
export interface Opening {
  readonly startedNs: number;
  readonly addressIndex: number;
  /** How many of the host's addresses have been tried, this one included. */
  readonly addressesTried: number;
  phase: 'connecting' | 'upgrading';
  deadlineNs: number;
  /** Written once the socket is connected; null where the client's row makes none. */
  request: Uint8Array | null;
  readonly handshake: HandshakeReader;
  /** Whether anything has been received. */
  hasAnswer: boolean;
  /** The refusal read so far, reported when its body is complete or its time is over. */
  refusal: HandshakeRefusal | null;
}

export class Client {
  /** Its place in this process's tables. */
  readonly index: number;
  /** Its number in the whole run, which is also the number of its stream. */
  readonly stream: number;
  state: ClientState = 'idle';
  hasBeenOpen = false;
  /** The plan wants it open now. */
  isWanted = false;
  /** Of the time for which clients are wanted, and are open: whether it counts now. */
  isCounted = false;
  isUp = false;
  /** When its last connection opened; NaN before the first. */
  openedNs = Number.NaN;
  /** It lost its connection, and is wanted. */
  isDown = false;
  /** When it lost its last connection, unless we ended it in good order; NaN else. */
  droppedNs = Number.NaN;
  /** Open, failed or called off once: the barrier before the first message waits for it no longer. */
  isResolved = false;
  /** A close frame of ours, which was no answer, has not been answered. */
  awaitsClose = false;
  socket: Socket | null = null;
  opening: Opening | null = null;
  reader: FrameReader<Client> | null = null;
  deflater: MessageDeflater | null = null;
  /** Messages that the closed model may send as soon as the read event is over. */
  credit = 0;
  /** Of these, messages that had been given up: their places are free already. */
  lateCredit = 0;
  /** Messages with lower numbers that are missing no longer hold a place of the closed loop. */
  givenUpBelow = 0;
  /** Due and sent times of short messages, a ring by number. */
  times: Float64Array | null = null;

  constructor(index: number, stream: number) {
    this.index = index;
    this.stream = stream;
  }
}
