// Round places on axes of times, in the unit in which a reader sees them.

/** Above a minute round means round in minutes and hours. */
const LONG_MS = [60e3, 120e3, 300e3, 600e3, 1800e3, 3600e3] as const;
const LONG_APART_MS = [60e3, 600e3, 3600e3] as const;
const FACTORS = [1, 2, 5] as const;
/** A longer axis has room for powers of ten only. */
const MOST_DECADES = 4;

/** On a logarithmic axis, 1, 2 and 5 times a power of ten: those between the two, which are above 0, in ascending order. */
export function timeTicksMs(fromMs: number, toMs: number): readonly number[] {
  const isLong = Math.log10(toMs / fromMs) > MOST_DECADES;
  const factors = isLong ? [1] : FACTORS;
  const short: number[] = [];
  for (let power = Math.floor(Math.log10(fromMs)); 10 ** power <= toMs; power++) {
    for (const factor of factors) short.push(Number(`${factor}e${power}`));
  }
  return [...short.filter((ms) => ms < LONG_MS[0]), ...(isLong ? LONG_APART_MS : LONG_MS)].filter(
    (ms) => ms >= fromMs && ms <= toMs,
  );
}

/** The nearest round number below, or the number itself. */
export function roundBelow(value: number): number {
  const power = Math.floor(Math.log10(value));
  const factor = FACTORS.findLast((each) => Number(`${each}e${power}`) <= value) ?? 1;
  return Number(`${factor}e${power}`);
}

const SECONDS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18_000, 36_000, 86_400] as const;
/** A label of an hour and more, such as 1:00:00, is nearly as wide. */
const PX_PER_TICK = 48;
const MOST_TICKS = 8;

/** Whole seconds, minutes or hours between the two, on an axis that is so wide. */
export function secondTicks(from: number, to: number, widthPx: number): readonly number[] {
  const ticks = Math.min(MOST_TICKS, Math.max(2, Math.floor(widthPx / PX_PER_TICK)));
  const least = (to - from) / ticks;
  const day = SECONDS.at(-1)!;
  const step = SECONDS.find((seconds) => seconds >= least) ?? day * Math.ceil(least / day);
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, place) => (first + place) * step);
}
