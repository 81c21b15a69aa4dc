// What each doubt about a run makes untrustworthy, as one table:
//
//   doubt ──▶ subjects it touches ──┐
//                                   ├──▶ a rule about a touched subject is undecided, whether it seems kept or broken
//   rule  ──▶ its subjects ─────────┘
//
// Some doubts also reach rules that seem kept, about some subjects or about any: what was not seen cannot be ruled out. What arrived
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
  /** Rules about these are undecided, kept or broken. */
  readonly subjects: readonly Subject[];
  /** Rules that seem kept, and are about these, are undecided as well. */
  readonly kept: readonly Subject[] | 'every';
}

const TIMING: readonly Subject[] = ['answerTimes', 'connectTimes', 'pingTimes', 'sendLag', 'rates'];
const DELIVERY: readonly Subject[] = ['answerTimes', 'lost', 'copies', 'order', 'content'];
const NOTHING: readonly Subject[] = [];

const TOUCHES: Readonly<Record<HealthDoubtKind, Touch>> = {
  sendLag: { subjects: TIMING, kept: NOTHING },
  eventLoop: { subjects: TIMING, kept: NOTHING },
  cpu: { subjects: TIMING, kept: NOTHING },
  proxy: { subjects: TIMING, kept: NOTHING },
  littlesLaw: { subjects: TIMING, kept: NOTHING },
  unsentLate: { subjects: [...TIMING, 'unsent'], kept: NOTHING },
  throttled: { subjects: TIMING, kept: NOTHING },
  generatorLimits: { subjects: ['connectTimes', 'rates', 'unsent', 'connections'], kept: NOTHING },
  standstill: {
    subjects: [...TIMING, 'lost', 'unsent', 'connections', 'drops', 'pings'],
    kept: NOTHING,
  },
  loadAbsent: { subjects: NOTHING, kept: 'every' },
  workerDied: { subjects: ['rates', 'connections'], kept: 'every' },
  damagedRecord: {
    subjects: [...TIMING, 'lost', 'unsent', 'connections', 'drops', 'pings'],
    kept: 'every',
  },
  incomplete: { subjects: NOTHING, kept: 'every' },
  approximate: { subjects: ['copies'], kept: 'every' },
  faultFailed: { subjects: NOTHING, kept: 'every' },
  faultWithoutEffect: { subjects: NOTHING, kept: 'every' },
  unreadable: { subjects: NOTHING, kept: DELIVERY },
  unmatched: { subjects: DELIVERY, kept: NOTHING },
  dialectError: { subjects: DELIVERY, kept: NOTHING },
};

/** Those that leave a rule about these subjects undecided. */
export function touching(
  health: readonly HealthDoubt[],
  subjects: readonly Subject[],
  isKept: boolean,
): readonly HealthDoubt[] {
  return health.filter(({ kind }) => {
    const touch = TOUCHES[kind];
    if (isKept && (touch.kept === 'every' || touch.kept.some((subject) => subjects.includes(subject)))) return true;
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
  unreadable: ['unexpected'],
  unexpected: ['unexpected'],
};
