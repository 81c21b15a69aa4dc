// One run of the engine in virtual time against a scripted service, with the part of the coordinator played here.
// What must hold in every run is asserted in every run: books, windows that tile the time, one end and nothing after it.

import { expect } from 'vitest';
import { addWindow, createTally, type Tally } from '../../../src/analysis/figures/tally.ts';
import type { Addresses } from '../../../src/engine/connections/connect-target.ts';
import { createEngine, type Engine } from '../../../src/engine/engine.ts';
import type { RunEvent } from '../../../src/facts/event.ts';
import { causeText } from '../../../src/facts/failure-cause.ts';
import { decodeWindow, encodeWindow, MESSAGE_FACTS, type Window } from '../../../src/facts/window.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { peakLevel } from '../../../src/plan/schedule/curve.ts';
import type { ProtocolAdapter } from '../../../src/protocols/adapter.ts';
import type { Rows } from '../../../src/protocols/json/values.ts';
import { createMemoryNetwork, type MemoryNetwork, type MemoryNetworkOptions, type PeerEnd } from './memory-network.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';
import { createWebSocketService, type PeerConnection, type PeerScript } from './websocket-peer.ts';

/** From the last "connected" to the first message, as the coordinator has it. */
export const START_MARGIN_NS = 20e6;
export const RUN_NONCE = 0x1234_5678;

export interface Stage {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly engines: readonly Engine[];
  readonly connections: readonly PeerConnection[];
}

export interface Scenario {
  readonly plan: Plan;
  /** By default every message is sent back. */
  readonly script?: (clock: VirtualClock) => PeerScript;
  readonly shards?: number;
  readonly precise?: boolean;
  readonly protocol?: ProtocolAdapter;
  readonly rows?: Rows;
  readonly addresses?: Addresses;
  readonly network?: Partial<MemoryNetworkOptions>;
  /** Instead of the service at 10.0.0.1:80. */
  readonly listen?: (network: MemoryNetwork, accept: (peer: PeerEnd) => void) => void;
  /** What else happens: called before anything has. */
  readonly prepare?: (stage: Stage) => void;
}

export interface Outcome {
  readonly tally: Tally;
  readonly windows: readonly Window[];
  readonly events: readonly RunEvent[];
  readonly connections: readonly PeerConnection[];
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  /** By worker; null where it never said so. */
  readonly connectedNs: readonly (number | null)[];
  readonly messagesAtNs: number | null;
  readonly finishedNs: number;
}

export function runScenario(scenario: Scenario): Outcome {
  const { plan, shards = 1 } = scenario;
  const clock = createVirtualClock();
  const network = createMemoryNetwork(clock, scenario.network);
  const service = createWebSocketService(scenario.script?.(clock) ?? {});
  if (scenario.listen !== undefined) scenario.listen(network, service.accept);
  else network.listen('10.0.0.1', 80, service.accept);

  const windows: Window[] = [];
  const events: RunEvent[] = [];
  const connectedNs: (number | null)[] = Array.from({ length: shards }, () => null);
  const finished: number[] = [];
  let messagesAtNs: number | null = null;

  const engines = connectedNs.map((_, shard) =>
    createEngine({
      assignment: {
        plan,
        shard,
        shards,
        run: RUN_NONCE,
        clientCount: Math.ceil(peakLevel(plan.load.connections)),
        group: 0,
        firstClient: 0,
        misbehavior: null,
        rows: scenario.rows ?? [],
        feeder: [],
        addresses: scenario.addresses ?? {},
        precise: scenario.precise ?? false,
      },
      openTransport: (handler) => network.open(handler),
      adapter: scenario.protocol ?? null,
      clock,
      meter: { cpuNs: () => clock.nowNs() / 4, throttledNs: () => 0, rssBytes: () => 1e6, bootNs: () => null },
      maskSeed: 99 + shard,
      hooks: {
        window(window) {
          expect(finished, 'no window after the end').not.toContain(window.worker);
          windows.push(window);
        },
        event: (event) => void events.push(event),
        connected() {
          expect(connectedNs[shard], 'connected is said once').toBeNull();
          connectedNs[shard] = clock.nowNs();
          if (connectedNs.every((ns) => ns !== null)) {
            startMessages(clock.nowNs() + START_MARGIN_NS + (plan.load.rooms?.settleNs ?? 0));
          }
        },
        finished() {
          expect(finished, 'finished is said once').not.toContain(shard);
          finished.push(shard);
        },
      },
    }),
  );

  function startMessages(atNs: number): void {
    if (plan.load.messages.kind === 'none' || messagesAtNs !== null) return;
    messagesAtNs = Math.ceil(atNs);
    for (const engine of engines) engine.startMessages(messagesAtNs);
  }

  scenario.prepare?.({ clock, network, engines, connections: service.connections });
  for (const engine of engines) engine.connect(0);
  if (plan.load.messages.kind !== 'none' && plan.load.messages.start.kind === 'at') {
    startMessages(plan.load.messages.start.atNs);
  }
  clock.runUntil(() => finished.length === shards);
  const finishedNs = clock.nowNs();
  clock.runTo(finishedNs + 10e9); // whatever still comes must not speak

  const tally = createTally();
  for (const window of windows) addWindow(tally, window);
  expectSound(plan, windows, tally, finishedNs, shards);
  return {
    tally,
    windows,
    events,
    connections: service.connections,
    clock,
    network,
    connectedNs,
    messagesAtNs,
    finishedNs,
  };
}

function expectSound(plan: Plan, windows: readonly Window[], tally: Tally, finishedNs: number, shards: number): void {
  const { messages, unsent } = tally;
  expect(messages.due, 'due = sent + unsent').toBe(
    messages.sent + Object.values(unsent).reduce((sum, count) => sum + count, 0),
  );
  // Where senders receive nothing of their own messages, the outcomes come from the join.
  if (plan.load.rooms?.self !== false) {
    expect(messages.sent, 'sent = delivered + rejected + lost + unresolved').toBe(
      messages.delivered + messages.rejected + messages.lost + messages.unresolved,
    );
    const { bySecondSent } = tally.delivery.loss;
    expect(
      [...bySecondSent.values()].reduce((sum, count) => sum + count, 0),
      'each loss has its second',
    ).toBe(messages.lost);
    for (const { second, delivery } of windows) {
      for (const [sentSecond] of delivery.loss.bySecondSent) expect(sentSecond).toBeLessThanOrEqual(second);
    }
  }
  expect(tally.connections.attempted, 'each attempt opens, fails or is taken back').toBeGreaterThanOrEqual(
    tally.connections.opened + tally.connections.failed,
  );
  expect(tally.histograms.response.count, 'a response time for each delivery').toBe(messages.delivered);
  expect(tally.histograms.service.count, 'a service time for each delivery').toBe(messages.delivered);
  expect(tally.histograms.sendLag.count, 'a send lag for each message sent').toBe(messages.sent);
  for (const name of ['response', 'service', 'sendLag'] as const) {
    expect(tally.histograms[name].negativeCount, `no negative ${name}`).toBe(0);
  }
  for (let worker = 0; worker < shards; worker++) {
    const own = windows.filter((window) => window.worker === worker);
    const last = own.at(-1)!;
    expect(last.health.inFlight, 'nothing is in flight at the end').toBe(0);
    expect(last.connections.open, 'nothing is open at the end').toBe(0);
    let fromNs = 0;
    for (const window of own) {
      expect(window.second).toBe(Math.floor(fromNs / 1e9));
      expect(window.untilNs - window.health.elapsedNs, 'windows have no gaps').toBeCloseTo(fromNs, 3);
      expect(window.connections.peakOpen).toBeGreaterThanOrEqual(window.connections.open);
      expect(window.connections.lowestOpen).toBeLessThanOrEqual(window.connections.open);
      expect(MESSAGE_FACTS.filter((name) => !(window.messages[name] >= 0))).toEqual([]);
      expect(decodeWindow(encodeWindow(window))).toEqual(window);
      fromNs = window.untilNs;
    }
    expect(last.untilNs).toBeLessThanOrEqual(finishedNs);
  }
}

/** How many violations of each kind were described. */
export function violations(outcome: Outcome): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const event of outcome.events) {
    if (event.kind === 'violation') counts[event.violation] = (counts[event.violation] ?? 0) + 1;
  }
  return counts;
}

export function failures(outcome: Outcome): { readonly failure: string; readonly detail: string }[] {
  return outcome.events.flatMap((event) =>
    event.kind === 'failure' ? [{ failure: event.failure, detail: causeText(event.cause) }] : [],
  );
}

/** Every data message that the service received, over all connections. */
export function receivedCount(outcome: Outcome): number {
  return outcome.connections.reduce((sum, connection) => sum + (connection?.received.length ?? 0), 0);
}
