// One process's load, from the first connection to the last close frame:
//
//   connect()        clients open along the connection curve            ─┐
//   startMessages()  messages are due from here on                     │ windows, once a second
//   (end of the plan, or stop())                                       │ and at every end of a stage
//   drain            nothing further is sent; what is in flight counts │
//   close            the rest is lost; close handshakes; finished     ─┘
//
// The engine owns its clients and says everything it learns through `EngineHooks`; nobody asks it.

import type { RunEvent } from '../facts/event.ts';
import type { FailureKind } from '../facts/failure.ts';
import type { FailureCause } from '../facts/failure-cause.ts';
import type { Window } from '../facts/window.ts';
import { recordWithExpectedInterval } from '../histogram/histogram.ts';
import { createByType } from '../measure/by-type.ts';
import { createDensityFacts } from '../measure/density.ts';
import { endPushes, receivedAllPushes } from '../measure/pushes.ts';
import { countFailure, countStall, createRecorder } from '../measure/recorder.ts';
import { receivedAll } from '../measure/room-tracking.ts';
import { markSent } from '../measure/sent-marks.ts';
import type { Misbehavior, Plan } from '../plan/plan.ts';
import { type ConnectionEvent, connectionEvents } from '../plan/schedule/connection-events.ts';
import { curveDurationNs } from '../plan/schedule/curve.ts';
import { createTypeOf } from '../plan/schedule/message-types.ts';
import { isPublisher, roomOf } from '../plan/schedule/rooms.ts';
import { planStages } from '../plan/schedule/stages.ts';
import type { ProtocolAdapter } from '../protocols/adapter.ts';
import type { Rows } from '../protocols/json/values.ts';
import { shareCount } from '../units/shares.ts';
import type { Clock } from './clock.ts';
import { Client } from './connections/client.ts';
import type { Addresses } from './connections/connect-target.ts';
import { createConnectionLifecycle } from './connections/connection-lifecycle.ts';
import { createConnector } from './connections/connector.ts';
import { createOpenConnections } from './connections/open-connections.ts';
import { createPinger } from './connections/pinger.ts';
import { createReconnector } from './connections/reconnector.ts';
import type { OpenTransport } from './connections/transport.ts';
import { createDriver, statesFor } from './drivers.ts';
import { createFanout, pushesFor, startFanout } from './fanout.ts';
import { finalFacts } from './final-facts.ts';
import { createAccounting } from './hot/accounting.ts';
import { withIdempotencyCheck } from './load/idempotency-check.ts';
import { createLoadModel } from './load/load-models.ts';
import { createPacer } from './load/pacing.ts';
import { acknowledgementsFor, createResender } from './load/resender.ts';
import { stallNs } from './stall.ts';
import { createWindowCutter, type ProcessMeter } from './windows.ts';

/** What one process of a run is to do. Survives structured clone. */
export interface Assignment {
  readonly plan: Plan;
  /** This process does share `shard` of `shards`. */
  readonly shard: number;
  readonly shards: number;
  /** The 32-bit nonce of the run in every message. */
  readonly run: number;
  /** How many clients of the group the whole run has at its peak. */
  readonly clientCount: number;
  /** 0 for clients that behave as they should; the others are counted apart. */
  readonly group: number;
  /** The number of the group's first client in the whole run. */
  readonly firstClient: number;
  /** Null where clients behave as they should. */
  readonly misbehavior: Misbehavior | null;
  readonly rows: Rows;
  /** Rows of the plan's feeder. */
  readonly feeder: Rows;
  readonly addresses: Addresses;
  /** Spin between sends instead of waiting on a timer. */
  readonly precise: boolean;
}

export interface EngineHooks {
  window(window: Window): void;
  event(event: RunEvent): void;
  /** Every client of the first connection segment is open or has failed. */
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
  /** What the module of the plan's protocol exports; null where the plan names none. */
  readonly adapter: ProtocolAdapter | null;
  /** Seeds the mask keys; must be unpredictable (RFC 6455 §10.3). */
  readonly maskSeed: number;
  readonly hooks: EngineHooks;
}

/** How often the end of a phase is looked for, and the event loop's delay taken. */
const TICK_NS = 20e6;
/** After everything has arrived, how long to watch for duplicates and unexpected. */
const LINGER_NS = 500e6;
/** How long a client may take to open before its time counts as asked for: see `connections.wantedNs` of a window. */
const OPENING_ALLOWANCE_NS = 1e9;
/** What is told in words of failures: one of each kind and close code, and no more than this. */
const MOST_FAILURES_REPORTED = 40;
const CLOSE_TIMEOUT_NS = 2e9;
/** Nobody waits for the good manners of a client that has none. */
const MISBEHAVING_CLOSE_TIMEOUT_NS = 200e6;
const JUST_BEFORE_NS = 1e6;

export function createEngine(parts: EngineParts): Engine {
  const { assignment, clock, hooks } = parts;
  const { plan, shard, shards, group, firstClient } = assignment;
  const isMisbehaving = assignment.misbehavior !== null;
  const recorder = createRecorder();
  const clientCount = shareCount(assignment.clientCount, shard, shards);
  const clients = Array.from(
    { length: clientCount },
    (_, index) => new Client(index, firstClient + index * shards + shard),
  );
  const { rooms } = plan.load;
  const openConnections = createOpenConnections(
    clientCount,
    (client) => rooms === null || isPublisher(rooms, client.stream),
  );
  const density = createDensityFacts();
  const fanout =
    rooms === null
      ? null
      : createFanout({
          plan,
          rooms,
          shard,
          shards,
          firstClient,
          clients: clientCount,
          allClients: assignment.clientCount,
          density,
        });
  const pushes = pushesFor(plan, clientCount, assignment.clientCount, density);
  const sharedRoomOf = (stream: number): number => (rooms === null ? 0 : roomOf(rooms, stream));
  const states = statesFor(plan, sharedRoomOf);
  const { mix } = plan.load;
  const byType = mix.length === 1 ? null : createByType(createTypeOf(plan), mix.length);
  const acks = acknowledgementsFor(plan, clientCount);
  const accounting = createAccounting({
    clients: clientCount,
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
    refusedWith(client, seq, detail) {
      // The others are counted apart.
      if (group > 0) return;
      hooks.event({ kind: 'rejection', atNs: clock.nowNs(), worker: shard, client: client.stream, seq, detail });
    },
    unreadable: (client, example, atNs) =>
      hooks.event({ kind: 'unreadable', atNs, worker: shard, group, client, ...example }),
    notUnderstood: (detail, unreadable) =>
      hooks.event({ kind: 'notUnderstood', atNs: clock.nowNs(), worker: shard, detail, unreadable }),
  });
  const plainDriver = createDriver({
    plan,
    run: assignment.run,
    clients: clientCount,
    accounting,
    rows: assignment.rows,
    feeder: assignment.feeder,
    adapter: parts.adapter,
    adapterFailed(client, message) {
      countFailure(recorder, 'adapterError');
      reportFailure(client, 'adapterError', { kind: 'error', message });
    },
  });
  const idempotencyCheck = withIdempotencyCheck(plan, accounting, plainDriver, clock);
  const { driver } = idempotencyCheck;
  const resender = createResender(plan, accounting, plainDriver);
  const loadModel = createLoadModel({
    plan,
    shard,
    shards,
    clientCount,
    openConnections,
    accounting,
    driver,
    clock,
    clientAt: (index) => clients[index]!,
    wake: () => pacer.wake(),
  });
  const pacer = createPacer(clock, loadModel, assignment.precise);
  const windows = createWindowCutter({
    worker: shard,
    group,
    stages: planStages(plan),
    recorder,
    ledger: accounting.ledger,
    roomTracking: fanout?.roomTracking.tracking.ledger ?? null,
    spread: fanout?.spread ?? null,
    pushes,
    byType,
    clock,
    meter: parts.meter,
    beforeCut(nowNs) {
      noteStall(nowNs);
      markSent(accounting.sentMarks, accounting.ledger, nowNs);
    },
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
          clients,
          clientCount: assignment.clientCount,
          accounting,
          clock,
          silent: (client, detail) => lifecycle.drop(client, 'pingTimeout', detail),
        });
  const lifecycle = createConnectionLifecycle({
    plan,
    accounting,
    driver,
    loadModel,
    openConnections,
    pinger,
    clock,
    answersPings: assignment.misbehavior?.kind !== 'no-pong',
    failed: reportFailure,
    resumed(client) {
      resender?.reconnected(client, clock.nowNs());
      idempotencyCheck.resumed(client);
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
    transport: parts.openTransport<Client>({
      onConnect: (client) => connector.onConnect(client),
      onBytes(client, bytes, view, end) {
        recorder.bytes.received += end;
        accounting.readBytes = bytes;
        accounting.readView = view;
        const start = client.opening === null ? 0 : connector.onBytes(client, bytes, end);
        if (start < end) lifecycle.onBytes(client, bytes, start, end);
      },
      onClose(client, socket, error) {
        if (client.socket !== socket) return; // given up before
        if (client.opening === null) lifecycle.onClose(client, error);
        else connector.onClose(client, error);
      },
    }),
    opened(client, deflate) {
      lifecycle.opened(client, deflate);
      reconnector?.opened(client);
      noteResolved(client);
    },
    failed(client, kind, cause) {
      reportFailure(client, kind, cause);
      noteResolved(client);
      reconnector?.failed(client);
    },
  });
  const reconnector =
    plan.reconnect === null
      ? null
      : createReconnector({
          reconnect: plan.reconnect,
          seed: plan.seed,
          shard,
          clients,
          recorder,
          clock,
          open: (client) => connector.request(client),
          gaveUp: (client) => lifecycle.abandon(client),
        });

  let phase: 'idle' | 'running' | 'draining' | 'closing' | 'finished' = 'idle';
  let connectedAtNs = 0;
  let firstClientsUnresolved = 0;
  let messagesExpected = plan.load.messages.kind !== 'none';
  /** In a room other processes may send when this one has nothing left to send. */
  let listenUntilNs = Number.NEGATIVE_INFINITY;
  const failuresReported = new Set<string>();
  const reopen = new Set<Client>();
  /** Clients that the plan asked for and that are not open yet, in that order, and when it asked. */
  const asked: { readonly client: Client; readonly atNs: number }[] = [];
  let askedFrom = 0;
  /** When this process last looked whether it had stood still, what it had used of the processor, and what the tick has not dealt with. */
  let lookedNs = 0;
  let lookedCpuNs = 0;
  let undealtStallNs = 0;

  // ---- clients along the connection curve

  function connect(atNs: number): void {
    phase = 'running';
    connectedAtNs = atNs;
    recorder.inFlightSinceNs = atNs;
    firstClientsUnresolved = firstClientCount();
    lookedNs = atNs;
    lookedCpuNs = parts.meter.cpuNs();
    windows.start(atNs);
    if (!messagesExpected) windows.setOrigin(atNs);
    clock.after(atNs - clock.nowNs(), () => {
      if (firstClientsUnresolved === 0) clock.after(plan.load.connections[0].durationNs, hooks.connected);
      followCurve(connectionEvents(plan.load.connections, shard, shards), null);
      tick(clock.nowNs());
    });
  }

  function firstClientCount(): number {
    const first = plan.load.connections[0];
    return first.shape === 'burst' ? 0 : shareCount(Math.max(0, Math.ceil(first.to)), shard, shards);
  }

  function followCurve(events: Iterator<ConnectionEvent>, held: ConnectionEvent | null): void {
    if (phase !== 'running') return;
    for (let event = held ?? next(events); event !== null; event = next(events)) {
      const waitNs = connectedAtNs + event.atNs - clock.nowNs();
      if (waitNs > 0) {
        const later = event;
        clock.after(Math.max(waitNs, 1e6), () => followCurve(events, later));
        return;
      }
      const client = clients[(event.client - shard) / shards]!;
      if (event.action === 'open') open(client);
      else close(client);
    }
  }

  function open(client: Client): void {
    client.isWanted = true;
    asked.push({ client, atNs: clock.nowNs() });
    if (client.state === 'idle') connector.request(client);
    else if (client.state === 'draining' || client.state === 'closing') reopen.add(client);
  }

  function close(client: Client): void {
    unwant(client);
    reopen.delete(client);
    reconnector?.forget(client);
    lifecycle.abandon(client);
    if (client.state === 'opening') {
      connector.cancel(client);
      noteResolved(client);
    } else lifecycle.retire(client);
  }

  function unwant(client: Client): void {
    client.isWanted = false;
    lifecycle.unwanted(client);
  }

  function closed(client: Client): void {
    if (phase !== 'running' || !client.isWanted) lifecycle.abandon(client);
    if (phase !== 'running') return;
    if (reopen.delete(client)) connector.request(client);
    else if (client.isWanted && !Number.isNaN(client.droppedNs)) reconnector?.dropped(client);
  }

  /** Once for each of the first clients, however often it is opened. */
  function noteResolved(client: Client): void {
    if (client.isResolved) return;
    client.isResolved = true;
    // From its first opening, or failure, on: until then it is not the service's time alone.
    if (client.isWanted) lifecycle.wanted(client);
    if (client.index < firstClientCount() && --firstClientsUnresolved === 0) hooks.connected();
  }

  // ---- the tick: event-loop delay, clients that leave, the end of the phase

  function tick(expectedNs: number): void {
    if (phase === 'finished') return;
    const nowNs = clock.nowNs();
    // A stall swallows the ticks that were due in it; they count as well, or half a second of it would be one sample.
    recordWithExpectedInterval(recorder.histograms.eventLoopDelay, Math.max(0, nowNs - expectedNs), TICK_NS);
    noteStall(nowNs);
    lifecycle.sweep(undealtStallNs);
    undealtStallNs = 0;
    countAsked(nowNs);
    if (resender !== null) for (const client of openConnections.senders()) resender.sweep(client, nowNs);
    if (phase === 'running' && isOver(nowNs)) drain(nowNs);
    clock.after(TICK_NS, () => tick(nowNs + TICK_NS));
  }

  /** Before a window is cut, too: what stood still in it must not be counted in the next one. */
  function noteStall(nowNs: number): void {
    const cpuNs = parts.meter.cpuNs();
    const stalledNs = stallNs(nowNs - lookedNs, TICK_NS);
    if (stalledNs > 0) countStall(recorder, stalledNs, Math.max(0, cpuNs - lookedCpuNs));
    undealtStallNs += stalledNs;
    lookedNs = nowNs;
    lookedCpuNs = cpuNs;
  }

  function countAsked(nowNs: number): void {
    for (; askedFrom < asked.length; askedFrom++) {
      const { client, atNs } = asked[askedFrom]!;
      if (nowNs - atNs < OPENING_ALLOWANCE_NS) return;
      if (phase === 'running' && client.isWanted) lifecycle.wanted(client);
    }
    asked.length = 0;
    askedFrom = 0;
  }

  function isOver(nowNs: number): boolean {
    const curveEndNs = connectedAtNs + curveDurationNs(plan.load.connections);
    return nowNs >= Math.max(curveEndNs, listenUntilNs) && !messagesExpected && loadModel.isOver(nowNs);
  }

  // ---- messages

  function startMessages(atNs: number): void {
    if (phase !== 'running') return;
    messagesExpected = false;
    if (fanout !== null) {
      // Only when it is due: with a fixed time clients may still be opening now.
      clock.after(Math.max(0, atNs - JUST_BEFORE_NS - clock.nowNs()), () => startFanout(fanout, clients, atNs));
      listenUntilNs = atNs + (planStages(plan).at(-1)?.toNs ?? 0);
    }
    windows.setOrigin(atNs);
    loadModel.start(atNs);
    pacer.start();
  }

  function stop(): void {
    if (phase !== 'running') return;
    const nowNs = clock.nowNs();
    loadModel.stop(nowNs);
    drain(nowNs);
  }

  // ---- the end

  function drain(startedNs: number): void {
    phase = 'draining';
    reconnector?.stop();
    connector.cancelAll();
    for (const client of clients) {
      unwant(client);
      lifecycle.abandon(client);
      // Whoever does not read does not see either that its connection has ended.
      if (isMisbehaving) client.socket?.resume();
    }
    pacer.stop();
    if (pushes !== null) endPushes(pushes);
    let busyNs = accounting.ledger.next.some((count) => count > 0) ? startedNs : Number.NEGATIVE_INFINITY;
    /** While this process stood still nothing could be read: that time is not the service's. */
    let stoodStillNs = 0;
    let drainLookNs = startedNs;
    const look = (): void => {
      const nowNs = clock.nowNs();
      stoodStillNs += stallNs(nowNs - drainLookNs, TICK_NS);
      drainLookNs = nowNs;
      if (recorder.inFlight > 0) busyNs = nowNs;
      // Clients that retire are not among the open ones and may still be expected something.
      const isQuiet =
        !isMisbehaving &&
        recorder.inFlight === 0 &&
        !isExpected() &&
        (openConnections.count() === 0 || nowNs - busyNs >= Math.min(LINGER_NS, plan.drainNs));
      if (isQuiet || nowNs - startedNs - stoodStillNs >= plan.drainNs) closeAll();
      else clock.after(TICK_NS, look);
    };
    look();
  }

  /** In a room with senders elsewhere nobody here knows whether all has come: the whole drain is waited for. */
  function isExpected(): boolean {
    if (pushes !== null && !receivedAllPushes(pushes)) return true;
    if (fanout === null) return false;
    return shards > 1 || !receivedAll(fanout.roomTracking, accounting.ledger.next);
  }

  function closeAll(): void {
    phase = 'closing';
    lifecycle.closeAll();
    const startedNs = clock.nowNs();
    let patienceNs = isMisbehaving ? MISBEHAVING_CLOSE_TIMEOUT_NS : CLOSE_TIMEOUT_NS;
    let closeLookNs = startedNs;
    const look = (): void => {
      const nowNs = clock.nowNs();
      // What was answered while this process stood still has not been read yet.
      patienceNs += stallNs(nowNs - closeLookNs, TICK_NS);
      closeLookNs = nowNs;
      const linked = clients.filter((client) => client.socket !== null);
      const isLate = nowNs - startedNs > patienceNs;
      if (linked.length > 0 && !isLate) {
        clock.after(TICK_NS, look);
        return;
      }
      for (const client of linked) lifecycle.giveUp(client);
      phase = 'finished';
      windows.finish();
      const words = { worker: shard, group, clients, ledger: accounting.ledger, fanout, states, sharedRoomOf };
      for (const event of finalFacts(words, clock.nowNs())) hooks.event(event);
      hooks.finished();
    };
    look();
  }

  function reportFailure(client: Client, failure: FailureKind, cause: FailureCause): void {
    const key = cause.kind === 'closeFrame' ? `${failure} ${cause.code}` : failure;
    if (failuresReported.has(key) || failuresReported.size >= MOST_FAILURES_REPORTED) return;
    failuresReported.add(key);
    hooks.event({
      kind: 'failure',
      atNs: clock.nowNs(),
      worker: shard,
      group,
      client: client.stream,
      failure,
      cause,
    });
  }

  return { connect, startMessages, stop };
}

function next(events: Iterator<ConnectionEvent>): ConnectionEvent | null {
  const result = events.next();
  return result.done === true ? null : result.value;
}
