// The load of a plan, from as written to resolved: its curves chained, its defaults filled in, its totals in bounds.

import { isNonEmpty, type NonEmpty } from '../../units/non-empty.ts';
import { formatCount, formatRate } from '../../units/rate.ts';
import { unreachable } from '../../units/unreachable.ts';
import type {
  Curve,
  Load,
  Messages,
  MessagesStart,
  MessageType,
  MisbehavingClients,
  Misbehavior,
  Rooms,
} from '../plan.ts';
import type { PlanPath } from '../problems.ts';
import { countOpenMessages } from '../schedule/arrivals.ts';
import { groupCounts } from '../schedule/client-groups.ts';
import { curveDurationNs, peakLevel } from '../schedule/curve.ts';
import type { WrittenConnections } from '../schema/curves.ts';
import type { WrittenLoad, WrittenMessages } from '../schema/load.ts';
import { DEFAULTS } from './defaults.ts';
import { chainSegments, type WrittenSegment } from './segments.ts';
import type { ReportProblem } from './target.ts';

const CONNECTIONS: PlanPath = ['load', 'connections'];
const ROOMS: PlanPath = ['load', 'rooms'];
const MISBEHAVING: PlanPath = ['load', 'misbehaving'];
const OPEN: PlanPath = ['load', 'messages', 'open'];

export function resolveLoad(written: WrittenLoad, report: ReportProblem): Load {
  const connections = resolveConnections(written.connections, report);
  const messages = resolveMessages(written.messages, connections, report);
  if (messages.kind === 'none' && written.connections !== undefined && curveDurationNs(connections) === 0) {
    report(CONNECTIONS, 'a duration, because there are no messages that set one', 'nothing', 'add { hold: 60s }');
  }
  const misbehaving = resolveMisbehaving(written.misbehaving ?? []);
  const [healthyClients, ...counts] = groupCounts({ connections, misbehaving });
  // A curve without clients has been complained of.
  if (healthyClients < 1 && peakLevel(connections) > 0)
    report(MISBEHAVING, 'at least one client that does not misbehave', 'none', 'lower the shares');
  for (const [index, count] of counts.entries()) {
    if (count === 0 && peakLevel(connections) > 0)
      report([...MISBEHAVING, index, 'share'], 'a share of at least one client', 'none', 'open more clients');
  }
  return {
    connections,
    messages,
    mix: resolveMix(written),
    rooms: resolveRooms(written.rooms, Math.max(0, healthyClients), messages, report),
    misbehaving,
    feeder: resolveFeeder(written.feeder),
  };
}

function resolveMisbehaving(written: NonNullable<WrittenLoad['misbehaving']>): readonly MisbehavingClients[] {
  return written.map((each) => ({ share: each.share, misbehavior: resolveMisbehavior(each) }));
}

function resolveMisbehavior(written: NonNullable<WrittenLoad['misbehaving']>[number]): Misbehavior {
  switch (written.kind) {
    case 'slow-reader':
      return { kind: written.kind, bytesPerSecond: written.rate ?? 0, afterNs: written.after ?? 0 };
    case 'slow-handshake':
      return { kind: written.kind, bytesPerSecond: written.rate ?? DEFAULTS.handshakeBytesPerSecond };
    case 'oversized':
      return {
        kind: written.kind,
        bytes: written.bytes ?? DEFAULTS.oversizedBytes,
        afterNs: written.after ?? DEFAULTS.misbehaveAfterNs,
      };
    case 'no-pong':
      return { kind: written.kind };
    case 'churn':
      return { kind: written.kind, afterNs: written.after ?? 0 };
    case 'half-open':
    case 'malformed-frames':
    case 'reset':
      return { kind: written.kind, afterNs: written.after ?? DEFAULTS.misbehaveAfterNs };
    default:
      return unreachable(written);
  }
}

function resolveFeeder(written: WrittenLoad['feeder']): Load['feeder'] {
  if (written === undefined) return null;
  if (typeof written === 'string') return { file: written, order: 'sequential' };
  return { file: written.file, order: written.order ?? 'sequential' };
}

/** A receiver keeps account of every sender that it receives. */
const MAX_PAIRS = 20_000_000;

function resolveRooms(
  written: WrittenLoad['rooms'],
  clients: number,
  messages: Messages,
  report: ReportProblem,
): Rooms | null {
  if (written === undefined) return null;
  const { count } = written;
  if (2 * count > clients) {
    const expected = `at least two clients for each room, so at most ${formatCount(Math.floor(clients / 2))} rooms`;
    report([...ROOMS, 'count'], expected, formatCount(count), 'open more clients');
  }
  const members = Math.ceil(clients / count);
  const publishers = Math.min(written.publishers ?? members, members);
  if (clients * publishers > MAX_PAIRS) {
    const expected = `at most ${formatCount(MAX_PAIRS)} pairs of receiver and sender`;
    report(ROOMS, expected, formatCount(clients * publishers), 'set publishers, or use more rooms');
  }
  const self = written.self ?? true;
  if (!self && messages.kind === 'closed') {
    const hint = 'use open messages';
    report(
      [...ROOMS, 'self'],
      'true with closed messages, because each message waits for the previous one to come back',
      'false',
      hint,
    );
  }
  return { count, publishers, self, settleNs: written.settle ?? DEFAULTS.settleNs };
}

export function resolveConnections(written: WrittenConnections | undefined, report: ReportProblem): Curve {
  const curve = chainSegments(connectionSegments(written ?? DEFAULTS.clients), formatCount);
  if (peakLevel(curve) === 0) report(CONNECTIONS, 'at least one client', 'none', 'start with { to: 100 }');
  checkDuration(curve, CONNECTIONS, report);
  return curve;
}

function connectionSegments(written: WrittenConnections): NonEmpty<WrittenSegment> {
  return typeof written === 'number' ? [{ to: written }] : listOf(written);
}

/** Without a curve of connections to end with, a closed loop needs its own duration. */
export function resolveMessages(
  written: WrittenMessages | undefined,
  connections: Curve,
  report: ReportProblem,
): Messages {
  if (written === undefined) return { kind: 'none' };
  const start: MessagesStart =
    written.from === undefined || written.from === null ? { kind: 'connected' } : { kind: 'at', atNs: written.from };
  if (written.closed !== undefined) return resolveClosed(written.closed, start, connections, report);
  const curve = chainSegments(listOf(written.open ?? []), formatRate);
  checkDuration(curve, OPEN, report);
  if (curveDurationNs(curve) === 0) {
    report(OPEN, 'a duration', 'nothing', 'add { hold: 60s }, or write { rate: 500/s, for: 60s }');
  } else if (countOpenMessages(curve) === 0) {
    report(OPEN, 'at least one message', 'none', 'start with { to: 500/s }');
  }
  return { kind: 'open', curve, arrival: written.arrival ?? 'constant', start };
}

function resolveClosed(
  { inFlight, think, for: forNs, replyTimeout }: NonNullable<WrittenMessages['closed']>,
  start: MessagesStart,
  connections: Curve,
  report: ReportProblem,
): Messages {
  const begunNs = start.kind === 'at' ? start.atNs : connections[0].durationNs;
  const durationNs = forNs ?? curveDurationNs(connections) - begunNs;
  if (durationNs <= 0) {
    const at = ['load', 'messages', 'closed', 'for'];
    report(at, 'a duration, because the connections curve sets none', 'nothing', 'write for: 60s');
  }
  return {
    kind: 'closed',
    inFlight: inFlight ?? DEFAULTS.inFlight,
    think: think ?? DEFAULTS.think,
    replyTimeoutNs: replyTimeout ?? DEFAULTS.replyTimeoutNs,
    durationNs,
    start,
  };
}

function resolveMix({ mix = [], bytes }: WrittenLoad): NonEmpty<MessageType> {
  const types = mix.map((item) => ({
    type: item.type,
    weight: item.weight ?? DEFAULTS.weight,
    payloadBytes: item.bytes ?? DEFAULTS.payloadBytes,
    priority: item.priority ?? null,
  }));
  if (isNonEmpty(types)) return types;
  const { messageType: type, weight, payloadBytes } = DEFAULTS;
  return [{ type, weight, payloadBytes: bytes ?? payloadBytes, priority: null }];
}

/** With rates of at most 1e9/s this bounds the count of messages to whole numbers too. */
function checkDuration(curve: Curve, at: PlanPath, report: ReportProblem): void {
  if (Number.isSafeInteger(curveDurationNs(curve))) return;
  report(at, 'segments of at most 104 days in total', 'more', 'times are counted in nanoseconds');
}

function listOf(written: WrittenSegment | readonly WrittenSegment[]): NonEmpty<WrittenSegment> {
  const segments = Array.isArray(written) ? (written as readonly WrittenSegment[]) : [written as WrittenSegment];
  if (!isNonEmpty(segments)) throw new Error('the schema let an empty curve through');
  return segments;
}
