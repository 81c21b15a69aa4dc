// Why a service could not be reached, and what to do about it, by what it said when it refused.

import type { FailureKind } from '../facts/failure.ts';

export interface Refusal {
  readonly kind: FailureKind;
  /** For a refused upgrade: the status, headers that explain it, the beginning of the body. */
  readonly detail: string;
}

/** What to try next; null where the detail says it all. */
export function adviceFor({ kind, detail }: Refusal): string | null {
  if (/sub-?protocol/i.test(detail)) {
    const chosen = /it chose ([\w.-]+)$/.exec(detail)?.[1];
    return `the service wants a subprotocol: name it with --subprotocol ${chosen ?? 'NAME'}`;
  }
  switch (kind) {
    case 'upgradeRejected':
      return adviceForStatus(Number(/^HTTP (\d{3})/.exec(detail)?.[1]), detail);
    case 'badUpgrade':
      return 'is this the port of a WebSocket service, and is TLS as the service wants it (ws:// or wss://)?';
    case 'tls':
      return /self[- ]signed|unable to (get|verify)|issuer|SELF_SIGNED|UNABLE_TO/i.test(detail)
        ? 'give its certificate authority with --ca FILE, or --insecure not to check the certificate'
        : 'does the service speak TLS on this port (wss://) or not (ws://)? --ca, --cert, --server-name and --insecure set TLS';
    case 'refused':
      return 'is the service running, and is the port right?';
    case 'connectTimeout':
    case 'unreachable':
      return 'is the host right, and does a firewall let this machine through?';
    case 'handshakeTimeout':
      return 'is this the port of a WebSocket service?';
    case 'reset':
      return 'does the service want TLS on this port (wss://)?';
    default:
      return null;
  }
}

function adviceForStatus(status: number, detail: string): string | null {
  if (status === 401)
    return "it wants credentials: give them with -H 'Authorization: ...', or the header or cookie that it asks for";
  if (status === 403)
    return "it lets nobody in like this: credentials with -H 'Authorization: ...', or the page that may connect with -H 'Origin: https://...'";
  if (status >= 300 && status < 400 && / location /.test(` ${detail}`))
    return 'it is elsewhere: take the URL from the location, with ws:// or wss:// in front';
  if (status === 404 || status === 405 || status === 200) return 'is the path of the URL right?';
  if (status === 400 || status === 426)
    return 'does it want a subprotocol (--subprotocol NAME), a header (-H) or another path?';
  return null;
}
