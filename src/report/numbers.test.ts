// Every number that any report shows is one of the result, said as the project says numbers of its kind: nothing is computed,
// rounded in another way or mixed up on the way out.

import { expect, test } from 'vitest';
import { resultOf } from '../../test/support/judged-run.ts';
import type { RunEvent } from '../facts/event.ts';
import type { RunResult } from '../facts/result.ts';
import { REPORT_TOOLS } from '../outputs/report-tools.ts';
import { formatBytes } from '../units/bytes.ts';
import { formatCount, formatRate } from '../units/rate.ts';
import { formatPercent } from '../units/ratio.ts';
import type { ReportDocument } from './document.ts';
import { FORMATS } from './files/formats.ts';
import { pageHtml } from './html/page.ts';
import { pdfDefinition } from './pdf/definition.ts';
import { runDocument } from './run-document.ts';
import { plainStyle } from './terminal/style.ts';
import { renderSummary } from './terminal/summary.ts';
import { formatMs, formatSeconds } from './words/figures.ts';

const NUMBER = /-?\d+(?:,\d{3})*(?:\.\d+)?/g;
const EVENTS: readonly RunEvent[] = [
  {
    kind: 'violation',
    atNs: 1.525e9,
    worker: 0,
    violation: 'lost',
    client: 37,
    stream: 37,
    seq: 4_711,
    acknowledged: false,
    damaged: false,
    dueSecond: null,
    sentFromSecond: 3,
    sentToSecond: 4,
    previous: 4_710,
    next: 4_712,
  },
];

/** The numbers of a text, without what joins them: `1,000` and `12.5` of `1,000 of 12.5 ms`. */
const numbersIn = (text: string): readonly string[] => text.match(NUMBER) ?? [];

/** Every number of a result in every form in which a report may say it, and the numbers in its words. */
function sayable(result: RunResult): ReadonlySet<string> {
  const said = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value === 'string') for (const number of numbersIn(value)) said.add(number);
    if (typeof value === 'number') {
      const forms = [
        String(value),
        formatMs(value),
        formatSeconds(value),
        formatCount(value),
        formatRate(value),
        formatPercent(value),
        // A share of the generator's is said to the whole per cent, others to three digits.
        formatPercent(Math.round(value * 100) / 100),
        formatPercent(Number(value.toFixed(3))),
        formatBytes(Math.round(value)),
        value.toFixed(1),
        value.toFixed(3),
      ];
      for (const form of forms) for (const number of numbersIn(form)) said.add(number);
    }
    if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) {
        walk(key);
        if (key !== 'hdr') walk(member);
      }
    }
  };
  walk(result);
  return said;
}

/** Words of a report that hold a number of no run: names of percentiles, levels of confidence, texts that explain. */
function withoutNames(text: string): string {
  return text
    .replace(/\bp\d+(\.\d+)?/g, '')
    .replace(/95 % /g, '')
    .replace(/from 10 ms|at 99 %|at 99\.99 %|\(needs [\d,]+, got/g, '')
    .replace(/highwater\/result\/\d|\[U\+\w+\]/g, '');
}

function textsOfPdf(node: unknown): readonly string[] {
  if (typeof node === 'string') return [node];
  if (Array.isArray(node)) return node.flatMap(textsOfPdf);
  if (typeof node !== 'object' || node === null) return [];
  const { text, stack, ul, table, content } = node as Record<string, unknown>;
  const rows = (table as { body?: unknown } | undefined)?.body;
  return [text, stack, ul, rows, content].flatMap(textsOfPdf);
}

const result = resultOf({ seconds: 90, messages: 217, events: EVENTS, rules: ['response.p99 < 1s', 'lost == 0'] });
const document: ReportDocument = runDocument(result, REPORT_TOOLS);
const plan = JSON.stringify(result.plan, null, 2);
const page = pageHtml([document], { text: '', sha256: '' });

const REPORTS: Readonly<Record<string, string>> = {
  'the summary': renderSummary(result, plainStyle(true), null),
  'the page': page
    .replace(/<(style|script)[^>]*>[\s\S]*?<\/\1>/g, '')
    .replace(/<pre[\s\S]*?<\/pre>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#39;/g, ''),
  'the PDF': textsOfPdf(pdfDefinition([document], () => ''))
    .filter((text) => text !== plan)
    .join('\n'),
  Markdown: FORMATS.md(result, REPORT_TOOLS, { comparison: null, trend: null })
    .map(({ content }) => String(content))
    .join('\n'),
  JUnit: FORMATS.junit(result)
    .map(({ content }) =>
      String(content)
        .replace(/^<\?xml.*\?>/, '')
        .replace(/(tests|failures|errors|skipped)="\d+"/g, ''),
    )
    .join('\n'),
};

test.each(Object.entries(REPORTS))('every number in %s is a number of the result', (_name, text) => {
  const said = sayable(result);
  const shown = numbersIn(withoutNames(text));
  expect(shown.length).toBeGreaterThan(20);
  expect(shown.filter((number) => !said.has(number))).toEqual([]);
});

test('the tables of the page carry the numbers as they are', () => {
  const numbers = new Set<number>();
  const walk = (value: unknown): void => {
    if (typeof value === 'number') numbers.add(value);
    else if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) walk(member);
  };
  walk(result);
  const carried = [...page.matchAll(/data-value="([^"]+)"/g)].map(([, value]) => Number(value));
  expect(carried.length).toBeGreaterThan(40);
  expect(carried.filter((value) => !numbers.has(value))).toEqual([]);
});
