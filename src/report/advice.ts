// What to do first, from what broke and what is in doubt: the gravest first, each with the evidence that the result has.
// A rule about times can only be trusted once the generator is, so doubts about it come before it.

import type { Violation } from '../facts/event.ts';
import type { Doubt, RunResult, ThresholdResult } from '../facts/result.ts';
import type { Threshold } from '../plan/plan.ts';
import { formatCount } from '../units/rate.ts';
import { code, type Line } from './document.ts';
import { printable } from './printable.ts';

const MOST_STEPS = 6;

/** None for a run that kept its rules and has nothing in doubt. */
export function firstSteps(result: RunResult): readonly Line[] {
  const broken = result.verdict.thresholds.filter(({ kind }) => kind === 'fail');
  const steps = [
    ...(result.verdict.kind === 'pass' ? [] : witnesses(result)),
    ...failedLanes(result),
    ...remedies(result.verdict.doubts),
    ...broken.flatMap((rule) => stepFor(rule, result.plan.thresholds)),
    ...growth(result),
  ];
  return steps.slice(0, MOST_STEPS);
}

/** Lanes that the plan's own faults cut off are no riddle, unless a rule is about them. */
function failedLanes({ connections, recovery, verdict }: RunResult): readonly Line[] {
  const [worst] = Object.entries(connections.failures).sort(([, a], [, b]) => b.count - a.count);
  const isPlanned = (recovery?.incidents.length ?? 0) > 0;
  const isRuled = verdict.thresholds.some(
    ({ kind, expression }) => kind === 'fail' && /^connections\./.test(expression),
  );
  if (worst === undefined || (isPlanned && !isRuled)) return [];
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

/** The gravest first, each as it is said of a message. */
const SEVERITY: readonly (readonly [kind: Violation['violation'], words: string])[] = [
  ['corrupted', 'that was corrupted, found'],
  ['diverged', 'whose answer had a wrong state, found'],
  ['lost', 'that was lost, given up'],
  ['missed', 'that a lane missed, given up'],
  ['duplicated', 'that came twice, found'],
  ['reordered', 'that came out of order, found'],
  ['disagreed', 'that lanes heard in different orders, found'],
  ['unexpected', 'that nobody had sent, found'],
  ['belated', 'that came too late, found'],
];

/** The first of each kind. */
function witnesses({ violations }: RunResult): readonly Line[] {
  return SEVERITY.flatMap(([kind, words]) => {
    const first = violations.find(({ violation }) => violation === kind);
    if (first === undefined) return [];
    const place = `stream ${formatCount(first.stream)}${first.seq === null ? '' : `, #${formatCount(first.seq)}`}`;
    return [
      [
        `Look in the service’s log for the first message ${words} at ${first.atSecond.toFixed(3)} s: ${place}: `,
        code(printable(first.detail, 160)),
        '.',
      ],
    ];
  });
}

const REMEDIES: Readonly<Record<Doubt['kind'], string>> = {
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
  unreadable: 'Look at what could not be read: the doubt says what it is and what to do.',
  dialectError: 'Mend the dialect: it threw, and what it should have read is missing.',
  faultFailed: 'See why a fault could not be done; the run says nothing about it.',
};

function remedies(doubts: readonly Doubt[]): readonly Line[] {
  return [...new Set(doubts.map(({ kind }) => REMEDIES[kind]))].map((remedy) => [remedy]);
}

/** What a broken rule about times or rates asks for; those about messages have their witnesses. */
function stepFor(rule: ThresholdResult, thresholds: readonly Threshold[]): readonly Line[] {
  const metric = thresholds.find(({ expression }) => expression === rule.expression)?.metric;
  const observed = `, observed: ${rule.observedText}`;
  if (metric?.kind === 'throughput') {
    const where = 'the chart of messages each second shows whether less was offered, sent or delivered.';
    return [['See what held it back: ', code(rule.expression), `${observed}; ${where}`]];
  }
  if (metric?.kind !== 'distribution') return [];
  if (metric.of === 'sendLag') return [[REMEDIES.sendLag]];
  // Where so many never came that there is no such time, what became of them is the question, and answered above.
  if (rule.observed === null || !Number.isFinite(rule.observed)) return [];
  const where = '. The charts over time show whether at a fault, in a stage or all along.';
  return [['Find what takes so long: ', code(rule.expression), `${observed}${where}`]];
}

function growth({ findings }: RunResult): readonly Line[] {
  return findings.map(({ kind, series }) => [
    kind === 'leak' ? 'Look for what is never freed: ' : 'Look for what gets slower as it grows: ',
    code(printable(series, 120)),
    ' rose all the time under an even load.',
  ]);
}
