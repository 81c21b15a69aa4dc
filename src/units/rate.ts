// Rates are per second inside; outside they carry the time they are counted over, as durations carry their unit.

const SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, m: 60, h: 3600 };

export const RATE_PATTERN = '^\\s*\\d+(\\.\\d+)?([eE][+-]?\\d+)?\\s*/\\s*(s|min|m|h)\\s*$';

/** Per second, of `8000/s`, `120/min`, `2/h` or `1e3/s`; null for anything else, a bare number too. */
export function parseRate(text: string): number | null {
  if (text.length > 64) return null;
  const found = /^\s*(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*\/\s*(s|min|m|h)\s*$/.exec(text);
  if (found === null) return null;
  const perSecond = Number(found[1]) / (SECONDS[found[2] ?? ''] ?? Number.NaN);
  return Number.isFinite(perSecond) ? perSecond : null;
}

/** `8,000/s`, `12.5/s`, `0.0333/s`. */
export function formatRate(perSecond: number): string {
  if (!Number.isFinite(perSecond)) return 'n/a';
  if (Math.abs(perSecond) >= 100) return `${formatCount(perSecond)}/s`;
  return `${Number(perSecond.toPrecision(3))}/s`;
}

/** A whole number with thousands separated: `480,000`. The same in every locale, because reports are compared. */
export function formatCount(count: number): string {
  if (!Number.isFinite(count)) return 'n/a';
  const digits = Math.abs(count).toFixed(0);
  const grouped = digits.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return count < 0 && digits !== '0' ? `-${grouped}` : grouped;
}
