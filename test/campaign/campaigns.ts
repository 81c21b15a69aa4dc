// Many campaigns, a few at a time, and what they disagreed about.

import { disagreements } from './compare.ts';
import { type Outcome, runCampaign } from './run-campaign.ts';

export interface Campaigns {
  readonly count: number;
  /** The first campaign's; each further one takes the next. */
  readonly seed: number;
  /** Told after each. */
  readonly progress?: (done: number) => void;
  /** Told of each disagreement as it is found. */
  readonly disagreed?: (problem: string) => void;
}

export interface CampaignsOutcome {
  /** `seed 17: lost: found 3, done 4`: what to repeat, and what to look for. */
  readonly failures: readonly string[];
  /** How often each act was done, over all campaigns. */
  readonly injected: Readonly<Record<string, number>>;
  readonly messages: number;
}

const MOST_ATTEMPTS = 5;

/**
 * The same campaign again where this process did not get to run: a service that stands still says things at other times than
 * were drawn, and a client may not wait for them.
 */
export async function runAwake<T extends Outcome>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await run();
    if (attempt === MOST_ATTEMPTS || outcome.isAwake || disagreements(outcome).length === 0) return outcome;
  }
}

/** They wait more than they work: so many at once keep one core busy. */
const AT_ONCE = 10;

export async function runCampaigns({ count, seed, progress, disagreed }: Campaigns): Promise<CampaignsOutcome> {
  const failures: string[] = [];
  const injected: Record<string, number> = {};
  let messages = 0;
  let next = 0;
  let done = 0;
  async function work(): Promise<void> {
    while (next < count) {
      const campaignSeed = seed + next++;
      const outcome = await runAwake(() => runCampaign(campaignSeed));
      for (const problem of disagreements(outcome)) {
        failures.push(`seed ${campaignSeed}: ${problem}`);
        disagreed?.(failures.at(-1)!);
      }
      for (const act of outcome.truth) {
        const kind = act.act === 'damage' ? act.how : act.act;
        injected[kind] = (injected[kind] ?? 0) + 1;
      }
      messages += outcome.result.messages.sent;
      progress?.(++done);
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { failures, injected, messages };
}
