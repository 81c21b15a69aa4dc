// What became of the clients that behave badly, and how the service deals with those that do not read. They are counted apart:
// nothing here is part of what the healthy clients are judged by. Pure.

import type { RunEvent } from '../../facts/event.ts';
import type { MisbehavingResult, ReaderPolicy, TimelinePoint } from '../../facts/result.ts';
import type { Window } from '../../facts/window.ts';
import type { Misbehavior, Plan } from '../../plan/plan.ts';
import { groupCounts } from '../../plan/schedule/client-groups.ts';
import { planStages } from '../../plan/schedule/stages.ts';
import { formatBytes } from '../../units/bytes.ts';
import { nsToSeconds } from '../../units/duration.ts';
import { plural } from '../../units/plural.ts';
import { formatCount } from '../../units/rate.ts';
import { median } from '../statistics/trend.ts';
import { closeBooks } from './books.ts';
import { failuresOf } from './failures.ts';
import { addWindow, createTally, type Tally } from './tally.ts';

/** Of misbehaving clients so many times as many are dropped as of the others, where it is for their misbehavior. */
const MORE_THAN_ALIKE = 2;
/** Less than this that nobody has read can lie anywhere. */
const LEAST_UNREAD_BYTES = 1024 ** 2;
/** So much of what was not read must show in the memory of the service. */
const HELD_SHARE = 0.5;
/** Response times that are so many times what they were, and by so much longer, are those of a service that was slowed down. */
const SLOWER_TIMES = 2;
const SLOWER_BY_MS = 5;
const LEAST_SECONDS = 3;

export interface MisbehavingJudge {
  add(window: Window): void;
  finish(healthy: HealthyFacts): readonly MisbehavingResult[];
}

/** What the healthy clients and the monitors saw. */
export interface HealthyFacts {
  readonly tally: Tally;
  readonly points: readonly TimelinePoint[];
  readonly connectedNs: number | null;
  /** What monitors read, as `MONITOR.SERIES`, by second. */
  readonly resources: ReadonlyMap<number, Readonly<Record<string, number>>>;
  /** The record broke off: what has no outcome will have none. */
  readonly isBroken: boolean;
}

export function createMisbehavingJudge({ load }: Plan, events: readonly RunEvent[]): MisbehavingJudge {
  const tallies = load.misbehaving.map(() => createTally());
  /** Up to the end of sending: then those that did not read catch up, to see what has become of their connections. */
  const receivedBytes = load.misbehaving.map(() => 0);
  const stageCount = planStages({ load }).length;
  const [healthyClients, ...counts] = groupCounts(load);
  return {
    add(window) {
      const tally = tallies[window.group - 1];
      if (tally === undefined) return;
      addWindow(tally, window);
      if (window.stage < stageCount) receivedBytes[window.group - 1]! += window.bytes.received;
    },
    finish(healthy) {
      return load.misbehaving.map(({ misbehavior }, index): MisbehavingResult => {
        const tally = tallies[index]!;
        const clients = counts[index]!;
        const messages = closeBooks(tally, healthy.isBroken);
        const missed = load.rooms === null ? null : holesInRooms(events, index + 1);
        const seen = {
          clients,
          healthyClients,
          tally,
          receivedBytes: receivedBytes[index]!,
          missed,
          healthy,
          misbehavior,
        };
        return {
          kind: misbehavior.kind,
          clients,
          connections: {
            attempted: tally.connections.attempted,
            opened: tally.connections.opened,
            failed: tally.connections.failed,
            droppedByServer: tally.connections.droppedByServer,
            endedByClient: tally.connections.failures.misbehaved ?? 0,
            closeCodes: tally.connections.closeCodes,
            failures: failuresOf(tally.connections, events, index + 1),
          },
          messages,
          missed,
          bytesSent: tally.bytes.sent,
          bytesReceived: tally.bytes.received,
          policy: misbehavior.kind === 'slow-reader' ? policyOf(seen) : null,
        };
      });
    },
  };
}

/** What others said in their rooms and did not come, though something later of theirs did: who is only behind has no holes. */
function holesInRooms(events: readonly RunEvent[], group: number): number {
  const streams = events.flatMap((event) =>
    event.kind === 'receivers' && event.group === group ? event.receivers.streams : [],
  );
  return streams.reduce(
    (sum, { missed, unplaced }) =>
      sum + unplaced[0] + missed.reduce((holes, [from, to, receivers]) => holes + (to - from) * receivers, 0),
    0,
  );
}

interface Seen {
  readonly misbehavior: Misbehavior;
  readonly clients: number;
  readonly healthyClients: number;
  readonly tally: Tally;
  readonly receivedBytes: number;
  readonly missed: number | null;
  readonly healthy: HealthyFacts;
}

/** What the service does about clients that do not read: the first of these that shows. */
function policyOf(seen: Seen): ReaderPolicy {
  const { tally, missed, clients, healthyClients, healthy } = seen;
  const slowsOthers = slowsOf(seen);
  // What affected all clients alike, such as a restart, is no policy.
  const alikeDropped = (healthy.tally.connections.droppedByServer / Math.max(1, healthyClients)) * clients;
  if (tally.connections.droppedByServer > MORE_THAN_ALIKE * alikeDropped) {
    const codes = Object.entries(tally.connections.closeCodes).map(
      ([code, count]) => `${code} x ${formatCount(count)}`,
    );
    const evidence = `it closed ${plural(tally.connections.droppedByServer, 'connection')} of ${plural(clients, 'client')} (${codes.join(', ')})`;
    return { kind: 'disconnects', slowsOthers, evidence };
  }
  if (missed !== null && missed > 0) {
    return {
      kind: 'drops',
      slowsOthers,
      evidence: `${plural(missed, 'delivery', 'deliveries')} missing, while later ones arrived`,
    };
  }
  if (missed === null && tally.delivery.loss.smallestBacklog > 0 && tally.delivery.extent.count === 0) {
    return { kind: 'drops', slowsOthers, evidence: 'messages are missing, while later ones arrived' };
  }
  const unsent = tally.unsent.backpressure;
  if (unsent > 0) {
    const evidence = `${plural(unsent, 'message')} could not be sent to it`;
    return { kind: 'stopsReading', slowsOthers, evidence };
  }
  return heldOf(seen, slowsOthers) ?? { kind: 'unknown', slowsOthers, evidence: 'no effect is visible from outside' };
}

/** The service's memory grew by what was not read. */
function heldOf(seen: Seen, slowsOthers: boolean | null): ReaderPolicy | null {
  const { healthy, clients, healthyClients, receivedBytes } = seen;
  const usualBytes = (healthy.tally.bytes.received / Math.max(1, healthyClients)) * clients;
  const unreadBytes = Math.round(usualBytes - receivedBytes);
  const beganSecond = beganAt(seen);
  if (unreadBytes < LEAST_UNREAD_BYTES || beganSecond === null) return null;
  const series = new Set([...healthy.resources.values()].flatMap((values) => Object.keys(values)));
  for (const name of series) {
    const [, monitor = 'generator'] = /^(.*)\.rssBytes$/.exec(name) ?? [];
    if (monitor === 'generator') continue;
    // A service grows by opening connections as well: what it had by then is its own.
    const most = (isIn: (second: number) => boolean): number =>
      Math.max(0, ...[...healthy.resources].flatMap(([second, values]) => (isIn(second) ? (values[name] ?? 0) : 0)));
    const grownBytes = most(() => true) - most((second) => second <= Math.ceil(beganSecond));
    if (grownBytes < HELD_SHARE * unreadBytes) continue;
    const evidence = `memory of ${monitor} grew by ${formatBytes(grownBytes)}, while about ${formatBytes(unreadBytes)} stayed unread`;
    return { kind: 'buffers', slowsOthers, evidence };
  }
  return null;
}

/** In seconds from the start of the run; null where it is not known. */
function beganAt({ healthy, misbehavior }: Seen): number | null {
  if (!('afterNs' in misbehavior) || healthy.connectedNs === null) return null;
  return nsToSeconds(healthy.connectedNs + misbehavior.afterNs);
}

/** Whether the healthy clients were served more slowly once it had begun; null where there is too little to compare. */
function slowsOf(seen: Seen): boolean | null {
  const { healthy } = seen;
  const beganSecond = beganAt(seen);
  if (beganSecond === null) return null;
  const p99sMs = (isIn: (second: number) => boolean): readonly number[] =>
    healthy.points.flatMap(({ second, responseP99Ms }) =>
      responseP99Ms !== null && isIn(second) ? [responseP99Ms] : [],
    );
  const before = p99sMs((second) => second > 0 && second + 1 <= beganSecond);
  const since = p99sMs((second) => second >= Math.ceil(beganSecond));
  if (before.length < LEAST_SECONDS || since.length < LEAST_SECONDS) return null;
  const usualMs = median(before);
  return median(since) > Math.max(usualMs * SLOWER_TIMES, usualMs + SLOWER_BY_MS);
}
