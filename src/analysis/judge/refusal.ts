// Why a service could not be reached, and what to do about it, by what it said when it refused.

import type { FailureKind } from '../../facts/failure.ts';
import type { FailureCause } from '../../facts/failure-cause.ts';
import { tlsRemedy } from '../../facts/tls-failure.ts';
import type { Target } from '../../plan/plan.ts';

export interface Refusal {
  readonly kind: FailureKind;
  readonly cause: FailureCause;
}

/** How it was asked, and whether others got in. */
export interface Attempt {
  readonly target: Pick<Target, 'urls' | 'headers'>;
  readonly hasOpened: boolean;
}

/** What may become of connections that the kernel has taken and the service has not accepted. */
const FULL_QUEUE =
  "the service's accept queue may be full (listen backlog, net.core.somaxconn), so that the kernel holds connections " +
  'that the service has not accepted. Open connections more slowly (a ramp in load.connections), or raise the backlog';

/** What to try next; null where the cause says it all, or where nothing follows from it as others got in. */
export function adviceFor({ kind, cause }: Refusal, { target, hasOpened }: Attempt): string | null {
  const isSecure = target.urls.some((url) => url.startsWith('wss:'));
  switch (kind) {
    case 'upgradeRejected':
      return cause.kind === 'httpStatus' ? adviceForStatus(cause, target) : null;
    case 'badUpgrade':
      return hasOpened || cause.kind !== 'brokenRule' ? null : adviceForAnswer(cause.rule);
    case 'tls':
      return cause.kind === 'tls' ? tlsRemedy(cause.code) : null;
    case 'refused':
      return hasOpened ? null : 'check that the service is running and the port is right';
    case 'connectTimeout':
      if (hasOpened) return FULL_QUEUE;
      return isSecure
        ? 'check that the host is right, that the port uses TLS (wss://), and that no firewall blocks this machine'
        : 'check that the host is right and that no firewall blocks this machine';
    case 'unreachable':
      return hasOpened ? null : 'check that the host is right and that no firewall blocks this machine';
    case 'handshakeTimeout':
      return hasOpened ? FULL_QUEUE : `check that this is the port of a WebSocket service. If it is, ${FULL_QUEUE}`;
    case 'reset':
      if (hasOpened) return null;
      return isSecure
        ? 'check whether the service wants a client certificate (target.tls.cert, target.tls.key), or rejects the one it gets'
        : 'check whether the service wants TLS on this port (wss://)';
    default:
      return null;
  }
}

function subprotocolAdvice(name: string): string {
  return `the service wants a subprotocol: add --subprotocol ${name}`;
}

/** Of an answer that could not be accepted. What is wrong with a 101 only the service can mend, and the rule says it. */
function adviceForAnswer(rule: string): string | null {
  if (/TLS record/.test(rule)) return 'write wss:// instead of ws:// in target.url';
  const chosen = /it chose ([\w.-]+)$/.exec(rule)?.[1];
  if (chosen !== undefined) return subprotocolAdvice(chosen);
  return rule.startsWith('RFC 9112')
    ? 'check that this is the port of a WebSocket service, and that ws:// or wss:// is what it wants'
    : null;
}

function adviceForStatus(
  { status, reasonPhrase, location, body }: Extract<FailureCause, { kind: 'httpStatus' }>,
  target: Attempt['target'],
): string | null {
  const said = `${reasonPhrase} ${body}`;
  if (/sub-?protocol/i.test(said)) return subprotocolAdvice('NAME');
  if (status === 401)
    return "the service wants credentials: add them with -H 'Authorization: ...', or with the header or cookie that it expects";
  if (status === 403) {
    return Object.keys(target.headers).some((name) => name.toLowerCase() === 'origin')
      ? "the service refuses access: check that it allows this Origin, and whether it wants credentials (-H 'Authorization: ...')"
      : 'the service refuses access: try the Origin of a page that may connect (target.headers: { Origin: "https://..." } or ' +
          "-H 'Origin: https://...'), or credentials (-H 'Authorization: ...')";
  }
  // What servers say to plain HTTP on their port of TLS.
  if (status === 400 && /https/i.test(said)) return 'write wss:// instead of ws:// in target.url';
  if (status >= 300 && status < 400 && location !== null)
    return 'the service redirects: use the URL of its location header, with ws:// or wss://';
  if (status === 404 || status === 405 || status === 200) return 'check the path of the URL';
  if (status === 400 || status === 426)
    return 'check whether the service wants a subprotocol (--subprotocol NAME), a header (-H) or another path';
  return null;
}
