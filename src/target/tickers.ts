// Tickers: each NAME is one, and says of its own accord what it has to say, as long as anybody listens. Every listener receives
// the same numbers, which count within a channel from the first listener on.
//
//   ← {"channel": "c0", "seq": 0, "text": "…"}
//
// `?rate=100/s` says how many a second over all channels, `?channels=2` how many channels, `?burst=50&pause=1s` that it is
// silent for so long whenever it has said so many; what the first listener of a ticker asks for holds. In the truth log a
// channel is the stream. A message with an `id` comes back to its sender as it is, and no fault affects it.

import type { Behavior } from '../injection/behavior.ts';
import type { LogAct } from '../injection/truth.ts';
import { nsToSeconds, parseDuration } from '../units/duration.ts';
import { parseRate } from '../units/rate.ts';
import { addressOf, type Delivery, deliveryTo, type Peer, type Serve } from './delivery.ts';
import { readMessage } from './json-messages.ts';

const DEFAULT_RATE_PER_SECOND = 10;
const MAX_RATE_PER_SECOND = 100_000;
const MAX_CHANNELS = 10_000;
const MAX_BURST = 1_000_000_000;
const TICK_MS = 5;
const TEXT = 'x'.repeat(64);

interface Ticker {
  readonly listeners: Set<Delivery>;
  stop(): void;
}

export function tickerService(behavior: Behavior, logAct: LogAct): Serve {
  const tickers = new Map<string, Ticker>();
  return (peer) => {
    const { name, client } = addressOf(peer);
    const ticker = tickers.get(name) ?? startTicker(peer);
    tickers.set(name, ticker);
    const delivery = deliveryTo(behavior, client, peer, logAct);
    ticker.listeners.add(delivery);
    return {
      receive(data, isBinary) {
        if (readMessage(data) !== null) peer.send(data, isBinary);
      },
      closed() {
        ticker.listeners.delete(delivery);
        for (const span of delivery.spans()) logAct({ act: 'told', to: client, ...span });
        delivery.closed();
        if (ticker.listeners.size > 0) return;
        ticker.stop();
        tickers.delete(name);
      },
    };
  };
}

function startTicker({ path }: Peer): Ticker {
  const asked = new URL(path, 'ws://target').searchParams;
  const ratePerSecond = bounded(parseRate(asked.get('rate') ?? ''), DEFAULT_RATE_PER_SECOND, MAX_RATE_PER_SECOND);
  const channels = bounded(Number(asked.get('channels')), 1, MAX_CHANNELS);
  const rhythm = {
    ratePerSecond,
    burst: bounded(Number(asked.get('burst')), 0, MAX_BURST),
    pauseSeconds: nsToSeconds(parseDuration(asked.get('pause') ?? '') ?? 0),
  };
  const listeners = new Set<Delivery>();
  const startedMs = performance.now();
  let said = 0;

  function sayWhatIsDue(): void {
    const due = saidBy(rhythm, (performance.now() - startedMs) / 1000);
    for (; said < due; said++) {
      const stream = said % channels;
      const seq = Math.floor(said / channels);
      const data = Buffer.from(JSON.stringify({ channel: `c${stream}`, seq, text: TEXT }));
      for (const listener of [...listeners]) listener.deliver({ data, isBinary: false, stream, seq });
    }
  }

  const timer = setInterval(sayWhatIsDue, TICK_MS);
  return { listeners, stop: () => clearInterval(timer) };
}

interface Rhythm {
  readonly ratePerSecond: number;
  /** So many, and then a pause; 0 where there is none. */
  readonly burst: number;
  readonly pauseSeconds: number;
}

/** How many numbers it is to have said so long after its start. */
export function saidBy({ ratePerSecond, burst, pauseSeconds }: Rhythm, seconds: number): number {
  if (burst === 0) return Math.floor(seconds * ratePerSecond);
  const roundSeconds = burst / ratePerSecond + pauseSeconds;
  const rounds = Math.floor(seconds / roundSeconds);
  return rounds * burst + Math.min(burst, Math.floor((seconds - rounds * roundSeconds) * ratePerSecond));
}

function bounded(asked: number | null, otherwise: number, most: number): number {
  return asked !== null && asked > 0 ? Math.min(asked, most) : otherwise;
}
