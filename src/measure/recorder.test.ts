import { expect, test } from 'vitest';
import { decodeWindow, encodeWindow, zeroPushes } from '../facts/window.ts';
import { record } from '../histogram/histogram.ts';
import { decodeSparse } from '../histogram/sparse-codec.ts';
import {
  changeInFlight,
  countCloseCode,
  countFailure,
  createRecorder,
  cutWindow,
  type WindowContext,
} from './recorder.ts';

const context = (untilNs: number): WindowContext => ({
  worker: 2,
  group: 0,
  number: 0,
  second: Math.floor(untilNs / 1e9),
  stage: 0,
  untilNs,
  elapsedNs: 1e9,
  suspendedNs: 0,
  cpuNs: 3e8,
  throttledNs: 2e8,
  rssBytes: 5e7,
  idleRssBytes: 4e7,
  spread: [],
  pushes: { ...zeroPushes(), spread: [] },
  smallestBacklog: 0,
  types: [],
  density: { displaced: [[-1, 2]], mostHeld: 1 },
  approximate: false,
  spinning: true,
});

function fill(recorder: ReturnType<typeof createRecorder>): void {
  for (const name of Object.keys(recorder.messages) as (keyof typeof recorder.messages)[]) recorder.messages[name] = 3;
  for (const name of Object.keys(recorder.unsent) as (keyof typeof recorder.unsent)[]) recorder.unsent[name] = 4;
  for (const histogram of Object.values(recorder.histograms)) record(histogram, 1234);
  Object.assign(recorder, {
    attempted: 5,
    opened: 4,
    failed: 1,
    open: 3,
    peakOpen: 4,
    lowestOpen: 2,
    droppedByServer: 1,
  });
  Object.assign(recorder, { bytesSent: 10, bytesReceived: 20 });
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
