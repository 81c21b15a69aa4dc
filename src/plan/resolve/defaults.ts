// What holds where a plan says nothing. One table, so that the documentation and the code cannot disagree for long.

import { NS_PER_SECOND } from '../../units/duration.ts';

export const DEFAULTS = {
  seed: 1,
  connectTimeoutNs: 10 * NS_PER_SECOND,
  handshakeTimeoutNs: 10 * NS_PER_SECOND,
  maxMessageBytes: 16 * 1024 ** 2,
  maxBufferedBytes: 1024 ** 2,
  clients: 1,
  messageType: 'message',
  payloadBytes: 64,
  weight: 1,
  inFlight: 1,
  think: { minNs: 0, maxNs: 0 },
  replyTimeoutNs: 30 * NS_PER_SECOND,
  drainNs: 5 * NS_PER_SECOND,
  settleNs: NS_PER_SECOND,
  misbehaveAfterNs: NS_PER_SECOND,
  handshakeBytesPerSecond: 10,
  oversizedBytes: 16 * 1024 ** 2,
  reconnect: { fromNs: 0.1 * NS_PER_SECOND, toNs: 10 * NS_PER_SECOND, atMost: 1000 },
  ping: { everyNs: 10 * NS_PER_SECOND, timeoutNs: 5 * NS_PER_SECOND },
  resend: { afterNs: NS_PER_SECOND, atMost: 3 },
  idempotencyCheck: { copies: 1, everyNs: 0.1 * NS_PER_SECOND },
} as const;
