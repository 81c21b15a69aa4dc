// What each doubt about a run makes untrustworthy, as one table:
//
//   doubt ──▶ subjects it touches ──┐
//                                   ├──▶ a rule about a touched subject is undecided, whether it seems kept or broken
//   rule  ──▶ its subjects ─────────┘
//
// A doubt that `leavesKeptUndecided` also reaches every rule that seems kept: what was not seen cannot be ruled out. What arrived
// twice, out of order or damaged did so whatever the generator's process was doing, so no doubt about the generator touches `copies`,
// `order` or `content`. See docs/adr/0031-say-what-a-doubt-touches.md. Pure.

import type { Doubt } from '../facts/result.ts';
import type { Metric, Times } from '../plan/plan.ts';
import { unreachable } from '../units/unreachable.ts';
import type { Stretch } from './steady.ts';

export type Subject =
  /** Times to an answer or a push: response, service, fan-out, first push. */
  | 'answerTimes'
  /** Times to open a connection: handshake, outage. */
  | 'connectTimes'
  | 'pingTimes'
  | 'sendLag'
  /** Messages per second. */
  | 'rates'
  /** What came back and what did not: delivered, rejected, lost, unresolved, missed. */
  | 'lost'
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
  readonly subjects: readonly Subject[];
  readonly leavesKeptUndecided: boolean;
}

const TIMING: readonly Subject[] = ['answerTimes', 'connectTimes', 'pingTimes', 'sendLag', 'rates'];
const DELIVERY: readonly Subject[] = ['answerTimes', 'lost', 'copies', 'order', 'content'];
const NOTHING: readonly Subject[] = [];

const TOUCHES: Readonly<Record<HealthDoubtKind, Touch>> = {
  sendLag: { subjects: TIMING, leavesKeptUndecided: false },
  eventLoop: { subjects: TIMING, leavesKeptUndecided: false },
  cpu: { subjects: TIMING, leavesKeptUndecided: false },
  proxy: { subjects: TIMING, leavesKeptUndecided: false },
  littlesLaw: { subjects: TIMING, leavesKeptUndecided: false },
  unsentLate: { subjects: [...TIMING, 'unsent'], leavesKeptUndecided: false },
  throttled: { subjects: TIMING, leavesKeptUndecided: false },
  generatorLimits: { subjects: ['connectTimes', 'rates', 'unsent', 'connections'], leavesKeptUndecided: false },
  standstill: {
    subjects: [...TIMING, 'lost', 'unsent', 'connections', 'drops', 'pings'],
    leavesKeptUndecided: false,
  },
  loadAbsent: { subjects: NOTHING, leavesKeptUndecided: true },
  workerDied: { subjects: ['rates', 'connections'], leavesKeptUndecided: true },
  damagedRecord: {
    subjects: [...TIMING, 'lost', 'unsent', 'connections', 'drops', 'pings'],
    leavesKeptUndecided: true,
  },
  incomplete: { subjects: NOTHING, leavesKeptUndecided: true },
  approximate: { subjects: ['copies'], leavesKeptUndecided: true },
  faultFailed: { subjects: NOTHING, leavesKeptUndecided: true },
  faultWithoutEffect: { subjects: NOTHING, leavesKeptUndecided: true },
  unmatched: { subjects: DELIVERY, leavesKeptUndecided: false },
  dialectError: { subjects: DELIVERY, leavesKeptUndecided: false },
};

/** Those that leave a rule about these subjects undecided. */
export function touching(
  health: readonly HealthDoubt[],
  subjects: readonly Subject[],
  isKept: boolean,
): readonly HealthDoubt[] {
  return health.filter(({ kind }) => {
    const touch = TOUCHES[kind];
    return (isKept && touch.leavesKeptUndecided) || touch.subjects.some((subject) => subjects.includes(subject));
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
  rejected: ['lost'],
  lost: ['lost'],
  unresolved: ['lost'],
  belated: ['lost', 'copies'],
  acknowledged: ['lost'],
  resent: ['lost'],
  duplicated: ['copies'],
  suppressed: ['copies'],
  reordered: ['order'],
  disagreed: ['order'],
  corrupted: ['content'],
  diverged: ['content'],
  unexpected: ['unexpected'],
};
