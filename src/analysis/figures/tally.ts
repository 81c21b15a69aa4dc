// Windows added up: of the whole run, of a stage, of one second. Adding is associative and commutative,
// so windows may come from any worker in any order.

import type { FailureKind } from '../../facts/failure.ts';
import { UNREADABLE_KINDS, type UnreadableKind } from '../../facts/unreadable.ts';
import {
  CLOSE_COUNTS,
  type CloseCounts,
  DAMAGE_KINDS,
  type DamageKind,
  type DeliveryFacts,
  HISTOGRAM_NAMES,
  type HistogramName,
  MESSAGE_FACTS,
  type MessageFacts,
  NEGOTIATED,
  type NegotiatedFacts,
  PING_COUNTS,
  type PingCounts,
  PUSH_COUNTS,
  type PushCounts,
  UNEXPECTED_KINDS,
  UNSENT_REASONS,
  type UnexpectedKind,
  type UnsentReason,
  type Window,
  zeroAcknowledgements,
  zeroCloses,
  zeroDamage,
  zeroExtent,
  zeroJitter,
  zeroLoss,
  zeroMessages,
  zeroPings,
  zeroPushes,
  zeroStall,
  zeroUnexpected,
  zeroUnreadable,
  zeroUnsent,
} from '../../facts/window.ts';
import { createHistogram, type Histogram, reset } from '../../histogram/histogram.ts';
import { addSparse } from '../../histogram/sparse-codec.ts';

export interface Tally {
  readonly histograms: Readonly<Record<HistogramName, Histogram>>;
  messages: MessageFacts;
  unsent: Record<UnsentReason, number>;
  damage: Record<DamageKind, number>;
  unexpected: Record<UnexpectedKind, number>;
  unreadable: Record<UnreadableKind, number>;
  acknowledgements: ReturnType<typeof zeroAcknowledgements>;
  states: number;
  unchecked: number;
  jitter: ReturnType<typeof zeroJitter>;
  extent: ReturnType<typeof zeroExtent>;
  /** By displacement, and the most held. */
  displaced: Map<number, number>;
  mostHeld: number;
  loss: ReturnType<typeof zeroLoss>;
  fanoutReceived: number;
  fanoutCompared: number;
  pushes: PushCounts;
  pings: PingCounts;
  failures: Partial<Record<FailureKind, number>>;
  closeCodes: Record<string, number>;
  closes: CloseCounts;
  negotiated: Readonly<Record<keyof NegotiatedFacts, Map<string, number>>>;
  attempted: number;
  opened: number;
  openNs: number;
  reconnected: number;
  failed: number;
  gaveUp: number;
  droppedByServer: number;
  bytesSent: number;
  bytesReceived: number;
  cpuNs: number;
  elapsedNs: number;
  stall: ReturnType<typeof zeroStall>;
  suspendedNs: number;
  /** How much of it a quota of CPU took. */
  throttledNs: number;
  inFlightNs: number;
  rejectedNs: number;
  untimed: number;
  windows: number;
  approximate: boolean;
  spinning: boolean;
}

export function createTally(): Tally {
  return {
    ...zeroCounts(),
    histograms: {
      response: createHistogram(),
      service: createHistogram(),
      sendLag: createHistogram(),
      handshake: createHistogram(),
      eventLoopDelay: createHistogram(),
      fanout: createHistogram(),
      firstPush: createHistogram(),
      outage: createHistogram(),
      offline: createHistogram(),
      lifetime: createHistogram(),
      ping: createHistogram(),
    },
  };
}

function zeroCounts(): Omit<Tally, 'histograms'> {
  return {
    messages: zeroMessages(),
    unsent: zeroUnsent(),
    damage: zeroDamage(),
    unexpected: zeroUnexpected(),
    unreadable: zeroUnreadable(),
    acknowledgements: zeroAcknowledgements(),
    states: 0,
    unchecked: 0,
    jitter: zeroJitter(),
    extent: zeroExtent(),
    displaced: new Map(),
    mostHeld: 0,
    loss: zeroLoss(),
    fanoutReceived: 0,
    fanoutCompared: 0,
    pushes: zeroPushes(),
    pings: zeroPings(),
    failures: {},
    closeCodes: {},
    closes: zeroCloses(),
    negotiated: { subprotocol: new Map(), compression: new Map() },
    attempted: 0,
    opened: 0,
    openNs: 0,
    reconnected: 0,
    failed: 0,
    gaveUp: 0,
    droppedByServer: 0,
    bytesSent: 0,
    bytesReceived: 0,
    cpuNs: 0,
    elapsedNs: 0,
    stall: zeroStall(),
    suspendedNs: 0,
    throttledNs: 0,
    inFlightNs: 0,
    rejectedNs: 0,
    untimed: 0,
    windows: 0,
    approximate: false,
    spinning: false,
  };
}

/** Back to nothing, to serve again: the histograms are large and stay. */
export function resetTally(tally: Tally): void {
  Object.assign(tally, zeroCounts());
  for (const name of HISTOGRAM_NAMES) reset(tally.histograms[name]);
}

function addDelivery(tally: Tally, facts: DeliveryFacts): void {
  const { damage, unexpected, acknowledgements, jitter, extent, density, loss } = facts;
  tally.states += facts.states;
  tally.unchecked += facts.unchecked;
  tally.jitter.clients += jitter.clients;
  tally.jitter.sumNs += jitter.sumNs;
  tally.jitter.maxNs = Math.max(tally.jitter.maxNs, jitter.maxNs);
  tally.acknowledgements.lost += acknowledgements.lost;
  tally.acknowledgements.recovered += acknowledgements.recovered;
  for (const kind of DAMAGE_KINDS) tally.damage[kind] += damage[kind];
  for (const kind of UNEXPECTED_KINDS) tally.unexpected[kind] += unexpected[kind];
  for (const kind of UNREADABLE_KINDS) tally.unreadable[kind] += facts.unreadable[kind];
  tally.extent.count += extent.count;
  tally.extent.sum += extent.sum;
  tally.extent.max = Math.max(tally.extent.max, extent.max);
  for (const [displacement, count] of density.displaced) {
    tally.displaced.set(displacement, (tally.displaced.get(displacement) ?? 0) + count);
  }
  tally.mostHeld = Math.max(tally.mostHeld, density.mostHeld);
  tally.loss.periods += loss.periods;
  tally.loss.longestPeriod = Math.max(tally.loss.longestPeriod, loss.longestPeriod);
  tally.loss.noticeable += loss.noticeable;
  const { smallestBacklog: known } = tally.loss;
  if (loss.smallestBacklog > 0 && (known === 0 || loss.smallestBacklog < known)) {
    tally.loss.smallestBacklog = loss.smallestBacklog;
  }
}

export function addWindow(tally: Tally, window: Window): void {
  for (const name of HISTOGRAM_NAMES) addSparse(tally.histograms[name], window.histograms[name]);
  for (const name of MESSAGE_FACTS) tally.messages[name] += window.messages[name];
  for (const reason of UNSENT_REASONS) tally.unsent[reason] += window.unsent[reason];
  addDelivery(tally, window.delivery);
  tally.fanoutReceived += window.fanout.received;
  tally.fanoutCompared += window.fanout.compared;
  for (const name of PUSH_COUNTS) tally.pushes[name] += window.pushes[name];
  for (const name of PING_COUNTS) tally.pings[name] += window.pings[name];
  const { connections } = window;
  for (const [kind, count] of Object.entries(connections.failures)) {
    tally.failures[kind as FailureKind] = (tally.failures[kind as FailureKind] ?? 0) + count;
  }
  for (const [code, count] of Object.entries(connections.closeCodes)) {
    tally.closeCodes[code] = (tally.closeCodes[code] ?? 0) + count;
  }
  for (const name of CLOSE_COUNTS) tally.closes[name] += connections.closes[name];
  for (const of of NEGOTIATED) {
    const counts = tally.negotiated[of];
    for (const [name, count] of Object.entries(connections.negotiated[of])) {
      counts.set(name, (counts.get(name) ?? 0) + count);
    }
  }
  tally.attempted += connections.attempted;
  tally.opened += connections.opened;
  tally.openNs += connections.openNs;
  tally.reconnected += connections.reconnected;
  tally.failed += connections.failed;
  tally.gaveUp += connections.gaveUp;
  tally.droppedByServer += connections.droppedByServer;
  tally.bytesSent += window.bytes.sent;
  tally.bytesReceived += window.bytes.received;
  tally.cpuNs += window.health.cpuNs;
  tally.elapsedNs += window.health.elapsedNs;
  tally.stall.ns += window.health.stall.ns;
  tally.stall.longestNs = Math.max(tally.stall.longestNs, window.health.stall.longestNs);
  tally.stall.cpuNs += window.health.stall.cpuNs;
  tally.suspendedNs += window.health.suspendedNs;
  tally.throttledNs += window.health.throttledNs;
  tally.inFlightNs += window.health.inFlightNs;
  tally.rejectedNs += window.health.rejectedNs;
  tally.untimed += window.health.untimed;
  tally.windows++;
  tally.approximate ||= window.health.approximate;
  tally.spinning ||= window.health.spinning;
}
