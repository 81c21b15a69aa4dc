// What a campaign tries, drawn from its seed: a load, the shape of its messages, and what the service does wrong.

import type { Behavior } from '../../src/injection/behavior.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { createRandom, type Random } from '../../src/random/generator.ts';
import { behaviorOf, planOf, whole } from './drawing.ts';
import { drawTickers } from './ticker-draw.ts';

export interface Draw {
  readonly plan: Plan;
  readonly behavior: Behavior;
  readonly compression: boolean;
  /** Of what the service says of its own accord, by channel: how many numbers before the plan ends. Else not there. */
  readonly said?: readonly number[];
}

/** `url` is where the service listens. */
export function drawCampaign(seed: number, url: string): Draw {
  const random = createRandom(seed);
  const isText = random() < 0.4;
  const compression = random() < 0.15;
  const service = random();
  if (service < 0.2) return drawAssistants(seed, random, url);
  if (service > 0.86 && service <= 0.93) return drawTickers(seed, random, url);
  if (service > 0.93) return drawQueues(seed, random, url);
  const isRooms = random() < 0.3;
  const clients = isRooms ? whole(random, 2, 12) : whole(random, 1, 12);
  const rooms = isRooms ? drawRooms(random, clients) : undefined;
  const plan = planOf({
    name: `campaign ${seed}`,
    seed,
    target: { url: rooms === undefined ? url : `${url}/rooms/\${room}?client=\${client}`, compression },
    protocol: { kind: 'echo', format: isText ? 'text' : 'binary' },
    load: {
      connections: drawConnections(random, clients, isRooms),
      messages: drawMessages(random, compression, rooms),
      mix: drawMix(random, isText),
      ...(rooms === undefined ? {} : { rooms }),
    },
    thresholds: ['sent > 0'],
    drain: '2500ms',
  });
  return { plan, behavior: drawBehavior(random, seed, isRooms), compression };
}

/** Assistants that acknowledge and keep a state, and senders that send again. */
function drawAssistants(seed: number, random: Random, url: string): Draw {
  const idempotencyCheck = { share: `${whole(random, 1, 10)}%`, copies: whole(random, 1, 3), every: '20ms' };
  const plan = planOf({
    name: `campaign ${seed}`,
    seed,
    target: { url: `${url}/assistants/\${client}?client=\${client}` },
    protocol: {
      kind: 'json',
      send: { id: `\${id}`, text: `\${payload}` },
      ack: 'ack',
      duplicate: 'duplicate',
      payload: 'text',
      state: { count: 'state.count', digest: 'state.digest' },
    },
    load: {
      connections: [{ to: whole(random, 1, 8) }, { hold: '800ms' }],
      messages: { open: [{ to: `${whole(random, 100, 800)}/s` }, { hold: '700ms' }] },
      mix: [
        { type: 'a', bytes: whole(random, 60, 300) },
        { type: 'b', bytes: whole(random, 60, 300) },
      ],
    },
    resend: { after: '400ms', atMost: 3, ...(random() < 0.5 ? { idempotencyCheck } : {}) },
    thresholds: ['sent > 0'],
    drain: '2500ms',
  });
  const rate = (): string => `${(0.3 + 3 * random()).toFixed(2)}%`;
  const kinds = ['swallowAck', 'ackThenLose', 'applyTwice', 'forget', 'drop', 'duplicate'];
  const faults = kinds.filter(() => random() < 0.6).map((kind) => ({ kind, rate: rate() }));
  const behavior = behaviorOf({ seed: seed + 1, faults: [...faults, { kind: 'reorder', rate: rate(), by: 3 }] });
  return { plan, behavior, compression: false };
}

/** Queues that are offered more than they work off, at times by much, at times not at all. */
function drawQueues(seed: number, random: Random, url: string): Draw {
  const plan = planOf({
    name: `campaign ${seed}`,
    seed,
    target: { url: `${url}/queues/${random() < 0.5 ? 'work' : `\${client}`}?client=\${client}` },
    protocol: {
      kind: 'json',
      send: { id: `\${id}`, as: `\${type}`, priority: `\${priority}`, text: `\${payload}` },
      error: 'error',
      payload: 'text',
    },
    load: {
      connections: [{ to: whole(random, 1, 8) }, { hold: '800ms' }],
      messages: { open: [{ to: `${whole(random, 100, 800)}/s` }, { hold: '700ms' }] },
      mix: [
        { type: 'chat', weight: whole(random, 1, 9), bytes: whole(random, 100, 300), priority: 'low' },
        { type: 'order', bytes: whole(random, 100, 300), priority: 'high' },
        { type: 'other', bytes: whole(random, 100, 300) },
      ],
    },
    thresholds: ['sent > 0'],
    drain: '2500ms',
  });
  const rate = (): string => `${(0.3 + 3 * random()).toFixed(2)}%`;
  const faults = ['drop', 'duplicate'].filter(() => random() < 0.6).map((kind) => ({ kind, rate: rate() }));
  const queue = { capacity: whole(random, 1, 60), rate: `${whole(random, 100, 400)}/s` };
  return { plan, behavior: behaviorOf({ seed: seed + 1, faults, queue }), compression: false };
}

/** Some lose all their clients in the middle and open them again: an orderly reconnect of every one. */
function drawConnections(random: Random, clients: number, isRooms: boolean): unknown {
  if (isRooms || random() < 0.7) return [{ to: clients }, { hold: '800ms' }];
  return [{ to: clients }, { hold: '300ms' }, { to: 0 }, { hold: '150ms' }, { to: clients }, { hold: '350ms' }];
}

/** Compression is dear on both sides: a service that cannot keep up would have messages late, which is not what is tested. */
interface DrawnRooms {
  readonly count: number;
  readonly publishers: number;
  readonly settle: string;
}

function drawRooms(random: Random, clients: number): DrawnRooms {
  return { count: whole(random, 1, Math.floor(clients / 2)), publishers: whole(random, 1, 4), settle: '100ms' };
}

function drawMessages(random: Random, compression: boolean, rooms: DrawnRooms | undefined): unknown {
  if (rooms !== undefined)
    return { open: [{ to: `${compression ? whole(random, 30, 60) : whole(random, 100, 600)}/s` }, { hold: '700ms' }] };
  if (random() < 0.3)
    return { closed: { inFlight: compression ? 1 : whole(random, 1, 16), for: '600ms', replyTimeout: '100ms' } };
  return {
    open: [{ to: `${compression ? whole(random, 60, 150) : whole(random, 200, 3000)}/s` }, { hold: '700ms' }],
    arrival: random() < 0.5 ? 'poisson' : 'constant',
  };
}

function drawMix(random: Random, isText: boolean): unknown {
  const least = isText ? 88 : 44;
  return Array.from({ length: whole(random, 1, 3) }, (_, index) => ({
    type: `type ${index}`,
    weight: whole(random, 1, 5),
    bytes: random() < 0.5 ? whole(random, least, 200) : whole(random, least, 5000),
  }));
}

function drawBehavior(random: Random, seed: number, isRooms: boolean): Behavior {
  const faults = Array.from({ length: whole(random, 1, 4) }, () => drawFault(random, isRooms));
  if (isRooms && random() < 0.4) faults.push({ kind: 'evict', rate: '0.5%' });
  return behaviorOf({ seed: seed + 1, faults });
}

function drawFault(random: Random, isRooms: boolean): unknown {
  const rate = `${(0.2 + 2 * random()).toFixed(2)}%`;
  const make: readonly (() => unknown)[] = [
    () => ({ kind: 'drop', rate }),
    () => ({ kind: 'duplicate', rate, copies: whole(random, 1, 3) }),
    () => ({ kind: 'reorder', rate, by: whole(random, 1, 12) }),
    () => ({ kind: 'delay', rate, for: '1ms..40ms' }),
    () => ({ kind: 'corrupt', rate }),
    () => ({ kind: 'truncate', rate }),
    () => ({ kind: 'extend', rate, bytes: whole(random, 1, 40) }),
    () => ({ kind: 'splice', rate }),
    () => ({ kind: 'replay', rate }),
    () => ({ kind: 'fabricate', rate }),
    () => ({ kind: 'stall', rate: '0.3%', for: '5ms..30ms' }),
    () => ({ kind: 'evict', rate: '0.05%' }),
    // Whoever is dropped in a room is expected nothing more, which the truth log does not say.
    ...(isRooms ? [] : [() => ({ kind: 'disconnect', rate: '0.1%', code: whole(random, 3000, 4999) })]),
  ];
  return make[whole(random, 0, make.length - 1)]!();
}

/** As much as one can in so many seconds, over ten orderly reconnects of every client. */
export function calmPlan(url: string, seconds: number): Plan {
  const dips = Array.from({ length: 10 }, () => [
    { to: 0 },
    { hold: `${50 * seconds}ms` },
    { to: 20 },
    { hold: `${50 * seconds}ms` },
  ]).flat();
  return planOf({
    target: { url },
    load: {
      // A client closes once its messages are back, and all are to have come back a while before the end.
      connections: [{ to: 20 }, { hold: '500ms' }, ...dips, { hold: '3s' }],
      messages: { closed: { inFlight: 16, for: `${seconds}s` } },
    },
    thresholds: ['lost == 0'],
    drain: '5s',
  });
}
