import { describe, expect, test } from 'vitest';
import type { Behavior } from '../injection/behavior.ts';
import { FAULTLESS } from '../injection/behavior.ts';
import type { Act } from '../injection/truth.ts';
import type { ServiceSession } from './delivery.ts';
import { saidBy, tickerService } from './tickers.ts';

describe('how much a ticker has said', () => {
  test('follows its rate', () => {
    const even = { ratePerSecond: 100, burst: 0, pauseSeconds: 0 };
    expect([0, 0.05, 1, 2.5].map((seconds) => saidBy(even, seconds))).toEqual([0, 5, 100, 250]);
  });

  test('stands still in its pauses', () => {
    const rhythm = { ratePerSecond: 100, burst: 50, pauseSeconds: 1.5 };
    expect([0.25, 0.5, 1.9, 2.25, 2.5, 3.9, 4.25].map((seconds) => saidBy(rhythm, seconds))).toEqual([
      25, 50, 50, 75, 100, 100, 125,
    ]);
  });
});

interface Listener extends ServiceSession {
  readonly received: string[];
}

/** Of a ticker that says three numbers at once and no more. */
function listen(behavior: Behavior, acts: Act[]): Listener {
  const received: string[] = [];
  const session = tickerService(behavior, (act) => acts.push(act))({
    path: '/tickers/x?client=4&rate=1000/s&burst=3&pause=1h',
    bufferedBytes: 0,
    send: (data) => void received.push(Buffer.from(data).toString('utf8')),
    close() {},
  });
  return { ...session, received };
}

const drop = (seq: number): Behavior['faults'][number] => ({
  fault: { kind: 'drop' },
  rate: 0,
  messages: [{ stream: 0, seq, to: null }],
});

describe('a listener', () => {
  test('was told from the first number that went out whole to the highest, says the truth log', async () => {
    const acts: Act[] = [];
    const listener = listen({ ...FAULTLESS, faults: [drop(0)] }, acts);
    await expect.poll(() => listener.received.length).toBe(2);
    listener.closed();
    expect(acts).toEqual([
      { act: 'drop', to: 4, stream: 0, seq: 0, why: 'fault' },
      { act: 'told', to: 4, stream: 0, first: 1, highest: 2 },
      { act: 'closed', to: 4, received: 3, returned: 0, passedOn: 2 },
    ]);
  });

  test('has a message with an id back, and nothing else', () => {
    const listener = listen(FAULTLESS, []);
    for (const text of ['{"subscribe":"x"}', 'hello', '{"id":"7","text":"y"}'])
      listener.receive(Buffer.from(text), false);
    listener.closed();
    expect(listener.received).toEqual(['{"id":"7","text":"y"}']);
  });
});
