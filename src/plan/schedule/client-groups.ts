// The clients of a plan, and of them those that behave badly: each group has a plan of its own, so that it opens, sends and is
// counted by itself, and what it does is no part of the others' figures.
//
//   clients   0 ……………………… healthy ‥ | ‥ slow readers ‥ | ‥ resets ‥      numbers go on from group to group

import { NS_PER_SECOND } from '../../units/duration.ts';
import type { NonEmpty } from '../../units/non-empty.ts';
import { unreachable } from '../../units/unreachable.ts';
import type { Curve, Load, Messages, Misbehavior, Plan, Reconnect } from '../plan.ts';
import { peakLevel } from './curve.ts';

export interface ClientGroup {
  /** 0 is the healthy one. */
  readonly group: number;
  /** Null for the healthy one. */
  readonly misbehavior: Misbehavior | null;
  readonly plan: Plan;
  readonly clientCount: number;
  /** The number of its first client in the whole run. */
  readonly firstClient: number;
}

/** Those that go come back after so long, as often as they like. */
const COME_BACK: Reconnect = { backoff: 'constant', fromNs: 100e6, toNs: 100e6, jitter: 'none', atMost: 1_000_000 };
const HANDSHAKE_PATIENCE_NS = 3600e9;
/** Nobody waits for what clients that behave badly are still expected: it is time for those that did not read to catch up. */
const DRAIN_NS = 2 * NS_PER_SECOND;

/** How many clients each group has at the peak: the healthy one first. */
export function groupCounts({ connections, misbehaving }: Pick<Load, 'connections' | 'misbehaving'>): NonEmpty<number> {
  const clients = Math.ceil(peakLevel(connections));
  const counts = misbehaving.map(({ share }) => Math.round(share * clients));
  return [clients - counts.reduce((sum, count) => sum + count, 0), ...counts];
}

export function clientGroups(plan: Plan): NonEmpty<ClientGroup> {
  const { misbehaving } = plan.load;
  const [healthyCount, ...counts] = groupCounts(plan.load);
  const clients = healthyCount + counts.reduce((sum, count) => sum + count, 0);
  const healthy: ClientGroup = {
    group: 0,
    misbehavior: null,
    plan:
      counts.length === 0
        ? plan
        : withLoad(plan, { connections: scaled(plan.load.connections, healthyCount / clients) }),
    clientCount: healthyCount,
    firstClient: 0,
  };
  const groups = misbehaving.map(({ misbehavior }, index): ClientGroup => {
    const clientCount = counts[index]!;
    return {
      group: index + 1,
      misbehavior,
      plan: {
        ...withLoad(plan, {
          connections: scaled(plan.load.connections, clientCount / clients),
          messages: messagesOf(plan.load, clientCount / healthyCount),
        }),
        thresholds: [],
        abort: [],
        contract: null,
        resend: null,
        reconnect: comesBack(misbehavior) ? COME_BACK : plan.reconnect,
        drainNs: DRAIN_NS,
        target: { ...plan.target, ping: null, handshakeTimeoutNs: handshakeTimeoutNs(misbehavior, plan) },
      },
      clientCount,
      firstClient: counts.slice(0, index).reduce((sum, count) => sum + count, healthyCount),
    };
  });
  return [healthy, ...groups];
}

function withLoad(plan: Plan, load: Partial<Load>): Plan {
  return { ...plan, load: { ...plan.load, ...load, misbehaving: [] } };
}

/** The messages of the plan are the healthy clients'; the others send as much as one of those does. In rooms they only listen. */
function messagesOf({ messages, rooms }: Load, ratio: number): Messages {
  if (rooms !== null) return silence(messages);
  if (messages.kind !== 'open') return messages;
  const curve = mapCurve(messages.curve, (level) => level * ratio);
  return { ...messages, curve };
}

/** As long as the messages of the plan, without any. */
function silence(messages: Messages): Messages {
  switch (messages.kind) {
    case 'none':
      return messages;
    case 'open':
      return { ...messages, curve: mapCurve(messages.curve, () => 0) };
    case 'closed': {
      const { durationNs, start } = messages;
      const hold = { name: 'silence', shape: 'hold', from: 0, to: 0, durationNs, steps: 1 } as const;
      return { kind: 'open', curve: [hold], arrival: 'constant', start };
    }
    default:
      return unreachable(messages);
  }
}

/** Whole clients: a level between two would open one more. */
function scaled(curve: Curve, ratio: number): Curve {
  return mapCurve(curve, (level) => Math.round(level * ratio));
}

function mapCurve([first, ...others]: Curve, scale: (level: number) => number): Curve {
  const map = (segment: Curve[0]): Curve[0] => ({ ...segment, from: scale(segment.from), to: scale(segment.to) });
  return [map(first), ...others.map(map)];
}

/** Who takes his time with the handshake waits for its answer as long as the service does. */
function handshakeTimeoutNs({ kind }: Misbehavior, { target }: Plan): number {
  return kind === 'slow-handshake' ? HANDSHAKE_PATIENCE_NS : target.handshakeTimeoutNs;
}

function comesBack({ kind }: Misbehavior): boolean {
  return kind === 'malformed-frames' || kind === 'oversized' || kind === 'reset' || kind === 'churn';
}
