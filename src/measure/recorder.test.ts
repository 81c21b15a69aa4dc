import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeSparse } from '../../test/support/sparse.ts';
import { addCounted, createCounters, readCounters } from '../facts/merge-rules.ts';
import { decodeWindow, encodeWindow, WINDOW_FIELDS, type Window } from '../facts/window.ts';
import { record } from '../histogram/histogram.ts';
import {
  changeGauge,
  changeInFlight,
  countCloseCode,
  countCorrupted,
  countFailure,
  countJitter,
  countNegotiated,
  countReordered,
  countStall,
  countUnexpected,
  countUnreadable,
  createRecorder,
  cutWindow,
  type Recorder,
  type WindowContext,
} from './recorder.ts';

const context = (untilNs: number): WindowContext => ({
  worker: 2,
  group: 0,
  number: 0,
  second: Math.floor(untilNs / 1e9),
  stage: 0,
  untilNs,
  health: {
    elapsedNs: 1e9,
    suspendedNs: 0,
    cpuNs: 3e8,
    throttledNs: 2e8,
    rssBytes: 5e7,
    idleRssBytes: 4e7,
    approximate: false,
    spinning: true,
  },
  spread: [],
  pushes: null,
  smallestBacklog: 0,
  types: [],
  density: { displaced: [[-1, 2]], mostHeld: 1 },
});

function fill(recorder: ReturnType<typeof createRecorder>): void {
  for (const name of Object.keys(recorder.messages) as (keyof typeof recorder.messages)[]) recorder.messages[name] = 3;
  for (const name of Object.keys(recorder.unsent) as (keyof typeof recorder.unsent)[]) recorder.unsent[name] = 4;
  for (const histogram of Object.values(recorder.histograms)) record(histogram, 1234);
  Object.assign(recorder, { open: 3, peakOpen: 4, lowestOpen: 2 });
  Object.assign(recorder.connections, { attempted: 5, opened: 4, failed: 1, droppedByServer: 1 });
  Object.assign(recorder.bytes, { sent: 10, received: 20 });
  countFailure(recorder, 'reset');
  countFailure(recorder, 'reset');
  countCloseCode(recorder, 1006);
}

test('a window holds everything since the last cut, and survives its codec', () => {
  const recorder = createRecorder();
  fill(recorder);
  const window = cutWindow(recorder, context(1e9));
  expect(window).toMatchObject({
    worker: 2,
    messages: { due: 3, sent: 3, delivered: 3, unexpected: 3 },
    unsent: { overdue: 4, backpressure: 4, windowFull: 4, socketClosed: 4 },
    connections: {
      attempted: 5,
      opened: 4,
      failed: 1,
      open: 3,
      peakOpen: 4,
      lowestOpen: 2,
      failures: { reset: 2 },
      closeCodes: { 1006: 1 },
    },
    bytes: { sent: 10, received: 20 },
    health: { cpuNs: 3e8, throttledNs: 2e8, rssBytes: 5e7, spinning: true, approximate: false },
  });
  const response = decodeSparse(window.histograms.response);
  expect(response).toMatchObject({ kind: 'decoded', histogram: { count: 1, minNs: 1234, maxNs: 1234 } });
  expect(decodeWindow(encodeWindow(window))).toEqual(window);
});

test('a cut starts again from zero, except for what is still open and in flight', () => {
  const recorder = createRecorder();
  fill(recorder);
  changeInFlight(recorder, 0, 7);
  const first = cutWindow(recorder, context(1e9));
  const frozen = structuredClone(first);
  const second = cutWindow(recorder, context(2e9));
  expect(second).toMatchObject({
    messages: { due: 0, sent: 0, delivered: 0 },
    unsent: { overdue: 0, backpressure: 0, windowFull: 0, socketClosed: 0 },
    connections: {
      attempted: 0,
      opened: 0,
      failed: 0,
      open: 3,
      peakOpen: 3,
      lowestOpen: 3,
      droppedByServer: 0,
      failures: {},
      closeCodes: {},
    },
    bytes: { sent: 0, received: 0 },
    health: { inFlight: 7, inFlightNs: 7e9 },
  });
  for (const histogram of Object.values(second.histograms)) expect(histogram).toEqual({ count: 0 });
  fill(recorder);
  expect(first, 'a window that was cut does not change any more').toEqual(frozen);
});

test('messages in flight are integrated over time, across cuts', () => {
  const recorder = createRecorder();
  changeInFlight(recorder, 100, 2);
  changeInFlight(recorder, 300, 1);
  changeInFlight(recorder, 300, -3);
  changeInFlight(recorder, 900, 1);
  expect(cutWindow(recorder, context(1000)).health).toMatchObject({ inFlight: 1, inFlightNs: 2 * 200 + 100 });
  changeInFlight(recorder, 1500, -1);
  expect(cutWindow(recorder, context(2000)).health).toMatchObject({ inFlight: 0, inFlightNs: 500 });
  expect(cutWindow(recorder, context(3000)).health).toMatchObject({ inFlight: 0, inFlightNs: 0 });
});

/** What a worker may record at a time. */
const RECORDED: readonly ((recorder: Recorder, n: number, atNs: number) => void)[] = [
  ({ messages }, n) => (messages.sent += n),
  ({ unsent }) => unsent.overdue++,
  ({ histograms }, n) => record(histograms.response, n),
  ({ bytes }, n) => (bytes.received += n),
  countReordered,
  countJitter,
  (recorder, n) => countStall(recorder, n, n / 2),
  (recorder) => countCorrupted(recorder, 'truncated'),
  (recorder) => countUnexpected(recorder, 'stale'),
  (recorder, n) => countUnreadable(recorder, 'notJson', n),
  (recorder) => countFailure(recorder, 'reset'),
  (recorder, n) => countCloseCode(recorder, 1000 + (n % 3)),
  (recorder, n) => countNegotiated(recorder, { subprotocol: n % 2 === 0 ? null : 'chat.v2', compression: null }),
  (recorder, n, atNs) => changeInFlight(recorder, atNs, n),
  ({ wantedTime }, n, atNs) => changeGauge(wantedTime, atNs, n),
  ({ connections }, _, atNs) => (connections.firstDropNs ??= atNs),
  ({ connections }, _, atNs) => (connections.lastReopenNs = atNs),
];

test('windows of several workers add up to what one worker would have recorded, wherever they are cut', () => {
  const step = fc.record({ worker: fc.nat(2), what: fc.nat(RECORDED.length - 1), n: fc.nat(500), isCut: fc.boolean() });
  const idle = { ...context(0).health, cpuNs: 0, throttledNs: 0, elapsedNs: 0 };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const workers = [createRecorder(), createRecorder(), createRecorder()];
      const alone = createRecorder();
      const cut = (recorder: Recorder, untilNs: number): Window =>
        cutWindow(recorder, { ...context(untilNs), density: { displaced: [], mostHeld: 0 }, health: idle });
      const windows: Window[] = [];
      for (const [atNs, { worker, what, n, isCut }] of steps.entries()) {
        const recorder = workers[worker]!;
        if (isCut) windows.push(cut(recorder, atNs));
        for (const one of [recorder, alone]) RECORDED[what]!(one, n, atNs);
      }
      windows.push(...workers.map((recorder) => cut(recorder, steps.length)));
      const together = createCounters(WINDOW_FIELDS);
      for (const window of windows) addCounted(WINDOW_FIELDS, together, window);
      const whole = createCounters(WINDOW_FIELDS);
      addCounted(WINDOW_FIELDS, whole, cut(alone, steps.length));
      expect(readCounters(WINDOW_FIELDS, together)).toEqual(readCounters(WINDOW_FIELDS, whole));
    }),
    { numRuns: 50 },
  );
});
