import { expect, test } from 'vitest';
import { createNotebook, MAX_WATCHED } from './notebook.ts';

const MARK = '5eed0001';
const hear = (notebook: ReturnType<typeof createNotebook>, text: string | Uint8Array): void => {
  const bytes = Buffer.from(text);
  notebook.hear(0, 'text', bytes, 0, bytes.length);
};

test('a flood is counted and not kept, and an answer in the midst of it is kept all the same', () => {
  const notebook = createNotebook(MARK);
  for (let i = 0; i < 10_000; i++) hear(notebook, `news ${i}`);
  notebook.send({ kind: 'text', payload: MARK, text: MARK });
  for (let i = 0; i < 10_000; i++) hear(notebook, `news ${i}`);
  expect(notebook.isAnswered()).toBe(false);
  hear(notebook, `you said ${MARK}`);
  expect(notebook.isAnswered()).toBe(true);
  const { heard, unkept } = notebook.transcript(2000, true);
  expect(heard.length + unkept).toBe(20_001);
  expect(heard.length).toBeLessThan(MAX_WATCHED + 100);
  expect(heard.at(-1)).toMatchObject({ afterProbes: 1, text: `you said ${MARK}` });
});

test('of a long message the beginning is kept, with its whole size', () => {
  const notebook = createNotebook(MARK);
  hear(notebook, 'x'.repeat(900_000));
  expect(notebook.transcript(0, true).heard[0]).toMatchObject({ bytes: 900_000 });
  expect(notebook.transcript(0, true).heard[0]!.text.length).toBeLessThanOrEqual(32 * 1024);
});

test('answers to one message are bounded too, and those to the next are kept again', () => {
  const notebook = createNotebook(MARK);
  for (let probe = 0; probe < 2; probe++) {
    notebook.send({ kind: 'text', payload: MARK, text: MARK });
    for (let i = 0; i < 1000; i++) hear(notebook, MARK);
  }
  expect(notebook.transcript(0, true).heard.length).toBeLessThan(50);
  expect(notebook.transcript(0, true).heard.at(-1)?.afterProbes).toBe(2);
});

test('of what another connection hears, what is ours is counted', () => {
  const notebook = createNotebook(MARK);
  expect(notebook.transcript(0, true).overheard).toBeNull();
  for (const said of ['news', `{"from":"${MARK}-0-100"}`]) {
    const bytes = Buffer.from(said);
    notebook.overhear(bytes, 0, bytes.length);
  }
  expect(notebook.transcript(0, true).overheard).toBe(1);
});
