import { expect, test } from 'vitest';
import { resultOf } from '../../../test/support/judged-run.ts';
import type { RunResult } from '../../facts/result.ts';
import { risksOf } from './risks.ts';

const result = resultOf({ seconds: 1 });
const said = (more: Partial<RunResult>): string[] => risksOf({ ...result, ...more }).map(({ line }) => line.join(''));

test('what else to know is that compression was declined, where the plan asked for it', () => {
  const target = {
    ...result.plan.target,
    compression: { kind: 'deflate', clientContextTakeover: true, serverContextTakeover: true },
  } as const;
  const asked: Partial<RunResult> = {
    plan: { ...result.plan, target },
    connections: { ...result.connections, opened: 5 },
    negotiated: { subprotocol: { none: 5 }, compression: { 'permessage-deflate': 3, none: 2 } },
  };
  const text = 'The service declined compression on 2 of 5 connections.';
  expect(said(asked)).toContain(text);
  expect(said({ ...asked, plan: result.plan })).not.toContain(text);
  const agreed = { subprotocol: { none: 5 }, compression: { 'permessage-deflate': 5 } };
  expect(said({ ...asked, negotiated: agreed }).join()).not.toMatch(/compression/);
});

test('what else to know is that close frames were never answered', () => {
  const of = (unanswered: number): string[] =>
    said({ connections: { ...result.connections, closes: { sent: 5, unanswered, waitedOut: 0 } } });
  expect(of(4)).toContain('The service did not answer 4 of 5 close frames (RFC 6455 §5.5.1 requires it).');
  expect(of(0).join()).not.toMatch(/close frame/);
});
