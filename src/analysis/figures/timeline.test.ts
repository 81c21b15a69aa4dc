import { expect, test } from 'vitest';
import { makeWindow } from '../../../test/support/engine/windows.ts';
import { createTimeline, TIMELINE_SLACK_SECONDS } from './timeline.ts';

const MS = 1e6;

test('a second has what was said of it alone, however many were closed before it', () => {
  const found: [second: number, sent: number, answers: number][] = [];
  const timeline = createTimeline(
    (second, { tally }) => void found.push([second, tally.messages.sent, tally.histograms.response.count]),
  );
  const seconds = 3 * TIMELINE_SLACK_SECONDS;
  for (let second = 0; second < seconds; second++) {
    // Every other second has nothing to tell.
    if (second % 2 === 1) timeline.add(makeWindow({ second }));
    else timeline.add(makeWindow({ second, messages: { sent: second }, times: { response: [MS] } }));
  }
  timeline.finish();
  expect(found).toEqual(
    Array.from({ length: seconds }, (_, second) => (second % 2 === 1 ? [second, 0, 0] : [second, second, 1])),
  );
});
