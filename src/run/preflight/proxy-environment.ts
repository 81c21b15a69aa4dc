// Whether the environment names an HTTP proxy for a service. Connections do not use it, so it is said where one fails: a
// service that only a proxy can reach looks like one that is not there.

import { BlockList, isIP } from 'node:net';
import { hostOf } from '../../engine/connections/connect-target.ts';
import type { Environment } from '../../plan/resolve/interpolate.ts';

/** The variable that names a proxy for the first of the URLs that has one; null where none has. */
export function unusedProxy(urls: readonly string[], env: Environment): string | null {
  for (const url of urls) {
    const name = URL.canParse(url) ? proxyVariable(new URL(url), env) : null;
    if (name !== null) return name;
  }
  return null;
}

/** The variable that holds; as with curl, the lower-case name goes first. */
function proxyVariable(url: URL, env: Environment): string | null {
  const scheme = url.protocol === 'wss:' ? 'https_proxy' : 'http_proxy';
  const names = [scheme, scheme.toUpperCase(), 'all_proxy', 'ALL_PROXY'];
  const name = names.find((each) => (env[each] ?? '') !== '');
  const host = hostOf(url).toLowerCase();
  if (name === undefined || isLoopback(host)) return null;
  const port = url.port === '' ? (url.protocol === 'wss:' ? '443' : '80') : url.port;
  return isExcepted(host, port, env.no_proxy ?? env.NO_PROXY ?? '') ? null : name;
}

function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '::1' ||
    (isIP(host) === 4 && host.startsWith('127.'))
  );
}

/** NO_PROXY: names with all below them, addresses, networks in CIDR form, each with a port or without; `*` for all. */
function isExcepted(host: string, port: string, exceptions: string): boolean {
  return exceptions
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      if (entry.includes('/')) return isInNetwork(host, entry);
      const [, name = entry, onlyPort] = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry) ?? [];
      if (onlyPort !== undefined && onlyPort !== port) return false;
      const bare = name.replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
      return host === bare || (isIP(host) === 0 && host.endsWith(`.${bare}`));
    });
}

function isInNetwork(host: string, network: string): boolean {
  const [address = '', prefix = ''] = network.split('/');
  const family = isIP(address);
  const bits = Number(prefix);
  if (family === 0 || isIP(host) !== family || !/^\d+$/.test(prefix) || bits > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
