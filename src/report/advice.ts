// What to do first, from what broke and what is in doubt: the gravest first, each with the evidence that the result has.
// A rule about times can only be trusted once the generator is, so doubts about it come before it.

import type { Violation } from '../facts/event.ts';
import type { Doubt, RunResult, ThresholdResult } from '../facts/result.ts';
import { formatCount } from '../units/rate.ts';
import { code, type Line } from './document.ts';
import { formatSeconds } from './figures.ts';
import { printable } from './printable.ts';

const MOST_STEPS = 6;

export function firstSteps(result: RunResult): readonly Line[] {
  const steps = [
    ...witnesses(result),
    ...failedLanes(result),
    ...remedies(result.verdict.doubts),
    ...slowness(result),
    ...growth(result),
  ];
  return steps.slice(0, MOST_STEPS);
}

function failedLanes({ connections }: RunResult): readonly Line[] {
  const [worst] = Object.entries(connections.failures).sort(([, a], [, b]) => b.count - a.count);
  if (worst === undefined) return [];
  const [kind, { count, example }] = worst;
  return [
    [
      `Find out why lanes failed or were dropped: ${formatCount(count)} times `,
      code(kind),
      ', the first with ',
      code(printable(example, 160)),
      '.',
    ],
  ];
}

const SEVERITY: readonly Violation['violation'][] = [
  'corrupted',
  'diverged',
  'lost',
  'missed',
  'duplicated',
  'reordered',
  'disagreed',
  'unexpected',
  'belated',
];

/** The first of each kind, in the order in which they harm. */
function witnesses({ violations }: RunResult): readonly Line[] {
  return SEVERITY.flatMap((kind) => {
    const first = violations.find(({ violation }) => violation === kind);
    if (first === undefined) return [];
    const place = `stream ${formatCount(first.stream)}${first.seq === null ? '' : `, #${formatCount(first.seq)}`}`;
    return [
      [
        `Look in the service’s log for the first message that was ${kind}: ${place}, at ${formatSeconds(first.atSecond)}: `,
        code(printable(first.detail, 160)),
        '.',
      ],
    ];
  });
}

const REMEDIES: Readonly<Record<Doubt['kind'], string | null>> = {
  noRules: 'Write rules into the plan (thresholds, contract): without them no run can pass.',
  noSamples: 'Have the plan send what the rule is about: nothing of it was measured.',
  tooFewSamples: 'Run longer, or send more: there are too few samples for the percentile that a rule asks for.',
  unresolved: 'Make lanes live through the drain, or lengthen it: what is unresolved may be lost or not.',
  unplaced: 'End the fault or stage earlier, or lengthen the drain: what came after the end could turn the rule.',
  sendLag: 'Give the generator more room (workers, an idle machine, fewer lanes) and run again: it sent late.',
  eventLoop:
    'Give the generator more room (workers, an idle machine, fewer lanes) and run again: its event loop was late.',
  proxy: 'Give the fault proxy more room and run again: it was late itself.',
  cpu: 'Add workers, or a machine with more cores: the generator’s CPU was used up.',
  unsentLate: 'Add workers, or ask for less: the generator did not send what was due.',
  workerDied: 'Find out why a worker died; its lanes are missing from every figure.',
  incomplete: 'Run again to the end: the record breaks off.',
  littlesLaw: 'Run again on a quiet machine: the generator’s own figures contradict each other.',
  approximate: 'Send fewer messages at once on each lane: the ledger had more disorder than it can keep exactly.',
  unmatched: 'Check the dialect: answers could not be told apart.',
  dialectError: 'Mend the dialect: it threw, and what it should have read is missing.',
  faultFailed: 'See why a fault could not be done; the run says nothing about it.',
};

function remedies(doubts: readonly Doubt[]): readonly Line[] {
  const known = new Set(doubts.map(({ kind }) => REMEDIES[kind]));
  return [...known].flatMap((remedy) => (remedy === null ? [] : [[remedy]]));
}

function slowness({ verdict, plan }: RunResult): readonly Line[] {
  const broken = verdict.thresholds.filter(({ kind, expression }) => kind === 'fail' && isOfTime(plan, expression));
  return broken.map(({ expression, observedText }: ThresholdResult) => [
    'Find what takes so long: ',
    code(expression),
    `, observed: ${observedText}. The charts over time show whether at a fault, in a stage or all along.`,
  ]);
}

function isOfTime({ thresholds }: RunResult['plan'], expression: string): boolean {
  return thresholds.some((rule) => rule.expression === expression && rule.unit === 'ns');
}

function growth({ findings }: RunResult): readonly Line[] {
  return findings.map(({ kind, series }) => [
    kind === 'leak' ? 'Look for what is never freed: ' : 'Look for what gets slower as it grows: ',
    code(printable(series, 120)),
    ' rose all the time under an even load.',
  ]);
}
