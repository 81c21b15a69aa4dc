// What was found against what was done: every class in its count and, where it was described, every message by name.
// Knows nothing of how the ledger finds things: only what each act must show as.

import { imbalances } from '../../src/analysis/figures/books.ts';
import type { HoleFacts, ReceiverFacts } from '../../src/facts/receivers.ts';
import type { Violation } from '../../src/facts/violation.ts';
import type { Act } from '../../src/injection/truth.ts';
import { pushDisagreements } from './compare-pushes.ts';
import { differences, MAX_DESCRIBED } from './differences.ts';
import type { Outcome } from './run-campaign.ts';

/** So many damaged messages are looked at closely in a second. */
const EXAMINED_A_SECOND = 500;

/** A sentence for each disagreement; empty where found equals done. */
export function disagreements(outcome: Outcome): readonly string[] {
  const { said } = outcome;
  return said === undefined ? messageDisagreements(outcome) : pushDisagreements({ ...outcome, said });
}

function messageDisagreements({ result, truth, receiverFacts, violations }: Outcome): readonly string[] {
  const { messages, delivery } = result;
  const expected = expectedOf(truth);
  const problems = [...imbalances(result)];
  const same = (what: string, found: unknown, done: unknown): void => {
    if (found !== done) problems.push(`${what}: found ${found}, done ${done}`);
  };
  same('delivered', messages.delivered, expected.delivered);
  same('rejected', messages.rejected, expected.rejected);
  same('received in rooms', result.fanout?.received ?? 0, expected.received);
  same('missed in rooms', result.fanout?.missed ?? 0, expected.missed.length);
  problems.push(...differences('missed', missedBy(receiverFacts), expected.missed));
  same('lost', messages.lost, expected.lost.length);
  same('duplicated', messages.duplicated, expected.duplicated.length);
  same('reordered', messages.reordered, expected.reordered.length);
  same('corrupted', messages.corrupted, expected.corrupted.length);
  same('unexpected', messages.unexpected, expected.fabricated);
  same('foreign', delivery.unexpected.foreign, expected.fabricated);
  same('late', messages.late, 0);
  same('diverged', messages.diverged, expected.diverged);
  // How many depends on which client is the reference; whether any can is decided by what was held back.
  if (messages.totalOrderViolations > 0 && expected.held === 0)
    problems.push(`totalOrderViolations: ${messages.totalOrderViolations}, nothing was held back`);
  // A busy machine may send again what was only late; whatever is sent again, the assistant says that it had it.
  same('deduplicated', messages.deduplicated, messages.resent);
  if (messages.resent < expected.swallowed)
    problems.push(`resent: ${messages.resent}, swallowed ${expected.swallowed}`);
  same('acknowledged and lost', delivery.acknowledgements?.lost ?? 0, messages.acknowledged === 0 ? 0 : messages.lost);
  same('longest extent', delivery.reordering.maxExtent ?? 0, Math.max(0, ...expected.extents));
  same('approximate', delivery.approximate, false);
  for (const name of result.types.length === 0
    ? []
    : (['sent', 'delivered', 'rejected', 'lost', 'duplicated', 'reordered'] as const)) {
    same(
      `${name} by type`,
      result.types.reduce((sum, { messages: of }) => sum + of[name], 0),
      messages[name],
    );
  }
  // Of more than this in a second the kind is not told (`echo-driver.ts`); their number is compared above.
  const told =
    expected.damage.length <= EXAMINED_A_SECOND ? (['bitFlips', 'truncated', 'extended', 'spliced'] as const) : [];
  for (const kind of told)
    same(`damage ${kind}`, delivery.damage[kind], expected.damage.filter((how) => how === kind).length);
  if (told.length > 0) same('damage mangled', delivery.damage.mangled, 0);
  if (violations.length < MAX_DESCRIBED) {
    for (const kind of ['lost', 'duplicated', 'reordered'] as const) {
      problems.push(...differences(kind, namesOf(violations, kind), expected[kind]));
    }
    // Where the damage took the number away, only the count can be compared.
    const named = violations.filter(({ violation, seq }) => violation === 'corrupted' && seq !== null);
    const known = new Set(expected.corrupted);
    for (const { stream, seq } of named) {
      if (!known.has(`${stream} #${seq}`)) problems.push(`corrupted: ${stream} #${seq} was not damaged`);
    }
  }
  return problems;
}

interface Expected {
  delivered: number;
  received: number;
  readonly lost: string[];
  readonly missed: string[];
  readonly duplicated: string[];
  readonly reordered: string[];
  readonly corrupted: string[];
  readonly damage: string[];
  readonly extents: number[];
  fabricated: number;
  diverged: number;
  swallowed: number;
  held: number;
  rejected: number;
}

/** Acts on a connection that the service itself dropped: what was not answered there is unresolved and not lost. */
function actsBeforeDisconnects(truth: readonly Act[]): ReadonlySet<Act> {
  const doomed = new Set<Act>();
  const sinceClosed = new Map<number, Act[]>();
  for (const act of truth) {
    if (!('to' in act)) continue;
    const acts = sinceClosed.get(act.to) ?? [];
    sinceClosed.set(act.to, act.act === 'closed' ? [] : [...acts, act]);
    if (act.act === 'closed' && acts.some((other) => other.act === 'disconnect'))
      for (const other of acts) doomed.add(other);
  }
  return doomed;
}

function expectedOf(truth: readonly Act[]): Expected {
  const doomed = actsBeforeDisconnects(truth);
  const expected: Expected = {
    delivered: 0,
    received: 0,
    lost: [],
    missed: [],
    duplicated: [],
    reordered: [],
    corrupted: [],
    damage: [],
    extents: [],
    fabricated: 0,
    diverged: 0,
    swallowed: 0,
    held: 0,
    rejected: 0,
  };
  const lostOrMissed = ({ to, stream }: { to: number; stream: number }): string[] =>
    to === stream ? expected.lost : expected.missed;
  for (const act of truth) {
    switch (act.act) {
      case 'drop':
        if (!doomed.has(act)) lostOrMissed(act).push(nameOf(act));
        break;
      case 'damage':
        expected.corrupted.push(nameOf(act));
        expected.damage.push(act.how);
        if (!doomed.has(act)) lostOrMissed(act).push(nameOf(act));
        break;
      case 'duplicate':
        expected.duplicated.push(nameOf(act));
        break;
      case 'reorder':
        expected.reordered.push(nameOf(act));
        expected.extents.push(act.extent);
        expected.held++;
        break;
      case 'fabricate':
        expected.fabricated++;
        break;
      case 'closed':
        expected.delivered += act.returned;
        expected.received += act.passedOn;
        break;
      case 'swallowAck':
        expected.swallowed++;
        break;
      case 'applyTwice':
      case 'forget':
        expected.diverged++;
        break;
      case 'delay':
        expected.held++;
        break;
      case 'refuse':
        expected.rejected++;
        break;
      case 'disconnect':
      case 'leak':
      case 'told':
      case 'stall':
      case 'split':
      case 'coalesce':
      case 'swallowPong':
      case 'cut':
      case 'switch':
        break;
    }
  }
  return expected;
}

function nameOf({ stream, seq }: { readonly stream: number; readonly seq: number }): string {
  return `${stream} #${seq}`;
}

function namesOf(violations: readonly Violation[], kind: Violation['violation']): string[] {
  return violations.flatMap(({ violation, stream, seq }) => (violation === kind ? [`${stream} #${seq}`] : []));
}

/** Each message once for every client of its room that missed it. */
function missedBy(receiverFacts: readonly ReceiverFacts[]): string[] {
  const sent = new Map(receiverFacts.flatMap((receivers) => receivers.sent));
  const names = (stream: number, [from, to, receivers]: HoleFacts): string[] =>
    Array.from({ length: (to - from) * receivers }, (_, index) =>
      nameOf({ stream, seq: from + Math.floor(index / receivers) }),
    );
  return receiverFacts.flatMap(({ streams }) =>
    streams.flatMap(({ stream, spans, missed }) => [
      ...missed.flatMap((hole) => names(stream, hole)),
      ...spans.flatMap(([, to, , receivers]) => names(stream, [to, sent.get(stream) ?? to, receivers])),
    ]),
  );
}
