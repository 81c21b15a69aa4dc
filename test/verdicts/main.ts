// The verdict campaign: `node --import jiti/register test/verdicts/main.ts [--disturbed N] [--calm N] [--breaches N] [--seed S] [--at-once N] [--command FILE] [--verbose]`.
// Half of the disturbed trials disturb the generator, half the service.

import path from 'node:path';
import { parseArgs } from 'node:util';
import { TRIAL_KINDS } from './draw.ts';
import { fightTrials } from './trials.ts';

const { values } = parseArgs({
  options: {
    disturbed: { type: 'string', default: '500' },
    calm: { type: 'string', default: '200' },
    breaches: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    'at-once': { type: 'string', default: '2' },
    command: { type: 'string', default: path.resolve(import.meta.dirname, '../../dist/cli/bin.js') },
    only: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
const disturbed = Number(values.disturbed);
const only = values.only === undefined ? null : new RegExp(values.only);
const tallies = await fightTrials({
  command: values.command,
  seed: Number(values.seed),
  atOnce: Number(values['at-once']),
  counts: {
    calm: Number(values.calm),
    breach: Number(values.breaches),
    generator: Math.ceil(disturbed / 2),
    service: Math.floor(disturbed / 2),
  },
  ...(only === null
    ? {}
    : { wanted: (trial) => only.test(JSON.stringify([trial.kind, trial.disturbance, trial.behavior, trial.seed])) }),
  done(fought, problem) {
    const { trial, result, exitCode, skipped } = fought;
    if (problem !== null) process.stdout.write(`FALSE ${trial.kind} ${trial.seed}: ${problem}\n`);
    if (!values.verbose) return;
    const doubts = result?.verdict.doubts.map(({ kind }) => kind).join(',') ?? fought.stderr.trim().slice(0, 200);
    const what = JSON.stringify({ ...trial.disturbance, ...trial.behavior });
    process.stdout.write(
      `${trial.kind} ${trial.seed} ${what} exit ${exitCode} ${result?.verdict.kind ?? skipped} ${[...new Set(doubts.split(','))].join(',')}\n`,
    );
  },
});
for (const kind of TRIAL_KINDS) {
  const { fought, pass, fail, inconclusive, error, falseVerdicts, skipped } = tallies[kind];
  process.stdout.write(
    `${kind}: ${fought} fought, ${pass} pass, ${fail} fail, ${inconclusive} inconclusive, ${error} ended with an error, ` +
      `${falseVerdicts.length} false, ${skipped.length} skipped\n`,
  );
}
process.exitCode = TRIAL_KINDS.some((kind) => tallies[kind].falseVerdicts.length > 0) ? 1 : 0;
