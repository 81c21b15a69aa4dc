// `npm run campaign -- --runs N --seed S`: as many campaigns as one likes, and every disagreement.

import { parseArgs } from 'node:util';
import { runCampaigns } from './campaigns.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
});
const count = Number(values.runs);
const seed = Number(values.seed);
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed) || seed < 0) {
  process.stderr.write('usage: npm run campaign -- [--runs N] [--seed S], whole numbers\n');
  process.exit(64);
}
const { failures, injected, messages } = await runCampaigns({
  count,
  seed,
  progress: (done) => {
    if (done % 50 === 0) process.stderr.write(`${done} of ${count}\n`);
  },
});
for (const failure of failures) process.stdout.write(`${failure}\n`);
const acts = Object.entries(injected).map(([kind, times]) => `${kind} ${times}`);
process.stdout.write(`${count} campaigns from seed ${seed}, ${messages} messages, ${acts.join(', ')}\n`);
process.stdout.write(failures.length === 0 ? 'found equals done in every one\n' : `${failures.length} disagreements\n`);
process.exitCode = failures.length === 0 ? 0 : 1;
