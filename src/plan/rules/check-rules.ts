// Rules against the plan that they are in: whether it has what they are about, and whether that is known when they are judged.

import { unreachable } from '../../units/unreachable.ts';
import { didYouMean } from '../nearest.ts';
import type { Fault, Load, Metric, Protocol, Rooms, Scope } from '../plan.ts';
import { type PlanPath, quote } from '../problems.ts';
import { numberingOf } from '../protocols.ts';
import type { ReportProblem } from '../resolve/target.ts';
import { planStages } from '../schedule/stages.ts';
import type { WrittenPlan } from '../schema/schema.ts';

/** A rule may be about some of the messages: of a type, or of a priority, that the mix has. */
export function checkRules(
  { thresholds = [], abort = [], target, resend, reconnect, contract }: WrittenRules,
  load: Load,
  protocol: Protocol,
  faults: readonly Fault[],
  report: ReportProblem,
): void {
  const { mix, rooms } = load;
  const asked = { target, resend, reconnect, contract };
  checkContract(contract, load, protocol, report);
  for (const [list, rules] of Object.entries({ thresholds, abort })) {
    for (const [index, { metric, expression, scope }] of rules.entries()) {
      const among = metric.kind === 'messages' || metric.kind === 'distribution' ? metric.among : null;
      if (list === 'abort' && (among !== null || scope !== null || isKnownAtTheEnd(metric, rooms))) {
        report([list, index], 'a condition that can be checked during the run', quote(expression), null);
      }
      if (scope !== null) checkScope(scope, load, faults, [list, index], report);
      const lacking = lackingFor(metric, load, protocol, asked);
      if (lacking !== null) report([list, index], lacking, quote(expression), 'with this plan it is never counted');
      if (among === null) continue;
      if (rooms !== null && !rooms.self && metric.of !== 'sent') {
        const hint = 'senders do not receive their own messages, so outcomes are known only for all messages together';
        report([list, index], 'a rule about all messages', quote(expression), hint);
      }
      const known = mix.map((type) => (among.by === 'type' ? type.type : type.priority));
      const names = [...new Set(known.filter((name) => name !== null))];
      if (names.includes(among.name)) continue;
      const expected =
        names.length === 0 ? `a mix with a ${among.by}` : `a ${among.by} of the mix: ${names.join(', ')}`;
      report([list, index], expected, quote(among.name), didYouMean(among.name, names));
    }
  }
}

function checkScope(scope: Scope, load: Load, faults: readonly Fault[], at: PlanPath, report: ReportProblem): void {
  if (scope.kind === 'stage') {
    const names = planStages({ load }).map(({ name }) => name);
    if (!names.includes(scope.name))
      report(at, `a stage of the plan: ${names.join(', ')}`, quote(scope.name), didYouMean(scope.name, names));
    return;
  }
  const names = [...new Set(faults.map(({ name }) => name))];
  if (names.length === 0) report(at, 'faults in the plan, for a rule about the time of faults', 'none', 'add faults');
  else if (scope.fault !== null && !names.includes(scope.fault)) {
    const expected = `faults, or the name of one: ${names.join(', ')}`;
    report(at, expected, quote(scope.fault), didYouMean(scope.fault, ['faults', ...names]));
  }
}

type WrittenRules = Pick<WrittenPlan, 'thresholds' | 'abort' | 'target' | 'resend' | 'reconnect' | 'contract'>;

/** A clause of which the plan leaves nothing to judge would always seem kept. */
function checkContract(contract: WrittenPlan['contract'], load: Load, protocol: Protocol, report: ReportProblem): void {
  if (contract === undefined) return;
  const { delivery = 'none', order = 'none', integrity = 'none' } = contract;
  const hint = 'with this plan it can never fail';
  if (integrity !== 'none') {
    const lacking = lackingForContent(load, protocol);
    if (lacking !== null) report(['contract', 'integrity'], lacking, integrity, hint);
  }
  const isJudged = load.messages.kind !== 'none' || numberingOf(protocol) !== null;
  for (const [clause, asked] of Object.entries({ delivery, order })) {
    if (asked !== 'none' && !isJudged) report(['contract', clause], 'none, or load.messages', asked, hint);
  }
  if (order === 'per-channel' && load.rooms?.publishers === 1) {
    const expected = 'per-stream, because only one client of each room sends';
    report(['contract', 'order'], expected, order, 'set load.rooms.publishers to 2 or more');
  }
}

/** Shorter echoes hold a number and nothing that could be compared (docs/explanation/limits.md). */
const LEAST_CHECKED_BYTES = { binary: 8, text: 16 } as const;

/** What a plan must have for damage to be seen; null where it has it. */
function lackingForContent({ messages, mix }: Load, protocol: Protocol): string | null {
  switch (protocol.kind) {
    case 'push':
      return 'another protocol, because the content of a push is unknown';
    case 'json':
      if (messages.kind === 'none') return 'load.messages, for a rule about damage';
      return protocol.payload === null ? 'protocol.payload, the field of a reply that returns what was sent' : null;
    case 'echo': {
      if (messages.kind === 'none') return 'load.messages, for a rule about damage';
      const least = LEAST_CHECKED_BYTES[protocol.format];
      return mix.some(({ payloadBytes }) => payloadBytes >= least)
        ? null
        : `messages of at least ${least} bytes, because shorter ones have no room for a checksum`;
    }
    case 'module':
      return messages.kind === 'none' ? 'load.messages, for a rule about damage' : null;
    default:
      return unreachable(protocol);
  }
}

/** What a plan must have for a count to be more than a nought that says nothing; null where it has it. */
function lackingFor(
  metric: Metric,
  load: Load,
  protocol: Protocol,
  { target, resend, reconnect, contract }: Pick<WrittenPlan, 'target' | 'resend' | 'reconnect' | 'contract'>,
): string | null {
  const { rooms } = load;
  if (isAboutReconnects(metric)) {
    return reconnect === undefined ? 'reconnect, for a rule about clients that reconnect' : null;
  }
  if (isAboutPings(metric)) return target.ping === undefined ? 'target.ping, for a rule about pings' : null;
  if (isAboutFanout(metric)) return rooms === null ? 'load.rooms, for a rule about messages between clients' : null;
  if (isAboutPushes(metric)) {
    return numberingOf(protocol) === null
      ? 'the push protocol, or protocol.pushes with a sequence, for this rule'
      : null;
  }
  const sends = load.messages.kind !== 'none';
  if (isAboutSent(metric) && !sends) return 'load.messages, for a rule about sent messages';
  if (metric.kind !== 'messages') return null;
  if (metric.of === 'corrupted') return lackingForContent(load, protocol);
  if (isAboutArrivals(metric) && !sends && numberingOf(protocol) === null) {
    return 'load.messages, for a rule about replies';
  }
  if (metric.of === 'totalOrderViolations') {
    if (rooms === null || rooms.publishers === 1)
      return 'load.rooms with 2 or more publishers, for a rule about total order';
    return contract?.order === 'per-channel' ? null : 'contract.order: per-channel, for a rule about total order';
  }
  if (metric.of === 'resent') return resend === undefined ? 'resend, for a rule about resent messages' : null;
  if (protocol.kind === 'module') return null;
  const json = protocol.kind === 'json' ? protocol : null;
  if (metric.of === 'rejected') return json?.error ? null : 'protocol.error, for a rule about rejected messages';
  if (metric.of === 'diverged') return json?.state ? null : 'protocol.state, for a rule about the state';
  if (metric.of === 'acknowledged') return json?.ack ? null : 'protocol.ack, for a rule about acknowledgements';
  if (metric.of === 'deduplicated') return json?.duplicate ? null : 'protocol.duplicate, for a rule about copies';
  return null;
}

/** What is counted or timed of messages of our own. */
function isAboutSent(metric: Metric): boolean {
  switch (metric.kind) {
    case 'distribution':
      return ['response', 'service', 'sendLag', 'fanout'].includes(metric.of);
    case 'messages':
      return !isAboutArrivals(metric) && metric.of !== 'unexpected';
    case 'throughput':
    case 'fanout':
      return true;
    case 'pushes':
    case 'pings':
    case 'connections':
      return false;
    default:
      return unreachable(metric);
  }
}

/** What numbered pushes count in too. */
function isAboutArrivals(metric: Metric): boolean {
  return metric.kind === 'messages' && ['duplicated', 'reordered', 'late', 'corrupted'].includes(metric.of);
}

/** What is joined from all workers once they are done. */
function isKnownAtTheEnd(metric: Metric, rooms: Rooms | null): boolean {
  if (isAboutFanout(metric) || metric.kind === 'pushes') return true;
  const isOutcome = metric.kind === 'messages' && ['delivered', 'lost', 'unresolved'].includes(metric.of);
  return isOutcome && rooms !== null && !rooms.self;
}

function isAboutFanout(metric: Metric): boolean {
  return metric.kind === 'fanout' || (metric.kind === 'distribution' && metric.of === 'fanout');
}

function isAboutPushes(metric: Metric): boolean {
  return metric.kind === 'pushes' || (metric.kind === 'distribution' && metric.of === 'firstPush');
}

function isAboutPings(metric: Metric): boolean {
  return metric.kind === 'pings' || (metric.kind === 'distribution' && metric.of === 'ping');
}

function isAboutReconnects(metric: Metric): boolean {
  if (metric.kind === 'connections') return metric.of === 'gaveUp';
  return metric.kind === 'distribution' && metric.of === 'outage';
}
