// `highwater proxy`: the fault proxy in front of a service, until Ctrl-C.

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { HighwaterError } from '../facts/error.ts';
import type { ProxyFault } from '../faults/fault.ts';
import { type FaultProxy, startFaultProxy } from '../faults/fault-proxy.ts';
import { parseFaults } from '../faults/faults-file.ts';
import { type ProxyTarget, readTargetUrl } from '../faults/target-url.ts';
import type { LogAct } from '../injection/truth.ts';
import { formatProblem } from '../plan/problems.ts';
import { redactUrl } from '../plan/redact.ts';
import { likelyUrl } from '../plan/templates/url.ts';
import { readPlanText } from '../plan/text.ts';
import { readText } from '../run/text-file.ts';
import { openTruthFile, type TruthFile } from '../target/truth-file.ts';

export interface ProxyFlags {
  readonly faults?: string;
  readonly truth?: string;
  readonly seed?: string;
  readonly ca?: string;
  readonly insecure?: boolean;
}

const DEFAULT_SEED = 1;

export async function proxyCommand(listen: string, target: string, flags: ProxyFlags): Promise<number> {
  const place = { ...listenOn(listen), target: targetOf(target) };
  const flagSeed = flags.seed === undefined ? null : seedOf(flags.seed);
  const { seed, faults } = flags.faults === undefined ? { seed: null, faults: [] } : await loadFaults(flags.faults);
  const ca = flags.ca === undefined ? null : await loadAuthority(flags.ca);
  const truth = flags.truth === undefined ? null : await openTruth(flags.truth);
  const proxy = await start({ ...place, faults, seed: flagSeed ?? seed ?? DEFAULT_SEED }, ca, flags, truth?.logAct);
  process.stdout.write(`listening ${proxy.url}\n`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await proxy.stop();
  await truth?.close();
  return 0;
}

interface Place {
  readonly host: string;
  readonly port: number;
}

function listenOn(text: string): Place {
  const [, host = '127.0.0.1', port = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === '' || Number(port) > 65_535)
    throw invalid(`LISTEN: expected PORT or HOST:PORT, with a port from 0 to 65535, got ${JSON.stringify(text)}`);
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

function targetOf(url: string): ProxyTarget {
  const target = readTargetUrl(url);
  if (target !== null) return target;
  const likely = likelyUrl(url);
  const hint = likely === null || readTargetUrl(likely) === null ? '' : ` (did you mean ${redactUrl(likely)}?)`;
  throw invalid(
    `TARGET: expected ws://HOST:PORT or wss://HOST:PORT (the path is the client's), got ${JSON.stringify(redactUrl(url))}${hint}`,
  );
}

function seedOf(text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw invalid(`--seed: expected a whole number, got ${JSON.stringify(text)}`);
  return Number(text);
}

async function loadFaults(
  file: string,
): Promise<{ readonly seed: number | null; readonly faults: readonly ProxyFault[] }> {
  const text = await readText(file).catch((error: Error) => {
    throw new HighwaterError('FAULTS_INVALID', [`--faults: expected a readable file, got: ${error.message}`]);
  });
  const read = readPlanText(text, path.extname(file).toLowerCase() === '.json' ? 'json' : 'yaml');
  if ('problems' in read) throw new HighwaterError('FAULTS_INVALID', read.problems.map(formatProblem));
  const parsed = parseFaults(read.document);
  if (!parsed.ok) throw new HighwaterError('FAULTS_INVALID', parsed.problems.map(formatProblem));
  return parsed;
}

async function loadAuthority(file: string): Promise<Buffer> {
  try {
    const certificate = await readFile(file);
    new X509Certificate(certificate);
    return certificate;
  } catch (error) {
    const got = `${file} (${(error as Error).message})`;
    throw new HighwaterError('TLS_FILE_UNREADABLE', [`--ca: expected a file with a certificate (PEM), got ${got}`]);
  }
}

function openTruth(file: string): Promise<TruthFile> {
  return openTruthFile(file).catch((error: Error) => {
    throw invalid(`--truth: expected a writable file, got: ${error.message}`);
  });
}

function start(
  place: Place & { readonly target: ProxyTarget; readonly faults: readonly ProxyFault[]; readonly seed: number },
  ca: Buffer | null,
  flags: ProxyFlags,
  logAct: LogAct | undefined,
): Promise<FaultProxy> {
  let isReported = false;
  return startFaultProxy({
    ...place,
    unreachable(reason) {
      if (isReported) return;
      isReported = true;
      process.stderr.write(`the target cannot be reached: ${reason}. The proxy resets the connections of clients\n`);
    },
    tls: { ...(ca === null ? {} : { ca }), insecure: flags.insecure === true },
    ...(logAct === undefined ? {} : { logAct }),
  }).catch((error: Error) => {
    throw invalid(`LISTEN: expected ${place.host}:${place.port} to be a free address, got: ${error.message}`);
  });
}

function invalid(problem: string): HighwaterError {
  return new HighwaterError('ARGUMENTS_INVALID', [problem]);
}
