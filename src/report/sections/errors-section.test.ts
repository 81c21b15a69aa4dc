import { describe, expect, test } from 'vitest';
import { resultOf } from '../../../test/support/judged-run.ts';
import type { RunResult } from '../../facts/result.ts';
import { REPORT_TOOLS } from '../../outputs/report-tools.ts';
import { FORMATS } from '../files/formats.ts';
import { errorsSection } from './errors-section.ts';

const result = resultOf({ seconds: 1 });
const troubled: RunResult = {
  ...result,
  connections: {
    ...result.connections,
    attempted: 5,
    failed: 5,
    failures: {
      refused: {
        count: 2,
        cause: { kind: 'system', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 127.0.0.1:9' },
      },
      upgradeRejected: {
        count: 3,
        cause: {
          kind: 'httpStatus',
          status: 401,
          reasonPhrase: 'Unauthorized',
          location: null,
          retryAfter: null,
          authenticate: null,
          body: '',
        },
      },
    },
    closeCodes: { 1011: 4, 4008: 1 },
    closeReasons: { 1011: 'database | gone', 4008: '' },
  },
  messages: { ...result.messages, rejected: 12 },
  rejections: [{ client: 7, seq: 41, text: '{"error":"rate limit"}', atSecond: 1.25 }],
  delivery: {
    ...result.delivery,
    unreadable: { notJson: { count: 1, first: { client: 3, atSecond: 0.5, text: 'byte 4 of {"a"' } } },
  },
};

function rowsOf(title: string): readonly (readonly string[])[] | undefined {
  const tables = errorsSection(troubled)?.blocks.flatMap((block) => (block.kind === 'table' ? [block] : [])) ?? [];
  return tables.find((table) => table.title === title)?.rows.map((cells) => cells.map(({ text }) => text));
}

describe('errors', () => {
  test('have no section where there are none', () => {
    expect(errorsSection(result)).toBeNull();
  });

  test('of connections: the most frequent first, each with its count, first message and what to do', () => {
    expect(rowsOf('Why connections failed')).toEqual([
      [
        'the service answered the upgrade with an HTTP status other than 101',
        '3',
        'HTTP 401 Unauthorized',
        expect.stringContaining('the service wants credentials'),
        'upgradeRejected',
      ],
      [
        'nothing listens on the port',
        '2',
        'connect ECONNREFUSED 127.0.0.1:9',
        'check that the service is running and the port is right',
        'refused',
      ],
    ]);
  });

  test('of closing: what the code means, and the reason that the service gave', () => {
    expect(rowsOf('How the service closed connections')).toEqual([
      ['1011', '4', 'internal error', 'database | gone'],
      ['4008', '1', 'defined by the application', 'no reason given'],
    ]);
  });

  test('of messages: the words of the service, and what could not be read', () => {
    expect(rowsOf('What the service said when it rejected messages')).toEqual([
      ['{"error":"rate limit"}', '1.250 s', '7', '41'],
    ]);
    expect(rowsOf('Messages that could not be read')).toEqual([
      ['is not JSON', '1', 'byte 4 of {"a"', expect.stringContaining('the service must send valid JSON')],
    ]);
  });

  test('are in Markdown too, and only where there are any', () => {
    const textOf = (of: RunResult): string =>
      String(FORMATS.md(of, REPORT_TOOLS, { comparison: null, trend: null })[0]!.content);
    const text = textOf(troubled);
    expect(text).toContain(
      '| the service answered the upgrade with an HTTP status other than 101 (`upgradeRejected`) | 3 |',
    );
    expect(text).toContain('| `1011` | 4 | internal error | `database \\| gone` |');
    expect(text).toContain('| `{"error":"rate limit"}` | 7 | 41 |');
    expect(text).toContain('| is not JSON | 1 | `byte 4 of {"a"` |');
    expect(textOf(result)).not.toMatch(/Why connections failed|close code|rejected messages|could not be read/);
  });
});
