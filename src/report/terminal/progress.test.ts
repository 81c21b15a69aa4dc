import { describe, expect, test } from 'vitest';
import type { LiveFigures } from '../../facts/live-figures.ts';
import { renderProgressBlock, renderProgressLine } from './progress.ts';
import { ansiStyle, plainStyle } from './style.ts';

const calm: LiveFigures = {
  name: 'chat-capacity',
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
  rules: [
    { expression: 'response.p99 < 900ms', state: 'pass', observedText: '812 ms' },
    { expression: 'delivery: exactly-once', state: 'atEnd', observedText: '' },
  ],
};
const failing: LiveFigures = {
  ...calm,
  rules: [
    { expression: 'response.p99.9 < 5s', state: 'undecided', observedText: 'n/a' },
    { expression: 'response.p99 < 200ms', state: 'fail', observedText: '812 ms' },
    { expression: 'duplicated == 0', state: 'fail', observedText: '3' },
    ...calm.rules,
  ],
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

const COLUMNS = [1, 2, 20, 40, 60, 80, 200];
const ROWS = 23;
const EVERY = [calm, failing, troubled, unknown, { ...calm, name: 'n'.repeat(300) }, { ...calm, rules: [] }];

describe('the progress block', () => {
  test('fits its columns and rows, whatever the figures', () => {
    for (const columns of COLUMNS) {
      for (const style of [plainStyle(true, columns), plainStyle(false, columns), ansiStyle(true, columns)]) {
        for (const figures of [...EVERY, { ...calm, elapsedSeconds: 1e6 }, { ...calm, totalSeconds: 0 }]) {
          for (const rows of [3, ROWS]) {
            const lines = renderProgressBlock(figures, style, rows);
            expect(lines.length).toBeLessThanOrEqual(rows);
            for (const line of lines) expect([...line.replace(ESCAPES, '')].length).toBeLessThanOrEqual(columns);
          }
        }
      }
    }
  });

  test('has a line for each kind of figure on a usual terminal, so that it does not jump', () => {
    for (const figures of [calm, unknown, { ...calm, elapsedSeconds: 1e6 }]) {
      expect(renderProgressBlock(figures, plainStyle(true, 80), ROWS)).toHaveLength(7);
    }
  });

  test('breaks between words only where the terminal is narrow', () => {
    const lines = renderProgressBlock(failing, plainStyle(false, 40), ROWS);
    expect(lines).toEqual([
      '  chat-capacity',
      '  #####.....  50 %   sending   30 s left',
      '  connections 10,000 of 10,000',
      '              failed 0   dropped 0',
      '  messages    sent 8,000/s',
      '              delivered 7,998/s',
      '              total 480,000',
      '  response    p50 3.1 ms   p99 812 ms',
      '              send lag p99 0.60 ms',
      '  rules       2 fail   1 pass',
      '              1 undecided   1 at the end',
      '              fail: response.p99 <',
      '              200ms: 812 ms',
      '  errors      none',
    ]);
  });

  test('has no control characters in plain style, and no more than ASCII where the terminal cannot', () => {
    for (const figures of [...EVERY, { ...calm, name: 'a\u001b[31m\u202eb' }]) {
      const text = renderProgressBlock(figures, plainStyle(false, 80), ROWS).join('');
      expect(text).toMatch(/^[\x20-\x7e]*$/);
      expect(renderProgressBlock(figures, plainStyle(true, 80), ROWS).join('')).not.toMatch(/\p{Cc}/u);
    }
  });

  test('ends every color that it began, also on a line that was cut', () => {
    for (const columns of [20, 40, 80]) {
      for (const line of renderProgressBlock(troubled, ansiStyle(true, columns), ROWS)) {
        const codes = line.match(ESCAPES) ?? [];
        expect(codes.length % 2).toBe(0);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: a code that was cut in two
        expect(line).not.toMatch(/\u001b(?!\[\d+m)/);
      }
    }
  });

  test('says how far it is, and never more than all of it', () => {
    expect(block(calm)[1]).toContain('50 %   sending   30 s left');
    expect(block({ ...calm, elapsedSeconds: 90 })[1]).toContain('100 %   sending   0 s left');
  });

  test('names every trouble there is, and says so where there is none', () => {
    expect(block(calm).at(-1)).toContain('errors      none');
    expect(block({ ...calm, duplicated: 3, droppedConnections: 1 }).at(-1)).toContain(
      'duplicated 3, dropped connections 1',
    );
  });

  test('counts the rules by their state, and shows the first that fails with what was observed', () => {
    expect(block(failing)[5]).toBe('  rules       2 fail   1 pass   1 undecided   1 at the end');
    expect(block(failing)[6]).toBe('              fail: response.p99 < 200ms: 812 ms');
    expect(block(calm)[5]).toBe('  rules       1 pass   1 at the end');
    expect(block(calm).join('\n')).not.toContain('fail:');
    expect(block({ ...calm, rules: [] })[5]).toBe('  rules       none, so the verdict cannot be a pass');
  });
});

function block(figures: LiveFigures): readonly string[] {
  return renderProgressBlock(figures, plainStyle(false, 80), ROWS);
}

describe('the progress line', () => {
  test('is one line without control characters', () => {
    for (const figures of EVERY) expect(renderProgressLine(figures)).not.toMatch(/\p{Cc}/u);
    expect(renderProgressLine(calm)).toBe(
      'chat-capacity  30 s  sending  connections 10,000  sent 8,000/s  delivered 7,998/s  ' +
        'response p50 3.1 ms p99 812 ms  rules 1 pass, 1 at the end  errors none',
    );
    expect(renderProgressLine(failing)).toContain(
      '  rules 2 fail, 1 pass, 1 undecided, 1 at the end (response.p99 < 200ms: 812 ms)  ',
    );
    expect(renderProgressLine({ ...calm, rules: [] })).not.toContain('rules');
    expect(renderProgressLine(unknown)).toContain('p50 - p99 -');
  });
});

test('what clients receive that they did not say is shown where there is any', () => {
  expect(renderProgressLine(calm)).not.toContain('received');
  const listening = { ...calm, receivedPerSecond: 1234 };
  expect(renderProgressLine(listening)).toContain('delivered 7,998/s  received 1,234/s');
  expect(renderProgressBlock(listening, plainStyle(false, 120), ROWS)[3]).toContain('received 1,234/s');
});
