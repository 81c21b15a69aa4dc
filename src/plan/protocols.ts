// What follows from a protocol's settings, for whoever must know it.

import type { Numbering, Protocol } from './plan.ts';

/** Whether the plan says that the service acknowledges a message apart from delivering it. */
export function acknowledgesApart(protocol: Protocol): boolean {
  return protocol.kind === 'json' && protocol.ack !== null;
}

/** How the service numbers what it says of its own accord; null where that is not judged. */
export function numberingOf(protocol: Protocol): Numbering | null {
  if (protocol.kind === 'push') return protocol.pushes;
  return protocol.kind === 'json' && typeof protocol.pushes !== 'string' ? protocol.pushes : null;
}

/** The texts of all that a client says. */
export function templatesOf(protocol: Protocol): readonly string[] {
  return protocol.kind === 'json' ? [...protocol.join, protocol.template] : joinOf(protocol);
}

/** What a client says first. */
export function joinOf(protocol: Protocol): readonly string[] {
  return protocol.kind === 'json' || protocol.kind === 'push' ? protocol.join : [];
}
