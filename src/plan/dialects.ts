// What follows from a dialect's settings, for whoever must know it.

import type { Dialect } from './plan.ts';

/** Whether the plan says that the service acknowledges a message apart from delivering it. */
export function acknowledgesApart(dialect: Dialect): boolean {
  return dialect.kind === 'json' && dialect.ack !== null;
}
