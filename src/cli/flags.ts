// Flags over a plan: what was typed becomes keys of the plan document, which is then checked as a whole,
// so that a mistake in a flag is told in the same words as one in a file.

import { HighwaterError } from '../facts/error.ts';
import { isObject } from '../plan/document.ts';
import type { PlanProblem } from '../plan/problems.ts';

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
  /** Of the flags that the environment gave: the variable. */
  readonly variables?: Readonly<Partial<Record<string, string>>>;
}

type Document = Record<string, unknown>;

const DEFAULT_CONNECTIONS = 1;
const DEFAULT_RATE = '10/s';
const DEFAULT_DURATION = '10s';
/** How fast connections are opened where a flag says only how many. */
const CONNECTIONS_PER_SECOND = 1000;

/** A plan document for a URL and flags alone. */
export function documentForUrl(url: string, flags: PlanFlags): Document {
  return withFlags(
    { target: { url }, load: { connections: connectionsOf(DEFAULT_CONNECTIONS) } },
    { ...flags, ...(flags.rate === undefined && flags.closed === undefined ? { rate: DEFAULT_RATE } : {}) },
  );
}

/** What a flag sets, by its place in the plan: from the narrowest to the widest. `hint`: in place of the plan's. */
const SET_BY_FLAGS: readonly {
  readonly place: string;
  readonly flag: Exclude<keyof PlanFlags, 'variables'>;
  readonly hint?: string;
}[] = [
  { place: 'load.connections', flag: 'connections' },
  { place: 'load.messages.open[0].rate', flag: 'rate' },
  { place: 'load.messages.open[0].for', flag: 'duration' },
  { place: 'load.messages.open', flag: 'rate', hint: 'use a higher rate or a longer duration' },
  { place: 'load.messages.closed.inFlight', flag: 'closed' },
  { place: 'load.messages.closed.think', flag: 'think' },
  { place: 'load.messages.closed.for', flag: 'duration' },
  { place: 'load.bytes', flag: 'bytes' },
  { place: 'target.headers', flag: 'header' },
  { place: 'target.subprotocols', flag: 'subprotocol' },
  { place: 'target.sourceAddresses', flag: 'sourceAddress' },
  { place: 'target.tls.ca', flag: 'ca' },
  { place: 'target.tls.cert', flag: 'cert' },
  { place: 'target.tls.key', flag: 'key' },
  { place: 'target.tls.serverName', flag: 'serverName' },
  { place: 'drain', flag: 'drain' },
  { place: 'name', flag: 'name' },
  { place: 'workers', flag: 'workers' },
  { place: 'pace', flag: 'pace' },
];

/**
 * A problem with what a flag, or the variable that stood for it, put into the document: under the name that was typed.
 * `document`: without the flags; null where there was none.
 */
export function asTyped(problem: PlanProblem, flags: PlanFlags, document: unknown): PlanProblem {
  const { path } = problem;
  const rule = /^thresholds\[(\d+)\]/.exec(path)?.[1];
  const isAdded = flags.threshold.length > 0 && rule !== undefined && Number(rule) >= ownRules(document);
  if (isAdded) return { ...problem, path: typedName('threshold', flags) };
  const set = SET_BY_FLAGS.find(({ place, flag }) => isGiven(flags[flag]) && isWithin(path, place));
  if (set === undefined) return problem;
  return { ...problem, path: typedName(set.flag, flags), hint: set.hint ?? problem.hint };
}

function ownRules(document: unknown): number {
  return isObject(document) && Array.isArray(document.thresholds) ? document.thresholds.length : 0;
}

function isGiven(flag: unknown): boolean {
  return Array.isArray(flag) ? flag.length > 0 : flag !== undefined;
}

function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`);
}

/** `--source-address`, or the variable of the environment. */
function typedName(flag: string, { variables }: PlanFlags): string {
  return variables?.[flag] ?? `--${flag.replace(/[A-Z]/g, (character) => `-${character.toLowerCase()}`)}`;
}

/** The document with every flag that was given in place of what it said. Throws ARGUMENTS_INVALID. */
export function withFlags(document: Document, flags: PlanFlags): Document {
  const messages = messagesOf(flags);
  const whole = (flag: 'seed' | 'workers' | 'connections', least: number): number | undefined => {
    const text = flags[flag];
    return text === undefined ? undefined : wholeNumber(typedName(flag, flags), text, least);
  };
  const connections = whole('connections', 1);
  return {
    ...document,
    ...defined({
      name: flags.name,
      seed: whole('seed', 0),
      workers: flags.workers === 'auto' ? 'auto' : whole('workers', 1),
      pace: flags.pace,
      drain: flags.drain,
      protocol: flags.text === true ? { kind: 'echo', format: 'text' } : undefined,
      thresholds: flags.threshold.length === 0 ? undefined : withRules(document.thresholds, flags.threshold),
    }),
    target: overlaid(document.target, (target) => ({
      ...target,
      ...defined({
        headers: flags.header.length === 0 ? undefined : withHeaders(target.headers, flags.header),
        subprotocols: flags.subprotocol.length === 0 ? undefined : flags.subprotocol,
        compression: flags.compression === true ? 'on' : undefined,
        sourceAddresses: flags.sourceAddress.length === 0 ? undefined : flags.sourceAddress,
        tls: withTls(target.tls, flags),
      }),
    })),
    load: overlaid(document.load, (load) => ({
      ...withoutSizes(load, flags),
      ...defined({
        connections: connections === undefined ? undefined : connectionsOf(connections),
        messages,
        bytes: flags.bytes,
      }),
    })),
  };
}

function connectionsOf(count: number): unknown {
  const seconds = count / CONNECTIONS_PER_SECOND;
  return seconds < 0.1 ? [{ to: count }] : [{ to: count, over: `${seconds}s` }];
}

function messagesOf(flags: PlanFlags): unknown {
  const duration = flags.duration ?? DEFAULT_DURATION;
  if (flags.rate !== undefined && flags.closed !== undefined) {
    throw argumentsInvalid('--rate and --closed: expected only one of them, got both. Leave one out');
  }
  if (flags.think !== undefined && flags.closed === undefined) {
    throw argumentsInvalid('--think: expected --closed with it (an open load does not wait for replies)');
  }
  if (flags.poisson === true && flags.rate === undefined) {
    throw argumentsInvalid('--poisson: expected --rate with it');
  }
  if (flags.closed !== undefined) {
    return {
      closed: {
        inFlight: wholeNumber('--closed', flags.closed, 1),
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
    throw argumentsInvalid('--duration: expected --rate or --closed with it');
  }
  return undefined;
}

/** `--bytes` replaces the whole mix. */
function withoutSizes(load: Document, flags: PlanFlags): Document {
  if (flags.bytes === undefined) return load;
  const { mix: _mix, ...rest } = load;
  return rest;
}

function withHeaders(headers: unknown, lines: readonly string[]): unknown {
  const given = lines.map((line) => {
    const colon = line.indexOf(':');
    if (colon < 1) throw argumentsInvalid('--header: expected "Name: value", got a text without a colon');
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
  return overlaid(headers, (own) => ({ ...own, ...Object.fromEntries(given) }));
}

function withTls(tls: unknown, flags: PlanFlags): unknown {
  const given = defined({
    ca: flags.ca,
    cert: flags.cert,
    key: flags.key,
    serverName: flags.serverName,
    insecure: flags.insecure,
  });
  return Object.keys(given).length === 0 ? undefined : overlaid(tls, (own) => ({ ...own, ...given }));
}

function withRules(own: unknown, given: readonly string[]): unknown {
  return own === undefined || own === null || Array.isArray(own) ? [...(own ?? []), ...given] : own;
}

function wholeNumber(name: string, text: string, least: number): number {
  if (/^\d{1,12}$/.test(text) && Number(text) >= least) return Number(text);
  const expected = least === 0 ? 'a whole number' : `a whole number of at least ${least}`;
  throw argumentsInvalid(`${name}: expected ${expected}, got ${JSON.stringify(text)}`);
}

function argumentsInvalid(problem: string): HighwaterError {
  return new HighwaterError('ARGUMENTS_INVALID', [problem]);
}

/** What is written and is no object stays as it is, for the plan's own check to complain of. */
function overlaid(written: unknown, overlay: (own: Document) => Document): unknown {
  return written === undefined || written === null || isObject(written) ? overlay(written ?? {}) : written;
}

function defined(values: Document): Document {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
