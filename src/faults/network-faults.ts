// Network faults between clients and service, at times of a plan: a proxy for each host of the plan's URLs, in this process,
// whose list of faults is the plan's from the start. What begins and ends is only whether they are on.

import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Fault, NetworkFault, Plan, Tls } from '../plan/plan.ts';
import { redactUrl } from '../plan/redact.ts';
import { splitUrl } from '../plan/templates/url.ts';
import type { FaultParts, OpenFaults } from '../run/ports.ts';
import { msToNs } from '../units/duration.ts';
import { isNonEmpty } from '../units/non-empty.ts';
import { FAULTS } from './catalog.ts';
import type { ProxyFault } from './fault.ts';
import { type FaultProxy, type ProxyTls, startFaultProxy } from './fault-proxy.ts';
import { type ProxyTarget, readTargetUrl } from './target-url.ts';

type PlannedFault = Fault & NetworkFault;
type OpenNetworkFaults = Pick<OpenFaults, 'urls' | 'begin' | 'end' | 'counts' | 'delayNs' | 'close'>;

const ALWAYS = { fromNs: 0, untilNs: Number.POSITIVE_INFINITY } as const;
const NEVER = { fromNs: Number.POSITIVE_INFINITY, untilNs: Number.POSITIVE_INFINITY } as const;
const LOOPBACK = '127.0.0.1';
const LOOK_EVERY_MS = 10;

export function isNetworkFault(fault: Fault): fault is PlannedFault {
  return fault.kind === 'way';
}

/** A sentence for whatever keeps clients from connecting by way of a proxy. */
export function networkProblems({ faults, target }: Plan): readonly string[] {
  const [first] = faults.filter(isNetworkFault);
  if (first === undefined) return [];
  const open = target.urls.filter((url) => url !== 'reference' && originOf(url) === null);
  const far = target.sourceAddresses.filter((address) => !address.startsWith('127.'));
  return [
    ...open.map(
      (url) =>
        `target.url: expected a host and a port without placeholders, because of the network fault ${first.name}, got ${redactUrl(url)}`,
    ),
    ...(far.length === 0
      ? []
      : [
          `target.sourceAddresses: expected addresses of 127.0.0.0/8, because clients connect to a local proxy for ` +
            `${first.name}, got ${far[0]}`,
        ]),
  ];
}

export async function openNetworkFaults(
  { faults, target, seed }: Plan,
  { logAct, notice }: FaultParts,
): Promise<OpenNetworkFaults> {
  const planned = faults.filter(isNetworkFault);
  const isOn = new Set<PlannedFault>();
  const proxies = new Map<string, FaultProxy>();
  /** Of each fault the same two objects all along: a stage stays as long as its fault is the same object. */
  const forms = planned.map((fault) => {
    const form = (times: typeof ALWAYS | typeof NEVER): ProxyFault =>
      FAULTS[fault.fault]!.resolve(fault.fault, fault.settings, times);
    return { fault, on: form(ALWAYS), off: form(NEVER) };
  });
  const list = (): readonly ProxyFault[] => forms.map(({ fault, on, off }) => (isOn.has(fault) ? on : off));
  const told = new Set<string>();
  const loop = monitorEventLoopDelay({ resolution: LOOK_EVERY_MS });

  async function close(): Promise<void> {
    loop.disable();
    await Promise.all([...proxies.values()].map((proxy) => proxy.stop()));
  }

  async function proxyOf({ key, target: to }: Origin): Promise<FaultProxy> {
    const known = proxies.get(key);
    if (known !== undefined) return known;
    const started = await startFaultProxy({
      host: LOOPBACK,
      port: 0,
      target: to,
      tls: proxyTls(target.tls),
      seed,
      faults: list(),
      watchFrames: forms.some(({ on }) => on.act.kind !== 'stage'),
      logAct,
      unreachable(reason) {
        if (!told.has(key)) notice(`${key} cannot be reached: ${reason}. The proxy resets the connections of clients`);
        told.add(key);
      },
    });
    proxies.set(key, started);
    return started;
  }

  function turn(fault: Fault, on: boolean): Promise<void> {
    if (isNetworkFault(fault)) {
      if (on) isOn.add(fault);
      else isOn.delete(fault);
      for (const proxy of proxies.values()) proxy.setFaults(list());
    }
    return Promise.resolve();
  }

  if (planned.length === 0)
    return {
      urls: target.urls,
      begin: async () => {},
      end: async () => {},
      counts: () => null,
      delayNs: () => null,
      close,
    };
  loop.enable();
  const urls: string[] = [];
  try {
    for (const url of target.urls) urls.push(byWayOf(await proxyOf(originOf(url)!), url));
  } catch (error) {
    await close();
    throw error;
  }
  if (!isNonEmpty(urls)) throw new Error('a plan has a target');
  return {
    urls,
    begin: (fault) => turn(fault, true),
    end: (fault) => turn(fault, false),
    counts: (asked) => forms.find(({ fault }) => fault === asked)?.on.meter.counts() ?? null,
    delayNs: () => Math.max(0, loop.percentile(99) - msToNs(LOOK_EVERY_MS)),
    close,
  };
}

interface Origin {
  readonly key: string;
  readonly target: ProxyTarget;
}

/** Null where it differs by client. */
function originOf(url: string): Origin | null {
  const parts = splitUrl(url);
  if (parts === null) return null;
  const key = `${parts.scheme}://${parts.host}${parts.port === null ? '' : `:${parts.port}`}`;
  const target = key.includes('${') ? null : readTargetUrl(key);
  return target === null ? null : { key, target };
}

function byWayOf(proxy: FaultProxy, url: string): string {
  const { userInfo, path, query } = splitUrl(url)!;
  const [scheme, address] = proxy.url.split('://');
  return `${scheme}://${userInfo === null ? '' : `${userInfo}@`}${address}${path}${query === null ? '' : `?${query}`}`;
}

/** The files have been looked at before. */
function proxyTls({ caFile, certFile, keyFile, passphrase, serverName, insecure }: Tls): ProxyTls {
  return {
    insecure,
    ...(caFile === null ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === null ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === null ? {} : { key: readFileSync(keyFile) }),
    ...(passphrase === null ? {} : { passphrase }),
    ...(serverName === null ? {} : { serverName }),
  };
}
