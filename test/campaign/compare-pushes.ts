// What was found of a service that speaks of its own accord, against what it did: every count, and every number by channel and
// client. A client is expected what was said between the first number that came through to it and the last before the plan ended;
// where all clients receive the same, the last that came through to any of them.

import { imbalances } from '../../src/analysis/figures/books.ts';
import type { Violation } from '../../src/facts/violation.ts';
import type { Act } from '../../src/injection/truth.ts';
import type { Numbering, Plan } from '../../src/plan/plan.ts';
import { differences, MAX_DESCRIBED } from './differences.ts';
import type { Outcome } from './run-campaign.ts';
import { LATE_NS } from './ticker-draw.ts';

export function pushDisagreements(outcome: Outcome & { readonly said: readonly number[] }): readonly string[] {
  const { plan, result, truth, violations, said } = outcome;
  const { messages, delivery, pushes } = result;
  const expected = expectedOf(truth, said, numberingOf(plan));
  const problems = [...imbalances(result)];
  const same = (what: string, found: unknown, done: unknown): void => {
    if (found !== done) problems.push(`${what}: found ${found}, done ${done}`);
  };
  same('pushes received', pushes?.received, expected.received);
  same(
    'pushes missed or unresolved',
    (pushes?.missed ?? 0) + (pushes?.unresolved ?? 0),
    expected.missed.length + expected.unresolved,
  );
  // What is missing when something comes that cannot be read is unresolved; only the engine knows what that was.
  const isUnread = messages.unreadable > 0;
  if (!isUnread) same('pushes missed', pushes?.missed, expected.missed.length);
  same('pushes offline', pushes?.offline, expected.offline);
  same('pushes unjudged', pushes?.unjudged, 0);
  same('pushes duplicated', messages.duplicated, expected.duplicated.length);
  same('pushes reordered', messages.reordered, expected.reordered.length);
  same('longest extent of pushes', delivery.reordering.maxExtent ?? 0, Math.max(0, ...expected.extents));
  same('unexpected or unreadable beside pushes', messages.unexpected + messages.unreadable, expected.foreign);
  same('foreign beside pushes', delivery.unexpected.foreign, messages.unexpected);
  same('not JSON beside pushes', delivery.unreadable.notJson?.count ?? 0, messages.unreadable);
  // Nothing affects what comes back to its sender.
  same('delivered beside pushes', messages.delivered, messages.sent);
  for (const kind of ['lost', 'corrupted', 'late', 'totalOrderViolations'] as const)
    same(`${kind} beside pushes`, messages[kind], 0);
  same('approximate', delivery.approximate, false);
  if (violations.length < MAX_DESCRIBED) {
    for (const kind of ['duplicated', 'reordered', ...(isUnread ? [] : ['missed' as const])] as const)
      problems.push(...differences(`pushes ${kind}`, namesOf(violations, kind), expected[kind]));
    const gone = new Set(expected.missed);
    for (const name of namesOf(violations, 'missed')) {
      if (!gone.has(name)) problems.push(`pushes missed: ${name} was not left out`);
    }
  }
  return problems;
}

function numberingOf({ protocol }: Plan): Numbering {
  if ((protocol.kind !== 'push' && protocol.kind !== 'json') || typeof protocol.pushes === 'string')
    throw new Error('the protocol has no numbered pushes');
  return protocol.pushes;
}

interface Expected {
  received: number;
  unresolved: number;
  offline: number;
  foreign: number;
  readonly missed: string[];
  readonly duplicated: string[];
  readonly reordered: string[];
  readonly extents: number[];
}

/** What a connection was told of a channel. */
interface Account {
  readonly client: number;
  readonly stream: number;
  /** The first number that came through, and one past the last before the plan or the connection ended. */
  readonly from: number;
  readonly to: number;
  /** Numbers that did not and will not come through, and those that came out of order. */
  readonly gone: ReadonlySet<number>;
  readonly reordered: readonly number[];
  /** Whether the connection lived until the run ended. */
  readonly stayed: boolean;
}

function expectedOf(truth: readonly Act[], said: readonly number[], { channel, shared }: Numbering): Expected {
  const expected: Expected = {
    received: 0,
    unresolved: 0,
    offline: 0,
    foreign: 0,
    missed: [],
    duplicated: [],
    reordered: [],
    extents: [],
  };
  const nameOf = (client: number, stream: number, seq: number): string =>
    `${client} ${channel === null ? '' : `c${stream} `}#${seq}`;
  for (const act of truth) {
    if (act.act === 'fabricate' || act.act === 'damage') expected.foreign++;
    // What comes behind the end is of no account.
    if ((act.act !== 'duplicate' && act.act !== 'reorder') || act.seq >= said[act.stream]!) continue;
    (act.act === 'duplicate' ? expected.duplicated : expected.reordered).push(nameOf(act.to, act.stream, act.seq));
    if (act.act === 'reorder') expected.extents.push(act.extent);
  }
  const accounts = accountsOf(truth, said);
  const highest = said.map((_, stream) =>
    Math.max(0, ...accounts.filter((of) => of.stream === stream).map(({ to }) => to)),
  );
  for (const { client, stream, from, to, gone, stayed } of accounts) {
    const end = shared && stayed ? highest[stream]! : to;
    const missing = [...gone].filter((seq) => seq >= from && seq < end);
    expected.received += end - from - missing.length;
    if (stayed) expected.missed.push(...missing.map((seq) => nameOf(client, stream, seq)));
    else expected.unresolved += missing.length;
  }
  if (shared) expected.offline = offlineOf(accounts);
  return expected;
}

/** What was said between two connections of a client, and not to it later all the same. */
function offlineOf(accounts: readonly Account[]): number {
  const known = new Map<string, number>();
  let offline = 0;
  for (const { client, stream, from, to, reordered } of accounts) {
    const before = known.get(`${client} ${stream}`) ?? from;
    offline += from - before - reordered.filter((seq) => seq >= before && seq < from).length;
    known.set(`${client} ${stream}`, to);
  }
  return offline;
}

function accountsOf(truth: readonly Act[], said: readonly number[]): readonly Account[] {
  const connections: { readonly client: number; readonly acts: readonly Act[] }[] = [];
  const since = new Map<number, Act[]>();
  for (const act of truth) {
    if (!('to' in act)) continue;
    const acts = since.get(act.to) ?? [];
    since.set(act.to, act.act === 'closed' ? [] : [...acts, act]);
    if (act.act === 'closed') connections.push({ client: act.to, acts });
  }
  return connections.flatMap(({ client, acts }, index) => {
    const stayed =
      !acts.some(({ act }) => act === 'disconnect') &&
      connections.findLastIndex((of) => of.client === client) === index;
    return acts.flatMap((act) =>
      act.act === 'told' && act.first < said[act.stream]! ? [accountOf(act, acts, said[act.stream]!, stayed)] : [],
    );
  });
}

function accountOf(
  { to: client, stream, first, highest }: Act & { act: 'told' },
  acts: readonly Act[],
  said: number,
  stayed: boolean,
): Account {
  const gone = new Set<number>();
  const late = new Set<number>();
  const reordered: number[] = [];
  for (const act of acts) {
    if (!('seq' in act) || act.stream !== stream) continue;
    if (act.act === 'drop' || act.act === 'damage') gone.add(act.seq);
    if (act.act === 'delay' && act.forNs >= LATE_NS) late.add(act.seq);
    if (act.act === 'reorder') reordered.push(act.seq);
  }
  let last = Math.min(highest, said - 1);
  while (gone.has(last) || late.has(last)) last--;
  return { client, stream, from: first, to: last + 1, gone, reordered, stayed };
}

/** `3 c0 #17`: the client, the channel and the number; a hole has a name for each number in it. */
function namesOf(violations: readonly Violation[], kind: Violation['violation']): string[] {
  return violations.flatMap((found) => {
    const { violation, client, seq } = found;
    if (violation !== kind || seq === null) return [];
    const channel = 'push' in found ? found.push?.channel : null;
    const last = violation === 'missed' ? found.lastSeq : seq;
    const where = channel === null || channel === undefined ? '' : `${channel} `;
    return Array.from({ length: last - seq + 1 }, (_, index) => `${client} ${where}#${seq + index}`);
  });
}
