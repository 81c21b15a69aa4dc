// Pages are found: every link between them leads to a file and a heading that are there, and whatever the command names as an
// error, a failure or a doubt has its heading.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ERROR_CODES } from '../../src/facts/error.ts';
import { FAILURE_KINDS } from '../../src/facts/failure.ts';
import { DOUBT_KINDS } from '../../src/facts/result.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGES = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], { cwd: ROOT, encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((page) => !page.startsWith('docs/samples/') && existsSync(path.join(ROOT, page)));
const ERRORS = 'docs/reference/errors.md';

const textOf = (page: string): string => readFileSync(path.join(ROOT, page), 'utf8').replace(/^```.*?^```$/gms, '');

/** As GitHub makes them: a heading that is there twice has a number behind the second. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of textOf(page).matchAll(/^#+ (.*)$/gm)) {
    const plain = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .trim()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    let anchor = plain;
    for (let copies = 1; anchors.has(anchor); copies++) anchor = `${plain}-${copies}`;
    anchors.add(anchor);
  }
  return anchors;
}

function brokenLinks(page: string): readonly string[] {
  return [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
    if (!existsSync(path.join(ROOT, target))) return [`${link}: no such file`];
    if (anchor === undefined || !target.endsWith('.md') || anchorsOf(target).has(anchor)) return [];
    return [`${link}: no such heading`];
  });
}

test.each(PAGES)('every link of %s leads somewhere', (page) => {
  expect(brokenLinks(page)).toEqual([]);
});

test('the index names every page for readers', () => {
  const index = textOf('docs/README.md');
  const pages = PAGES.filter((page) => /^docs\/(start|guides|reference|explanation)\//.test(page));
  expect(pages.filter((page) => !index.includes(`(${page.slice('docs/'.length)})`))).toEqual([]);
});

describe('the page of errors', () => {
  test('has a heading for every code, failure and doubt', () => {
    const headings = [...textOf(ERRORS).matchAll(/^### (\S+)$/gm)].map(([, heading]) => heading);
    expect(headings.toSorted()).toEqual([...ERROR_CODES, ...FAILURE_KINDS, ...DOUBT_KINDS].toSorted());
  });
});
