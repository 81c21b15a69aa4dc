import { describe, expect, test } from 'vitest';
import type { LiveFigures } from '../../facts/live-figures.ts';
import { renderProgressBlock, renderProgressLine } from './progress.ts';
import { ansiStyle, plainStyle } from './style.ts';

const calm: LiveFigures = {
  phase: 'sending',
  elapsedSeconds: 30,
  totalSeconds: 60,
  connectionsOpen: 10_000,
  connectionsPlanned: 10_000,
  sentPerSecond: 8000,
  deliveredPerSecond: 7998,
  receivedPerSecond: 0,
  responseP50Ns: 3.1e6,
  responseP99Ns: 812e6,
  sent: 480_000,
  delivered: 479_904,
  unsent: 0,
  rejected: 0,
  duplicated: 0,
  reordered: 0,
  corrupted: 0,
  unexpected: 0,
  failedConnections: 0,
  droppedConnections: 0,
  sendLagP99Ns: 0.6e6,
};
const troubled: LiveFigures = {
  ...calm,
  unsent: 123_456_789,
  rejected: 123_456_789,
  duplicated: 123_456_789,
  reordered: 123_456_789,
  corrupted: 123_456_789,
  unexpected: 123_456_789,
  failedConnections: 123_456_789,
  droppedConnections: 123_456_789,
};
const unknown: LiveFigures = {
  ...calm,
  totalSeconds: null,
  responseP50Ns: null,
  responseP99Ns: null,
  sendLagP99Ns: null,
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: what is looked for are control characters
const ESCAPES = /\u001b\[\d+m/g;

describe('the progress block', () => {
  test('fits its columns, whatever the figures, and always has the same height', () => {
    for (const columns of [1, 20, 40, 60, 80, 200]) {
      for (const style of [plainStyle(true), plainStyle(false), ansiStyle(true)]) {
        for (const figures of [
          calm,
          troubled,
          unknown,
          { ...calm, elapsedSeconds: 1e6 },
          { ...calm, totalSeconds: 0 },
        ]) {
          const lines = renderProgressBlock(figures, style, columns);
          expect(lines).toHaveLength(5);
          for (const line of lines) expect([...line.replace(ESCAPES, '')].length).toBeLessThanOrEqual(columns);
        }
      }
    }
  });

  test('has no control characters in plain style, and no more than ASCII where the terminal cannot', () => {
    for (const figures of [calm, troubled, unknown]) {
      const text = renderProgressBlock(figures, plainStyle(false), 80).join('');
      expect(text).toMatch(/^[\x20-\x7e]*$/);
      expect(renderProgressBlock(figures, plainStyle(true), 80).join('')).not.toMatch(/\p{Cc}/u);
    }
  });

  test('ends every color that it began, also on a line that was cut', () => {
    for (const columns of [20, 40, 80]) {
      for (const line of renderProgressBlock(troubled, ansiStyle(true), columns)) {
        const codes = line.match(ESCAPES) ?? [];
        expect(codes.length % 2).toBe(0);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: a code that was cut in two
        expect(line).not.toMatch(/\u001b(?!\[\d+m)/);
      }
    }
  });

  test('says how far it is, and never more than all of it', () => {
    expect(renderProgressBlock(calm, plainStyle(false), 80)[0]).toContain('50 %   sending   30 s left');
    const late = renderProgressBlock({ ...calm, elapsedSeconds: 90 }, plainStyle(false), 80)[0];
    expect(late).toContain('100 %   sending   0 s left');
  });

  test('names every trouble there is, and says so where there is none', () => {
    expect(renderProgressBlock(calm, plainStyle(false), 80).at(-1)).toContain('errors     none');
    const [, , , , line] = renderProgressBlock(
      { ...calm, duplicated: 3, droppedConnections: 1 },
      plainStyle(false),
      80,
    );
    expect(line).toContain('duplicated 3, dropped connections 1');
  });
});

describe('the progress line', () => {
  test('is one line without control characters', () => {
    for (const figures of [calm, troubled, unknown]) expect(renderProgressLine(figures)).not.toMatch(/\p{Cc}/u);
    expect(renderProgressLine(calm)).toContain('30 s  sending  clients 10,000  sent 8,000/s  delivered 7,998/s');
    expect(renderProgressLine(unknown)).toContain('p50 - p99 -');
  });
});

test('what clients receive that they did not say is shown where there is any', () => {
  expect(renderProgressLine(calm)).not.toContain('received');
  const listening = { ...calm, receivedPerSecond: 1234 };
  expect(renderProgressLine(listening)).toContain('delivered 7,998/s  received 1,234/s');
  expect(renderProgressBlock(listening, plainStyle(false), 120)[2]).toContain('received 1,234/s');
});
