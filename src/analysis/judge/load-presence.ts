// Whether the load that the plan asked for was on the service: clients connected for as long as they were wanted, messages sent that
// were due. Where it was not, a rule that seems kept says nothing about a service under that load.
//
//   stage      ├──────────────────────────────┤
//   fault             ├─────┤
//   recovery                ├───┤             until a second in which everything was there again
//   judged     ├──────┤         ├─────────────┤  connected ÷ wanted ≥ 99 %, sent ÷ due ≥ 99 %
//
// What the generator gave up as overdue is its own doubt. Pure.

import type { RunEvent } from '../../facts/event.ts';
import { BEFORE_OPEN, FAILURE_MEANINGS, type FailureKind } from '../../facts/failure.ts';
import { unsentTexts } from '../../facts/unsent-texts.ts';
import type { UnsentReason, Window } from '../../facts/window.ts';
import { type Histogram, percentile } from '../../histogram/histogram.ts';
import { faultKind } from '../../plan/fault-kind.ts';
import type { Plan } from '../../plan/plan.ts';
import { groupCounts } from '../../plan/schedule/client-groups.ts';
import { planStages } from '../../plan/schedule/stages.ts';
import { formatDuration, NS_PER_SECOND, nsToSeconds } from '../../units/duration.ts';
import { plural, wasOrWere } from '../../units/plural.ts';
import { formatCount } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { faultSpans } from '../figures/fault-spans.ts';
import type { Stretch } from '../findings/steady.ts';
import type { HealthDoubt } from './touches.ts';

/** Of what a stage asks: as much must be there. */
export const PRESENT_RATIO = 0.99;
/** How long after a fault the service, and the reconnects, may take to come back; the longest pause of a reconnect comes on top. */
const RECOVERY_ALLOWANCE_NS = 30e9;

/** Faults that slow, damage or double messages: none of them takes a client away, or keeps a message from being sent. */
const HARMLESS: readonly string[] = [
  'latency',
  'slicer',
  'slow_close',
  'coalesce',
  'delay',
  'drop',
  'duplicate',
  'fabricate',
  'reorder',
  'replay',
  'split',
];

export interface LoadPresence {
  add(window: Window): void;
  doubts(whole: LoadTotals): readonly HealthDoubt[];
}

export interface LoadTotals {
  /** When the first stage began; null where it never did. */
  readonly originNs: number | null;
  readonly opened: number;
  readonly droppedByServer: number;
  readonly closeCodes: Readonly<Record<string, number>>;
  readonly attempted: number;
  readonly failed: number;
  readonly failures: Readonly<Partial<Record<FailureKind, number>>>;
  readonly lifetime: Histogram;
  readonly offline: Histogram;
}

interface Amount {
  wantedNs: number;
  openNs: number;
  due: number;
  sent: number;
  readonly unsent: Partial<Record<UnsentReason, number>>;
}

interface Second extends Amount {
  readonly second: number;
  readonly stage: number;
}

export function createLoadPresence(
  plan: Pick<Plan, 'faults' | 'load' | 'reconnect'>,
  events: readonly RunEvent[],
): LoadPresence {
  const stages = planStages(plan);
  const spans = faultSpans(plan, events).filter(({ isDone, fault }) => isDone && !HARMLESS.includes(faultKind(fault)));
  const firstFaultNs = Math.min(Number.POSITIVE_INFINITY, ...spans.map(({ fromNs }) => fromNs));
  const wholeByStage = stages.map(zeroAmount);
  /** Until the first fault. */
  const calmByStage = stages.map(zeroAmount);
  /** From the first fault on, as how long a recovery took is known only at the end. */
  const seconds = new Map<string, Second>();

  return {
    add(window) {
      const calm = calmByStage[window.stage];
      if (calm === undefined) return;
      addTo(wholeByStage[window.stage]!, window);
      if (window.untilNs <= firstFaultNs) {
        addTo(calm, window);
        return;
      }
      const key = `${window.second} ${window.stage}`;
      const known = seconds.get(key) ?? { ...zeroAmount(), second: window.second, stage: window.stage };
      seconds.set(key, known);
      addTo(known, window);
    },

    doubts(whole) {
      const excused = excusedStretches(plan, spans, [...seconds.values()]);
      const judged = calmByStage.map((amount) => ({ ...amount, unsent: { ...amount.unsent } }));
      for (const second of seconds.values()) {
        if (!excused.some((stretch) => overlaps(stretch, second))) merge(judged[second.stage]!, second);
      }
      const absent = stages.flatMap((stage, index) => {
        // A fault that takes away most of a stage leaves nothing to pass on.
        const amount = isMostlyPresent(wholeByStage[index]!) ? judged[index]! : wholeByStage[index]!;
        return isPresent(amount) ? [] : [{ amount, stage }];
      });
      const baseNs = plan.load.messages.kind === 'none' ? 0 : (whole.originNs ?? 0);
      const during = absent.map(({ stage }) => ({ fromNs: baseNs + stage.fromNs, toNs: baseNs + stage.toNs }));
      const cause = causeOf({ ...whole, closeReasons: closeReasonsOf(events) });
      return [
        ...(absent.length === 0 ? [] : [doubt(absentText(absent, stages.length, cause), during)]),
        ...offlineDoubts(plan, whole),
      ];
    },
  };
}

function doubt(detail: string, during: readonly Stretch[] | null): HealthDoubt {
  return { kind: 'loadAbsent', rule: null, detail, during };
}

function zeroAmount(): Amount {
  return { wantedNs: 0, openNs: 0, due: 0, sent: 0, unsent: {} };
}

function addTo(amount: Amount, { messages, unsent, connections }: Window): void {
  merge(amount, {
    wantedNs: connections.wantedNs,
    openNs: connections.openNs,
    due: messages.due - unsent.overdue,
    sent: messages.sent,
    unsent: { ...unsent, overdue: 0 },
  });
}

function merge(into: Amount, more: Amount): void {
  into.wantedNs += more.wantedNs;
  into.openNs += more.openNs;
  into.due += more.due;
  into.sent += more.sent;
  for (const [reason, count] of Object.entries(more.unsent) as [UnsentReason, number][]) {
    into.unsent[reason] = (into.unsent[reason] ?? 0) + count;
  }
}

function isConnected({ wantedNs, openNs }: Amount): boolean {
  return openNs >= PRESENT_RATIO * wantedNs;
}

function isSent({ due, sent }: Amount): boolean {
  return sent >= PRESENT_RATIO * due;
}

/** With what planned faults took away. */
const LEAST_RATIO = 0.5;

function isMostlyPresent({ wantedNs, openNs, due, sent }: Amount): boolean {
  return openNs >= LEAST_RATIO * wantedNs && sent >= LEAST_RATIO * due;
}

function isPresent(amount: Amount): boolean {
  return isConnected(amount) && isSent(amount);
}

/**
 * When faults of the plan were on, and the service came back from them. A recovery that never ended is none: all that lacks since
 * is judged.
 */
function excusedStretches(
  { reconnect }: Pick<Plan, 'reconnect'>,
  spans: ReturnType<typeof faultSpans>,
  seconds: readonly Second[],
): readonly Stretch[] {
  const bySecond = new Map<number, Amount>();
  for (const part of seconds) {
    const amount = bySecond.get(part.second) ?? zeroAmount();
    bySecond.set(part.second, amount);
    merge(amount, part);
  }
  const inOrder = [...bySecond].sort(([a], [b]) => a - b);
  const allowanceNs = RECOVERY_ALLOWANCE_NS + (reconnect?.toNs ?? 0);
  return spans.map(({ fromNs, toNs }) => {
    if (toNs === null) return { fromNs, toNs: Number.POSITIVE_INFINITY };
    const back = inOrder.find(
      ([second, amount]) => second * NS_PER_SECOND >= toNs && amount.wantedNs + amount.due > 0 && isPresent(amount),
    );
    if (back === undefined) return { fromNs, toNs };
    return { fromNs, toNs: Math.min(back[0] * NS_PER_SECOND, toNs + allowanceNs) };
  });
}

function overlaps({ fromNs, toNs }: Stretch, { second }: Second): boolean {
  return fromNs < (second + 1) * NS_PER_SECOND && toNs > second * NS_PER_SECOND;
}

function absentText(
  absent: readonly { readonly amount: Amount; readonly stage: { readonly name: string } }[],
  stageCount: number,
  cause: string | null,
): string {
  const total = zeroAmount();
  for (const { amount } of absent) merge(total, amount);
  const names = absent.map(({ stage }) => stage.name);
  const where = stageCount === 1 ? '' : ` in ${names.slice(0, 3).join(', ')}${names.length > 3 ? ' and others' : ''}`;
  const parts = [
    ...(isConnected(total)
      ? []
      : [`clients were connected for ${formatPercent(total.openNs / total.wantedNs)} of the planned time`]),
    ...(isSent(total)
      ? []
      : [
          `${formatCount(total.sent)} of ${plural(total.due, 'message')} ${wasOrWere(total.sent)} sent (${unsentText(total)})`,
        ]),
  ];
  // Of several stages each lacked something: together they may just reach the limit.
  const what = parts.length === 0 ? 'more than 1 % of the planned clients or messages were missing' : parts.join(', ');
  return `the service did not get the planned load${where}: ${what}${cause === null ? '' : `; ${cause}`}`;
}

function unsentText({ unsent }: Amount): string {
  return `unsent: ${unsentTexts(unsent, formatCount)}`;
}

/** What most of the missing clients came to, as far as that is known. */
function causeOf(whole: LoadTotals & Pick<ClosedConnections, 'closeReasons'>): string | null {
  const { attempted, failed, failures, droppedByServer, lifetime } = whole;
  if (failed <= droppedByServer) return closedText({ ...whole, lifetimeNs: percentile(lifetime, 50) });
  const beforeOpen = (Object.entries(failures) as [FailureKind, number][]).filter(([kind]) =>
    BEFORE_OPEN.includes(kind),
  );
  const [kind] = beforeOpen.sort(([, a], [, b]) => b - a)[0] ?? ['other'];
  return `${formatCount(failed)} of ${plural(attempted, 'connection')} failed to open: ${FAILURE_MEANINGS[kind]} (${kind})`;
}

export interface ClosedConnections {
  readonly opened: number;
  readonly droppedByServer: number;
  readonly closeCodes: Readonly<Record<string, number>>;
  /** By code: what the service said with it, the first time. */
  readonly closeReasons: Readonly<Record<string, string>>;
  /** From the opening to that end, of half of them; null where there are too few to say. */
  readonly lifetimeNs: number | null;
}

const NO_CLOSE_FRAME = '1006';

/** How the service, or the way to it, ended most of the connections that it ended; null where it ended none. */
export function closedText(closed: ClosedConnections): string | null {
  const { opened, droppedByServer, closeCodes, closeReasons, lifetimeNs } = closed;
  if (droppedByServer === 0) return null;
  // Among the codes are those with which we closed a connection that broke the rules.
  const [code, count] = Object.entries(closeCodes).sort(([, a], [, b]) => b - a)[0] ?? [
    NO_CLOSE_FRAME,
    droppedByServer,
  ];
  const after = lifetimeNs === null ? '' : ` ${formatDuration(lifetimeNs)} after opening`;
  const of = `${formatCount(count)} of ${plural(opened, 'connection')}`;
  if (code === NO_CLOSE_FRAME) return `${of} ended without a close frame${after}`;
  // With this code we closed what broke the rules of the protocol.
  if (!Object.hasOwn(closeReasons, code))
    return `${of} ${wasOrWere(count)} closed because the service broke the WebSocket protocol${after}: close code ${code}`;
  const { [code]: reason = '' } = closeReasons;
  return `the service closed ${of}${after}: ${reason === '' ? `close code ${code}` : `${code} ${reason}`}`;
}

/** By code: what the service said with it, the first time. */
export function closeReasonsOf(events: readonly RunEvent[]): Readonly<Record<string, string>> {
  const reasons: Record<string, string> = {};
  for (const event of events) {
    if (event.kind !== 'failure' || event.group !== 0 || event.cause.kind !== 'closeFrame') continue;
    reasons[event.cause.code] ??= event.cause.reason;
  }
  return reasons;
}

/** Who has not come back when sending ends may never come back. */
function offlineDoubts({ load }: Pick<Plan, 'load'>, { offline }: LoadTotals): readonly HealthDoubt[] {
  const [clients] = groupCounts(load);
  if (offline.count <= (1 - PRESENT_RATIO) * clients) return [];
  const longest = `the longest outage lasted ${nsToSeconds(offline.maxNs).toFixed(1)} s`;
  return [
    doubt(
      `${formatCount(offline.count)} of ${plural(clients, 'client')} ${wasOrWere(offline.count)} disconnected when sending ended; ${longest}`,
      null,
    ),
  ];
}
