import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readLines } from './read-lines.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'highwater-lines-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function linesOf(text: string | Buffer, mostLineBytes?: number): Promise<string[]> {
  const file = path.join(directory, 'lines');
  writeFileSync(file, text);
  const lines: string[] = [];
  for await (const line of readLines(file, mostLineBytes)) lines.push(line);
  return lines;
}

test('every line comes as it was written, whatever ends it and wherever the file is cut into chunks', async () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'é', '\u{1f4a7}', '\u2028', '\t', '\0', ' ') });
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.constantFrom('\n', '\r\n'), async (lines, end) => {
      expect(await linesOf(lines.map((each) => each + end).join(''))).toEqual(lines);
    }),
  );
  const long = ['x'.repeat(700_000), `${'é'.repeat(400_000)}y`, '', 'z'];
  expect(await linesOf(long.join('\n'))).toEqual(long);
});

test('the last line needs no end', async () => {
  expect(await linesOf('a\nb')).toEqual(['a', 'b']);
  expect(await linesOf('a\n')).toEqual(['a']);
  expect(await linesOf('')).toEqual([]);
});

describe('a line beyond the bound', () => {
  test('is left out, and those around it are not', async () => {
    for (const size of [11, 300_000, 1_000_000]) {
      expect(await linesOf(`first\n${'x'.repeat(size)}\nlast\n`, 10), `${size}`).toEqual(['first', 'last']);
      expect(await linesOf(`first\n${'x'.repeat(size)}`, 10), `${size}`).toEqual(['first']);
    }
  });

  test('of exactly so many bytes is read', async () => {
    expect(await linesOf(`${'x'.repeat(10)}\n${'é'.repeat(5)}\n${'y'.repeat(11)}\n`, 10)).toEqual([
      'x'.repeat(10),
      'é'.repeat(5),
    ]);
  });

  test('takes no memory, however long it is: 200 MB of zeros behind the last line', async () => {
    const file = path.join(directory, 'zeros');
    writeFileSync(file, 'one\ntwo\n');
    truncateSync(file, 200_000_000);
    const before = process.memoryUsage.rss();
    let peak = 0;
    const timer = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 5);
    const lines: string[] = [];
    for await (const line of readLines(file, 1_000_000)) lines.push(line);
    clearInterval(timer);
    expect(lines).toEqual(['one', 'two']);
    expect(peak - before).toBeLessThan(100_000_000);
  });
});

test('a file that is not there rejects', async () => {
  await expect(readLines(path.join(directory, 'none')).next()).rejects.toThrow('ENOENT');
});
