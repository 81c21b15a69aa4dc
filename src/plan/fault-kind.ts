// What a fault does, by the word that plans and reports have for it.

import type { Fault } from './plan.ts';

export function faultKind(fault: Fault): string {
  return fault.kind === 'way' ? fault.fault : fault.kind;
}
