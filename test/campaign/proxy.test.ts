// Campaigns through the fault proxy, against an echo server that this project did not write and that does nothing wrong: what
// is found is what the proxy did, no more and no less.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFaultProxy } from '../../src/faults/fault-proxy.ts';
import { readTargetUrl } from '../../src/faults/target-url.ts';
import type { Act } from '../../src/injection/truth.ts';
import { type ForeignServer, startForeignServer } from '../support/foreign-server.ts';
import { runAwake } from './campaigns.ts';
import { disagreements } from './compare.ts';
import { drawProxyCampaign } from './proxy-draw.ts';
import { drive, type Outcome } from './run-campaign.ts';

/** More of them, of other seeds: PROXY_CAMPAIGNS=1000 PROXY_SEED=1000 npx vitest run test/campaign/proxy.test.ts */
const CAMPAIGNS = Number(process.env.PROXY_CAMPAIGNS ?? 200);
const FIRST_SEED = Number(process.env.PROXY_SEED ?? 1);
const AT_ONCE = 12;

let plain: ForeignServer;
let compressing: ForeignServer;

beforeAll(async () => {
  [plain, compressing] = await Promise.all([startForeignServer('ws'), startForeignServer('ws', { compression: true })]);
});

afterAll(() => Promise.all([plain?.stop(), compressing?.stop()]));

interface FinishedCampaign extends Outcome {
  readonly truth: readonly Act[];
}

async function runAgainst(seed: number): Promise<FinishedCampaign> {
  const { compression, faults, planFor } = drawProxyCampaign(seed);
  const truth: Act[] = [];
  const proxy = await startFaultProxy({
    host: '127.0.0.1',
    port: 0,
    target: readTargetUrl((compression ? compressing : plain).url)!,
    faults,
    seed: seed + 1,
    logAct: (act) => truth.push(act),
  });
  const finished = await drive(planFor(proxy.url)).finally(() => proxy.stop());
  return { ...finished, truth };
}

describe('what is found behind the proxy is what the proxy did, message by message', () => {
  test(`in ${CAMPAIGNS} campaigns drawn from a seed`, { timeout: 600_000 }, async () => {
    const seeds = Array.from({ length: CAMPAIGNS }, (_, index) => FIRST_SEED + index);
    const problems: string[] = [];
    const done = new Map<string, number>();
    const work = async (): Promise<void> => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        const outcome = await runAwake(() => runAgainst(seed));
        problems.push(...disagreements(outcome).map((problem) => `seed ${seed}: ${problem}`));
        for (const { act } of outcome.truth) done.set(act, (done.get(act) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    expect(problems).toEqual([]);
    // The campaigns are of use only while every class is among what they did.
    for (const act of [
      'drop',
      'duplicate',
      'reorder',
      'damage',
      'fabricate',
      'delay',
      'split',
      'coalesce',
      'disconnect',
    ])
      expect(done.get(act) ?? 0, act).toBeGreaterThan(0);
  });
});
