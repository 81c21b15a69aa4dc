// Durations are nanoseconds in a plain number inside, and text with a unit outside. A bare number is not a
// duration: a plan that says `over: 10` must be asked "ten what?" instead of being guessed at.

export const NS_PER_US = 1e3;
export const NS_PER_MS = 1e6;
export const NS_PER_SECOND = 1e9;
export const NS_PER_MINUTE = 60 * NS_PER_SECOND;
const NS_PER_HOUR = 60 * NS_PER_MINUTE;

/** From the largest to the smallest: the order in which the parts of `1h30m5s` must stand. */
const UNITS: readonly (readonly [name: string, ns: number])[] = [
  ['h', NS_PER_HOUR],
  ['min', NS_PER_MINUTE],
  ['m', NS_PER_MINUTE],
  ['s', NS_PER_SECOND],
  ['ms', NS_PER_MS],
  ['us', NS_PER_US],
  ['µs', NS_PER_US],
  ['μs', NS_PER_US],
  ['ns', 1],
];

/** What a duration looks like, for JSON Schema; `parseDuration` is stricter about the order of the parts. */
export const DURATION_PATTERN = '^\\s*(0|(\\d+(\\.\\d+)?\\s*(h|min|m|s|ms|us|µs|μs|ns)\\s*)+)$';

/** Longer text is not a duration that somebody typed. */
const MAX_TEXT_LENGTH = 64;

export function nsToMs(ns: number): number {
  return ns / NS_PER_MS;
}

export function nsToSeconds(ns: number): number {
  return ns / NS_PER_SECOND;
}

export function msToNs(ms: number): number {
  return ms * NS_PER_MS;
}

export function secondsToNs(seconds: number): number {
  return seconds * NS_PER_SECOND;
}

/** Nanoseconds of `200ms`, `1.5s`, `2m30s`, `1h`, `50us`, `10ns` or `0`; null for anything else. */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed.length === 0 || trimmed.length > MAX_TEXT_LENGTH) return null;
  if (trimmed === '0') return 0;
  const part = /(\d+(?:\.\d+)?)\s*([a-zµμ]+)\s*/y;
  let totalNs = 0;
  let lastUnitNs = Number.POSITIVE_INFINITY;
  while (part.lastIndex < trimmed.length) {
    const found = part.exec(trimmed);
    if (found === null) return null;
    const unitNs = UNITS.find(([name]) => name === found[2])?.[1];
    // `30s2m` and `1s 1s` are more likely to be mistakes than sums.
    if (unitNs === undefined || unitNs >= lastUnitNs) return null;
    totalNs += Number(found[1]) * unitNs;
    lastUnitNs = unitNs;
  }
  const roundedNs = Math.round(totalNs);
  return Number.isSafeInteger(roundedNs) ? roundedNs : null;
}

/** `25 us`, `0.21 ms`, `3.1 ms`, `812 ms`, `60.0 s`, `2 min 30 s`, `8 h`: about two or three digits that mean something. */
export function formatDuration(ns: number): string {
  if (Number.isNaN(ns)) return 'n/a';
  if (ns < 0) return `-${formatDuration(-ns)}`;
  if (ns === Number.POSITIVE_INFINITY) return 'infinite';
  if (ns === 0) return '0 ms';
  // The borders lie where rounding would carry into the next unit: 999.6 us is 1.0 ms, not "1000 us".
  if (ns < 0.9995 * NS_PER_US) return `${ns.toFixed(0)} ns`;
  if (ns < 0.0995 * NS_PER_MS) return `${shortDecimal(ns / NS_PER_US)} us`;
  if (ns < 0.995 * NS_PER_MS) return `${nsToMs(ns).toFixed(2)} ms`;
  if (ns < 999.5 * NS_PER_MS) return `${shortDecimal(nsToMs(ns))} ms`;
  if (ns < 119.95 * NS_PER_SECOND) return `${nsToSeconds(ns).toFixed(1)} s`;
  return formatLong(Math.round(nsToSeconds(ns)));
}

function shortDecimal(value: number): string {
  return value < 99.95 ? value.toFixed(1).replace(/^(\d\d)\.0$/, '$1') : value.toFixed(0);
}

function formatLong(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return withRest(minutes, 'min', seconds % 60, 's');
  return withRest(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function withRest(whole: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${restUnit}`;
}
