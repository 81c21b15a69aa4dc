// One process's load, from the first connection to the last close frame:
//
//   connect()        lanes open along the connection curve            ─┐
//   startMessages()  messages are due from here on                     │ windows, once a second
//   (end of the plan, or stop())                                       │ and at every end of a stage
//   drain            nothing further is sent; what is in flight counts │
//   close            the rest is lost; close handshakes; finished     ─┘
//
// The engine owns its lanes and says everything it learns through `EngineHooks`; nobody asks it.

import type { Dialect as OwnDialect } from '../dialects/dialect.ts';
import type { CloseFacts, RunEvent } from '../facts/event.ts';
import type { FailureKind } from '../facts/failure.ts';
import type { Window } from '../facts/window.ts';
import { recordWithExpectedInterval } from '../histogram/histogram.ts';
import { heardAll } from '../measure/audience.ts';
import { createByType } from '../measure/by-type.ts';
import { createDensityFacts } from '../measure/density.ts';
import { endPushes, heardAllPushes } from '../measure/pushes.ts';
import { countFailure, countStall, createRecorder } from '../measure/recorder.ts';
import { curveDurationNs } from '../plan/curve.ts';
import { type LaneEvent, laneEvents } from '../plan/lane-events.ts';
import { createTypeOf } from '../plan/message-types.ts';
import type { Misbehavior, Plan } from '../plan/plan.ts';
import { isPublisher, roomOf } from '../plan/rooms.ts';
import { planStages } from '../plan/stages.ts';
import { shareCount } from '../units/shares.ts';
import type { Clock } from './clock.ts';
import { createConnector } from './connector.ts';
import { createConversation } from './conversation.ts';
import { createFanout, pushesFor, startFanout } from './fanout.ts';
import { createTraffic } from './hot/traffic.ts';
import { Lane } from './lane.ts';
import { lastWords } from './last-words.ts';
import { createWork } from './load-models.ts';
import { createOpenLanes } from './open-lanes.ts';
import { createPacer } from './pacing.ts';
import { createPinger } from './pinger.ts';
import { withProbes } from './probing.ts';
import { createReconnector } from './reconnector.ts';
import { acknowledgementsFor, createResender } from './resender.ts';
import type { Addresses, Rows } from './site.ts';
import { createSpeech, notUnderstoodText, statesFor } from './speeches.ts';
import { stallNs } from './stall.ts';
import type { OpenTransport } from './transport.ts';
import { createWindowCutter, type ProcessMeter } from './windows.ts';

/** What one process of a run is to do. Survives structured clone. */
export interface Assignment {
  readonly plan: Plan;
  /** This process does share `shard` of `shards`. */
  readonly shard: number;
  readonly shards: number;
  /** The 32-bit mark of the run in every message. */
  readonly run: number;
  /** How many lanes of the group the whole run has at its peak. */
  readonly laneCount: number;
  /** 0 for lanes that behave as they should; the others are counted apart. */
  readonly group: number;
  /** The number of the group's first lane in the whole run. */
  readonly firstLane: number;
  /** Null where lanes behave as they should. */
  readonly misbehavior: Misbehavior | null;
  readonly rows: Rows;
  /** Rows of the plan's feed. */
  readonly feed: Rows;
  readonly addresses: Addresses;
  /** Spin between sends instead of waiting on a timer. */
  readonly precise: boolean;
}

export interface EngineHooks {
  window(window: Window): void;
  event(event: RunEvent): void;
  /** Every lane of the first connection segment is open or has failed. */
  connected(): void;
  /** Drained and closed; nothing follows. */
  finished(): void;
}

export interface Engine {
  connect(atNs: number): void;
  startMessages(atNs: number): void;
  /** Nothing becomes due after now; then drain and close. */
  stop(): void;
}

export interface EngineParts {
  readonly assignment: Assignment;
  readonly openTransport: OpenTransport;
  readonly clock: Clock;
  readonly meter: ProcessMeter;
  /** What the module of the plan's dialect exports; null where the plan names none. */
  readonly ownDialect: OwnDialect | null;
  /** Seeds the mask keys; must be unpredictable (RFC 6455 §10.3). */
  readonly maskSeed: number;
  readonly hooks: EngineHooks;
}

/** How often the end of a phase is looked for, and the event loop's delay taken. */
const BEAT_NS = 20e6;
/** After everything has arrived, how long to watch for duplicates and strangers. */
const LINGER_NS = 500e6;
/** How long a lane may take to open before its time counts as asked for: see `ConnectionFacts.wantedNs`. */
const OPENING_ALLOWANCE_NS = 1e9;
/** What is told in words of failures: one of each kind and close code, and no more than this. */
const MOST_FAILURES_TOLD = 40;
const CLOSE_TIMEOUT_NS = 2e9;
/** Nobody waits for the good manners of a lane that has none. */
const MISBEHAVING_CLOSE_TIMEOUT_NS = 200e6;
const JUST_BEFORE_NS = 1e6;

export function createEngine(parts: EngineParts): Engine {
  const { assignment, clock, hooks } = parts;
  const { plan, shard, shards, group, firstLane } = assignment;
  const isMisbehaving = assignment.misbehavior !== null;
  const recorder = createRecorder();
  const laneCount = shareCount(assignment.laneCount, shard, shards);
  const lanes = Array.from({ length: laneCount }, (_, index) => new Lane(index, firstLane + index * shards + shard));
  const { rooms } = plan.load;
  const openLanes = createOpenLanes(laneCount, (lane) => rooms === null || isPublisher(rooms, lane.stream));
  const density = createDensityFacts();
  const fanout =
    rooms === null
      ? null
      : createFanout({
          plan,
          rooms,
          shard,
          shards,
          firstLane,
          lanes: laneCount,
          allLanes: assignment.laneCount,
          density,
        });
  const pushes = pushesFor(plan, laneCount, assignment.laneCount, density);
  const sharedRoomOf = (stream: number): number => (rooms === null ? 0 : roomOf(rooms, stream));
  const states = statesFor(plan, sharedRoomOf);
  const { mix } = plan.load;
  const byType = mix.length === 1 ? null : createByType(createTypeOf(plan), mix.length);
  const acks = acknowledgementsFor(plan, laneCount);
  const traffic = createTraffic({
    lanes: laneCount,
    density,
    fanout,
    pushes,
    states,
    acks,
    byType,
    maxBufferedBytes: plan.target.maxBufferedBytes,
    maskSeed: parts.maskSeed,
    recorder,
    report: (violation, atNs) => hooks.event({ kind: 'violation', atNs, worker: shard, ...violation }),
    sends: plan.load.messages.kind !== 'none',
    refusedWith(lane, seq, detail) {
      // The others are counted apart.
      if (group > 0) return;
      hooks.event({ kind: 'rejection', atNs: clock.nowNs(), worker: shard, lane: lane.stream, seq, detail });
    },
    unreadable: (lane, example, atNs) =>
      hooks.event({ kind: 'unreadable', atNs, worker: shard, group, lane, ...example }),
    notUnderstood: (sample, unreadable) =>
      hooks.event({
        kind: 'notice',
        atNs: clock.nowNs(),
        worker: shard,
        detail: notUnderstoodText(plan.dialect, sample, unreadable),
      }),
  });
  const plainSpeech = createSpeech({
    plan,
    run: assignment.run,
    lanes: laneCount,
    traffic,
    rows: assignment.rows,
    feed: assignment.feed,
    ownDialect: parts.ownDialect,
    dialectFailed(lane, detail) {
      countFailure(recorder, 'dialectError');
      reportFailure(lane, 'dialectError', detail);
    },
  });
  const probing = withProbes(plan, traffic, plainSpeech, clock);
  const { speech } = probing;
  const resender = createResender(plan, traffic, plainSpeech);
  const work = createWork({
    plan,
    shard,
    shards,
    laneCount,
    openLanes,
    traffic,
    speech,
    clock,
    laneAt: (index) => lanes[index]!,
    wake: () => pacer.wake(),
  });
  const pacer = createPacer(clock, work, assignment.precise);
  const windows = createWindowCutter({
    worker: shard,
    group,
    stages: planStages(plan),
    recorder,
    ledger: traffic.ledger,
    audience: fanout?.audience.heard.ledger ?? null,
    spread: fanout?.spread ?? null,
    pushes,
    byType,
    clock,
    meter: parts.meter,
    beforeCut: noteStall,
    spinning: assignment.precise,
    emit: hooks.window,
  });
  const { ping } = plan.target;
  const pinger =
    ping === null
      ? null
      : createPinger({
          ping,
          run: assignment.run,
          lanes,
          laneCount: assignment.laneCount,
          traffic,
          clock,
          silent: (lane, detail) => conversation.drop(lane, 'pingTimeout', detail),
        });
  const conversation = createConversation({
    plan,
    traffic,
    speech,
    work,
    openLanes,
    pinger,
    clock,
    answersPings: assignment.misbehavior?.kind !== 'no-pong',
    failed: reportFailure,
    resumed(lane) {
      resender?.reconnected(lane, clock.nowNs());
      probing.resumed(lane);
    },
    isResumed: ({ isWanted }) =>
      isWanted && phase === 'running' && reconnector !== null && resender !== null && fanout === null,
    closed,
  });
  const connector = createConnector({
    plan,
    rows: assignment.rows,
    addresses: assignment.addresses,
    clock,
    recorder,
    transport: parts.openTransport<Lane>({
      onConnect: (lane) => connector.onConnect(lane),
      onBytes(lane, bytes, view, end) {
        recorder.bytesReceived += end;
        traffic.readBytes = bytes;
        traffic.readView = view;
        const start = lane.opening === null ? 0 : connector.onBytes(lane, bytes, end);
        if (start < end) conversation.onBytes(lane, bytes, start, end);
      },
      onClose(lane, link, error) {
        if (lane.link !== link) return; // given up before
        if (lane.opening === null) conversation.onClose(lane, error);
        else connector.onClose(lane, error);
      },
    }),
    opened(lane, deflate) {
      conversation.opened(lane, deflate);
      reconnector?.opened(lane);
      noteResolved(lane);
    },
    failed(lane, kind, detail) {
      reportFailure(lane, kind, detail);
      noteResolved(lane);
      reconnector?.failed(lane);
    },
  });
  const reconnector =
    plan.reconnect === null
      ? null
      : createReconnector({
          reconnect: plan.reconnect,
          seed: plan.seed,
          shard,
          lanes,
          recorder,
          clock,
          open: (lane) => connector.request(lane),
          gaveUp: (lane) => conversation.abandon(lane),
        });

  let phase: 'idle' | 'running' | 'draining' | 'closing' | 'finished' = 'idle';
  let connectedAtNs = 0;
  let firstLanesUnresolved = 0;
  let messagesExpected = plan.load.messages.kind !== 'none';
  /** In a room other processes may send when this one has nothing left to send. */
  let listenUntilNs = Number.NEGATIVE_INFINITY;
  const failuresReported = new Set<string>();
  const reopen = new Set<Lane>();
  /** Lanes that the plan asked for and that are not open yet, in that order, and when it asked. */
  const asked: { readonly lane: Lane; readonly atNs: number }[] = [];
  let askedFrom = 0;
  /** When this process last looked whether it had stood still, what it had used of the processor, and what the beat has not dealt with. */
  let lookedNs = 0;
  let lookedCpuNs = 0;
  let undealtStallNs = 0;

  // ---- lanes along the connection curve

  function connect(atNs: number): void {
    phase = 'running';
    connectedAtNs = atNs;
    recorder.inFlightSinceNs = atNs;
    firstLanesUnresolved = firstLaneCount();
    lookedNs = atNs;
    lookedCpuNs = parts.meter.cpuNs();
    windows.start(atNs);
    if (!messagesExpected) windows.setOrigin(atNs);
    clock.after(atNs - clock.nowNs(), () => {
      if (firstLanesUnresolved === 0) clock.after(plan.load.connections[0].durationNs, hooks.connected);
      followCurve(laneEvents(plan.load.connections, shard, shards), null);
      beat(clock.nowNs());
    });
  }

  function firstLaneCount(): number {
    const first = plan.load.connections[0];
    return first.shape === 'burst' ? 0 : shareCount(Math.max(0, Math.ceil(first.to)), shard, shards);
  }

  function followCurve(events: Iterator<LaneEvent>, held: LaneEvent | null): void {
    if (phase !== 'running') return;
    for (let event = held ?? next(events); event !== null; event = next(events)) {
      const waitNs = connectedAtNs + event.atNs - clock.nowNs();
      if (waitNs > 0) {
        const later = event;
        clock.after(Math.max(waitNs, 1e6), () => followCurve(events, later));
        return;
      }
      const lane = lanes[(event.lane - shard) / shards]!;
      if (event.action === 'open') open(lane);
      else close(lane);
    }
  }

  function open(lane: Lane): void {
    lane.isWanted = true;
    asked.push({ lane, atNs: clock.nowNs() });
    if (lane.state === 'idle') connector.request(lane);
    else if (lane.state === 'draining' || lane.state === 'closing') reopen.add(lane);
  }

  function close(lane: Lane): void {
    unwant(lane);
    reopen.delete(lane);
    reconnector?.forget(lane);
    conversation.abandon(lane);
    if (lane.state === 'opening') {
      connector.cancel(lane);
      noteResolved(lane);
    } else conversation.retire(lane);
  }

  function unwant(lane: Lane): void {
    lane.isWanted = false;
    conversation.unwanted(lane);
  }

  function closed(lane: Lane): void {
    if (phase !== 'running' || !lane.isWanted) conversation.abandon(lane);
    if (phase !== 'running') return;
    if (reopen.delete(lane)) connector.request(lane);
    else if (lane.isWanted && !Number.isNaN(lane.droppedNs)) reconnector?.dropped(lane);
  }

  /** Once for each of the first lanes, however often it is opened. */
  function noteResolved(lane: Lane): void {
    if (lane.isResolved) return;
    lane.isResolved = true;
    // From its first opening, or failure, on: until then it is not the service's time alone.
    if (lane.isWanted) conversation.wanted(lane);
    if (lane.index < firstLaneCount() && --firstLanesUnresolved === 0) hooks.connected();
  }

  // ---- the beat: event-loop delay, lanes that leave, the end of the phase

  function beat(expectedNs: number): void {
    if (phase === 'finished') return;
    const nowNs = clock.nowNs();
    // A stall swallows the beats that were due in it; they count as well, or half a second of it would be one sample.
    recordWithExpectedInterval(recorder.histograms.eventLoopDelay, Math.max(0, nowNs - expectedNs), BEAT_NS);
    noteStall(nowNs);
    conversation.sweep(undealtStallNs);
    undealtStallNs = 0;
    countAsked(nowNs);
    if (resender !== null) for (const lane of openLanes.senders()) resender.sweep(lane, nowNs);
    if (phase === 'running' && isOver(nowNs)) drain(nowNs);
    clock.after(BEAT_NS, () => beat(nowNs + BEAT_NS));
  }

  /** Before a window is cut, too: what stood still in it must not be counted in the next one. */
  function noteStall(nowNs: number): void {
    const cpuNs = parts.meter.cpuNs();
    const stalledNs = stallNs(nowNs - lookedNs, BEAT_NS);
    if (stalledNs > 0) countStall(recorder, stalledNs, Math.max(0, cpuNs - lookedCpuNs));
    undealtStallNs += stalledNs;
    lookedNs = nowNs;
    lookedCpuNs = cpuNs;
  }

  function countAsked(nowNs: number): void {
    for (; askedFrom < asked.length; askedFrom++) {
      const { lane, atNs } = asked[askedFrom]!;
      if (nowNs - atNs < OPENING_ALLOWANCE_NS) return;
      if (phase === 'running' && lane.isWanted) conversation.wanted(lane);
    }
    asked.length = 0;
    askedFrom = 0;
  }

  function isOver(nowNs: number): boolean {
    const curveEndNs = connectedAtNs + curveDurationNs(plan.load.connections);
    return nowNs >= Math.max(curveEndNs, listenUntilNs) && !messagesExpected && work.isOver(nowNs);
  }

  // ---- messages

  function startMessages(atNs: number): void {
    if (phase !== 'running') return;
    messagesExpected = false;
    if (fanout !== null) {
      // Only when it is due: with a fixed time lanes may still be opening now.
      clock.after(Math.max(0, atNs - JUST_BEFORE_NS - clock.nowNs()), () => startFanout(fanout, lanes, atNs));
      listenUntilNs = atNs + (planStages(plan).at(-1)?.toNs ?? 0);
    }
    windows.setOrigin(atNs);
    work.start(atNs);
    pacer.start();
  }

  function stop(): void {
    if (phase !== 'running') return;
    const nowNs = clock.nowNs();
    work.stop(nowNs);
    drain(nowNs);
  }

  // ---- the end

  function drain(startedNs: number): void {
    phase = 'draining';
    reconnector?.stop();
    connector.cancelAll();
    for (const lane of lanes) {
      unwant(lane);
      conversation.abandon(lane);
      // Whoever does not read does not see either that its connection has ended.
      if (isMisbehaving) lane.link?.resume();
    }
    pacer.stop();
    if (pushes !== null) endPushes(pushes);
    let busyNs = traffic.ledger.next.some((count) => count > 0) ? startedNs : Number.NEGATIVE_INFINITY;
    /** While this process stood still nothing could be read: that time is not the service's. */
    let stoodStillNs = 0;
    let drainLookNs = startedNs;
    const look = (): void => {
      const nowNs = clock.nowNs();
      stoodStillNs += stallNs(nowNs - drainLookNs, BEAT_NS);
      drainLookNs = nowNs;
      if (recorder.inFlight > 0) busyNs = nowNs;
      // Lanes that retire are not among the open ones and may still be owed something.
      const isQuiet =
        !isMisbehaving &&
        recorder.inFlight === 0 &&
        !isOwed() &&
        (openLanes.count() === 0 || nowNs - busyNs >= Math.min(LINGER_NS, plan.drainNs));
      if (isQuiet || nowNs - startedNs - stoodStillNs >= plan.drainNs) closeAll();
      else clock.after(BEAT_NS, look);
    };
    look();
  }

  /** In a room with senders elsewhere nobody here knows whether all has come: the whole drain is waited for. */
  function isOwed(): boolean {
    if (pushes !== null && !heardAllPushes(pushes)) return true;
    if (fanout === null) return false;
    return shards > 1 || !heardAll(fanout.audience, traffic.ledger.next);
  }

  function closeAll(): void {
    phase = 'closing';
    conversation.closeAll();
    const startedNs = clock.nowNs();
    let patienceNs = isMisbehaving ? MISBEHAVING_CLOSE_TIMEOUT_NS : CLOSE_TIMEOUT_NS;
    let closeLookNs = startedNs;
    const look = (): void => {
      const nowNs = clock.nowNs();
      // What was answered while this process stood still has not been read yet.
      patienceNs += stallNs(nowNs - closeLookNs, BEAT_NS);
      closeLookNs = nowNs;
      const linked = lanes.filter((lane) => lane.link !== null);
      const isLate = nowNs - startedNs > patienceNs;
      if (linked.length > 0 && !isLate) {
        clock.after(BEAT_NS, look);
        return;
      }
      for (const lane of linked) conversation.giveUp(lane);
      phase = 'finished';
      windows.finish();
      const words = { worker: shard, group, lanes, ledger: traffic.ledger, fanout, states, sharedRoomOf };
      for (const event of lastWords(words, clock.nowNs())) hooks.event(event);
      hooks.finished();
    };
    look();
  }

  function reportFailure(lane: Lane, failure: FailureKind, detail: string, close: CloseFacts | null = null): void {
    const key = close === null ? failure : `${failure} ${close.code}`;
    if (failuresReported.has(key) || failuresReported.size >= MOST_FAILURES_TOLD) return;
    failuresReported.add(key);
    hooks.event({
      kind: 'failure',
      atNs: clock.nowNs(),
      worker: shard,
      group,
      lane: lane.stream,
      failure,
      detail,
      close,
    });
  }

  return { connect, startMessages, stop };
}

function next(events: Iterator<LaneEvent>): LaneEvent | null {
  const result = events.next();
  return result.done === true ? null : result.value;
}
