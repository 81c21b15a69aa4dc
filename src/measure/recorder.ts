// What one worker counts and times between two window cuts. Plain numbers and typed arrays, made once
// and cleared at every cut; `cutWindow` is the only place that allocates.

import type { FailureKind } from '../facts/failure.ts';
import type { UnreadableKind } from '../facts/unreadable.ts';
import {
  type CloseCounts,
  type DamageKind,
  type DeliveryFacts,
  type FanoutFacts,
  type HistogramName,
  type MessageFacts,
  NEGOTIATED,
  type NegotiatedFacts,
  type PushFacts,
  type UnexpectedKind,
  type UnsentReason,
  WINDOW_SCHEMA,
  type Window,
  zeroAcknowledgements,
  zeroCloses,
  zeroDamage,
  zeroExtent,
  zeroJitter,
  zeroLoss,
  zeroMessages,
  zeroPings,
  zeroStall,
  zeroUnexpected,
  zeroUnreadable,
  zeroUnsent,
} from '../facts/window.ts';
import { createHistogram, type Histogram, reset } from '../histogram/histogram.ts';
import { encodeSparse } from '../histogram/sparse-codec.ts';

export interface Recorder {
  readonly messages: MessageFacts;
  readonly unsent: Record<UnsentReason, number>;
  readonly damage: Record<DamageKind, number>;
  readonly unexpected: Record<UnexpectedKind, number>;
  readonly unreadable: Record<UnreadableKind, number>;
  readonly acknowledgements: ReturnType<typeof zeroAcknowledgements>;
  states: number;
  unchecked: number;
  readonly jitter: ReturnType<typeof zeroJitter>;
  readonly extent: ReturnType<typeof zeroExtent>;
  readonly loss: ReturnType<typeof zeroLoss>;
  readonly pings: ReturnType<typeof zeroPings>;
  readonly stall: ReturnType<typeof zeroStall>;
  readonly histograms: Readonly<Record<HistogramName, Histogram>>;
  /** Messages of other clients that clients received. */
  fanoutReceived: number;
  fanoutCompared: number;
  attempted: number;
  opened: number;
  reconnected: number;
  failed: number;
  gaveUp: number;
  /** Clients that are wanted, and those of them that are open, or have lost their connection: their time. */
  readonly openTime: Gauge;
  readonly wantedTime: Gauge;
  readonly downTime: Gauge;
  firstDropNs: number | null;
  firstReopenNs: number | null;
  lastReopenNs: number | null;
  open: number;
  peakOpen: number;
  lowestOpen: number;
  droppedByServer: number;
  failures: Partial<Record<FailureKind, number>>;
  closeCodes: Record<string, number>;
  readonly closes: CloseCounts;
  readonly negotiated: Readonly<Record<keyof NegotiatedFacts, Map<string, number>>>;
  bytesSent: number;
  bytesReceived: number;
  inFlight: number;
  inFlightNs: number;
  inFlightSinceNs: number;
  rejectedNs: number;
  untimed: number;
}

export function createRecorder(): Recorder {
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
    loss: zeroLoss(),
    pings: zeroPings(),
    stall: zeroStall(),
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
    fanoutReceived: 0,
    fanoutCompared: 0,
    attempted: 0,
    opened: 0,
    reconnected: 0,
    failed: 0,
    gaveUp: 0,
    openTime: { value: 0, sinceNs: 0, integralNs: 0 },
    wantedTime: { value: 0, sinceNs: 0, integralNs: 0 },
    downTime: { value: 0, sinceNs: 0, integralNs: 0 },
    firstDropNs: null,
    firstReopenNs: null,
    lastReopenNs: null,
    open: 0,
    peakOpen: 0,
    lowestOpen: 0,
    droppedByServer: 0,
    failures: {},
    closeCodes: {},
    closes: zeroCloses(),
    negotiated: { subprotocol: new Map(), compression: new Map() },
    bytesSent: 0,
    bytesReceived: 0,
    inFlight: 0,
    inFlightNs: 0,
    inFlightSinceNs: 0,
    rejectedNs: 0,
    untimed: 0,
  };
}

/** Moves the number of messages in flight and carries its integral over time forward. */
export function changeInFlight(recorder: Recorder, nowNs: number, change: number): void {
  recorder.inFlightNs += recorder.inFlight * (nowNs - recorder.inFlightSinceNs);
  recorder.inFlightSinceNs = nowNs;
  recorder.inFlight += change;
}

/** A number and its integral over time. */
interface Gauge {
  value: number;
  sinceNs: number;
  integralNs: number;
}

export function changeGauge(gauge: Gauge, nowNs: number, change: number): void {
  gauge.integralNs += gauge.value * (nowNs - gauge.sinceNs);
  gauge.sinceNs = nowNs;
  gauge.value += change;
}

/** `extent` 0 where it is not known. */
export function countReordered(recorder: Recorder, extent: number): void {
  recorder.messages.reordered++;
  if (extent === 0) return;
  recorder.extent.count++;
  recorder.extent.sum += extent;
  recorder.extent.max = Math.max(recorder.extent.max, extent);
}

/** Of a client that closes. */
export function countJitter({ jitter }: Recorder, ns: number): void {
  jitter.clients++;
  jitter.sumNs += ns;
  jitter.maxNs = Math.max(jitter.maxNs, ns);
}

/** The process did not get to its work for `ns`, and used `cpuNs` of the processor meanwhile. */
export function countStall({ stall }: Recorder, ns: number, cpuNs: number): void {
  stall.ns += ns;
  stall.longestNs = Math.max(stall.longestNs, ns);
  stall.cpuNs += cpuNs;
}

export function countCorrupted(recorder: Recorder, kind: DamageKind): void {
  recorder.messages.corrupted++;
  recorder.damage[kind]++;
}

export function countUnexpected(recorder: Recorder, kind: UnexpectedKind): void {
  recorder.messages.unexpected++;
  recorder.unexpected[kind]++;
}

export function countUnreadable(recorder: Recorder, kind: UnreadableKind, count: number): void {
  recorder.messages.unreadable += count;
  recorder.unreadable[kind] += count;
}

export function countFailure(recorder: Recorder, kind: FailureKind): void {
  recorder.failures[kind] = (recorder.failures[kind] ?? 0) + 1;
}

export function countCloseCode(recorder: Recorder, code: number): void {
  recorder.closeCodes[code] = (recorder.closeCodes[code] ?? 0) + 1;
}

/** `none` for what was not agreed on. */
export function countNegotiated(
  { negotiated }: Recorder,
  agreed: Readonly<Record<keyof NegotiatedFacts, string | null>>,
): void {
  for (const of of NEGOTIATED) {
    const name = agreed[of] ?? 'none';
    negotiated[of].set(name, (negotiated[of].get(name) ?? 0) + 1);
  }
}

/** What the recorder cannot know: whose window it is, and how its process fared. */
export interface WindowContext {
  readonly worker: number;
  readonly group: number;
  readonly number: number;
  readonly second: number;
  readonly stage: number;
  readonly untilNs: number;
  readonly elapsedNs: number;
  readonly suspendedNs: number;
  readonly cpuNs: number;
  readonly throttledNs: number;
  readonly rssBytes: number;
  readonly idleRssBytes: number;
  readonly density: DeliveryFacts['density'];
  /** So far; 0 where no arrival has jumped over others. */
  readonly smallestBacklog: number;
  readonly spread: FanoutFacts['spread'];
  readonly pushes: PushFacts;
  readonly types: Window['types'];
  readonly approximate: boolean;
  readonly spinning: boolean;
}

/** Everything since the last cut, as a value; the recorder starts again from zero. */
export function cutWindow(recorder: Recorder, context: WindowContext): Window {
  changeInFlight(recorder, context.untilNs, 0);
  changeGauge(recorder.openTime, context.untilNs, 0);
  changeGauge(recorder.wantedTime, context.untilNs, 0);
  changeGauge(recorder.downTime, context.untilNs, 0);
  const { histograms } = recorder;
  const window: Window = {
    schema: WINDOW_SCHEMA,
    worker: context.worker,
    group: context.group,
    number: context.number,
    second: context.second,
    stage: context.stage,
    untilNs: context.untilNs,
    messages: { ...recorder.messages },
    unsent: { ...recorder.unsent },
    delivery: {
      damage: { ...recorder.damage },
      unexpected: { ...recorder.unexpected },
      unreadable: { ...recorder.unreadable },
      acknowledgements: { ...recorder.acknowledgements },
      states: recorder.states,
      unchecked: recorder.unchecked,
      jitter: { ...recorder.jitter },
      extent: { ...recorder.extent },
      density: context.density,
      loss: { ...recorder.loss, smallestBacklog: context.smallestBacklog },
    },
    fanout: { received: recorder.fanoutReceived, compared: recorder.fanoutCompared, spread: context.spread },
    pushes: context.pushes,
    pings: { ...recorder.pings },
    types: context.types,
    connections: {
      attempted: recorder.attempted,
      opened: recorder.opened,
      reconnected: recorder.reconnected,
      failed: recorder.failed,
      gaveUp: recorder.gaveUp,
      openNs: recorder.openTime.integralNs,
      wantedNs: recorder.wantedTime.integralNs,
      downNs: recorder.downTime.integralNs,
      firstDropNs: recorder.firstDropNs,
      firstReopenNs: recorder.firstReopenNs,
      lastReopenNs: recorder.lastReopenNs,
      open: recorder.open,
      peakOpen: recorder.peakOpen,
      lowestOpen: recorder.lowestOpen,
      droppedByServer: recorder.droppedByServer,
      failures: recorder.failures,
      closeCodes: recorder.closeCodes,
      closes: { ...recorder.closes },
      negotiated: {
        subprotocol: Object.fromEntries(recorder.negotiated.subprotocol),
        compression: Object.fromEntries(recorder.negotiated.compression),
      },
    },
    bytes: { sent: recorder.bytesSent, received: recorder.bytesReceived },
    histograms: {
      response: encodeSparse(histograms.response),
      service: encodeSparse(histograms.service),
      sendLag: encodeSparse(histograms.sendLag),
      handshake: encodeSparse(histograms.handshake),
      eventLoopDelay: encodeSparse(histograms.eventLoopDelay),
      fanout: encodeSparse(histograms.fanout),
      firstPush: encodeSparse(histograms.firstPush),
      outage: encodeSparse(histograms.outage),
      offline: encodeSparse(histograms.offline),
      lifetime: encodeSparse(histograms.lifetime),
      ping: encodeSparse(histograms.ping),
    },
    health: {
      cpuNs: context.cpuNs,
      throttledNs: context.throttledNs,
      rssBytes: context.rssBytes,
      idleRssBytes: context.idleRssBytes,
      elapsedNs: context.elapsedNs,
      inFlightNs: recorder.inFlightNs,
      inFlight: recorder.inFlight,
      rejectedNs: recorder.rejectedNs,
      untimed: recorder.untimed,
      approximate: context.approximate,
      stall: { ...recorder.stall },
      suspendedNs: context.suspendedNs,
      spinning: context.spinning,
    },
  };
  clear(recorder);
  return window;
}

function clear(recorder: Recorder): void {
  Object.assign(recorder.messages, zeroMessages());
  Object.assign(recorder.unsent, zeroUnsent());
  Object.assign(recorder.damage, zeroDamage());
  Object.assign(recorder.unexpected, zeroUnexpected());
  Object.assign(recorder.unreadable, zeroUnreadable());
  Object.assign(recorder.acknowledgements, zeroAcknowledgements());
  recorder.states = 0;
  recorder.unchecked = 0;
  Object.assign(recorder.jitter, zeroJitter());
  Object.assign(recorder.extent, zeroExtent());
  Object.assign(recorder.loss, zeroLoss());
  Object.assign(recorder.pings, zeroPings());
  Object.assign(recorder.stall, zeroStall());
  for (const histogram of Object.values(recorder.histograms)) reset(histogram);
  recorder.fanoutReceived = 0;
  recorder.fanoutCompared = 0;
  recorder.attempted = 0;
  recorder.opened = 0;
  recorder.reconnected = 0;
  recorder.failed = 0;
  recorder.gaveUp = 0;
  recorder.openTime.integralNs = 0;
  recorder.wantedTime.integralNs = 0;
  recorder.downTime.integralNs = 0;
  recorder.firstDropNs = null;
  recorder.firstReopenNs = null;
  recorder.lastReopenNs = null;
  recorder.peakOpen = recorder.open;
  recorder.lowestOpen = recorder.open;
  recorder.droppedByServer = 0;
  recorder.failures = {};
  recorder.closeCodes = {};
  Object.assign(recorder.closes, zeroCloses());
  for (const counts of Object.values(recorder.negotiated)) counts.clear();
  recorder.bytesSent = 0;
  recorder.bytesReceived = 0;
  recorder.inFlightNs = 0;
  recorder.rejectedNs = 0;
  recorder.untimed = 0;
}
