// What to do first, from what broke and what is in doubt: the gravest first, each with the evidence that the result has.
// A rule about times can only be trusted once the generator is, so doubts about it come before it.

import { adviceFor } from '../../analysis/judge/refusal.ts';
import type { StopReason } from '../../facts/event.ts';
import { type FailureKind, OWN_LIMITS } from '../../facts/failure.ts';
import type { Doubt, RunResult, ThresholdResult } from '../../facts/result.ts';
import type { ViolationKind } from '../../facts/violation.ts';
import type { Threshold } from '../../plan/plan.ts';
import { plural } from '../../units/plural.ts';
import { printable } from '../../units/printable.ts';
import { formatCount } from '../../units/rate.ts';
import { unreachable } from '../../units/unreachable.ts';
import { code, type TextLine } from '../document.ts';
import { failureText } from './failure-text.ts';
import { monitorSeriesName } from './series-names.ts';
import { momentText, violationText } from './violation-text.ts';

const MOST_STEPS = 6;

/** None for a run that kept its rules and has nothing in doubt. */
export function firstSteps(result: RunResult): readonly TextLine[] {
  const broken = result.verdict.thresholds.filter(({ kind }) => kind === 'fail');
  const steps = [
    ...(result.verdict.kind === 'pass' ? [] : firstViolations(result)),
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
  if (failure === undefined || failure.cause === null || (hasOpened && (recovery?.incidents.length ?? 0) > 0))
    return null;
  return adviceFor({ kind, cause: failure.cause }, { target: plan.target, hasOpened });
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
  const [kind, failure] = worst;
  const advice = failureAdvice(result, kind as FailureKind);
  return [
    [
      `Find out why connections failed or dropped: ${plural(failure.count, 'time')} `,
      code(kind),
      ', first with ',
      code(printable(failureText(kind as FailureKind, failure, result.run), 160)),
      ...(advice === null ? ['.'] : [`. What to do: ${advice}`]),
    ],
  ];
}

/** The gravest first, each as it is said of a message. */
const SEVERITY: readonly (readonly [kind: ViolationKind, words: string])[] = [
  ['corrupted', 'that was corrupted'],
  ['diverged', 'whose reply had a wrong state'],
  ['lost', 'that was lost'],
  ['missed', 'that a client missed'],
  ['duplicated', 'that came twice'],
  ['reordered', 'that came out of order'],
  ['totalOrder', 'that clients received in different orders'],
  ['unexpected', 'that was not expected where it arrived'],
  ['late', 'that came too late'],
];

/** The first of each kind. */
function firstViolations({ violations }: RunResult): readonly TextLine[] {
  return SEVERITY.flatMap(([kind, words]) => {
    const first = violations.find(({ violation }) => violation === kind);
    if (first === undefined) return [];
    const place = `stream ${formatCount(first.stream)}${first.seq === null ? '' : `, #${formatCount(first.seq)}`}`;
    return [
      [
        `Search the log of the service for the first message ${words} (${momentText(first)}): ${place}: `,
        code(printable(violationText(first), 160)),
        '.',
      ],
    ];
  });
}

/** The same for both, as one is seldom without the other: it is said once. */
const MORE_CAPACITY =
  'Give the generator more capacity (workers, an idle machine, fewer clients) and run again: it sent or read late.';

const REMEDIES: Readonly<Record<Doubt['kind'], string>> = {
  noRules: 'Add rules to the plan (thresholds, contract): without them no run can pass.',
  noSamples: 'Change the plan so that it measures what the rule is about: there were no samples.',
  tooFewSamples: 'Run longer, or send more: a percentile in a rule has too few samples.',
  unresolved: 'Keep connections open until the drain ends, or lengthen it: unresolved messages may be lost or not.',
  unplaced:
    'End the fault or stage earlier, or lengthen the drain: messages after its end could change the result of the rule.',
  sendLag: MORE_CAPACITY,
  eventLoop: MORE_CAPACITY,
  proxy: 'Use less load or an idle machine and run again: the fault proxy was late.',
  cpu: 'Add workers, or a machine with more cores: the generator’s CPU was used up.',
  throttled: 'Raise the CPU quota of the generator, use less load, or set pace: economical.',
  generatorLimits:
    'Raise the limit that the generator hit (ports, open files, memory) and run again: some attempts never reached the service.',
  unsentOverdue: 'Add workers, or use less load: the generator did not send every message that was due.',
  workerDied: 'Find out why a worker died: no figure includes its clients after that.',
  incomplete: 'Run again to the end: the run or its record was cut short.',
  damagedRecord: 'Restore the files of the record, or run again: lines are missing.',
  repeatedRecord: 'Restore the files of the record, or run again: lines are repeated.',
  littlesLaw: 'Run again on an idle machine: the figures of the generator contradict each other.',
  approximate: 'Send fewer messages at once on each connection: there was more disorder than can be counted exactly.',
  unmatched: 'Check the protocol: replies could not be matched to messages.',
  unreadable: 'Look at the messages that could not be read: the doubt says what they are and what to do.',
  adapterError: 'Fix the protocol adapter: it threw an error, so messages are missing from the figures.',
  standstill:
    'Keep the generator running (do not pause, suspend or starve the machine) and run again: it did not run for a while.',
  loadAbsent:
    'Find out why clients were not connected or messages not sent, and run again: the service did not get the planned load.',
  renumbered: 'Find out why the service restarted its push numbers on an open connection: losses there are unknown.',
  faultFailed: 'Find out why a fault failed: the run says nothing about it.',
  faultWithoutEffect: 'Change the fault that had no effect (its doubt says how): the run says nothing about it.',
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
      return ['Find out why the abort condition became true: it ended the run early.'];
    case 'recordUnwritable':
      return ['Free space on the disk of the record, or choose another with --runs-dir, and run again.'];
    case 'noConnections':
    case 'workersDied':
      return [];
    default:
      return unreachable(reason);
  }
}

/** What a broken rule about times or rates asks for; for those about messages the first violation is named. */
function stepFor(rule: ThresholdResult, thresholds: readonly Threshold[]): readonly TextLine[] {
  const metric = thresholds.find(({ expression }) => expression === rule.expression)?.metric;
  const observed = `, observed: ${rule.observedText}`;
  if (metric?.kind === 'throughput') {
    const where = 'the chart of messages per second shows whether the offered, sent or delivered rate is low.';
    return [['Find out what limits the rate: ', code(rule.expression), `${observed}; ${where}`]];
  }
  if (metric?.kind !== 'distribution') return [];
  if (metric.of === 'sendLag') return [[REMEDIES.sendLag]];
  // Where so many never came that there is no such time, what became of them is the question, and answered above.
  if (rule.observed === null || !Number.isFinite(rule.observed)) return [];
  const where = '. The charts over time show whether it is slow during a fault, in one stage or throughout.';
  return [['Find out what takes so long: ', code(rule.expression), `${observed}${where}`]];
}

function growth({ findings }: RunResult): readonly TextLine[] {
  return findings.map(({ kind, series }) => [
    kind === 'leak' ? 'Look for a leak: ' : 'Look for something that gets slower over time: ',
    code(printable(monitorSeriesName(series), 120)),
    ' grew steadily under constant load.',
  ]);
}
