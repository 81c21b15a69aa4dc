/** The close codes of RFC 6455 §7.4.1 and of IANA's registry (1012 to 1014), and which of them may travel. */

/** `wire: false` marks the codes that only an endpoint itself may conclude: no frame may carry them. */
export const closeCodes = {
  1000: { wire: true, meaning: 'normal closure' },
  1001: { wire: true, meaning: 'going away' },
  1002: { wire: true, meaning: 'protocol error' },
  1003: { wire: true, meaning: 'unsupported data' },
  1005: { wire: false, meaning: 'no code in the close frame' },
  1006: { wire: false, meaning: 'connection ended without a close frame' },
  1007: { wire: true, meaning: 'payload does not fit the message type' },
  1008: { wire: true, meaning: 'policy violation' },
  1009: { wire: true, meaning: 'message too big' },
  1010: { wire: true, meaning: 'the client missed an extension' },
  1011: { wire: true, meaning: 'internal error' },
  1012: { wire: true, meaning: 'service restart' },
  1013: { wire: true, meaning: 'try again later' },
  1014: { wire: true, meaning: 'bad gateway' },
  1015: { wire: false, meaning: 'TLS handshake failed' },
} as const;

/** What a close frame without a payload means (RFC 6455 §7.1.5). */
export const noCloseCode = 1005;

type KnownCloseCode = keyof typeof closeCodes;

function isKnown(code: number): code is KnownCloseCode {
  return Object.hasOwn(closeCodes, code);
}

/** Whether a close frame may carry this code: registered ones, 3000 to 3999 and 4000 to 4999 (RFC 6455 §7.4.2). */
export function mayBeOnTheWire(code: number): boolean {
  if (code >= 3000 && code <= 4999) return Number.isInteger(code);
  return isKnown(code) && closeCodes[code].wire;
}

export function describeCloseCode(code: number): string {
  if (isKnown(code)) return closeCodes[code].meaning;
  if (code >= 3000 && code <= 3999) return 'registered by a library or framework';
  if (code >= 4000 && code <= 4999) return 'defined by the application';
  return 'undefined code';
}
