// The closed set of kinds under which a client's trouble is counted, with the first example of each kept.

/** What kept the generator from connecting, whatever the service would have said. */
export const OWN_LIMITS = ['fileDescriptors', 'ports', 'sourceAddress', 'socketMemory'] as const;

/** What only a connection that never opened can fail with. */
const OPENING = [
  'dns',
  'refused',
  'unreachable',
  'tls',
  'connectTimeout',
  'handshakeTimeout',
  'upgradeRejected',
  'badUpgrade',
  ...OWN_LIMITS,
] as const;

export const FAILURE_KINDS = [
  ...OPENING,
  // before or after
  'closedByServer',
  'reset',
  'pingTimeout',
  'framing',
  'invalidUtf8',
  'tooBig',
  // of our own doing
  'misbehaved',
  // of the protocol, not of the client
  'adapterError',
  'other',
] as const;

export type FailureKind = (typeof FAILURE_KINDS)[number];

/** One sentence a kind, for summaries and docs. */
export const FAILURE_MEANINGS: Readonly<Record<FailureKind, string>> = {
  dns: 'the host name could not be resolved',
  refused: 'nothing listens on the port',
  unreachable: 'there is no route to the host',
  tls: 'the TLS handshake or the certificate check failed',
  connectTimeout: 'the TCP connection was not established in time',
  handshakeTimeout: 'the WebSocket handshake was not answered in time',
  upgradeRejected: 'the service answered the upgrade with an HTTP status other than 101',
  badUpgrade: 'the answer to the upgrade was not a valid WebSocket handshake',
  fileDescriptors: 'this machine ran out of file descriptors',
  ports: 'this machine ran out of local ports',
  sourceAddress:
    'the source address does not belong to this machine, or its IP version differs from that of the target',
  socketMemory: 'this machine had no memory for another connection',
  closedByServer: 'the service closed the connection with a close frame',
  reset: 'the connection was closed or reset without a close frame',
  pingTimeout: 'the service did not answer a ping in time',
  framing: 'the service broke the framing rules (closed with 1002)',
  invalidUtf8: 'the service sent text that is not UTF-8 (closed with 1007)',
  tooBig: 'the service sent a message over the size limit (closed with 1009)',
  misbehaved: 'the client ended its connection on purpose, as the plan says',
  adapterError: 'the protocol adapter threw an error, or returned an invalid value',
  other: 'another error',
};

/** What it may look like where only a proxy can reach the service, and connections do not use one. */
export const PROXY_FAILURES: readonly FailureKind[] = ['dns', 'refused', 'unreachable', 'connectTimeout'];

/** `variable`: of the environment. Its value is not shown, as it may hold a password. */
export function unusedProxyText(variable: string): string {
  return `${variable} is set in the environment but not used: connections go directly to the service`;
}

/** What a connection fails with that does not open; the last two may also end one that was open. */
export const BEFORE_OPEN: readonly FailureKind[] = [...OPENING, 'reset', 'other'];
