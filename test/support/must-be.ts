// `expect(found).toBe(right)` for loops of thousands, where `expect` itself takes many times longer than what it looks at.

import { expect } from 'vitest';

export function mustBe(found: unknown, right: unknown, what: string): void {
  if (!Object.is(found, right)) expect.fail(`${what}: expected ${String(right)}, got ${String(found)}`);
}
