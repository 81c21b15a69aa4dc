// Why a service could not be reached, and what to do about it, by what it said when it refused.

import type { FailureKind } from '../facts/failure.ts';
import { tlsRemedy } from '../facts/tls-failure.ts';
import type { Target } from '../plan/plan.ts';

export interface Refusal {
  readonly kind: FailureKind;
  /** For a refused upgrade: the status, headers that explain it, the beginning of the body. */
  readonly detail: string;
}

/** How it was asked, and whether others got in. */
export interface Attempt {
  readonly target: Pick<Target, 'urls' | 'headers'>;
  readonly hasOpened: boolean;
}

/** What may become of connections that the kernel has taken and the service has not accepted. */
const FULL_QUEUE =
  "the service's accept queue may be full (its listen backlog, net.core.somaxconn): the kernel then keeps connections " +
  'that the service has not accepted. Open more slowly, with a ramp in load.connections, or raise the backlog';

/** What to try next; null where the detail says it all, or where nothing follows from it as others got in. */
export function adviceFor({ kind, detail }: Refusal, { target, hasOpened }: Attempt): string | null {
  const isSecure = target.urls.some((url) => url.startsWith('wss:'));
  switch (kind) {
    case 'upgradeRejected':
      return /sub-?protocol/i.test(detail)
        ? subprotocolAdvice('NAME')
        : adviceForStatus(Number(/^HTTP (\d{3})/.exec(detail)?.[1]), detail, target);
    case 'badUpgrade':
      return hasOpened ? null : adviceForAnswer(detail);
    case 'tls':
      return tlsRemedy(detail);
    case 'refused':
      return hasOpened ? null : 'is the service running, and is the port right?';
    case 'connectTimeout':
      if (hasOpened) return FULL_QUEUE;
      return isSecure
        ? 'is the host right, does the port speak TLS (wss://) at all, and does a firewall let this machine through?'
        : 'is the host right, and does a firewall let this machine through?';
    case 'unreachable':
      return hasOpened ? null : 'is the host right, and does a firewall let this machine through?';
    case 'handshakeTimeout':
      return hasOpened ? FULL_QUEUE : `is this the port of a WebSocket service? If it is, ${FULL_QUEUE}`;
    case 'reset':
      if (hasOpened) return null;
      return isSecure
        ? 'does the service accept the client certificate, or want one (target.tls.cert, target.tls.key)?'
        : 'does the service want TLS on this port (wss://)?';
    default:
      return null;
  }
}

function subprotocolAdvice(name: string): string {
  return `the service wants a subprotocol: name it with --subprotocol ${name}`;
}

/** Of an answer that could not be accepted. What is wrong with a 101 only the service can mend, and the detail says it. */
function adviceForAnswer(detail: string): string | null {
  if (/record of TLS/.test(detail)) return 'write wss:// in place of ws:// in target.url';
  const chosen = /it chose ([\w.-]+)$/.exec(detail)?.[1];
  if (chosen !== undefined) return subprotocolAdvice(chosen);
  return detail.startsWith('RFC 9112')
    ? 'is this the port of a WebSocket service, and is TLS as the service wants it (ws:// or wss://)?'
    : null;
}

function adviceForStatus(status: number, detail: string, target: Attempt['target']): string | null {
  if (status === 401)
    return "it wants credentials: give them with -H 'Authorization: ...', or the header or cookie that it asks for";
  if (status === 403) {
    return Object.keys(target.headers).some((name) => name.toLowerCase() === 'origin')
      ? "it lets nobody in like this: is the Origin one that it knows, and does it want credentials (-H 'Authorization: ...')?"
      : 'it lets nobody in like this: try the page that may connect, target.headers: { Origin: "https://..." } or ' +
          "-H 'Origin: https://...', or credentials, -H 'Authorization: ...'";
  }
  // What servers say to plain HTTP on their port of TLS.
  if (status === 400 && /https/i.test(detail)) return 'write wss:// in place of ws:// in target.url';
  if (status >= 300 && status < 400 && / location /.test(` ${detail}`))
    return 'it is elsewhere: take the URL from the location, with ws:// or wss:// in front';
  if (status === 404 || status === 405 || status === 200) return 'is the path of the URL right?';
  if (status === 400 || status === 426)
    return 'does it want a subprotocol (--subprotocol NAME), a header (-H) or another path?';
  return null;
}
