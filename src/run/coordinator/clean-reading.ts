// What a monitor was answered may repeat a secret, and a program may print other names at every tick. What is kept has clean
// texts, and no more names of a monitor over the whole run than one reading may have.

import { MOST_SERIES, type MonitorReading } from '../../facts/monitor.ts';

/** `clean` may be slow: it is asked once for each name. */
export function createReadingCleaner(clean: (text: string) => string): (reading: MonitorReading) => MonitorReading {
  const names = new Map<string, Map<string, string>>();

  return ({ monitor, atNs, values, gap }) => {
    const known = names.get(monitor) ?? new Map<string, string>();
    names.set(monitor, known);
    const kept: [string, number][] = [];
    let dropped = 0;
    for (const [series, value] of Object.entries(values)) {
      if (!known.has(series) && known.size < MOST_SERIES) known.set(series, clean(series));
      const name = known.get(series);
      if (name === undefined) dropped++;
      else kept.push([name, value]);
    }
    const gaps = [
      ...(gap === null ? [] : [clean(gap)]),
      ...(dropped === 0 ? [] : [`more than ${MOST_SERIES} names; the rest is left out`]),
    ];
    return { monitor, atNs, values: Object.fromEntries(kept), gap: gaps.length === 0 ? null : gaps.join('; ') };
  };
}
