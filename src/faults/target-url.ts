// The URL of the service behind the proxy: a scheme and an address. The path is the client's, and passes as it is.

import { splitUrl } from '../plan/templates/url.ts';

export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** As a Host header has it: without the scheme's own port. */
  readonly hostHeader: string;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { ws: 80, wss: 443 };

/** Null for anything but `ws://HOST[:PORT]` and `wss://HOST[:PORT]`. */
export function readTargetUrl(url: string): ProxyTarget | null {
  const parts = splitUrl(url);
  const defaultPort = DEFAULT_PORTS[parts?.scheme ?? ''];
  if (parts === null || defaultPort === undefined || parts.host === '') return null;
  const isBare = (parts.path === '' || parts.path === '/') && parts.query === null && parts.fragment === null;
  const port = parts.port === null ? defaultPort : Number(parts.port);
  if (!isBare || parts.userInfo !== null || !Number.isInteger(port) || port < 1 || port > 65_535) return null;
  return {
    host: parts.host.replace(/^\[(.*)\]$/, '$1'),
    port,
    isSecure: parts.scheme === 'wss',
    hostHeader: port === defaultPort ? parts.host : `${parts.host}:${port}`,
  };
}
