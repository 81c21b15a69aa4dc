// Flags over a plan: what was typed becomes keys of the plan document, which is then checked as a whole,
// so that a mistake in a flag is told in the same words as one in a file.

import { HighwaterError } from '../facts/error.ts';

export interface PlanFlags {
  readonly connections?: string;
  readonly rate?: string;
  readonly duration?: string;
  readonly closed?: string;
  readonly think?: string;
  readonly poisson?: boolean;
  readonly bytes?: string;
  readonly text?: boolean;
  readonly compression?: boolean;
  readonly header: readonly string[];
  readonly subprotocol: readonly string[];
  readonly insecure?: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly sourceAddress: readonly string[];
  readonly threshold: readonly string[];
  readonly drain?: string;
  readonly name?: string;
  readonly seed?: string;
  readonly workers?: string;
  readonly pace?: string;
  readonly profile?: string;
}

type Document = Record<string, unknown>;

const DEFAULT_CONNECTIONS = 1;
const DEFAULT_RATE = '10/s';
const DEFAULT_DURATION = '10s';
/** How fast lanes are opened where a flag says only how many. */
const LANES_PER_SECOND = 1000;

/** A plan document for a URL and flags alone. */
export function documentForUrl(url: string, flags: PlanFlags): Document {
  return withFlags(
    { target: { url }, load: { connections: connectionsOf(DEFAULT_CONNECTIONS) } },
    { ...flags, ...(flags.rate === undefined && flags.closed === undefined ? { rate: DEFAULT_RATE } : {}) },
  );
}

/** The document with every flag that was given in place of what it said. Throws ARGUMENTS_INVALID. */
export function withFlags(document: Document, flags: PlanFlags): Document {
  const target = section(document, 'target');
  const load = section(document, 'load');
  const messages = messagesOf(flags);
  return {
    ...document,
    ...defined({
      name: flags.name,
      seed: flags.seed === undefined ? undefined : wholeNumber('--seed', flags.seed),
      workers:
        flags.workers === undefined || flags.workers === 'auto'
          ? flags.workers
          : wholeNumber('--workers', flags.workers),
      pace: flags.pace,
      drain: flags.drain,
      dialect: flags.text === true ? { kind: 'echo', format: 'text' } : undefined,
      thresholds: flags.threshold.length === 0 ? undefined : [...listOf(document.thresholds), ...flags.threshold],
    }),
    target: {
      ...target,
      ...defined({
        headers: flags.header.length === 0 ? undefined : { ...section(target, 'headers'), ...headersOf(flags.header) },
        subprotocols: flags.subprotocol.length === 0 ? undefined : flags.subprotocol,
        compression: flags.compression === true ? 'on' : undefined,
        sourceAddresses: flags.sourceAddress.length === 0 ? undefined : flags.sourceAddress,
        tls: tlsOf(section(target, 'tls'), flags),
      }),
    },
    load: {
      ...withoutSizes(load, flags),
      ...defined({
        connections:
          flags.connections === undefined ? undefined : connectionsOf(wholeNumber('--connections', flags.connections)),
        messages,
        bytes: flags.bytes,
      }),
    },
  };
}

function connectionsOf(count: number): unknown {
  const seconds = count / LANES_PER_SECOND;
  return seconds < 0.1 ? [{ to: count }] : [{ to: count, over: `${seconds}s` }];
}

function messagesOf(flags: PlanFlags): unknown {
  const duration = flags.duration ?? DEFAULT_DURATION;
  if (flags.rate !== undefined && flags.closed !== undefined) {
    throw argumentsInvalid('--rate and --closed: expected one of the two load models, got both. Leave one out');
  }
  if (flags.think !== undefined && flags.closed === undefined) {
    throw argumentsInvalid('--think: expected --closed beside it (an open load does not wait for replies)');
  }
  if (flags.poisson === true && flags.rate === undefined) {
    throw argumentsInvalid('--poisson: expected --rate beside it');
  }
  if (flags.closed !== undefined) {
    return {
      closed: {
        inFlight: wholeNumber('--closed', flags.closed),
        for: duration,
        ...(flags.think === undefined ? {} : { think: flags.think }),
      },
    };
  }
  if (flags.rate !== undefined) {
    return {
      open: [{ rate: flags.rate, for: duration }],
      ...(flags.poisson === true ? { arrival: 'poisson' } : {}),
    };
  }
  if (flags.duration !== undefined) {
    throw argumentsInvalid('--duration: expected --rate or --closed beside it, to say what goes on for so long');
  }
  return undefined;
}

/** `--bytes` replaces the whole mix. */
function withoutSizes(load: Document, flags: PlanFlags): Document {
  if (flags.bytes === undefined) return load;
  const { mix: _mix, ...rest } = load;
  return rest;
}

function headersOf(lines: readonly string[]): Document {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      if (colon < 1) throw argumentsInvalid('--header: expected "Name: value", got a text without a colon');
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}

function tlsOf(tls: Document, flags: PlanFlags): Document | undefined {
  const given = defined({
    ca: flags.ca,
    cert: flags.cert,
    key: flags.key,
    serverName: flags.serverName,
    insecure: flags.insecure,
  });
  return Object.keys(given).length === 0 ? undefined : { ...tls, ...given };
}

function wholeNumber(flag: string, text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw argumentsInvalid(`${flag}: expected a whole number, got ${JSON.stringify(text)}`);
  return Number(text);
}

function argumentsInvalid(problem: string): HighwaterError {
  return new HighwaterError('ARGUMENTS_INVALID', [problem]);
}

/** What is not an object is left for the plan's own check to complain of. */
function section(document: Document, key: string): Document {
  const value = document[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Document) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function defined(values: Document): Document {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
