// The page of a real run in a real browser: what is drawn, what a pointer and a keyboard reach, what is read aloud, on a wide
// screen and on a phone, by day and by night; and that nobody's words do anything in it.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import axeCore from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/facts/result.ts';
import { secondText } from '../../src/report/charts/labels.ts';
import { formatMs } from '../../src/report/words/figures.ts';
import { drawAll, openFile, startBrowser } from '../support/browser.ts';
import { HIGHWATER, runHighwater, temporaryDirectory, writeInto } from '../support/highwater.ts';

/** As they were built: the page's script lies beside them. */
const built = <Module>(name: string): Promise<Module> =>
  import(pathToFileURL(path.join(path.dirname(HIGHWATER), '../outputs', name)).href) as Promise<Module>;
const { resultFiles } = await built<typeof import('../../src/outputs/report-files.ts')>('report-files.js');
const { writeReports } = await built<typeof import('../../src/outputs/write-reports.ts')>('write-reports.js');
const TOGETHER = { concurrent: true, timeout: 120_000 } as const;
/** Not concurrent: one process, and the pages of several tests in it. */
let browser: Browser;
let result: RunResult;
let directory: string;
const over: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  const cwd = temporaryDirectory((clean) => over.push(clean));
  const plan = {
    name: 'sick',
    target: { url: 'reference' },
    load: {
      connections: 10,
      messages: { open: [{ to: '200/s', over: '2s' }, { hold: '6s' }] },
      mix: [
        { type: 'chat', weight: 70, bytes: 100 },
        { type: 'image', weight: 30, bytes: 4096, priority: 'high' },
      ],
    },
    contract: { delivery: 'exactly-once', order: 'per-stream', integrity: 'checksum' },
    reconnect: { from: '50ms', to: '200ms' },
    faults: [
      { fault: 'latency', at: '1s', for: '1s', latency: '80ms' },
      { fault: 'down', at: '3s', for: '500ms' },
      { fault: 'corrupt', at: '5s', for: '1s', rate: '5%' },
    ],
    thresholds: ['response.p99 < 20ms', 'throughput.delivered > 1/s'],
    monitors: [{ name: 'host', machine: true }],
    drain: '1s',
  };
  const file = writeInto(cwd, 'plan.json', JSON.stringify(plan));
  const ran = await runHighwater(['run', file, '-q', '--json', '-o', 'html,pdf,md'], {
    cwd,
    whenOver: (clean) => over.push(clean),
  });
  result = ran.result;
  directory = path.join(cwd, '.highwater/runs', result.run.id);
  browser = await startBrowser();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  for (const clean of over.reverse()) await clean();
});

const report = (): string => path.join(directory, 'report.html');
const plot = (page: Page, chart: string) => page.locator(`[data-chart="${chart}"]`);

/** What axe-core finds against WCAG 2.2 A and AA, in sentences. */
async function accessibilityProblems(page: Page): Promise<readonly string[]> {
  // The page's policy lets no script in; what is evaluated by the browser's driver is not asked.
  await page.evaluate(axeCore.source);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: AxeViolation[] }> } };
    interface AxeViolation {
      readonly id: string;
      readonly help: string;
      readonly nodes: readonly { readonly html: string }[];
    }
    const { violations } = await axe.run({
      runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
    });
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html.slice(0, 200)}`);
  });
}

describe('the page of a run', TOGETHER, () => {
  test('draws every chart, asks nothing of a network and has no complaint', async ({ onTestFinished }) => {
    const { page, requests, complaints } = await openFile(browser, report(), onTestFinished);
    await drawAll(page);
    const plots = await page.locator('.plot').evaluateAll((all) =>
      all.map((place) => ({
        chart: place.getAttribute('data-chart'),
        shapes: place.querySelectorAll('svg path').length,
      })),
    );
    expect(plots.map(({ chart }) => chart)).toEqual(
      expect.arrayContaining([
        'spectrum',
        'response-over-time',
        'response-heat',
        'throughput-over-time',
        'resources-1',
      ]),
    );
    for (const { chart, shapes } of plots) expect(shapes, chart ?? '').toBeGreaterThan(4);
    expect(requests).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('says first whether it is a go, and why', async ({ onTestFinished }) => {
    const { page } = await openFile(browser, report(), onTestFinished);
    const first = await page.locator('.verdict').innerText();
    const broken = result.verdict.thresholds.filter(({ kind }) => kind === 'fail');
    expect(first).toMatch(/^FAIL\n+sick\n+Fail: /);
    expect(first).toContain(`${broken.length} of 5 rules failed: ${broken[0]!.expression}, observed: `);
    const rules = await page.locator('#rules tbody tr').allInnerTexts();
    expect(rules.map((row) => row.split('\t')[1])).toEqual(
      result.verdict.thresholds.map(({ expression }) => expression),
    );
  });

  const startedSeconds = (): number => result.run.messagesStartedSeconds!;

  test('shows at the pointer what the result holds', async ({ onTestFinished }) => {
    const { page } = await openFile(browser, report(), onTestFinished);
    const place = plot(page, 'response-over-time');
    await place.scrollIntoViewIfNeeded();
    await page.waitForFunction(() => document.querySelector('[data-chart="response-over-time"][data-drawn]'));
    const box = (await place.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.move(box.x + box.width / 2 + 2, box.y + box.height / 2);
    const tip = page.locator('.tip').filter({ hasText: 'response p50' });
    await tip.waitFor();
    const [at, ...lines] = (await tip.innerText()).split('\n');
    // The page counts from when the first message was due, the result from the start of the run.
    const point = result.timeline[Math.round(Number.parseFloat(at!) + startedSeconds())]!;
    expect(lines).toEqual([
      `response p50 ${formatMs(point.responseP50Ms)}`,
      `response p99 ${formatMs(point.responseP99Ms)}`,
      `response max ${formatMs(point.responseMaxMs)}`,
      `service p99 ${formatMs(point.serviceP99Ms)}`,
      `send lag p99 ${formatMs(point.sendLagP99Ms)}`,
      // A fault cut all connections, so they stand behind.
      `open connections ${point.connectionsOpenLowest}`,
    ]);
  });

  test('reads the same by keys, second by second', async ({ onTestFinished }) => {
    const { page } = await openFile(browser, report(), onTestFinished);
    const place = plot(page, 'throughput-over-time');
    await place.scrollIntoViewIfNeeded();
    await page.waitForFunction(() => document.querySelector('[data-chart="throughput-over-time"][data-drawn]'));
    await place.focus();
    for (const [index, { second, due, sent, delivered }] of result.timeline.slice(0, 6).entries()) {
      await page.keyboard.press('ArrowRight');
      expect(second).toBe(index);
      expect(await place.getAttribute('aria-valuetext')).toBe(
        `${secondText(second - startedSeconds())}: offered ${due}/s, sent ${sent}/s, delivered ${delivered}/s`,
      );
    }
    await page.keyboard.press('End');
    expect(await place.getAttribute('aria-valuenow')).toBe(String(result.timeline.length - 1));
  });

  test('everything that can be pressed is reached by the tabulator alone', async ({ onTestFinished }) => {
    const { page } = await openFile(browser, report(), onTestFinished);
    await drawAll(page);
    await page.evaluate(() => {
      scrollTo(0, 0);
      (document.activeElement as HTMLElement | null)?.blur();
    });
    const all = await page.locator('a, button, summary, .plot, .table').count();
    const reached = new Set<string>();
    for (let step = 0; step < all + 5; step++) {
      await page.keyboard.press('Tab');
      reached.add(
        await page.evaluate(() => {
          const everything = [...document.querySelectorAll('a, button, summary, .plot, .table')];
          return String(everything.indexOf(document.activeElement!));
        }),
      );
    }
    reached.delete('-1');
    expect(all).toBeGreaterThan(40);
    expect(reached.size).toBe(all);
  });

  test('says which color of the heat map is how many replies, by day and by night', async ({ onTestFinished }) => {
    const { page } = await openFile(browser, report(), onTestFinished);
    await drawAll(page);
    const figure = page.locator('#response-heat');
    const legend = figure.locator('.controls span');
    expect(await legend.first().innerText()).toMatch(/^1( to \d+)? repl(y|ies)$/);
    const most = Math.max(...result.responseHeat!.columns.flat());
    expect(await legend.last().innerText()).toMatch(new RegExp(`(^| )${most}$`));
    const colors = (of: string) =>
      figure.locator(of).evaluateAll((all) => [...new Set(all.map((one) => one.getAttribute('fill')))]);
    const shown = async (): Promise<void> => {
      const cells = await colors('.plot svg path');
      for (const color of await colors('.controls rect')) expect(cells).toContain(color);
    };
    await shown();
    await page.getByRole('button', { name: 'Show in dark colors' }).click();
    await shown();
  });

  test('names each fault above the plot, on a phone as well, and no two names touch', async ({ onTestFinished }) => {
    for (const width of [1440, 360]) {
      const { page } = await openFile(browser, report(), onTestFinished, { width });
      await drawAll(page);
      const boxes = await plot(page, 'throughput-over-time')
        .locator('svg text')
        .filter({ hasText: /^(latency|down|corrupt)$/ })
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect()));
      expect(boxes).toHaveLength(3);
      for (const [place, a] of boxes.entries()) {
        for (const b of boxes.slice(place + 1)) {
          const isApart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
          expect(isApart, `${width} px: ${JSON.stringify([a, b])}`).toBe(true);
        }
      }
    }
  });

  test('lines come and go by their buttons', async ({ onTestFinished }) => {
    const { page } = await openFile(browser, report(), onTestFinished);
    await drawAll(page);
    const place = plot(page, 'throughput-over-time');
    const figure = page.locator('#throughput-over-time');
    const button = figure.getByRole('button', { name: 'delivered' });
    await button.click();
    expect(await button.getAttribute('aria-pressed')).toBe('false');
    await place.press('ArrowRight');
    expect(await place.getAttribute('aria-valuetext')).not.toContain('delivered');
    await button.click();
    await place.press('ArrowRight');
    expect(await place.getAttribute('aria-valuetext')).toContain('delivered');
  });

  test('all charts over time zoom together', async ({ onTestFinished }) => {
    const { page } = await openFile(browser, report(), onTestFinished);
    await drawAll(page);
    const labels = async (chart: string) => (await plot(page, chart).locator('svg text').allTextContents()).sort();
    const before = await labels('response-over-time');
    await page.locator('#throughput-over-time').getByRole('button', { name: 'Zoom in' }).click();
    await expect.poll(() => labels('response-over-time')).not.toEqual(before);
    expect(await labels('spectrum')).toContain('90 %');
    await page.locator('#connections-over-time').getByRole('button', { name: 'Whole run' }).click();
    await expect.poll(() => labels('response-over-time')).toEqual(before);
  });

  test('tables sort by the numbers that they show', async ({ onTestFinished }) => {
    const { page } = await openFile(browser, report(), onTestFinished);
    const table = page.locator('table').filter({ hasText: 'Outcomes' });
    const heading = table.getByRole('button', { name: 'messages' });
    const counts = async (): Promise<number[]> =>
      (await table
        .locator('td[data-value]')
        .evaluateAll((cells) => cells.map((cell) => Number(cell.getAttribute('data-value'))))) as number[];
    await heading.click();
    const ascending = await counts();
    expect(ascending).toEqual([...ascending].sort((a, b) => a - b));
    await heading.click();
    expect(await counts()).toEqual([...ascending].sort((a, b) => b - a));
    expect(await table.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('descending');
  });

  test.for([
    { width: 1440, colorScheme: 'light' },
    { width: 1440, colorScheme: 'dark' },
    { width: 360, colorScheme: 'light' },
    { width: 360, colorScheme: 'dark' },
  ] as const)('$width pixels wide, $colorScheme: accessible, and nothing sticks out', async (screen, {
    onTestFinished,
  }) => {
    const { page } = await openFile(browser, report(), onTestFinished, screen);
    await drawAll(page);
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(screen.width);
  });

  test('tables are whole on a wide screen, and rules are whole on a phone', async ({ onTestFinished }) => {
    const cutOff = async (width: number, tables: string): Promise<readonly string[]> => {
      const { page } = await openFile(browser, report(), onTestFinished, { width });
      return page
        .locator(tables)
        .evaluateAll((all) =>
          all
            .filter((each) => each.scrollWidth > each.clientWidth)
            .map((each) => each.getAttribute('aria-label') ?? ''),
        );
    };
    expect(await cutOff(1440, '.table')).toEqual([]);
    expect(await cutOff(360, '#rules .table, #errors .table')).toEqual([]);
    // What does not fit scrolls, and says so by a shadow.
    expect(await cutOff(360, '#recovery .table')).toContain('Faults: connections');
  });

  test('the reader chooses light or dark, and the charts follow', async ({ onTestFinished }) => {
    const { page } = await openFile(browser, report(), onTestFinished);
    await drawAll(page);
    const stroke = () => plot(page, 'spectrum').locator('svg path[stroke="#0063a8"]').count();
    expect(await stroke()).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Show in dark colors' }).click();
    expect(await stroke()).toBe(0);
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test('prints with its charts', async ({ onTestFinished }) => {
    const { page } = await openFile(browser, report(), onTestFinished);
    const printed = path.join(temporaryDirectory(onTestFinished), 'printed.pdf');
    await page.pdf({ path: printed, format: 'A4' });
    const text = spawnSync('pdftotext', ['-layout', printed, '-'], { encoding: 'utf8' }).stdout;
    expect(text).toContain('FAIL');
    for (const { expression } of result.verdict.thresholds) expect(text).toContain(expression);
    // The names of the lines stand in the picture where there is no button to press.
    expect(text).toMatch(/offered\s+sent\s+delivered/);
  });
});

describe('the PDF of a run', TOGETHER, () => {
  test('has the verdict on its cover, every rule in it, contents, and page numbers', () => {
    const text = spawnSync('pdftotext', ['-layout', path.join(directory, 'report.pdf'), '-'], {
      encoding: 'utf8',
    }).stdout;
    const pages = text.split('\f');
    expect(pages[0]).toMatch(/FAIL\s+sick\s+Fail/);
    expect(pages[0]).toMatch(/Contents[\s\S]*Response time\s+\d/);
    expect(pages[1]).toMatch(/2 \/ \d+/);
    const words = text.replace(/\s+/g, ' ');
    for (const { expression } of result.verdict.thresholds) expect(words).toContain(expression);
    expect(words).toContain('offered');
  });

  test('leaves no heading alone at the foot of a page, and prints the plan as a plan file', () => {
    const text = spawnSync('pdftotext', ['-layout', path.join(directory, 'report.pdf'), '-'], {
      encoding: 'utf8',
    }).stdout;
    const sections = ['Summary', 'Rules', 'Load', 'Errors', 'Faults and recovery', 'Resources', 'Can this be trusted?'];
    for (const page of text.split('\f').slice(1)) {
      const lines = page
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '');
      expect(sections, page).not.toContain(lines.at(-2));
    }
    for (const line of ['drain: 1s', 'fault: latency, at: 1s, for: 1s, latency: 80ms', 'to: 200/s, over: 2s'])
      expect(text).toContain(line);
    expect(text).not.toMatch(/durationNs|drainNs/);
  });

  test('embeds its fonts', () => {
    const { stdout } = spawnSync('pdffonts', [path.join(directory, 'report.pdf')], { encoding: 'utf8' });
    const fonts = stdout.trim().split('\n').slice(2);
    expect(fonts.length).toBeGreaterThan(1);
    for (const font of fonts) expect(font).toMatch(/TrueType.*\byes\b/);
  });
});

const ALONE = { comparison: null, trend: null };
const HOSTILE =
  '</script><script>globalThis.pwned=1</script><img src=x onerror="globalThis.pwned=1"> "\'><svg onload=globalThis.pwned=1> ' +
  '=1+1 | `x` [a](javascript:globalThis.pwned=1) @all \u001b[31m \u202eright to left\u2066 \u0000 \ud800 &lt; 漢字 \r\n# h';
/** What services, plans, files and machines say in their own words. */
const SAID = new Set([
  'name',
  'id',
  'profile',
  'type',
  'priority',
  'detail',
  'evidence',
  'example',
  'endedBecause',
  'failedBecause',
  'firstGap',
  'hostname',
  'cpuModel',
  'nodeVersion',
  'highwaterVersion',
  'series',
  'expression',
  'observedText',
]);

/** The result of a run whose every free text, key or value, is somebody's attack. */
function attacked<Value>(value: Value, words: string): Value {
  if (Array.isArray(value)) return value.map((member) => attacked(member, words)) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, member]) => {
    if (key === 'urls') return [key, [words, words]];
    if (key === 'resources' || key === 'closeCodes') {
      return [
        key,
        Object.fromEntries(
          Object.entries(member as object).map(([of, read], index) => [`${of} ${index} ${words}`, read]),
        ),
      ];
    }
    return [key, SAID.has(key) && typeof member === 'string' ? words : attacked(member, words)];
  });
  return Object.fromEntries(entries) as Value;
}

describe('words of a service', TOGETHER, () => {
  test('do nothing in the page, and break nothing in it', async ({ onTestFinished }) => {
    const into = temporaryDirectory(onTestFinished);
    expect(await writeReports(['html'], resultFiles(attacked(result, HOSTILE), ALONE), into)).toMatchObject({
      problems: [],
    });
    for (const width of [1440, 360]) {
      const { page, requests, complaints } = await openFile(browser, path.join(into, 'report.html'), onTestFinished, {
        width,
      });
      await drawAll(page);
      await plot(page, 'response-over-time').press('ArrowRight');
      expect(await page.evaluate(() => 'pwned' in globalThis)).toBe(false);
      expect(requests).toEqual([]);
      expect(complaints).toEqual([]);
      expect(await page.locator('main img, main script, main svg[onload]').count()).toBe(0);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      // Marks that turn the direction of writing are shown as what they are, and turn nothing.
      expect(await page.locator('body').innerText()).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    }
  });

  test('of ten megabytes are cut, and it says so, in every format', async ({ onTestFinished }) => {
    const into = temporaryDirectory(onTestFinished);
    const long = 'w'.repeat(10_000_000);
    const plain = attacked(result, 'w'.repeat(1000));
    const { files, problems } = await writeReports(
      ['html', 'md', 'pdf', 'junit'],
      resultFiles({ ...plain, run: { ...plain.run, name: long, endedBecause: long } }, ALONE),
      into,
    );
    expect(problems).toEqual([]);
    expect(files).toHaveLength(4);
    expect(readFileSync(path.join(into, 'report.html'), 'utf8')).toContain('(10000000 characters)');
    expect(readFileSync(path.join(into, 'report.md'), 'utf8')).toContain('(10000000 characters)');
    expect(readFileSync(path.join(into, 'report.html')).length).toBeLessThan(3e6);
    const text = spawnSync('pdftotext', [path.join(into, 'report.pdf'), '-'], { encoding: 'utf8' }).stdout;
    expect(text.replace(/\s/g, '')).toContain('(10000000characters)');
    const { page } = await openFile(browser, path.join(into, 'report.html'), onTestFinished, { width: 360 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  });

  test('are in the PDF as text, those that its font has not as their numbers', async ({ onTestFinished }) => {
    const into = temporaryDirectory(onTestFinished);
    expect(await writeReports(['pdf'], resultFiles(attacked(result, HOSTILE), ALONE), into)).toMatchObject({
      problems: [],
    });
    const text = spawnSync('pdftotext', [path.join(into, 'report.pdf'), '-'], { encoding: 'utf8' }).stdout.replace(
      /\s/g,
      '',
    );
    expect(text).toContain('</script>');
    expect(text).toContain('[U+6F22][U+5B57]');
  });
});

test('a page without its script still has every table and every word', async ({ onTestFinished }) => {
  const without = path.join(temporaryDirectory(onTestFinished), 'without.html');
  writeFileSync(without, readFileSync(report(), 'utf8').replace(/<script>[\s\S]*<\/script>/, ''));
  const { page } = await openFile(browser, without, onTestFinished);
  expect(await page.locator('#rules tbody tr').count()).toBe(result.verdict.thresholds.length);
});
