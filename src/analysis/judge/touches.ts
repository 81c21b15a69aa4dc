// What each doubt about a run makes untrustworthy, as one table:
//
//   doubt ──▶ subjects it touches ──┐
//                                   ├──▶ a rule about a touched subject is undecided, whether it seems kept or broken
//   rule  ──▶ its subjects ─────────┘
//
// Some doubts also reach rules that seem kept, about some subjects or about any: what was not seen cannot be ruled out. What arrived
// twice, out of order or damaged did so whatever the generator's process was doing, so no doubt about the generator touches `copies`,
// `order` or `content`. See docs/adr/0031-say-what-a-doubt-touches.md. Pure.

import type { Doubt } from '../../facts/result.ts';
import type { Metric, Times } from '../../plan/plan.ts';
import { unreachable } from '../../units/unreachable.ts';
import type { Stretch } from '../findings/steady.ts';

export type Subject =
  /** Times to an answer or a push: response, service, fan-out, first push. */
  | 'answerTimes'
  /** Times to open a connection: handshake, outage. */
  | 'connectTimes'
  | 'pingTimes'
  | 'sendLag'
  /** Messages per second. */
  | 'rates'
  /** What came back and what did not: delivered, lost, unresolved, missed. */
  | 'lost'
  /** What the service said that it did not take. */
  | 'rejected'
  /** What came again. */
  | 'copies'
  | 'order'
  /** What came damaged, or with a wrong state. */
  | 'content'
  | 'unexpected'
  /** What was due and not sent. */
  | 'unsent'
  /** What opened, failed to open, or gave up. */
  | 'connections'
  | 'drops'
  /** Pings answered and not. */
  | 'pings';

/** Doubts about a whole run, or a stretch of it. The others come from single rules. */
export type HealthDoubtKind = Exclude<
  Doubt['kind'],
  'noRules' | 'noSamples' | 'tooFewSamples' | 'unresolved' | 'unplaced' | 'renumbered'
>;

export interface HealthDoubt extends Doubt {
  readonly kind: HealthDoubtKind;
  /** When it holds; null: all the time. */
  readonly during: readonly Stretch[] | null;
}

interface Touch {
  /** Rules about these are undecided, kept or broken. */
  readonly subjects: readonly Subject[];
  /** Rules that seem broken, and are about these: a cause of ours can break them, and can keep none. */
  readonly broken: readonly Subject[];
  /** Rules that seem kept, and are about these. */
  readonly kept: readonly Subject[] | 'every';
}

const TIMING: readonly Subject[] = ['answerTimes', 'connectTimes', 'pingTimes', 'sendLag', 'rates'];
const DELIVERY: readonly Subject[] = ['answerTimes', 'lost', 'rejected', 'copies', 'order', 'content'];
const NOTHING: readonly Subject[] = [];

/** The gravest first: what explains most of the others. */
const TOUCHES: Readonly<Record<HealthDoubtKind, Touch>> = {
  damagedRecord: {
    subjects: [...TIMING, 'lost', 'rejected', 'unsent', 'connections', 'drops', 'pings'],
    broken: NOTHING,
    kept: 'every',
  },
  adapterError: { subjects: DELIVERY, broken: NOTHING, kept: NOTHING },
  unmatched: { subjects: DELIVERY, broken: NOTHING, kept: NOTHING },
  unreadable: { subjects: NOTHING, broken: NOTHING, kept: DELIVERY },
  workerDied: { subjects: ['rates', 'connections'], broken: NOTHING, kept: 'every' },
  standstill: { subjects: TIMING, broken: ['lost', 'unsent', 'connections', 'drops', 'pings'], kept: NOTHING },
  generatorLimits: { subjects: ['connectTimes', 'rates', 'unsent', 'connections'], broken: NOTHING, kept: NOTHING },
  loadAbsent: { subjects: NOTHING, broken: NOTHING, kept: 'every' },
  faultFailed: { subjects: NOTHING, broken: NOTHING, kept: 'every' },
  faultWithoutEffect: { subjects: NOTHING, broken: NOTHING, kept: 'every' },
  throttled: { subjects: TIMING, broken: NOTHING, kept: NOTHING },
  sendLag: { subjects: TIMING, broken: NOTHING, kept: NOTHING },
  eventLoop: { subjects: TIMING, broken: NOTHING, kept: NOTHING },
  cpu: { subjects: TIMING, broken: NOTHING, kept: NOTHING },
  proxy: { subjects: TIMING, broken: NOTHING, kept: NOTHING },
  unsentOverdue: { subjects: [...TIMING, 'unsent'], broken: NOTHING, kept: NOTHING },
  littlesLaw: { subjects: TIMING, broken: NOTHING, kept: NOTHING },
  repeatedRecord: { subjects: NOTHING, broken: NOTHING, kept: 'every' },
  incomplete: { subjects: NOTHING, broken: NOTHING, kept: 'every' },
  approximate: { subjects: ['copies'], broken: NOTHING, kept: 'every' },
};

/** What shows a process that did not get to its work, whatever kept it. */
const SHOWN_BY_LATENESS: readonly HealthDoubtKind[] = ['sendLag', 'eventLoop', 'cpu'];

/** The gravest first. Where it is known what kept the generator from its work, that it was late says nothing more. */
export function inOrderOfGravity(health: readonly HealthDoubt[]): readonly HealthDoubt[] {
  const kinds = Object.keys(TOUCHES);
  const isExplained = health.some(({ kind }) => kind === 'standstill' || kind === 'throttled');
  return health
    .filter(({ kind }) => !isExplained || !SHOWN_BY_LATENESS.includes(kind))
    .sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind));
}

/** Those that leave a rule about these subjects undecided. */
export function touching(
  health: readonly HealthDoubt[],
  subjects: readonly Subject[],
  isKept: boolean,
): readonly HealthDoubt[] {
  return health.filter(({ kind }) => {
    const touch = TOUCHES[kind];
    if (isKept && (touch.kept === 'every' || touch.kept.some((subject) => subjects.includes(subject)))) return true;
    if (!isKept && touch.broken.some((subject) => subjects.includes(subject))) return true;
    return touch.subjects.some((subject) => subjects.includes(subject));
  });
}

/** What a threshold rests on. `isMissing`: the statistic lies among what never came, so that no time matters. */
export function subjectsOf(metric: Metric, isMissing = false): readonly Subject[] {
  switch (metric.kind) {
    case 'distribution': {
      const { time, missing } = SUBJECTS_OF_TIMES[metric.of];
      return isMissing ? missing : [time, ...missing];
    }
    case 'messages':
      return SUBJECTS_OF_COUNTS[metric.of];
    case 'fanout':
    case 'pushes':
      return ['lost'];
    case 'pings':
      return ['pings'];
    case 'connections':
      return metric.of === 'dropped' ? ['drops'] : ['connections'];
    case 'throughput':
      return metric.of === 'offered'
        ? ['rates']
        : metric.of === 'sent'
          ? ['rates', 'unsent']
          : ['rates', 'lost', 'unsent'];
    default:
      return unreachable(metric);
  }
}

/** With what counts as over any limit because it never came, or was never sent. */
const SUBJECTS_OF_TIMES: Readonly<Record<Times, { readonly time: Subject; readonly missing: readonly Subject[] }>> = {
  response: { time: 'answerTimes', missing: ['lost', 'unsent'] },
  service: { time: 'answerTimes', missing: ['lost'] },
  fanout: { time: 'answerTimes', missing: ['lost'] },
  firstPush: { time: 'answerTimes', missing: ['lost'] },
  handshake: { time: 'connectTimes', missing: ['connections'] },
  outage: { time: 'connectTimes', missing: ['connections'] },
  ping: { time: 'pingTimes', missing: ['pings'] },
  sendLag: { time: 'sendLag', missing: ['unsent'] },
};

const SUBJECTS_OF_COUNTS: Readonly<Record<Extract<Metric, { kind: 'messages' }>['of'], readonly Subject[]>> = {
  sent: ['unsent'],
  unsent: ['unsent'],
  delivered: ['lost'],
  rejected: ['rejected'],
  lost: ['lost'],
  unresolved: ['lost'],
  late: ['lost', 'copies'],
  acknowledged: ['lost'],
  resent: ['lost'],
  duplicated: ['copies'],
  deduplicated: ['copies'],
  reordered: ['order'],
  totalOrderViolations: ['order'],
  corrupted: ['content'],
  diverged: ['content'],
  unreadable: ['unexpected'],
  unexpected: ['unexpected'],
};
