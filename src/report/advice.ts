// What to do first, from what broke and what is in doubt: the gravest first, each with the evidence that the result has.
// A rule about times can only be trusted once the generator is, so doubts about it come before it.

import { adviceFor } from '../analysis/refusal.ts';
import type { StopReason } from '../facts/event.ts';
import { type FailureKind, OWN_LIMITS } from '../facts/failure.ts';
import type { Doubt, RunResult, ThresholdResult } from '../facts/result.ts';
import type { ViolationKind } from '../facts/violation.ts';
import type { Threshold } from '../plan/plan.ts';
import { formatCount } from '../units/rate.ts';
import { unreachable } from '../units/unreachable.ts';
import { code, type TextLine } from './document.ts';
import { printable } from './printable.ts';
import { violationText } from './violation-text.ts';

const MOST_STEPS = 6;

/** None for a run that kept its rules and has nothing in doubt. */
export function firstSteps(result: RunResult): readonly TextLine[] {
  const broken = result.verdict.thresholds.filter(({ kind }) => kind === 'fail');
  const steps = [
    ...(result.verdict.kind === 'pass' ? [] : witnesses(result)),
    ...failedConnections(result),
    ...remedies(result),
    ...broken.flatMap((rule) => stepFor(rule, result.plan.thresholds)),
    ...growth(result),
  ];
  return steps.slice(0, MOST_STEPS);
}

/** What to do about connections that failed for this reason; null where nothing follows, or the plan's own faults may be it. */
export function failureAdvice({ connections, recovery, plan }: RunResult, kind: FailureKind): string | null {
  const failure = connections.failures[kind];
  const hasOpened = connections.opened > 0;
  if (failure === undefined || (hasOpened && (recovery?.incidents.length ?? 0) > 0)) return null;
  return adviceFor({ kind, detail: failure.example }, { target: plan.target, hasOpened });
}

/** Clients that the plan's own faults cut off are no riddle, unless a rule is about them. */
function failedConnections(result: RunResult): readonly TextLine[] {
  const { connections, recovery, verdict } = result;
  const own: readonly string[] = OWN_LIMITS;
  const atService = Object.entries(connections.failures).filter(([kind]) => !own.includes(kind));
  const [worst] = atService.sort(([, a], [, b]) => b.count - a.count);
  const isPlanned = (recovery?.incidents.length ?? 0) > 0;
  const isRuled = verdict.thresholds.some(
    ({ kind, expression }) => kind === 'fail' && /^connections\./.test(expression),
  );
  if (worst === undefined || (isPlanned && !isRuled)) return [];
  const [kind, { count, example }] = worst;
  const advice = failureAdvice(result, kind as FailureKind);
  return [
    [
      `Find out why connections failed or were dropped: ${formatCount(count)} times `,
      code(kind),
      ', the first with ',
      code(printable(example, 160)),
      ...(advice === null ? ['.'] : [`. Do: ${advice}`]),
    ],
  ];
}

/** The gravest first, each as it is said of a message. */
const SEVERITY: readonly (readonly [kind: ViolationKind, words: string])[] = [
  ['corrupted', 'that was corrupted, found'],
  ['diverged', 'whose answer had a wrong state, found'],
  ['lost', 'that was lost, given up'],
  ['missed', 'that a client missed, given up'],
  ['duplicated', 'that came twice, found'],
  ['reordered', 'that came out of order, found'],
  ['totalOrder', 'that clients received in different orders, found'],
  ['unexpected', 'that nobody had sent, found'],
  ['late', 'that came too late, found'],
];

/** The first of each kind. */
function witnesses({ violations }: RunResult): readonly TextLine[] {
  return SEVERITY.flatMap(([kind, words]) => {
    const first = violations.find(({ violation }) => violation === kind);
    if (first === undefined) return [];
    const place = `stream ${formatCount(first.stream)}${first.seq === null ? '' : `, #${formatCount(first.seq)}`}`;
    return [
      [
        `Look in the service’s log for the first message ${words} at ${first.atSecond.toFixed(3)} s: ${place}: `,
        code(printable(violationText(first), 160)),
        '.',
      ],
    ];
  });
}

const REMEDIES: Readonly<Record<Doubt['kind'], string>> = {
  noRules: 'Write rules into the plan (thresholds, contract): without them no run can pass.',
  noSamples: 'Have the plan send what the rule is about: nothing of it was measured.',
  tooFewSamples: 'Run longer, or send more: there are too few samples for the percentile that a rule asks for.',
  unresolved: 'Make clients live through the drain, or lengthen it: what is unresolved may be lost or not.',
  unplaced: 'End the fault or stage earlier, or lengthen the drain: what came after the end could turn the rule.',
  sendLag: 'Give the generator more room (workers, an idle machine, fewer clients) and run again: it sent late.',
  eventLoop:
    'Give the generator more room (workers, an idle machine, fewer clients) and run again: its event loop was late.',
  proxy: 'Give the fault proxy more room and run again: it was late itself.',
  cpu: 'Add workers, or a machine with more cores: the generator’s CPU was used up.',
  throttled: 'Raise the quota of CPU that the generator runs under, use less load, or pace: economical.',
  generatorLimits:
    'Give the generator what it ran out of (ports, open files, memory) and run again: it did not reach the service.',
  unsentOverdue: 'Add workers, or ask for less: the generator did not send what was due.',
  workerDied: 'Find out why a worker died; its clients are missing from every figure.',
  incomplete: 'Run again to the end: the run was cut short, or its record was.',
  damagedRecord: 'Restore the files of the record, or run again: lines of it are missing.',
  repeatedRecord: 'Restore the files of the record, or run again: lines of it are repeated.',
  littlesLaw: 'Run again on a quiet machine: the generator’s own figures contradict each other.',
  approximate: 'Send fewer messages at once on each client: the ledger had more disorder than it can keep exactly.',
  unmatched: 'Check the protocol: answers could not be told apart.',
  unreadable: 'Look at what could not be read: the doubt says what it is and what to do.',
  adapterError: 'Mend the protocol: it threw, and what it should have read is missing.',
  standstill: 'Keep the generator running (no pause, suspend or starved machine) and run again: it stood still.',
  loadAbsent:
    'Find out why clients were not connected or messages not sent, and run again: the load was not on the service.',
  renumbered:
    'Find out why the service numbered its pushes anew in mid-connection: what it lost there cannot be known.',
  faultFailed: 'See why a fault could not be done; the run says nothing about it.',
  faultWithoutEffect: 'Change a fault that did nothing as its doubt says: the run says nothing about it.',
};

const SHARE_THE_QUOTA: readonly Doubt['kind'][] = ['sendLag', 'eventLoop', 'cpu', 'unsentOverdue'];

/** Of what follows from that no connection opened there is only one thing to do, and it has been said. */
const FOLLOWS_FROM_NO_CLIENT: readonly Doubt['kind'][] = ['noSamples', 'tooFewSamples', 'incomplete'];

function remedies({ verdict, connections, run }: RunResult): readonly TextLine[] {
  const isUnreached = connections.attempted > 0 && connections.opened === 0;
  const isThrottled = verdict.doubts.some(({ kind }) => kind === 'throttled');
  const told = verdict.doubts.flatMap(({ kind }): readonly string[] => {
    // More workers would share the same quota.
    if (isThrottled && SHARE_THE_QUOTA.includes(kind)) return [];
    if (isUnreached && FOLLOWS_FROM_NO_CLIENT.includes(kind)) return [];
    return kind === 'incomplete' ? incompleteRemedy(run.stopReason) : [REMEDIES[kind]];
  });
  return [...new Set(told)].map((remedy) => [remedy]);
}

/** What is cut short by its own plan, or for a reason that has a remedy of its own, is not made whole by another run. */
function incompleteRemedy(reason: StopReason | null): readonly string[] {
  switch (reason) {
    case null:
    case 'interrupted':
      return [REMEDIES.incomplete];
    case 'abortRule':
      return ['See what made the abort condition come true: it ended the run before its plan did.'];
    case 'recordUnwritable':
      return ['Make room on the disk that keeps the record, or name another with --runs-dir, and run again.'];
    case 'noConnections':
    case 'workersDied':
      return [];
    default:
      return unreachable(reason);
  }
}

/** What a broken rule about times or rates asks for; those about messages have their witnesses. */
function stepFor(rule: ThresholdResult, thresholds: readonly Threshold[]): readonly TextLine[] {
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

function growth({ findings }: RunResult): readonly TextLine[] {
  return findings.map(({ kind, series }) => [
    kind === 'leak' ? 'Look for what is never freed: ' : 'Look for what gets slower as it grows: ',
    code(printable(series, 120)),
    ' rose all the time under an even load.',
  ]);
}
