// A series as a line of small bars, from zero to its largest value: what differs little looks so.

const BARS = [...'▁▂▃▄▅▆▇█'];
const ASCII_BARS = [...'_.-~=+*#'];

/** A character for each value, in their order; a blank for one that is not known. Values are at least 0. */
export function sparkLine(values: readonly (number | null)[], unicode: boolean): string {
  const bars = unicode ? BARS : ASCII_BARS;
  const largest = Math.max(0, ...values.map((value) => value ?? 0));
  return values
    .map((value) => {
      if (value === null) return ' ';
      const height = largest === 0 ? 0 : Math.ceil((value / largest) * bars.length) - 1;
      return bars[Math.max(0, height)];
    })
    .join('');
}
