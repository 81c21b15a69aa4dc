// Reads all monitors of a run at every tick. Ticks lie on absolute times, so that they do not drift; each monitor has less time
// than there is between two ticks, so that none falls behind; and whatever a monitor does, the run goes on: what it does not
// read is a gap, with its reason.

import { startTimer, type Timer } from '../../engine/clock.ts';
import type { MonitorReading } from '../../facts/monitor.ts';
import { nsToMs, nsToSeconds } from '../../units/duration.ts';
import type { Monitor } from '../ports.ts';

export interface Watched {
  readonly name: string;
  readonly monitor: Monitor;
}

export interface WatchParts {
  /** From the start of the run; may begin below zero. */
  nowNs(): number;
  onReading(reading: MonitorReading): void;
  readonly tickNs?: number;
  readonly patienceMs?: number;
}

const TICK_NS = 1e9;
const PATIENCE_MS = 800;

/** The first tick is at the start of the run. Call what is returned to stop; nothing is read or told afterwards. */
export function startWatch(watched: readonly Watched[], parts: WatchParts): () => void {
  const { nowNs, onReading, tickNs = TICK_NS, patienceMs = PATIENCE_MS } = parts;
  const reading = new Map<string, AbortController>();
  let tick = Math.max(0, Math.ceil(nowNs() / tickNs));
  let timer: Timer | null = null;
  let isStopped = false;

  function schedule(): void {
    timer = startTimer(Math.max(0, nsToMs(tick * tickNs - nowNs())), onTick);
  }

  function onTick(): void {
    const dueNs = tick * tickNs;
    // A timer may fire a little early; the tick after this one is not this one again.
    const next = Math.max(tick + 1, Math.floor(nowNs() / tickNs) + 1);
    const missed = next - tick - 1;
    for (const one of watched) {
      if (missed > 0)
        noteGap(one.name, dueNs, `no readings for ${nsToSeconds(missed * tickNs)} s: the coordinator did not run`);
      if (reading.has(one.name)) noteGap(one.name, nowNs(), 'the previous reading has not finished');
      else void readOne(one, Math.max(dueNs, nowNs()));
    }
    tick = next;
    schedule();
  }

  function noteGap(monitor: string, atNs: number, gap: string): void {
    if (!isStopped) onReading({ monitor, atNs, values: {}, gap });
  }

  async function readOne({ name, monitor }: Watched, atNs: number): Promise<void> {
    const control = new AbortController();
    reading.set(name, control);
    const patience = startTimer(patienceMs, () => control.abort());
    const timeIsUp = new Promise<never>((_, reject) => {
      control.signal.onabort = () => reject(new Error(`no answer within ${patienceMs} ms`));
    });
    try {
      const { values, gap } = await Promise.race([monitor.read(control.signal), timeIsUp]);
      if (!isStopped) onReading({ monitor: name, atNs, values, gap });
    } catch (error) {
      const isLate = control.signal.aborted;
      noteGap(name, atNs, isLate ? `no answer within ${patienceMs} ms` : (error as Error).message);
    } finally {
      patience.cancel();
      reading.delete(name);
    }
  }

  if (watched.length > 0) schedule();
  return () => {
    isStopped = true;
    timer?.cancel();
    for (const control of reading.values()) control.abort();
  };
}
