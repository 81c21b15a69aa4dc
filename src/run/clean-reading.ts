// What a probe was answered may repeat a secret, and a program may print other names at every beat. What is kept has clean
// texts, and no more names of a probe over the whole run than one reading may have.

import { MOST_SERIES, type ProbeReading } from '../facts/probe.ts';

/** `clean` may be slow: it is asked once for each name. */
export function createReadingCleaner(clean: (text: string) => string): (reading: ProbeReading) => ProbeReading {
  const names = new Map<string, Map<string, string>>();

  return ({ probe, atNs, values, gap }) => {
    const known = names.get(probe) ?? new Map<string, string>();
    names.set(probe, known);
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
      ...(dropped === 0 ? [] : [`more than ${MOST_SERIES} names: further ones are left out`]),
    ];
    return { probe, atNs, values: Object.fromEntries(kept), gap: gaps.length === 0 ? null : gaps.join('; ') };
  };
}
