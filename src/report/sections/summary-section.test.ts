import { describe, expect, test } from 'vitest';
import { resultOf } from '../../../test/support/judged-run.ts';
import type { Distribution, IncidentResult, MessageResult, RunResult } from '../../facts/result.ts';
import type { KeyFigure, ListItem } from '../document.ts';
import { summarySection } from './summary-section.ts';

const result = resultOf({ seconds: 1, rules: ['response.p99 < 1s'] });

function cards(more: Partial<RunResult> = {}): ReadonlyMap<string, KeyFigure> {
  const figures = summarySection({ ...result, ...more }).blocks.flatMap((block) =>
    block.kind === 'figures' ? block.figures : [],
  );
  return new Map(figures.map((figure) => [figure.name, figure]));
}

function withMessages(more: Partial<MessageResult>): Partial<RunResult> {
  return { messages: { ...result.messages, lost: 0, ...more } };
}

describe('the card of lost messages', () => {
  test('is good only where every message was sent and has an outcome', () => {
    expect(cards(withMessages({})).get('lost')).toMatchObject({
      text: '0',
      tone: 'good',
      note: '0 unresolved, 0 unsent',
    });
  });

  test('says what is unresolved or was not sent, and is open then', () => {
    const unsent = { ...result.messages.unsent, socketClosed: 478 };
    expect(cards(withMessages({ unresolved: 24, unsent })).get('lost')).toMatchObject({
      text: '0',
      tone: 'open',
      note: '24 unresolved, 478 unsent',
    });
  });

  test('says so beside a rule about it', () => {
    const ruled = resultOf({ seconds: 1, rules: ['lost < 10'] });
    const lost = summarySection({ ...ruled, messages: { ...ruled.messages, unresolved: 24 } }).blocks.flatMap(
      (block) => (block.kind === 'figures' ? block.figures.filter(({ name }) => name === 'lost') : []),
    );
    expect(lost).toMatchObject([{ tone: 'good', note: '24 unresolved, 0 unsent; rule: lost < 10' }]);
  });
});

describe('the card of outages', () => {
  const outage = { ...result.connections.handshake, count: 100, maxMs: 1900 } satisfies Distribution;
  const connections = { ...result.connections, opened: 200, reconnected: 100, outage };

  test('is there where clients lost their connection, and nowhere else', () => {
    expect(cards().has('longest outage')).toBe(false);
    expect(cards({ connections }).get('longest outage')).toMatchObject({
      text: '1.9 s',
      tone: 'bad',
      note: '100 outages of at most 100 clients',
    });
  });

  test('does not call bad what the plan did itself', () => {
    const recovery = { incidents: [{} as IncidentResult] } as unknown as RunResult['recovery'];
    const figures = summarySection({ ...result, connections, recovery }).blocks[0];
    expect(figures).toMatchObject({
      figures: expect.arrayContaining([expect.objectContaining({ name: 'longest outage', tone: 'quiet' })]),
    });
  });

  test('says who was not back when sending ended', () => {
    expect(cards({ connections: { ...connections, offline: 3 } }).get('longest outage')).toMatchObject({
      text: 'to the end',
      tone: 'bad',
      note: '103 outages of at most 100 clients; 3 clients not back at the end',
    });
  });
});

test('p50, mean, p95 and p99 stand beside one another', () => {
  const names = [...cards().keys()].slice(0, 4);
  expect(names).toEqual(['response, p50', 'response, mean', 'response, p95', 'response, p99']);
  expect(cards().get('response, p99')?.note).toBe('rule: response.p99 < 1s');
  expect(cards().get('response, p95')?.note).toBe('one in twenty was slower');
});

describe('what went wrong', () => {
  const items = (more: Partial<RunResult>): readonly ListItem[] =>
    summarySection({ ...result, ...more }).blocks.flatMap((block) =>
      block.kind === 'list' && block.title === 'What went wrong' ? block.items : [],
    );

  test('names corrupted and duplicated messages', () => {
    const failed = { ...resultOf({ seconds: 1 }), ...withMessages({ corrupted: 26, duplicated: 2 }) };
    expect(items(failed)).toEqual([
      { tone: 'bad', line: [expect.stringContaining('26 messages arrived corrupted')] },
      { tone: 'bad', line: ['2 messages arrived more than once.'] },
    ]);
  });

  test('is quiet where the rules allow it, and absent where there is nothing', () => {
    expect(items(withMessages({ duplicated: 2 }))).toMatchObject([{ tone: 'quiet' }]);
    expect(items(withMessages({}))).toEqual([]);
  });
});
