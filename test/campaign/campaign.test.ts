import { describe, expect, test } from 'vitest';
import { NOTHING } from '../support/books.ts';
import { runCampaigns } from './campaigns.ts';
import { calmPlan } from './draw.ts';
import { runAgainst } from './run-campaign.ts';

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
  test('is found faultless, also across ten reconnects of every client', { timeout: 120_000 }, async () => {
    const { result } = await runAgainst((url) => calmPlan(url, 10));
    expect(result.messages).toMatchObject({
      sent: result.messages.delivered,
      ...NOTHING,
    });
    expect(result.connections.reconnected).toBe(10 * 20);
    expect(result.delivery).toMatchObject({ consistentWith: 'exactly-once', faultFreeOnly: false, approximate: false });
    expect(result.messages.sent).toBeGreaterThan(20_000);
  });
});
