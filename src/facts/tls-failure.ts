// Why a TLS connection was not made, by the code that Node or OpenSSL gives: what happened, and which key to set.

interface TlsFailure {
  /** Names of Node and of X.509 in full; of OpenSSL's errors the end, as their beginnings differ by version. */
  readonly codes: RegExp;
  readonly what: string;
  readonly remedy: string;
}

const NOT_CHECKED = 'or turn the check off with target.tls.insecure (--insecure)';

const TLS_FAILURES: readonly TlsFailure[] = [
  {
    codes: /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
    what: 'the certificate of the service is self-signed',
    remedy: `trust it with target.tls.ca (--ca FILE), ${NOT_CHECKED}`,
  },
  {
    codes: /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?)$/,
    what: 'the certificate of the service is from an unknown authority',
    remedy: `trust its authority and intermediate certificates with target.tls.ca (--ca FILE), ${NOT_CHECKED}`,
  },
  {
    codes: /^CERT_HAS_EXPIRED$/,
    what: 'the certificate of the service, or one of its issuers, has expired',
    remedy: `renew it, ${NOT_CHECKED}`,
  },
  {
    codes: /^CERT_NOT_YET_VALID$/,
    what: 'the certificate of the service is not valid yet',
    remedy: `check the clock of this machine, ${NOT_CHECKED}`,
  },
  {
    codes: /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    what: 'the certificate of the service is for another name',
    remedy: 'use a name of the certificate in target.url or in target.tls.serverName (--server-name)',
  },
  {
    codes: /ALERT_CERTIFICATE_REQUIRED$/,
    what: 'the service wants a client certificate',
    remedy: 'set target.tls.cert and target.tls.key (--cert, --key)',
  },
  {
    codes:
      /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN)|UNKNOWN_CA|ACCESS_DENIED)$/,
    what: 'the service does not accept the client certificate',
    remedy:
      'set a certificate that it accepts in target.tls.cert and target.tls.key: check its authority and its dates',
  },
  {
    codes: /ALERT_HANDSHAKE_FAILURE$/,
    what: 'the service aborted the TLS handshake: it wants a client certificate, or accepts none of the offered ciphers',
    remedy:
      'set a client certificate with target.tls.cert and target.tls.key (--cert, --key), or change the ciphers of Node (NODE_OPTIONS=--tls-cipher-list=...)',
  },
  {
    codes: /(ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|VERSION_TOO_LOW)$/,
    what: 'the service and Node have no common TLS version; Node offers TLS 1.2 and 1.3',
    remedy:
      'let the service use TLS 1.2 or later; NODE_OPTIONS="--tls-min-v1.0 --tls-cipher-list=DEFAULT@SECLEVEL=0" allows older ones',
  },
  {
    codes: /(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE|UNKNOWN_PROTOCOL|HTTP_REQUEST)$/,
    what: 'the answer is not TLS, so the port does not use TLS',
    remedy: 'write ws:// instead of wss:// in target.url, or the port that speaks TLS',
  },
  {
    codes: /ALERT_NO_APPLICATION_PROTOCOL$/,
    what: 'the service does not accept HTTP/1.1 on this port (ALPN)',
    remedy: 'let it accept http/1.1: WebSocket over HTTP/2 is not supported',
  },
  {
    codes: /UNRECOGNIZED_NAME$/,
    what: 'the service does not know this server name',
    remedy: 'set a name that it knows in target.tls.serverName (--server-name)',
  },
  {
    codes: /(KEY_TOO_SMALL|MD_TOO_WEAK)$/,
    what: 'the certificate or key of the service is too weak for Node',
    remedy: 'use a stronger one in the service; NODE_OPTIONS=--tls-cipher-list=DEFAULT@SECLEVEL=0 allows it anyway',
  },
  {
    codes: /^ECONNRESET$/,
    what: 'the connection was closed during the TLS handshake',
    remedy:
      'does the port speak TLS at all (wss://) or not (ws://)? A service may also do so where it knows no site of this name (target.tls.serverName) or wants a client certificate (target.tls.cert, target.tls.key)',
  },
];

const OTHER_REMEDY = `check target.tls: ca, cert, key and serverName, ${NOT_CHECKED}`;

/** One sentence with the code at its end. `reason`: what Node or OpenSSL says of it. */
export function tlsFailureText(code: string, reason: string): string {
  const known = TLS_FAILURES.find(({ codes }) => codes.test(code));
  if (known === undefined) return `the TLS handshake failed: ${reason} (${code})`;
  // Which names there are is known to Node alone.
  const names = code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? `: ${reason}` : '';
  return `${known.what}${names} (${code})`;
}

/** What to do about it. */
export function tlsRemedy(code: string): string {
  return TLS_FAILURES.find(({ codes }) => codes.test(code))?.remedy ?? OTHER_REMEDY;
}
