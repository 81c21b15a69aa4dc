// One campaign: the reference target, misbehaving as drawn and writing down the truth, and the engine against it over
// real sockets; then the judgment.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createJudge } from '../../src/analysis/judge/judge.ts';
import { monotonicClock } from '../../src/engine/clock.ts';
import { createNodeTransport } from '../../src/engine/connections/node-transport.ts';
import { createEngine } from '../../src/engine/engine.ts';
import type { RunEvent } from '../../src/facts/event.ts';
import type { ReceiverFacts } from '../../src/facts/receivers.ts';
import type { RunResult } from '../../src/facts/result.ts';
import { type Behavior, FAULTLESS } from '../../src/injection/behavior.ts';
import type { Act } from '../../src/injection/truth.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { peakLevel } from '../../src/plan/schedule/curve.ts';
import { startReferenceTarget } from '../../src/target/reference-target.ts';
import { createServices } from '../../src/target/services.ts';
import { drawCampaign } from './draw.ts';

export interface Outcome {
  /** Whether this process, in which the service is as well, got to run when it should have. */
  readonly isAwake: boolean;
  readonly plan: Plan;
  readonly result: RunResult;
  readonly truth: readonly Act[];
  /** What each worker's clients received of one another. */
  readonly receiverFacts: readonly ReceiverFacts[];
  /** Every violation that was described, beyond the first hundred that the result keeps. */
  readonly violations: RunResult['violations'];
  /** Of what the service said of its own accord, by channel: how many numbers before the plan ended. Else not there. */
  readonly said?: readonly number[];
}

export async function runCampaign(seed: number): Promise<Outcome> {
  const { behavior, compression, said } = drawCampaign(seed, 'ws://127.0.0.1:1');
  const finished = await runAgainst((url) => drawCampaign(seed, url).plan, behavior, compression);
  return said === undefined ? finished : { ...finished, said };
}

export async function runAgainst(
  planFor: (url: string) => Plan,
  behavior: Behavior = FAULTLESS,
  compression = false,
): Promise<Outcome> {
  const truth: Act[] = [];
  const target = await startReferenceTarget({
    host: '127.0.0.1',
    port: 0,
    serve: createServices(behavior, (act) => truth.push(act)),
    compression,
    maxMessageBytes: 1e7,
  });
  const finished = await drive(planFor(target.url)).finally(() => target.close());
  return { ...finished, truth };
}

const LOOK_EVERY_MS = 10;
/** At most, and on average: ten campaigns at once on a machine that is free are at 72 ms and 12 ms. */
const MOST_STILL_NS = 100e6;
const MOST_LATE_NS = 15e6;

/** The engine against whatever the plan's URL is of. */
export function drive(plan: Plan): Promise<Omit<Outcome, 'truth'>> {
  const originNs = process.hrtime.bigint();
  const loop = monitorEventLoopDelay({ resolution: LOOK_EVERY_MS });
  loop.enable();
  const clock = monotonicClock(originNs);
  const events: RunEvent[] = [startedEvent()];
  return new Promise((resolve) => {
    const judgeWindows: Parameters<ReturnType<typeof createJudge>['window']>[0][] = [];
    const engine = createEngine({
      assignment: {
        plan,
        shard: 0,
        shards: 1,
        run: 0x5eed_0001,
        clientCount: Math.ceil(peakLevel(plan.load.connections)),
        group: 0,
        firstClient: 0,
        misbehavior: null,
        rows: [],
        feeder: [],
        addresses: {},
        precise: false,
      },
      openTransport: (handler) => createNodeTransport(handler, null),
      clock,
      adapter: null,
      maskSeed: 12_345,
      meter: { cpuNs: () => 0, throttledNs: () => 0, rssBytes: () => 1, bootNs: () => null },
      hooks: {
        window: (window) => void judgeWindows.push(window),
        event: (event) => void events.push(event),
        connected() {
          const atNs = clock.nowNs() + 5e6 + (plan.load.rooms?.settleNs ?? 0);
          events.push({ kind: 'messagesStarted', atNs });
          engine.startMessages(atNs);
        },
        finished() {
          events.push({ kind: 'runEnded', atNs: clock.nowNs(), end: 'completed', windows: [] });
          const judge = createJudge(plan, events, () => '');
          for (const window of judgeWindows) judge.window(window);
          const violations = events.flatMap((event) =>
            event.kind === 'violation' ? [{ ...event, atSecond: event.atNs / 1e9 }] : [],
          );
          const receiverFacts = events.flatMap((event) => (event.kind === 'receivers' ? [event.receivers] : []));
          loop.disable();
          resolve({
            plan,
            result: judge.finish(),
            receiverFacts,
            violations,
            isAwake: loop.max < MOST_STILL_NS && loop.mean < MOST_LATE_NS,
          });
        },
      },
    });
    engine.connect(0);
  });
}

function startedEvent(): RunEvent {
  return {
    kind: 'runStarted',
    atNs: 0,
    manifest: {
      id: 'campaign',
      startedAt: '2026-01-01T00:00:00.000Z',
      highwaterVersion: '0',
      nodeVersion: process.version,
      workerCount: 1,
      machine: {
        platform: 'test',
        cpuModel: 'test',
        cores: 1,
        allowedCores: 1,
        memoryBytes: 1,
        allowedMemoryBytes: 1,
        hostname: 'test',
      },
      git: null,
      unusedProxy: null,
    },
  };
}
