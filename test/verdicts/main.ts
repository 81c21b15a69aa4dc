// The whole verdict campaign: `npm run evidence -- [--disturbed N] [--calm N] [--breaches N] [--seed S] [--only PATTERN] [--verbose]`.
// Half of the disturbed trials disturb the generator, half the service. Without `--only` the table goes to docs/evidence/verdicts.md.
// Ends with 1 where a verdict was false, or where truth was bought by silence.

import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { TRIAL_KINDS, type TrialKind } from './draw.ts';
import { runTrials, type Tally } from './trials.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** Of runs with nothing planted so many must be decided, and of planted breaches so many must fail. */
const LEAST_DECIDED_RATIO = 0.98;
const LEAST_FAILED_RATIO = 0.95;
/** Runs that are disturbed mostly wait; calm ones must not disturb one another. */
const AT_ONCE: Readonly<Record<TrialKind, number>> = { calm: 1, breach: 3, generator: 4, service: 4 };

const { values } = parseArgs({
  options: {
    disturbed: { type: 'string', default: '500' },
    calm: { type: 'string', default: '200' },
    breaches: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
const only = values.only === undefined ? null : new RegExp(values.only);
const counts: Readonly<Record<TrialKind, number>> = {
  calm: Number(values.calm),
  breach: Number(values.breaches),
  generator: Math.ceil(Number(values.disturbed) / 2),
  service: Math.floor(Number(values.disturbed) / 2),
};

const tallies = {} as Record<TrialKind, Tally>;
for (const kind of TRIAL_KINDS) {
  const finished = await runTrials({
    command: path.join(ROOT, 'dist/cli/bin.js'),
    seed: Number(values.seed),
    atOnce: AT_ONCE[kind],
    counts: { calm: 0, breach: 0, generator: 0, service: 0, [kind]: counts[kind] },
    ...(only === null
      ? {}
      : { wanted: (trial) => only.test(JSON.stringify([trial.kind, trial.disturbance, trial.behavior])) }),
    done({ trial, result, exitCode, skipped, stderr }, problem) {
      if (problem !== null) process.stdout.write(`FALSE ${trial.kind} ${trial.seed}: ${problem}\n`);
      if (!values.verbose) return;
      const doubts = new Set(result?.verdict.doubts.map((doubt) => doubt.kind));
      const came = result === null ? stderr.trim().slice(0, 200) : `${result.verdict.kind} ${[...doubts].join(',')}`;
      const what = JSON.stringify({ ...trial.disturbance, ...trial.behavior });
      process.stdout.write(`${trial.kind} ${trial.seed} ${what} exit ${exitCode} ${skipped ?? came}\n`);
    },
  });
  tallies[kind] = finished[kind];
  process.stdout.write(`${rowOf(kind)}\n`);
}

const { calm, breach } = tallies;
const shortfalls = [
  ...TRIAL_KINDS.flatMap((kind) => tallies[kind].falseVerdicts),
  ...(calm.pass + calm.fail < LEAST_DECIDED_RATIO * calm.runs ? ['too few calm runs were decided'] : []),
  ...(breach.fail < LEAST_FAILED_RATIO * breach.runs ? ['too few breaches failed'] : []),
];
for (const shortfall of shortfalls) process.stdout.write(`${shortfall}\n`);
if (only === null) {
  mkdirSync(path.join(ROOT, 'docs/evidence'), { recursive: true });
  writeFileSync(path.join(ROOT, 'docs/evidence/verdicts.md'), page());
}
process.exitCode = shortfalls.length > 0 ? 1 : 0;

function rowOf(kind: TrialKind): string {
  const { runs, pass, fail, inconclusive, error, falseVerdicts, skipped } = tallies[kind];
  const cells = [kind, runs, pass, fail, inconclusive, error, falseVerdicts.length, skipped.length];
  return `| ${cells.join(' | ')} |`;
}

function page(): string {
  return `# Evidence: verdicts

Made by \`npm run evidence -- --disturbed ${values.disturbed} --calm ${values.calm} --breaches ${values.breaches} --seed ${values.seed}\` on ${os.cpus().length} cores,
${os.type()}, Node ${process.version}. Each row is that many real runs of the command, drawn from consecutive seeds, against a service that keeps the
truth. A verdict is false where it passes though load was absent, answers could not be read or the service did wrong, or fails for
nothing that the service did; or where what was done is not named among the doubts.

| drawn | runs | pass | fail | inconclusive | ended with an error | false | left out |
|---|---|---|---|---|---|---|---|
${TRIAL_KINDS.map(rowOf).join('\n')}

- *calm*: nothing is planted. At least 98 % must be decided.
- *breach*: messages are lost, duplicated, reordered or damaged, or numbers of pushes left out. At least 95 % must fail.
- *generator*: the worker or the coordinator is stopped while it connects, sends or drains; a quota of CPU; too few descriptors or ports;
  lines of the record are lost; a fault of the plan finds nothing to do.
- *service*: clients are closed after they were let in, refused, or not taken back; answers cannot be read; numbers begin anew.

What is drawn is in \`test/verdicts/draw.ts\`, what is true in \`test/verdicts/judge.ts\`.
${shortfalls.length === 0 ? '' : `\n**Not met:**\n\n${shortfalls.map((each) => `- ${each}`).join('\n')}\n`}`;
}
