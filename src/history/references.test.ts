import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keepRun } from '../../test/support/history.ts';
import { listRuns } from './listing.ts';
import { findEntry, resolveReference } from './references.ts';
import { createRunDirectories } from './run-directory.ts';
import { baselinesOf, changeTags, moveBaseline } from './tags.ts';

const CHAT = ['20261101-100000-chat-aaaa', '20261102-100000-chat-bbbb', '20261103-100000-chat-cccc'] as const;
const FEED = '20261104-100000-feed-dddd';
const UNJUDGED = '20261105-100000-chat-eeee';

let root: string;
beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'highwater-references-'));
  for (const [index, id] of CHAT.entries()) {
    await keepRun(root, { id, startedAt: `2026-11-0${index + 1}T10:00:00.000Z`, tags: index === 1 ? [] : ['nightly'] });
  }
  await keepRun(root, { id: FEED, name: 'feed@2, new', startedAt: '2026-11-04T10:00:00.000Z' });
  await keepRun(root, { id: UNJUDGED, startedAt: '2026-11-05T10:00:00.000Z' }, false);
  await changeTags(path.join(root, CHAT[1]), { add: ['baseline'] });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function found(reference: string, planName: string | null = null): Promise<readonly string[]> {
  return (await resolveReference(root, reference, planName)).map((each) => path.basename(each));
}

describe('a reference means', () => {
  test.each([
    ['an id', CHAT[0], [CHAT[0]]],
    ['the beginning of one', '20261103', [CHAT[2]]],
    ['the latest, judged or not', 'latest', [UNJUDGED]],
    ['a tag: all that have it, in the order of time', 'nightly', [CHAT[0], CHAT[2]]],
    ['the only baseline', 'baseline', [CHAT[1]]],
    ['the latest judged of a plan, in the order of time', 'chat@2', [CHAT[1], CHAT[2]]],
    ['the same of a plan with any name', 'feed@2, new@1', [FEED]],
    ['several, in the order of time and each once', `${FEED}, nightly,20261101`, [CHAT[0], CHAT[2], FEED]],
  ])('%s', async (_, reference, ids) => {
    expect(await found(reference)).toEqual(ids);
  });

  test('a path, relative or not', async () => {
    const absolute = path.join(root, CHAT[0]);
    expect(await found(absolute)).toEqual([CHAT[0]]);
    expect(await found(path.relative(process.cwd(), absolute))).toEqual([CHAT[0]]);
  });

  test('the baseline of the plan that is asked for', async () => {
    expect(await found('baseline', 'chat')).toEqual([CHAT[1]]);
    await expect(found('baseline', 'feed@2, new')).rejects.toThrow(
      `baseline of feed@2, new: expected one run in ${root} that has this tag, got none. Plans with a baseline: chat (${CHAT[1]})`,
    );
  });
});

describe('an error says what there is', () => {
  test.each([
    ['nosuch', /no such run\. The latest is 20261105-100000-chat-eeee\. Known tags: baseline, nightly/],
    ['', /"": expected a run in .* got an empty name/],
    ['latest,nosuch', /nosuch: expected a run/],
    ['202611', /a prefix that matches 5 runs/],
    ['chat@4', /expected 4 judged runs of the plan chat .* got 3\. chat@3 stands for all of them/],
    ['chatt@1', /got 0\. did you mean "chat"\?/],
    ['xyz@1', /got 0\. Known plans: chat, feed@2, new/],
    ['chat@0', /no such run/],
    ['./nowhere', /no such run/],
  ])('%j', async (reference, message) => {
    await expect(found(reference)).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
      message: expect.stringMatching(message),
    });
  });

  test('one run is wanted and several are meant', async () => {
    const message = `nightly: expected one run in ${root}, got 2: ${CHAT[0]}, ${CHAT[2]}`;
    await expect(createRunDirectories(root).open('nightly')).rejects.toThrow(message);
    await expect(findEntry(root, 'nightly')).rejects.toThrow(message);
  });

  test('a directory that is none of a run', async () => {
    await expect(findEntry(root, root)).rejects.toMatchObject({ code: 'RUN_UNREADABLE' });
  });
});

test('the archive opens all that are meant', async () => {
  const runs = await createRunDirectories(root).find('chat@3');
  expect(runs.map((run) => path.basename(run.path))).toEqual(CHAT);
  expect(runs[0].plan.name).toBe('chat');
});

test('a plan has one baseline: another in its place takes it from the one before, and from no other plan', async () => {
  const entryOf = (id: string) => baselineCandidates().find((entry) => entry.id === id)!;
  const baselineCandidates = () =>
    listRuns(root, Date.now()).flatMap((entry) => (entry.state === 'judged' ? [entry] : []));
  const baselines = () => baselinesOf(listRuns(root, Date.now())).map(({ id }) => id);
  await moveBaseline(listRuns(root, Date.now()), entryOf(FEED));
  await moveBaseline(listRuns(root, Date.now()), entryOf(CHAT[2]));
  await moveBaseline(listRuns(root, Date.now()), entryOf(CHAT[2]));
  expect(baselines()).toEqual([FEED, CHAT[2]]);
  await expect(found('baseline')).rejects.toThrow(/got 2\. Plans with a baseline: feed@2, new \(.*\), chat \(/);
  expect(await found('baseline', 'chat')).toEqual([CHAT[2]]);
  await moveBaseline(listRuns(root, Date.now()), entryOf(CHAT[1]));
  await changeTags(path.join(root, FEED), { remove: ['baseline'] });
  expect(baselines()).toEqual([CHAT[1]]);
  expect(await found('nightly')).toEqual([CHAT[0], CHAT[2]]);
});
