// Why messages were not sent, in words.

import type { UnsentReason } from './window.ts';

export const UNSENT_TEXTS: Readonly<Record<UnsentReason, string>> = {
  overdue: 'overdue',
  backpressure: 'backpressure',
  windowFull: 'in-flight limit reached',
  socketClosed: 'connection closed',
  adapterError: 'protocol adapter error',
};

/** `overdue 3, connection closed 12`; empty where everything was sent. `format` writes a count. */
export function unsentTexts(
  unsent: Readonly<Partial<Record<UnsentReason, number>>>,
  format: (count: number) => string,
): string {
  return (Object.entries(unsent) as [UnsentReason, number][])
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${UNSENT_TEXTS[reason]} ${format(count)}`)
    .join(', ');
}
