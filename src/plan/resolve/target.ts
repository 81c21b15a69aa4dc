// The target of a plan, from as written to resolved, and the rules that hold between its fields.

import { formatDuration, NS_PER_MS } from '../../units/duration.ts';
import type { NonEmpty } from '../../units/non-empty.ts';
import { isNonEmpty } from '../../units/non-empty.ts';
import type { Compression, Ping, Target, Tls } from '../plan.ts';
import { type PlacedProblem, type PlanPath, quote } from '../problems.ts';
import type { WrittenTarget } from '../schema/target.ts';
import { templateColumns } from '../templates/client-template.ts';
import { DEFAULTS } from './defaults.ts';

/** Takes a problem; the resolved value is then of no use, but the rest is still checked. */
export type ReportProblem = (at: PlanPath, expected: string, got: string, hint?: string | null) => void;

const MAX_SOURCE_ADDRESSES = 65_536;
/** Clients are looked after every 20 ms: what is shorter than some of that cannot be told. */
const LEAST_PING_NS = 100 * NS_PER_MS;

export function reporter(problems: PlacedProblem[]): ReportProblem {
  return (at, expected, got, hint = null) => {
    problems.push({ at, expected, got, hint });
  };
}

export function resolveTarget(written: WrittenTarget, report: ReportProblem): Target {
  const urls = listOfUrls(written.url);
  const headers = resolveHeaders(written, report);
  checkRows(written, [...urls, ...Object.values(headers)], report);
  checkSubprotocols(written.subprotocols ?? [], report);
  const sourceAddresses = [...new Set((written.sourceAddresses ?? []).flat())];
  if (sourceAddresses.length > MAX_SOURCE_ADDRESSES) {
    const expected = `at most ${MAX_SOURCE_ADDRESSES} addresses`;
    report(['target', 'sourceAddresses'], expected, String(sourceAddresses.length));
  }
  return {
    urls,
    headers,
    subprotocols: written.subprotocols ?? [],
    compression: resolveCompression(written.compression),
    tls: resolveTls(written.tls, report),
    sourceAddresses,
    rowsFile: typeof written.rows === 'object' ? written.rows.file : (written.rows ?? null),
    rowsOrder: (typeof written.rows === 'object' ? written.rows.order : undefined) ?? 'sequential',
    connectTimeoutNs: written.connectTimeout ?? DEFAULTS.connectTimeoutNs,
    handshakeTimeoutNs: written.handshakeTimeout ?? DEFAULTS.handshakeTimeoutNs,
    maxMessageBytes: written.maxMessage ?? DEFAULTS.maxMessageBytes,
    maxBufferedBytes: written.maxBuffered ?? DEFAULTS.maxBufferedBytes,
    ping: written.ping === undefined ? null : resolvePing(written.ping, report),
  };
}

/** A timeout no longer than the interval keeps the pings of a client apart: there is never more than one without its pong. */
function resolvePing(written: NonNullable<WrittenTarget['ping']>, report: ReportProblem): Ping {
  const { every, timeout } = written === true ? {} : written;
  const { ping } = DEFAULTS;
  const everyNs = every ?? Math.max(ping.everyNs, timeout ?? 0);
  const timeoutNs = timeout ?? Math.min(ping.timeoutNs, everyNs);
  for (const [key, ns] of Object.entries({ every: everyNs, timeout: timeoutNs })) {
    if (ns >= LEAST_PING_NS || (key === 'timeout' && timeout === undefined)) continue;
    report(['target', 'ping', key], `at least ${formatDuration(LEAST_PING_NS)}`, formatDuration(ns));
  }
  if (timeoutNs > everyNs) {
    const expected = `at most ${formatDuration(everyNs)}, the value of every`;
    const hint = 'a ping must be answered or time out before the next one';
    report(['target', 'ping', 'timeout'], expected, formatDuration(timeoutNs), hint);
  }
  return { everyNs, timeoutNs };
}

function listOfUrls(url: WrittenTarget['url']): NonEmpty<string> {
  const urls = typeof url === 'string' ? [url] : url;
  if (!isNonEmpty(urls)) throw new Error('the schema let an empty list of URLs through');
  return urls;
}

function resolveHeaders(
  { headers = {}, cookies = {} }: WrittenTarget,
  report: ReportProblem,
): Readonly<Record<string, string>> {
  const seen = new Map<string, string>();
  for (const name of Object.keys(headers)) {
    const earlier = seen.get(name.toLowerCase());
    if (earlier !== undefined) {
      report(['target', 'headers', name], `each header once (names ignore case)`, `also ${quote(earlier)}`);
    }
    seen.set(name.toLowerCase(), name);
  }
  const pairs = Object.entries(cookies).map(([name, value]) => `${name}=${value}`);
  if (pairs.length === 0) return headers;
  if (seen.has('cookie')) {
    report(['target', 'cookies'], 'cookies or a Cookie header', 'both', 'put all of them into target.cookies');
  }
  return { ...headers, Cookie: pairs.join('; ') };
}

/** Templates that take something from a row need a file of rows. */
export function checkRows({ rows }: WrittenTarget, templates: readonly string[], report: ReportProblem): void {
  const column = templates.flatMap((template) => templateColumns(template))[0];
  if (rows !== undefined || column === undefined) return;
  report(['target', 'rows'], `a CSV file, because \${row.${column}} is used`, 'nothing', 'write rows: users.csv');
}

function checkSubprotocols(subprotocols: readonly string[], report: ReportProblem): void {
  for (const [index, name] of subprotocols.entries()) {
    if (subprotocols.indexOf(name) === index) continue;
    report(['target', 'subprotocols', index], 'each subprotocol once (RFC 6455 section 4.1)', 'a repeated subprotocol');
  }
}

function resolveCompression(written: WrittenTarget['compression']): Compression {
  if (written === undefined || written === false || written === 'off') return { kind: 'off' };
  const { clientContextTakeover = true, serverContextTakeover = true } = typeof written === 'object' ? written : {};
  return { kind: 'deflate', clientContextTakeover, serverContextTakeover };
}

function resolveTls(written: WrittenTarget['tls'] = {}, report: ReportProblem): Tls {
  if (written.cert !== undefined && written.key === undefined) {
    report(['target', 'tls', 'key'], 'the key that belongs to the certificate', 'nothing');
  }
  if (written.key !== undefined && written.cert === undefined) {
    report(['target', 'tls', 'cert'], 'the certificate that belongs to the key', 'nothing');
  }
  return {
    caFile: written.ca ?? null,
    certFile: written.cert ?? null,
    keyFile: written.key ?? null,
    passphrase: written.passphrase ?? null,
    serverName: written.serverName ?? null,
    insecure: written.insecure ?? false,
  };
}
