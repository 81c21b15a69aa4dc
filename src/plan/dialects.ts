// What follows from a dialect's settings, for whoever must know it.

import type { Dialect, Numbering } from './plan.ts';

/** Whether the plan says that the service acknowledges a message apart from delivering it. */
export function acknowledgesApart(dialect: Dialect): boolean {
  return dialect.kind === 'json' && dialect.ack !== null;
}

/** How the service numbers what it says of its own accord; null where that is not judged. */
export function numberingOf(dialect: Dialect): Numbering | null {
  if (dialect.kind === 'push') return dialect.pushes;
  return dialect.kind === 'json' && typeof dialect.pushes !== 'string' ? dialect.pushes : null;
}

/** The texts of all that a lane says. */
export function templatesOf(dialect: Dialect): readonly string[] {
  return dialect.kind === 'json' ? [...dialect.hello, dialect.template] : helloOf(dialect);
}

/** What a lane says first. */
export function helloOf(dialect: Dialect): readonly string[] {
  return dialect.kind === 'json' || dialect.kind === 'push' ? dialect.hello : [];
}
