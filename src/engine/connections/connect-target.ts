// Where a client connects and what it asks for: the plan's URL, headers and addresses, rendered for one client.

import type { Plan, Target } from '../../plan/plan.ts';
import { roomOf } from '../../plan/schedule/rooms.ts';
import { type ClientValues, clientValue, renderClientTemplate } from '../../plan/templates/client-template.ts';
import { type UrlTemplate, urlTemplate } from '../../plan/templates/url-template.ts';
import type { Rows } from '../../protocols/json/values.ts';
import type { Endpoint } from './transport.ts';

/** IP addresses by host name, in the order to try. */
export type Addresses = Readonly<Record<string, readonly string[]>>;

export interface ConnectTarget {
  readonly endpoint: Endpoint;
  /** How many addresses the host has: the next is tried when one refuses. */
  readonly addressCount: number;
  readonly hostHeader: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Gives each client its connect target. Where nothing in the target differs by client, connect targets are made once for all. */
export function createConnectTargets(
  { target, load: { rooms } }: Pick<Plan, 'target' | 'load'>,
  rows: Rows,
  addresses: Addresses,
): (client: number, addressIndex: number) => ConnectTarget {
  const { urls, sourceAddresses } = target;
  const isSame = ![...urls, ...Object.values(target.headers)].some((text) => text.includes('${'));
  const templates = urls.map(urlTemplate);
  const known = new Map<string, ConnectTarget>();
  return (client, addressIndex) => {
    const key = `${client % urls.length} ${addressIndex}`;
    const connectTarget =
      known.get(key) ??
      connectTargetOf(target, templates[client % urls.length]!, addresses, addressIndex, {
        client,
        room: rooms === null ? null : roomOf(rooms, client),
        row: rows.length === 0 ? null : rows[client % rows.length]!,
      });
    if (isSame) known.set(key, connectTarget);
    if (sourceAddresses.length === 0) return connectTarget;
    // Clients of one URL take every source in turn, whatever the two numbers have in common.
    const localAddress = sourceAddresses[Math.floor(client / urls.length) % sourceAddresses.length]!;
    return { ...connectTarget, endpoint: { ...connectTarget.endpoint, localAddress } };
  };
}

function connectTargetOf(
  target: Target,
  template: UrlTemplate,
  addresses: Addresses,
  addressIndex: number,
  values: ClientValues,
): ConnectTarget {
  const url = urlFor(template, values);
  const secure = url.protocol === 'wss:';
  const host = hostOf(url);
  const known = addresses[host] ?? [host];
  return {
    endpoint: {
      address: known[addressIndex % known.length]!,
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
      secure,
      serverName: target.tls.serverName ?? host,
      localAddress: null,
    },
    addressCount: known.length,
    hostHeader: url.host,
    path: url.pathname + url.search,
    headers: headersOf(target, url, values),
  };
}

/** The URL of one client. Throws where a value cannot stand in it, without telling the value. */
export function urlFor(template: UrlTemplate, values: ClientValues): URL {
  const { url, refused } = template((name) => clientValue(name, values));
  const [first] = refused;
  if (first !== undefined) throw new Error(`expected ${first.expected} in \${${first.name}}, got something else`);
  return new URL(url);
}

/** The host name or bare IP address; IPv6 without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
}

function headersOf(target: Target, url: URL, values: ClientValues): Readonly<Record<string, string>> {
  const headers = Object.fromEntries(
    Object.entries(target.headers).map(([name, value]) => [name, renderClientTemplate(value, values)]),
  );
  const hasAuthorization = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  if (hasAuthorization || (url.username === '' && url.password === '')) return headers;
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  // RFC 7617 §2: user and password as UTF-8, base64.
  return { ...headers, Authorization: `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}` };
}
