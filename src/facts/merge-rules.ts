// What is counted, as a tree of names with a merge rule each. From the tree derive the values that are counted into, their zero,
// how they are taken and cleared at a cut, how what was taken is added up, and what of it is valid in a record:
//
//   { sent: 'sum', jitter: { maxNs: 'max' } }
//
//   createCounters ──▶ counters ──takeCounters──▶ counted: a value, plain JSON ──addCounted──▶ other counters
//
// Adding is associative and commutative and has the zero as identity, for every rule. Loops over the tree run once a window;
// what happens per message is an assignment to a field.

import { createHistogram, type Histogram, reset } from '../histogram/histogram.ts';
import { addSparse, encodeSparse, isSparseHistogram, type SparseHistogram } from '../histogram/sparse-codec.ts';
import { FAILURE_KINDS, type FailureKind } from './failure.ts';

/** A message, when it was due, and how long after that it reached each of this worker's receivers, in ns. */
export type SpreadFacts = readonly [stream: number, seq: number, dueNs: number, ...delaysNs: number[]];

/** What is counted into, by rule. */
interface Kept {
  sum: number;
  max: number;
  /** The least that is not 0: 0 where there is none. */
  leastAboveZero: number;
  either: boolean;
  /** Moments; null where there is none. */
  earliest: number | null;
  latest: number | null;
  /** Counts by a key: of a closed set, of close codes, of whatever a service says, of numbers. */
  byFailure: Partial<Record<FailureKind, number>>;
  byCode: Record<string, number>;
  byName: Map<string, number>;
  byNumber: Map<number, number>;
  histogram: Histogram;
}

/** The same as a value that travels. */
interface Carried {
  sum: number;
  max: number;
  leastAboveZero: number;
  either: boolean;
  earliest: number | null;
  latest: number | null;
  byFailure: Readonly<Partial<Record<FailureKind, number>>>;
  byCode: Readonly<Record<string, number>>;
  byName: Readonly<Record<string, number>>;
  byNumber: readonly (readonly [number: number, count: number])[];
  histogram: SparseHistogram;
  /** Of one worker at one moment: what it means together with others depends on who asks, so it is not merged here. */
  level: number;
  /** Joined with the samples of other workers by message (`analysis/figures/fanout.ts`), not added. */
  samples: readonly SpreadFacts[];
}

export type MergeRule = keyof Carried;
export interface Fields {
  readonly [name: string]: MergeRule | Fields;
}

/** Without what is not merged. */
export type Counters<F> = {
  -readonly [N in keyof F as F[N] extends 'level' | 'samples' ? never : N]: F[N] extends keyof Kept
    ? Kept[F[N]]
    : Counters<F[N]>;
};
export type Counted<F> = {
  readonly [N in keyof F as F[N] extends 'level' | 'samples' ? never : N]: F[N] extends keyof Kept
    ? Carried[F[N]]
    : Counted<F[N]>;
};
/** All of it, as it stands in a window. */
export type Facts<F> = { readonly [N in keyof F]: F[N] extends MergeRule ? Carried[F[N]] : Facts<F[N]> };

/** The same rule for each of these names. */
export function each<N extends string, R extends MergeRule>(names: readonly N[], rule: R): Readonly<Record<N, R>> {
  return Object.fromEntries(names.map((name) => [name, rule])) as Record<N, R>;
}

interface Operator<K, C> {
  zero(): K;
  /** Zero again: large values serve again. */
  clear(kept: K): K;
  take(kept: K): C;
  add(kept: K, counted: C): K;
  isValid(value: unknown): boolean;
}

const OPERATORS: { readonly [R in keyof Kept]: Operator<Kept[R], Carried[R]> } = {
  sum: plain<number>(0, (a, b) => a + b, isCount),
  max: plain<number>(0, Math.max, isCount),
  leastAboveZero: plain<number>(0, (a, b) => (a === 0 || b === 0 ? a + b : Math.min(a, b)), isCount),
  either: plain<boolean>(
    false,
    (a, b) => a || b,
    (value) => typeof value === 'boolean',
  ),
  earliest: plain<number | null>(null, (a, b) => (a === null || b === null ? (a ?? b) : Math.min(a, b)), isMoment),
  latest: plain<number | null>(null, (a, b) => (a === null || b === null ? (a ?? b) : Math.max(a, b)), isMoment),
  byFailure: record<Partial<Record<FailureKind, number>>>((key) => (FAILURE_KINDS as readonly string[]).includes(key)),
  byCode: record<Record<string, number>>(() => true),
  byName: {
    ...map<string>(),
    take: (kept) => Object.fromEntries(kept),
    add: (kept, counted) => addEntries(kept, Object.entries(counted)),
    isValid: (value) => isCounts(value, () => true),
  },
  byNumber: {
    ...map<number>(),
    take: (kept) => [...kept].sort(([a], [b]) => a - b),
    add: addEntries,
    isValid: (value) => Array.isArray(value) && value.every(isPair),
  },
  histogram: {
    zero: createHistogram,
    clear(kept) {
      reset(kept);
      return kept;
    },
    take: encodeSparse,
    add(kept, counted) {
      addSparse(kept, counted);
      return kept;
    },
    isValid: isSparseHistogram,
  },
};

const NOT_MERGED: Readonly<Record<Exclude<MergeRule, keyof Kept>, (value: unknown) => boolean>> = {
  level: isCount,
  samples: (value) => Array.isArray(value) && value.every(isSpread),
};

function plain<T extends number | boolean | null>(
  zero: T,
  add: (a: T, b: T) => T,
  isValid: (value: unknown) => boolean,
): Operator<T, T> {
  return { zero: () => zero, clear: () => zero, take: (kept) => kept, add, isValid };
}

function record<T extends Readonly<Record<string, number>>>(isKey: (key: string) => boolean): Operator<T, T> {
  return {
    zero: () => ({}) as T,
    clear: () => ({}) as T,
    take: (kept) => ({ ...kept }),
    add(kept, counted) {
      const into: Record<string, number> = kept;
      for (const [key, count] of Object.entries(counted)) into[key] = (into[key] ?? 0) + count;
      return kept;
    },
    isValid: (value) => isCounts(value, isKey),
  };
}

function map<K>(): Pick<Operator<Map<K, number>, never>, 'zero' | 'clear'> {
  return {
    zero: () => new Map(),
    clear(kept) {
      kept.clear();
      return kept;
    },
  };
}

function addEntries<K>(kept: Map<K, number>, entries: Iterable<readonly [K, number]>): Map<K, number> {
  for (const [key, count] of entries) kept.set(key, (kept.get(key) ?? 0) + count);
  return kept;
}

/** A tree of values, whatever they are: the rule of each says how to deal with it. */
type Values = Record<string, unknown>;
// biome-ignore lint/suspicious/noExplicitAny: a value and its operator belong together by name, which no type can say here.
const operatorOf = (rule: MergeRule): Operator<any, any> | undefined => OPERATORS[rule as keyof Kept];

/** All of them zero. */
export function createCounters<F extends Fields>(fields: F): Counters<F> {
  const entries = Object.entries(fields).flatMap(([name, rule]): [string, unknown][] => {
    if (typeof rule !== 'string') return [[name, createCounters(rule)]];
    const operator = operatorOf(rule);
    return operator === undefined ? [] : [[name, operator.zero()]];
  });
  return inPlace(Object.fromEntries(entries)) as Counters<F>;
}

/**
 * Plain values as JSON.parse lays them out: with their fields in the object, as of a literal. What holds histograms stays as it was
 * made: where a field was null before, V8 no longer knows that a histogram is in it, and a message took 1.04 of the time that it
 * takes with literals instead of 0.99 (message path in memory, 64 B, receiving; paired loops in one process, Node 20, 2026-11-28).
 */
function inPlace(values: Values): Values {
  const isPlain = Object.values(values).every((value) => value === null || typeof value !== 'object');
  return isPlain ? (JSON.parse(JSON.stringify(values)) as Values) : values;
}

export function clearCounters<F extends Fields>(fields: F, counters: Counters<F>): void {
  const values = counters as Values;
  for (const [name, rule] of Object.entries(fields)) {
    const operator = typeof rule === 'string' ? operatorOf(rule) : undefined;
    if (typeof rule !== 'string') clearCounters(rule, values[name] as Counters<Fields>);
    else if (operator !== undefined) values[name] = operator.clear(values[name]);
  }
}

/** As a value that does not change any more; the counters go on. */
export function readCounters<F extends Fields>(fields: F, counters: Counters<F>): Counted<F> {
  const values = counters as Values;
  const entries = Object.entries(fields).flatMap(([name, rule]): [string, unknown][] => {
    if (typeof rule !== 'string') return [[name, readCounters(rule, values[name] as Counters<Fields>)]];
    const operator = operatorOf(rule);
    return operator === undefined ? [] : [[name, operator.take(values[name])]];
  });
  return Object.fromEntries(entries) as Counted<F>;
}

/** What they have counted since the last time, as a value; they begin again from zero. */
export function takeCounters<F extends Fields>(fields: F, counters: Counters<F>): Counted<F> {
  const counted = readCounters(fields, counters);
  clearCounters(fields, counters);
  return counted;
}

export function addCounted<F extends Fields>(fields: F, counters: Counters<F>, counted: Counted<F>): void {
  const values = counters as Values;
  for (const [name, rule] of Object.entries(fields)) {
    const more = (counted as Values)[name];
    const operator = typeof rule === 'string' ? operatorOf(rule) : undefined;
    if (typeof rule !== 'string') addCounted(rule, values[name] as Counters<Fields>, more as Counted<Fields>);
    else if (operator !== undefined) values[name] = operator.add(values[name], more);
  }
}

/** Whether every field is there and of its kind; further ones do no harm. */
export function areFacts(fields: Fields, value: unknown): boolean {
  if (!isRecord(value)) return false;
  return Object.entries(fields).every(([name, rule]) => {
    if (typeof rule !== 'string') return areFacts(rule, value[name]);
    const isValid = operatorOf(rule)?.isValid ?? NOT_MERGED[rule as keyof typeof NOT_MERGED];
    return isValid(value[name]);
  });
}

/** Client·ns of a day of 100,000 clients are below it; what is larger was not counted. */
const MOST_COUNTED = 2 ** 63;

function isCount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value < MOST_COUNTED;
}

function isMoment(value: unknown): boolean {
  return value === null || (Number.isFinite(value) && (value as number) >= 0);
}

function isCounts(value: unknown, isKey: (key: string) => boolean): boolean {
  return isRecord(value) && Object.entries(value).every(([key, count]) => isKey(key) && isCount(count));
}

function isSpread(value: unknown): boolean {
  return Array.isArray(value) && value.length > 3 && value.every(Number.isSafeInteger);
}

function isPair(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger);
}

function isRecord(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
