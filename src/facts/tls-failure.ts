// Why a TLS connection was not made, by the code that Node or OpenSSL gives: what happened, and which key to set. The code
// stands at the end of the text that is kept, so what to do can be looked up when the run is reported.

interface TlsFailure {
  /** Names of Node and of X.509 in full; of OpenSSL's errors the end, as their beginnings differ by version. */
  readonly codes: RegExp;
  readonly what: string;
  readonly remedy: string;
}

const NOT_CHECKED = 'or do not check it: target.tls.insecure (--insecure)';

const TLS_FAILURES: readonly TlsFailure[] = [
  {
    codes: /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
    what: 'the certificate of the service is self-signed',
    remedy: `give it as its own authority with target.tls.ca (--ca FILE), ${NOT_CHECKED}`,
  },
  {
    codes: /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?)$/,
    what: 'the certificate of the service is from an authority that is not known here',
    remedy: `give its authority, and what is missing between, with target.tls.ca (--ca FILE), ${NOT_CHECKED}`,
  },
  {
    codes: /^CERT_HAS_EXPIRED$/,
    what: 'the certificate of the service, or one that it rests on, has expired',
    remedy: `renew it, ${NOT_CHECKED}`,
  },
  {
    codes: /^CERT_NOT_YET_VALID$/,
    what: 'the certificate of the service is not valid yet',
    remedy: `see whether the clock of this machine is right, ${NOT_CHECKED}`,
  },
  {
    codes: /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    what: 'the certificate of the service is for another name',
    remedy: 'use a name of the certificate in target.url, or give it with target.tls.serverName (--server-name)',
  },
  {
    codes: /ALERT_CERTIFICATE_REQUIRED$/,
    what: 'the service wants a client certificate',
    remedy: 'give one with target.tls.cert and target.tls.key (--cert, --key)',
  },
  {
    codes:
      /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN)|UNKNOWN_CA|ACCESS_DENIED)$/,
    what: 'the service does not accept the client certificate',
    remedy:
      'give one that it accepts with target.tls.cert and target.tls.key: its authority and its dates must suit it',
  },
  {
    codes: /ALERT_HANDSHAKE_FAILURE$/,
    what: 'the service broke the TLS handshake off: it wants a client certificate, or no cipher that is offered suits it',
    remedy:
      'give a client certificate with target.tls.cert and target.tls.key (--cert, --key); ciphers are those of Node (NODE_OPTIONS=--tls-cipher-list=...)',
  },
  {
    codes: /(ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|VERSION_TOO_LOW)$/,
    what: 'the service and Node have no version of TLS in common; Node offers TLS 1.2 and 1.3',
    remedy:
      'let the service speak TLS 1.2 or later; NODE_OPTIONS="--tls-min-v1.0 --tls-cipher-list=DEFAULT@SECLEVEL=0" allows older ones',
  },
  {
    codes: /(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE|UNKNOWN_PROTOCOL|HTTP_REQUEST)$/,
    what: 'the answer is not TLS, so the port does not speak TLS',
    remedy: 'write ws:// in place of wss:// in target.url, or the port that speaks TLS',
  },
  {
    codes: /ALERT_NO_APPLICATION_PROTOCOL$/,
    what: 'the service does not speak HTTP/1.1 on this port (ALPN)',
    remedy: 'let it accept http/1.1: a WebSocket over HTTP/2 is not supported',
  },
  {
    codes: /UNRECOGNIZED_NAME$/,
    what: 'the service knows no site of this name',
    remedy: 'give the name that it knows with target.tls.serverName (--server-name)',
  },
  {
    codes: /(KEY_TOO_SMALL|MD_TOO_WEAK)$/,
    what: 'the certificate or key of the service is too weak for Node',
    remedy: 'give the service a stronger one; NODE_OPTIONS=--tls-cipher-list=DEFAULT@SECLEVEL=0 allows it',
  },
  {
    codes: /^ECONNRESET$/,
    what: 'the connection was closed during the TLS handshake',
    remedy:
      'does the port speak TLS at all (wss://) or not (ws://)? A service may also do so where it knows no site of this name (target.tls.serverName) or wants a client certificate (target.tls.cert, target.tls.key)',
  },
];

const OTHER_REMEDY = `see target.tls: ca, cert, key and serverName, ${NOT_CHECKED}`;

/** One sentence with the code at its end. `reason`: what Node or OpenSSL says of it. */
export function tlsFailureText(code: string, reason: string): string {
  const known = TLS_FAILURES.find(({ codes }) => codes.test(code));
  if (known === undefined) return `the TLS handshake failed: ${reason} (${code})`;
  // Which names there are is known to Node alone.
  const names = code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? `: ${reason}` : '';
  return `${known.what}${names} (${code})`;
}

/** What to do about a text of `tlsFailureText`. */
export function tlsRemedy(text: string): string {
  const code = /\(([A-Z][\w/]*)\)$/.exec(text)?.[1] ?? '';
  return TLS_FAILURES.find(({ codes }) => codes.test(code))?.remedy ?? OTHER_REMEDY;
}
