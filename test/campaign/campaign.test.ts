import { describe, expect, test } from 'vitest';
import { parsePlan } from '../../src/plan/parse.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { runCampaigns } from './campaigns.ts';
import { fight } from './fight.ts';

const CAMPAIGNS = 200;

describe('what is found is what was done, no more and no less, message by message', () => {
  test(`in ${CAMPAIGNS} campaigns drawn from a seed`, { timeout: 300_000 }, async () => {
    const { failures, injected } = await runCampaigns({ count: CAMPAIGNS, seed: 1 });
    expect(failures).toEqual([]);
    // The campaigns are of use only while every class is among what they did.
    for (const [act, count] of Object.entries(injected)) expect(count, act).toBeGreaterThan(10);
  });
});

describe('a faultless service', () => {
  test('is found faultless, also across ten reconnects of every lane', { timeout: 120_000 }, async () => {
    const { result } = await fight((url) => calmPlan(url));
    expect(result.messages).toMatchObject({
      sent: result.messages.delivered,
      lost: 0,
      unresolved: 0,
      duplicated: 0,
      reordered: 0,
      corrupted: 0,
      unexpected: 0,
      belated: 0,
    });
    expect(result.connections.reconnected).toBe(10 * 20);
    expect(result.delivery).toMatchObject({ consistentWith: 'exactly-once', faultFreeOnly: false, approximate: false });
    expect(result.messages.sent).toBeGreaterThan(100_000);
  });
});

function calmPlan(url: string): Plan {
  const dips = Array.from({ length: 10 }, () => [{ to: 0 }, { hold: '100ms' }, { to: 20 }, { hold: '500ms' }]).flat();
  const parsed = parsePlan(
    {
      target: { url },
      load: {
        connections: [{ to: 20 }, { hold: '500ms' }, ...dips],
        messages: { closed: { inFlight: 64, for: '6s' } },
      },
      thresholds: ['lost == 0'],
      drain: '5s',
    },
    { env: {}, fallbackProfile: null },
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.plan;
}
