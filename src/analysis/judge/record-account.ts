// What of a record is there. Windows are numbered by worker and group, events by the coordinator, each from 0 without a gap, and
// the last event says how many windows there are: so a line that is gone, torn or there twice shows wherever it stood. A record
// without its last event may lack any number of lines at its end; that it has no end is a doubt of its own. Pure.

import type { RecordedEvent, RunEvent } from '../../facts/event.ts';
import type { RecordResult } from '../../facts/result.ts';
import type { Window } from '../../facts/window.ts';
import { sumOf } from '../figures/timeline.ts';

export interface RecordFacts extends RecordResult {
  /** Where windows are missing, in the order of time. */
  readonly gaps: readonly WindowGap[];
  /** Somebody still writes to it. */
  readonly isGoingOn: boolean;
}

export interface WindowGap {
  readonly worker: number;
  readonly group: number;
  readonly count: number;
  readonly fromNs: number;
  /** Null where it reaches to the end of the record. */
  readonly toNs: number | null;
}

export const WHOLE_RECORD: RecordFacts = {
  windows: { read: 0, missing: 0, repeated: 0 },
  events: { read: 0, missing: 0, repeated: 0 },
  readings: 0,
  gaps: [],
  isGoingOn: false,
};

/** Whether facts are missing that the record should have. */
export function isPart({ windows, events }: RecordResult): boolean {
  return windows.missing > 0 || events.missing > 0;
}

export interface RecordAccount {
  /** Each number once, in the order in which they were written. */
  readonly events: readonly RunEvent[];
  /** False for one whose number was there before: it must not count twice. */
  window(window: Window): boolean;
  reading(): void;
  finish(): RecordFacts;
}

/** Windows behind one another, without a gap: a record that is whole has one stretch for each worker and group. */
interface NumberStretch {
  readonly from: number;
  to: number;
  readonly fromNs: number;
  untilNs: number;
}

interface Writer {
  readonly worker: number;
  readonly group: number;
  readonly stretches: NumberStretch[];
  read: number;
}

export function createRecordAccount(log: readonly RecordedEvent[], isGoingOn: boolean): RecordAccount {
  const { events, counts } = accountOfEvents(log);
  const writers = new Map<string, Writer>();
  let repeated = 0;
  let readings = 0;

  function writerOf(worker: number, group: number): Writer {
    const key = `${worker}.${group}`;
    const known = writers.get(key) ?? { worker, group, stretches: [], read: 0 };
    writers.set(key, known);
    return known;
  }

  return {
    events,
    window({ worker, group, number, untilNs, health }) {
      const writer = writerOf(worker, group);
      if (!addNumber(writer.stretches, number, untilNs - health.elapsedNs, untilNs)) {
        repeated++;
        return false;
      }
      writer.read++;
      return true;
    },
    reading() {
      readings++;
    },
    finish() {
      const ended = events.find((event) => event.kind === 'runEnded');
      const reportedCounts = new Map<Writer, number>();
      for (const { worker, group, count } of ended?.windows ?? []) reportedCounts.set(writerOf(worker, group), count);
      const gaps = [...writers.values()].flatMap((writer) => gapsOf(writer, reportedCounts.get(writer) ?? 0));
      const read = sumOf([...writers.values()].map((writer) => writer.read));
      return {
        windows: { read, missing: sumOf(gaps.map(({ count }) => count)), repeated },
        events: counts,
        readings,
        gaps: gaps.sort((a, b) => a.fromNs - b.fromNs || a.worker - b.worker),
        isGoingOn,
      };
    },
  };
}

function accountOfEvents(log: readonly RecordedEvent[]): {
  readonly events: readonly RunEvent[];
  readonly counts: RecordResult['events'];
} {
  const byNumber = new Map<number, RunEvent>();
  let highest = -1;
  for (const { event, number } of log) {
    if (!byNumber.has(number)) byNumber.set(number, event);
    highest = Math.max(highest, number);
  }
  const read = byNumber.size;
  return {
    events: [...byNumber.values()],
    counts: { read, missing: highest + 1 - read, repeated: log.length - read },
  };
}

/** False where it is there already. Lines of one writer are written in order, so nearly always the last stretch grows. */
function addNumber(stretches: NumberStretch[], number: number, fromNs: number, untilNs: number): boolean {
  const last = stretches.at(-1);
  if (last === undefined || number !== last.to + 1) {
    if (isIn(stretches, number)) return false;
    stretches.push({ from: number, to: number, fromNs, untilNs });
    return true;
  }
  if (stretches.length > 1 && isIn(stretches, number)) return false;
  last.to = number;
  last.untilNs = untilNs;
  return true;
}

function isIn(stretches: readonly NumberStretch[], number: number): boolean {
  return stretches.some(({ from, to }) => from <= number && number <= to);
}

/** `reportedCount`: how many there must be; 0 where nobody said. */
function gapsOf({ worker, group, stretches }: Writer, reportedCount: number): readonly WindowGap[] {
  const gaps: WindowGap[] = [];
  let next = 0;
  let fromNs = 0;
  for (const stretch of stretches.toSorted((a, b) => a.from - b.from)) {
    if (stretch.from > next) {
      gaps.push({ worker, group, count: stretch.from - next, fromNs, toNs: Math.max(fromNs, stretch.fromNs) });
    }
    next = stretch.to + 1;
    fromNs = stretch.untilNs;
  }
  if (reportedCount > next) gaps.push({ worker, group, count: reportedCount - next, fromNs, toNs: null });
  return gaps;
}
