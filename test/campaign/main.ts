// `npm run campaign -- --runs N --seed S`: as many campaigns as one likes, and every disagreement. `--calm SECONDS`: as many
// messages as there can be in that time over a service without faults, and what was found there.

import { parseArgs } from 'node:util';
import { runCampaigns } from './campaigns.ts';
import { calmPlan } from './draw.ts';
import { runAgainst } from './run-campaign.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    calm: { type: 'string' },
  },
});
const count = Number(values.runs);
const seed = Number(values.seed);
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed) || seed < 0) {
  process.stderr.write('usage: npm run campaign -- [--runs N] [--seed S] [--calm SECONDS], whole numbers\n');
  process.exit(64);
}
if (values.calm !== undefined) {
  const { result } = await runAgainst((url) => calmPlan(url, Number(values.calm)));
  const { due: _, unsent: __, ...counts } = result.messages;
  process.stdout.write(`${JSON.stringify({ ...counts, reconnected: result.connections.reconnected })}\n`);
  process.exit(counts.sent === counts.delivered ? 0 : 1);
}
const { failures, injected, messages } = await runCampaigns({
  count,
  seed,
  progress: (done) => {
    if (done % 50 === 0) process.stderr.write(`${done} of ${count}\n`);
  },
  disagreed: (problem) => void process.stdout.write(`${problem}\n`),
});
const acts = Object.entries(injected).map(([kind, times]) => `${kind} ${times}`);
process.stdout.write(`${count} campaigns from seed ${seed}, ${messages} messages, ${acts.join(', ')}\n`);
process.stdout.write(failures.length === 0 ? 'found equals done in every one\n' : `${failures.length} disagreements\n`);
process.exitCode = failures.length === 0 ? 0 : 1;
