import { parse } from 'csv-parse/sync';
import hdr from 'hdr-histogram-js';
import { describe, expect, test } from 'vitest';
import { makePlan, SECOND } from '../../../test/support/engine/plans.ts';
import { completedRun } from '../../../test/support/engine/windows.ts';
import { resultOf } from '../../../test/support/judged-run.ts';
import { createJudge } from '../../analysis/judge/judge.ts';
import type { RunEvent } from '../../facts/event.ts';
import type { RunResult } from '../../facts/result.ts';
import { REPORT_TOOLS } from '../../outputs/report-tools.ts';
import type { FormatName } from './format-names.ts';
import { FORMATS } from './formats.ts';

/** What a service, a plan or a file may be called, or say. */
const HOSTILE =
  '</script>|`x`|=1+1|@all [a](javascript:b) <img src=x onerror=y> \u202e\u0000\u001b[31m]]> \ud800 "q" &amp; \r\n# h';

const ALONE = { comparison: null, trend: null };
const textsOf = (format: Exclude<FormatName, 'html' | 'pdf'>, result: RunResult): Readonly<Record<string, string>> =>
  Object.fromEntries(FORMATS[format](result, REPORT_TOOLS, ALONE).map(({ name, content }) => [name, String(content)]));

describe('CSV', () => {
  test('the timeline is a row a second, under the names of the result', () => {
    const result = resultOf();
    const rows = parse(textsOf('csv', result)['timeline.csv']!, { columns: true }) as Record<string, string>[];
    expect(rows).toHaveLength(result.timeline.length);
    for (const [index, point] of result.timeline.entries()) {
      for (const [key, value] of Object.entries(point)) {
        if (key !== 'resources') expect(rows[index]![key], key).toBe(value === null ? '' : String(value));
      }
    }
  });

  test('the response times over time are a row a stretch, and no answer is missing', () => {
    const result = resultOf();
    const [head, ...rows] = parse(textsOf('csv', result)['heat.csv']!) as string[][];
    expect(head!.slice(1)).toEqual(result.responseHeat!.edgesMs.slice(0, -1).map((ms) => `fromMs ${ms}`));
    expect(rows.map(([second]) => second)).toEqual(['0', '1', '2']);
    expect(rows.flatMap((row) => row.slice(1)).reduce((sum, count) => sum + Number(count), 0)).toBe(3000);
  });

  test('every number of the result is in the summary, as it is', () => {
    const result = resultOf();
    const rows = new Map(parse(textsOf('csv', result)['summary.csv']!) as [string, string][]);
    let numbers = 0;
    const walk = (path: string, value: unknown): void => {
      if (typeof value === 'number') {
        expect(rows.get(path), path).toBe(String(value));
        numbers++;
      } else if (typeof value === 'object' && value !== null) {
        for (const [key, member] of Object.entries(value)) {
          if (['plan', 'timeline', 'responseHeat', 'violations'].includes(key)) continue;
          walk(Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`, member);
        }
      }
    };
    walk('', result);
    expect(numbers).toBeGreaterThan(100);
  });

  test('what a stranger says is no formula, and breaks no row', () => {
    const rows = parse(textsOf('csv', resultOf({ name: `=cmd|'/c calc'!A1 ${HOSTILE}` }))['summary.csv']!) as [
      string,
      string,
    ][];
    expect(rows.every((row) => row.length === 2)).toBe(true);
    expect(rows.every(([, value]) => !/^[=+@\t\r]/.test(value))).toBe(true);
    expect(new Map(rows).get('run.name')).toMatch(/^'=cmd/);
  });
});

describe('JUnit', () => {
  test('a breach is a failure, what is kept has passed, what cannot be judged is skipped or an error', () => {
    const result = resultOf({ rules: ['lost == 0', 'response.p99 < 1s', 'response.p99.99 < 1s'] });
    const text = textsOf('junit', result)['junit.xml']!;
    expect(text).toContain('tests="3" failures="1" errors="0" skipped="1"');
    expect(text).toContain('name="lost == 0"><failure type="fail" message="observed 3"/>');
    expect(text).toContain('name="response.p99 &lt; 1s"/>');
    expect(text).toMatch(/name="response.p99.99 &lt; 1s"><skipped message="[^"]*needs [\d,]+ samples, got/);
  });

  test('a doubt about the whole run is an error of its own', () => {
    const died: RunEvent = { kind: 'workerDied', atNs: 1, worker: 0, detail: 'signal SIGKILL' };
    const text = textsOf('junit', resultOf({ events: [died] }))['junit.xml']!;
    expect(text).toMatch(/name="no doubt: workerDied"><error type="workerDied"/);
  });

  test('is well-formed whatever anybody is called', () => {
    const text = textsOf('junit', resultOf({ name: HOSTILE }))['junit.xml']!;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those that XML 1.0 has no place for
    expect(text).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])/);
    const withoutTags = text.replace(/<\/?[a-z?][a-z-]*(?: [a-z]+="[^"<]*")*\s*[/?]?>/g, '');
    expect(withoutTags).not.toMatch(/[<>]/);
    expect(withoutTags).not.toMatch(/&(?!amp;|lt;|gt;|quot;|apos;)/);
  });
});

describe('Markdown', () => {
  test('has the verdict first, every rule, and the figures', () => {
    const text = textsOf('md', resultOf())['report.md']!;
    expect(text).toMatch(/^## FAIL: `chat`\n/);
    expect(text).toContain('| `lost == 0` | `3` | **fail** |');
    expect(text).toContain('| 3,000 sent of 3,000 due | 2,997 (99.9 %) | 3 | 0 | 0 | 0 | 0 |');
    expect(text).toContain('<details><summary>Details</summary>');
  });

  test('has the mean and p95 of the times, the books by type, and arrivals that were unexpected', () => {
    const result = resultOf();
    const [counts, response] = [{ ...result.messages, sent: 70, delivered: 69, lost: 1 }, result.response];
    const types = [{ type: 'chat', priority: 'high', payloadBytes: 100, messages: counts, response }];
    const unexpected = { ...result.delivery.unexpected, neverSent: 2 };
    const messages = { ...result.messages, unexpected: 2 };
    const more = { types, messages, delivery: { ...result.delivery, unexpected } };
    const text = textsOf('md', { ...result, ...more })['report.md']!;
    expect(text).toContain('| time | mean | p50 | p90 | p95 | p99 | p99.9 | max |');
    expect(text).toContain('| type | sent | delivered | lost |');
    expect(text).toContain('| `chat` (`high`) | 70 | 69 | 1 | 0 | 0 | 0 | 0 |');
    expect(text).toContain('| corrupted | unexpected |');
    expect(text).toContain('- 2 messages arrived where they were not expected (a number that was never sent 2).');
    const plain = textsOf('md', result)['report.md']!;
    expect(plain).not.toMatch(/unexpected|not expected|\| type \|/);
  });

  test('whatever comes from outside stands in code, and ends no cell', () => {
    const text = textsOf('md', resultOf({ name: HOSTILE }))['report.md']!;
    const spans = /(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g;
    const outside = text.replace(spans, '').replace(/<\/?(details|summary)>/g, '');
    expect(outside).not.toMatch(/[<>[\]@]|javascript|script/);
    for (const line of text.split('\n').filter((each) => each.startsWith('|'))) {
      const head = line.replace(/\\\|/g, '').split('|').length;
      expect(head).toBeGreaterThan(3);
    }
  });
});

describe("HdrHistogram's formats", () => {
  const library = hdr as unknown as {
    decodeFromCompressedBase64(text: string): { outputPercentileDistribution(ticks: number, scale: number): string };
  };

  test.each(['response', 'service', 'sendLag'] as const)('%s.hgrm is what the library prints', (name) => {
    const result = resultOf();
    const expected = library.decodeFromCompressedBase64(result[name].hdr).outputPercentileDistribution(5, 1e6);
    const rowsOf = (text: string): number[][] =>
      text
        .split('\n')
        .filter((line) => /^\s*\d/.test(line))
        .map((line) => line.trim().split(/\s+/).map(Number));
    const [ours, theirs] = [rowsOf(textsOf('hgrm', result)[`${name}.hgrm`]!), rowsOf(expected)];
    expect(ours.map(([, percent, count]) => [percent, count])).toEqual(
      theirs.map(([, percent, count]) => [percent, count]),
    );
    for (const [index, [value = 0]] of ours.entries()) expect(value).toBeCloseTo(theirs[index]![0]!, 2);
  });

  test('the log has the histograms as they are', () => {
    const result = resultOf();
    const lines = textsOf('hlog', result)
      ['times.hlog']!.split('\n')
      .filter((line) => line.startsWith('Tag='));
    expect(lines).toHaveLength(3 * (1 + result.stages.length));
    expect(lines[0]).toBe(
      `Tag=response,0.000,${result.run.durationSeconds.toFixed(3)},${result.response.maxMs!.toFixed(3)},${result.response.hdr}`,
    );
  });

  test('without samples there is no distribution', () => {
    const plan = makePlan({ messages: { kind: 'none' } });
    const judge = createJudge(plan, completedRun(0, 3 * SECOND), () => '');
    expect(FORMATS.hgrm(judge.finish(), REPORT_TOOLS)).toEqual([]);
  });
});

test('JSON is the result', () => {
  const result = resultOf();
  expect(JSON.parse(textsOf('json', result)['result.json']!)).toEqual(JSON.parse(JSON.stringify(result)));
});
