// Figures of a result as text: times that may not be known, counts with their noun.

import type { ConnectionResult } from '../../facts/result.ts';
import { formatDuration, msToNs, secondsToNs } from '../../units/duration.ts';
import { plural } from '../../units/plural.ts';
import { formatCount, formatRate } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';

/** `n/a` where it is not known. */
export function formatMs(ms: number | null): string {
  return ms === null ? 'n/a' : formatDuration(msToNs(ms));
}

/** `n/a` where it is not known. */
export function formatSeconds(seconds: number | null): string {
  if (seconds === null) return 'n/a';
  return seconds === 0 ? '0 s' : formatDuration(secondsToNs(seconds));
}

/** `n/a` where it is not known. */
export function formatPerSecond(perSecond: number | null): string {
  return perSecond === null ? 'n/a' : formatRate(perSecond);
}

/** `n/a` where it is not known. */
export function formatShare(ratio: number | null): string {
  return ratio === null ? 'n/a' : formatPercent(ratio);
}

/** Of a rule: the same word in the terminal, the page, Markdown and JUnit. */
export const RULE_WORDS = { pass: 'pass', fail: 'fail', inconclusive: 'undecided' } as const;

export const VERDICT_WORDS = { pass: 'PASS', fail: 'FAIL', inconclusive: 'INCONCLUSIVE' } as const;

/** How many connections were opened in all; and how many were open at once, where those were fewer. */
export function clientsText({ opened, reconnected, peakOpen }: ConnectionResult): string {
  const clients = opened - reconnected;
  return clients > peakOpen
    ? `${plural(clients, 'client')}, at most ${formatCount(peakOpen)} at once`
    : plural(peakOpen, 'client');
}
