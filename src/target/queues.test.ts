import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Behavior, FAULTLESS } from '../injection/behavior.ts';
import type { Act } from '../injection/truth.ts';
import type { ServiceSession } from './delivery.ts';
import { createServices } from './services.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** One a tenth of a second, and three that wait. */
const BEHAVIOR: Behavior = {
  ...FAULTLESS,
  queue: { capacity: 3, perSecond: 10, priorities: ['high', 'normal', 'low'] },
};
const EACH_MS = 100;

interface Client {
  readonly answers: { readonly id?: string; readonly text?: string; readonly error?: string }[];
  say(seq: number, priority?: unknown): void;
  readonly session: ServiceSession;
}

function serve(behavior = BEHAVIOR) {
  const truth: Act[] = [];
  const serve = createServices(behavior, (act) => truth.push(act));
  const connect = (client: number, queue = 'work'): Client => {
    const answers: Client['answers'] = [];
    const session = serve({
      path: `/queues/${queue}?client=${client}`,
      bufferedBytes: 0,
      send: (data) => void answers.push(JSON.parse(Buffer.from(data).toString('utf8'))),
      close: () => {},
    });
    const say = (seq: number, priority?: unknown): void =>
      session.receive(Buffer.from(JSON.stringify({ id: idOf(client, seq), priority, text: `text ${seq}` })), false);
    return { answers, say, session };
  };
  const refusals = (): unknown[] => truth.filter(({ act }) => act === 'refuse');
  return { connect, truth, refusals };
}

const idOf = (client: number, seq: number): string => `5eed0001-${client}-${seq}`;
const delivered = ({ answers }: Client): unknown[] =>
  answers.filter(({ error }) => error === undefined).map(({ id }) => id);
const refused = ({ answers }: Client): unknown[] =>
  answers.filter(({ error }) => error === 'overflow').map(({ id }) => id);

describe('a queue', () => {
  test('answers one message at once, and the others at its rate', () => {
    const { connect, refusals } = serve();
    const client = connect(0);
    for (const seq of [0, 1, 2, 3]) client.say(seq);
    expect(client.answers).toEqual([{ id: idOf(0, 0), text: 'text 0' }]);
    vi.advanceTimersByTime(EACH_MS);
    expect(delivered(client)).toEqual([0, 1].map((seq) => idOf(0, seq)));
    vi.advanceTimersByTime(10 * EACH_MS);
    expect(delivered(client)).toEqual([0, 1, 2, 3].map((seq) => idOf(0, seq)));
    expect(refusals()).toEqual([]);
  });

  test('that stood still for long does not make up for it', () => {
    const { connect } = serve();
    const client = connect(0);
    vi.advanceTimersByTime(100 * EACH_MS);
    for (const seq of [0, 1, 2]) client.say(seq);
    expect(delivered(client)).toHaveLength(1);
    vi.advanceTimersByTime(EACH_MS);
    expect(delivered(client)).toHaveLength(2);
  });

  test('takes the highest priority first; a name that it does not know, or none, comes last', () => {
    const { connect } = serve({ ...BEHAVIOR, queue: { ...BEHAVIOR.queue, capacity: 10 } });
    const client = connect(0);
    for (const [seq, priority] of ['low', undefined, 'low', 'unheard of', 'normal', 'high', { high: 1 }].entries()) {
      client.say(seq, priority);
    }
    vi.advanceTimersByTime(10 * EACH_MS);
    // The first found nobody before it.
    expect(delivered(client)).toEqual([0, 5, 4, 2, 1, 3, 6].map((seq) => idOf(0, seq)));
  });

  test('knows priorities that are numbers', () => {
    const { connect } = serve({ ...BEHAVIOR, queue: { capacity: 10, perSecond: 10, priorities: ['9', '1'] } });
    const client = connect(0);
    for (const [seq, priority] of [1, '1', 9].entries()) client.say(seq, priority);
    vi.advanceTimersByTime(10 * EACH_MS);
    expect(delivered(client)).toEqual([0, 2, 1].map((seq) => idOf(0, seq)));
  });

  test('that is full refuses the newest of the lowest at once, whoever sent it, and writes it down', () => {
    const { connect, refusals } = serve();
    const [slow, urgent] = [connect(0), connect(1)];
    for (const seq of [0, 1, 2, 3]) slow.say(seq, 'low');
    expect(refused(slow)).toEqual([]);
    slow.say(4, 'low');
    urgent.say(0, 'high');
    urgent.say(1, 'unheard of');
    expect(refused(slow)).toEqual([4, 3].map((seq) => idOf(0, seq)));
    expect(refused(urgent)).toEqual([idOf(1, 1)]);
    expect(refusals()).toEqual([
      { act: 'refuse', to: 0, stream: 0, seq: 4, priority: 'low' },
      { act: 'refuse', to: 0, stream: 0, seq: 3, priority: 'low' },
      { act: 'refuse', to: 1, stream: 1, seq: 1, priority: null },
    ]);
    vi.advanceTimersByTime(10 * EACH_MS);
    expect(delivered(slow)).toEqual([0, 1, 2].map((seq) => idOf(0, seq)));
    expect(delivered(urgent)).toEqual([idOf(1, 0)]);
  });

  test('answers every message once: delivered or refused, and refused as the truth log has it', () => {
    const { connect, truth } = serve();
    const client = connect(7);
    const messages = Array.from({ length: 200 }, (_, seq) => seq);
    for (const seq of messages) {
      client.say(seq, ['low', 'high', 'low', 'normal'][seq % 4]);
      vi.advanceTimersByTime(EACH_MS / 3);
    }
    vi.advanceTimersByTime(10 * EACH_MS);
    const written = truth.flatMap((act) => (act.act === 'refuse' ? [idOf(act.stream, act.seq)] : []));
    expect(refused(client)).toEqual(written);
    expect(written.length).toBeGreaterThan(100);
    expect([...delivered(client), ...written].sort()).toEqual(messages.map((seq) => idOf(7, seq)).sort());
  });

  test('is one for each name', () => {
    const { connect } = serve();
    const [one, other] = [connect(0, 'one'), connect(1, 'other')];
    for (const seq of [0, 1, 2, 3]) one.say(seq);
    for (const seq of [0, 1, 2, 3]) other.say(seq);
    expect([...refused(one), ...refused(other)]).toEqual([]);
    one.say(4);
    expect([refused(one), refused(other)]).toEqual([[idOf(0, 4)], []]);
  });

  test('forgets what waits of a connection that is gone, says so, and goes on for the others', () => {
    const { connect, truth } = serve();
    const [gone, stays] = [connect(0), connect(1)];
    gone.say(0);
    gone.say(1);
    stays.say(0);
    gone.session.closed();
    expect(truth).toEqual([
      { act: 'drop', to: 0, stream: 0, seq: 1, why: 'held' },
      { act: 'closed', to: 0, received: 1, returned: 1, passedOn: 0 },
    ]);
    vi.advanceTimersByTime(EACH_MS);
    expect(delivered(stays)).toEqual([idOf(1, 0)]);
    stays.session.closed();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('says what it expects to whoever says something else', () => {
    const { connect, truth } = serve();
    const { answers, session } = connect(0);
    for (const text of ['hello', '5', 'null', '{"text":"no id"}']) session.receive(Buffer.from(text), false);
    expect(answers).toEqual(Array.from({ length: 4 }, () => ({ error: 'expected {"id": "…"}' })));
    expect(truth).toEqual([]);
  });
});
