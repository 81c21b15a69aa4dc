// What is kept of what a service says on a first acquaintance: bounded in number and size, whatever the service sends. What
// answers a probe is kept before anything else.

import type { Ending, Heard, Probe, Transcript } from '../analysis/transcript.ts';

/** Enough to know a sequence by, and few enough to look at each. */
export const MAX_WATCHED = 200;
const MAX_UNASKED_PER_PROBE = 20;
const MAX_ANSWERS_PER_PROBE = 8;
const MAX_ENDINGS = 20;
const MAX_TEXT_BYTES = 32 * 1024;

export interface Notebook {
  hear(connection: number, format: 'text' | 'binary', bytes: Uint8Array, start: number, end: number): void;
  /** What a connection hears that only listens. */
  overhear(bytes: Uint8Array, start: number, end: number): void;
  send(probe: Probe): void;
  end(ending: Omit<Ending, 'afterProbes'>): void;
  /** Whether something has come since the last probe that names it. */
  isAnswered(): boolean;
  heardCount(): number;
  transcript(watchedMs: number, mayProbe: boolean): Transcript;
}

/** `mark`: what every probe has in it, and nothing else. */
export function createNotebook(mark: string): Notebook {
  const heard: Heard[] = [];
  const sent: Probe[] = [];
  const endings: Ending[] = [];
  let unkept = 0;
  let overheard: number | null = null;
  let unaskedSinceProbe = 0;
  let answersSinceProbe = 0;

  function hasPlace(isAnswer: boolean): boolean {
    if (isAnswer) return ++answersSinceProbe <= MAX_ANSWERS_PER_PROBE;
    return ++unaskedSinceProbe <= (sent.length === 0 ? MAX_WATCHED : MAX_UNASKED_PER_PROBE);
  }

  return {
    hear(connection, format, bytes, start, end) {
      const kept = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(end - start, MAX_TEXT_BYTES));
      const text = kept.toString(format === 'text' ? 'utf8' : 'latin1');
      if (hasPlace(text.includes(mark)))
        heard.push({ connection, afterProbes: sent.length, format, text, bytes: end - start });
      else unkept++;
    },
    overhear(bytes, start, end) {
      const looked = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(end - start, MAX_TEXT_BYTES));
      overheard = (overheard ?? 0) + (looked.includes(mark) ? 1 : 0);
    },
    send(probe) {
      sent.push(probe);
      unaskedSinceProbe = 0;
      answersSinceProbe = 0;
    },
    end(ending) {
      if (endings.length < MAX_ENDINGS) endings.push({ ...ending, afterProbes: sent.length });
    },
    isAnswered: () => answersSinceProbe > 0,
    heardCount: () => heard.length + unkept,
    transcript: (watchedMs, mayProbe) => ({
      heard: [...heard],
      sent: [...sent],
      endings: [...endings],
      overheard,
      unkept,
      watchedMs,
      mayProbe,
    }),
  };
}
