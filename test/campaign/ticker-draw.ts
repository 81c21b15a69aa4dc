// What a campaign tries with a service that speaks of its own accord. Where clients leave, and where the plan ends, the ticker
// is silent, so that the truth log says what they were expected: what is under way at such a moment only the engine knows. Nothing
// is compressed: a service does that beside its work, and on a busy machine long after it has said what it says.
//
//   one round           ..speaks..|                | plan ends, drain
//   and it speaks on    ..speaks..|                | drain  ..speaks..
//   clients drop          ..speaks..|     drop, back |  ..speaks..|         | plan ends, drain  ..speaks..

import type { Behavior } from '../../src/injection/behavior.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Random } from '../../src/random/generator.ts';
import { behaviorOf, planOf, whole } from './drawing.ts';

/** A number that is held back for so long comes in the drain. */
export const LATE_NS = 1.5e9;
const LATE = '1500ms..1700ms';
const FOREVER = '1h';

export interface TickerDraw {
  readonly plan: Plan;
  readonly behavior: Behavior;
  readonly compression: false;
  /** By channel: how many numbers are said before the plan ends. */
  readonly said: readonly number[];
}

interface Course {
  readonly connections: readonly unknown[];
  readonly talkSeconds: number;
  readonly pause: string;
  readonly rounds: number;
  /** Whether it speaks while the engine drains. */
  readonly speaksOn: boolean;
}

export function drawTickers(seed: number, random: Random, url: string): TickerDraw {
  const isShared = random() < 0.5;
  const hasChannel = random() < 0.7;
  const channels = hasChannel ? whole(random, 1, 4) : 1;
  const clients = whole(random, 2, 8);
  const drops = random() < 0.3;
  const course = drops ? drawDrop(random, clients, isShared) : drawRound(random, clients);
  const perSecond = whole(random, 150, 1200);
  const burst = Math.round(perSecond * course.talkSeconds);
  const isJson = random() < 0.4;
  const numbering = { sequence: 'seq', ...(hasChannel ? { channel: 'channel' } : {}), shared: isShared };
  const reach = { clients, channels, numbers: Math.floor(burst / channels) };
  const canBeCut = !(drops || isJson);
  const faults = [...drawNamedFaults(random, reach, course, canBeCut), ...drawFaults(random, course)];
  const plan = planOf({
    name: `campaign ${seed}`,
    seed,
    target: {
      url: `${url}/tickers/x?client=\${client}&rate=${perSecond}/s&channels=${channels}&burst=${burst}&pause=${course.pause}`,
    },
    load: { connections: course.connections, ...(isJson ? drawMessages(random) : {}) },
    protocol: isJson ? { ...JSON_ECHO, pushes: numbering } : { kind: 'push', ...numbering },
    thresholds: ['pushes.received > 0'],
    drain: '2500ms',
    ...(canBeCut && random() < 0.6 ? { reconnect: { backoff: 'constant', from: '50ms', jitter: 'none' } } : {}),
  });
  const said = Array.from({ length: channels }, (_, channel) =>
    Math.ceil((course.rounds * burst - channel) / channels),
  );
  return { plan, behavior: behaviorOf({ seed: seed + 1, faults }), compression: false, said };
}

const JSON_ECHO = { kind: 'json', send: { id: `\${id}`, text: `\${payload}` }, payload: 'text' };

function drawMessages(random: Random): object {
  return {
    messages: { open: [{ to: `${whole(random, 50, 300)}/s` }, { hold: '500ms' }] },
    mix: [{ type: 'a', bytes: whole(random, 60, 200) }],
  };
}

/** Some clients may open while it speaks. */
function drawRound(random: Random, clients: number): Course {
  const opening = [
    [{ to: clients }],
    [{ to: whole(random, 1, clients) }, { hold: '100ms' }, { to: clients }],
    [{ to: clients, over: '200ms' }],
  ];
  const speaksOn = random() < 0.3;
  // Long after it has said all, so that a busy machine has time to say it.
  const silence = { hold: speaksOn ? '900ms' : '2s' };
  return {
    connections: [...opening[whole(random, 0, 2)]!, silence],
    talkSeconds: 0.3,
    pause: speaksOn ? '1200ms' : FOREVER,
    rounds: 1,
    speaksOn,
  };
}

/** Clients leave in order and come back. If all of them leave, the ticker begins anew; all clients cannot have received the same then. */
function drawDrop(random: Random, clients: number, isShared: boolean): Course {
  const stay = whole(random, isShared ? 1 : 0, clients - 1);
  const connections = [{ to: clients }, { hold: '700ms' }, { to: stay }, { hold: '100ms' }, { to: clients }];
  return {
    connections: [...connections, { hold: '1100ms' }],
    talkSeconds: 0.2,
    pause: stay === 0 ? FOREVER : '1s',
    rounds: stay === 0 ? 1 : 2,
    speaksOn: stay > 0,
  };
}

interface Reach {
  readonly clients: number;
  readonly channels: number;
  /** Of each channel, in the first round. */
  readonly numbers: number;
}

/** What affects one number, on the way to one client or to all. Client 0 stays: a ticker that nobody receives begins anew. */
function drawNamedFaults(random: Random, reach: Reach, course: Course, canBeCut: boolean): unknown[] {
  const name = (least: number): object => ({
    stream: whole(random, 0, reach.channels - 1),
    seq: whole(random, least, reach.numbers - 1),
  });
  const to = (): object => ({ to: whole(random, 1, reach.clients - 1) });
  const faults: unknown[] = [];
  // The first that a client receives is then a later one.
  if (random() < 0.4) faults.push({ kind: 'reorder', messages: [{ ...name(0), seq: 0 }], by: whole(random, 1, 6) });
  if (random() < 0.3) faults.push({ kind: 'evict', messages: [{ ...name(1), ...to() }] });
  if (canBeCut && random() < 0.4)
    faults.push({ kind: 'disconnect', messages: [{ ...name(1), ...to() }], code: whole(random, 3000, 4999) });
  // Two such numbers would count among one another's extents, though one of them may come behind the end.
  if (!course.speaksOn && course.rounds === 1 && course.connections.length === 2 && random() < 0.4)
    faults.push({ kind: 'delay', for: LATE, messages: [{ ...name(1), ...(random() < 0.5 ? to() : {}) }] });
  return faults;
}

/** While it speaks on, nothing may affect a number of before the end, nor what has no number: how long it is received is open. */
function drawFaults(random: Random, { speaksOn }: Course): unknown[] {
  const rate = (): string => `${(0.2 + 2 * random()).toFixed(2)}%`;
  const make = [
    () => ({ kind: 'drop', rate: rate() }),
    () => ({ kind: 'duplicate', rate: rate(), copies: whole(random, 1, 3) }),
    () => ({ kind: 'reorder', rate: rate(), by: whole(random, 1, 12) }),
    () => ({ kind: 'delay', rate: rate(), for: '1ms..40ms' }),
    () => ({ kind: 'stall', rate: '0.3%', for: '5ms..30ms' }),
    ...(speaksOn
      ? []
      : [
          () => ({ kind: 'replay', rate: `${whole(random, 1, 10)}%` }),
          () => ({ kind: 'truncate', rate: rate() }),
          () => ({ kind: 'extend', rate: rate(), bytes: whole(random, 8, 40) }),
          () => ({ kind: 'fabricate', rate: rate() }),
        ]),
  ];
  return Array.from({ length: whole(random, 1, 4) }, () => make[whole(random, 0, make.length - 1)]!());
}
