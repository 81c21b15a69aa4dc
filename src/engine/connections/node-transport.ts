// Sockets over node:net and node:tls. All sockets of the process read into one shared buffer through
// `onread`, and share their listeners: a client costs no closure and no buffer of its own.

import net from 'node:net';
import tls from 'node:tls';
import type { FailureKind } from '../../facts/failure.ts';
import type { FailureCause } from '../../facts/failure-cause.ts';
import type { Endpoint, Socket, SocketError, SocketHandler, Transport } from './transport.ts';

/** A read event hands up at most this much; larger reads only raise the memory in use. */
export const READ_BUFFER_BYTES = 64 * 1024;

const CLIENT = Symbol('client');
const LAST_ERROR = Symbol('lastError');

interface ClientSocket<Tag> extends net.Socket {
  [CLIENT]: Tag;
  [LAST_ERROR]: SocketError | null;
  reset(): void;
}

/** What every secure socket of a run shares; null where the run has none. */
export interface SecureOptions {
  readonly context: tls.SecureContext;
  readonly insecure: boolean;
}

export function createNodeTransport<Tag>(
  handler: SocketHandler<Tag>,
  secure: SecureOptions | null,
  readBufferBytes: number = READ_BUFFER_BYTES,
): Transport<Tag> {
  const buffer = Buffer.allocUnsafeSlow(readBufferBytes);
  const view = new DataView(buffer.buffer);
  const onread = {
    buffer,
    callback(this: ClientSocket<Tag>, byteCount: number): boolean {
      handler.onBytes(this[CLIENT], buffer, view, byteCount);
      return true;
    },
  };
  function onConnect(this: ClientSocket<Tag>): void {
    handler.onConnect(this[CLIENT]);
  }
  function onError(this: ClientSocket<Tag>, error: NodeJS.ErrnoException): void {
    this[LAST_ERROR] = socketError(error, 'secureConnecting' in this && this.secureConnecting === true);
  }
  function onClose(this: ClientSocket<Tag>): void {
    handler.onClose(this[CLIENT], this, this[LAST_ERROR]);
  }

  function reset(this: ClientSocket<Tag>): void {
    // Of a TLS socket the TCP connection below is not ours to reset.
    if (this.connecting || 'encrypted' in this) this.destroy();
    else this.resetAndDestroy();
  }

  return {
    open(endpoint: Endpoint, tag: Tag): Socket {
      const options: net.TcpNetConnectOpts & { onread: unknown } = {
        host: endpoint.address,
        port: endpoint.port,
        noDelay: true,
        onread,
        ...(endpoint.localAddress === null ? {} : { localAddress: endpoint.localAddress }),
      };
      const socket = (
        endpoint.secure
          ? tls.connect({ ...options, ...tlsOptions(endpoint, secure) } as tls.ConnectionOptions)
          : net.connect(options as net.NetConnectOpts)
      ) as ClientSocket<Tag>;
      socket[CLIENT] = tag;
      socket[LAST_ERROR] = null;
      socket.reset = reset;
      socket.on(endpoint.secure ? 'secureConnect' : 'connect', onConnect);
      socket.on('error', onError);
      socket.on('close', onClose);
      return socket;
    },
  };
}

function tlsOptions(endpoint: Endpoint, secure: SecureOptions | null): tls.ConnectionOptions {
  return {
    ...(secure === null ? {} : { secureContext: secure.context }),
    rejectUnauthorized: !(secure?.insecure ?? false),
    // RFC 6066 §3: SNI carries host names only.
    ...(endpoint.serverName === '' || net.isIP(endpoint.serverName) !== 0 ? {} : { servername: endpoint.serverName }),
    ALPNProtocols: ['http/1.1'],
  };
}

const KIND_OF_CODE: Readonly<Record<string, FailureKind>> = {
  ECONNREFUSED: 'refused',
  ENETUNREACH: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  ETIMEDOUT: 'connectTimeout',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  EMFILE: 'fileDescriptors',
  ENFILE: 'fileDescriptors',
  // Of connect(2). From a source address the kernel takes the port in bind(2): EADDRINUSE where it has none left.
  EADDRNOTAVAIL: 'ports',
  EADDRINUSE: 'ports',
  // An address that this machine cannot reach from where the connection comes from, such as from 127.0.0.2.
  EINVAL: 'unreachable',
  ENOBUFS: 'socketMemory',
  ENOMEM: 'socketMemory',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
};

/** The kind under which a socket's error counts, and its cause. `isSecuring`: its TLS handshake was not over. */
export function socketError(error: NodeJS.ErrnoException, isSecuring: boolean): SocketError {
  const code = error.code ?? '';
  if (isTlsCode(code)) return { kind: 'tls', cause: tlsCause(code, error) };
  const isWrongSource = error.syscall === 'bind' && (code === 'EADDRNOTAVAIL' || code === 'EINVAL');
  const kind = isWrongSource ? 'sourceAddress' : (KIND_OF_CODE[code] ?? 'other');
  if (isSecuring && kind === 'reset')
    return { kind: 'tls', cause: { kind: 'tls', code: 'ECONNRESET', reason: error.message } };
  return { kind, cause: { kind: 'system', code, message: error.message } };
}

/** Node's EPROTO says in its message alone which error of OpenSSL it is: `error:…:SSL routines:FUNCTION:REASON:FILE…`. */
function tlsCause(code: string, error: Error & { readonly reason?: unknown }): FailureCause {
  const reason =
    typeof error.reason === 'string' ? error.reason : /:SSL routines:[^:]*:([^:]+):/.exec(error.message)?.[1];
  if (code !== 'EPROTO' || reason === undefined) return { kind: 'tls', code, reason: reason ?? error.message };
  return { kind: 'tls', code: `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`, reason };
}

function isTlsCode(code: string): boolean {
  return /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|EPROTO)/.test(
    code,
  );
}
