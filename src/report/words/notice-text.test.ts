import { describe, expect, test } from 'vitest';
import { makePlan } from '../../../test/support/engine/plans.ts';
import type { Notice } from '../../facts/notice.ts';
import { noticeText } from './notice-text.ts';

describe('that nothing was understood', () => {
  const notUnderstood = { kind: 'notUnderstood', protocol: makePlan().protocol, sample: '{"a":1}' } as const;

  test('names where the protocol looks, and one message', () => {
    expect(noticeText({ ...notUnderstood, unreadable: null })).toBe(
      'nothing that came answers a message that was sent; an echo returns messages unchanged. One of them: {"a":1}',
    );
  });

  test('names what keeps messages from being read, where that is the reason', () => {
    const text = noticeText({ ...notUnderstood, sample: '0x1f 0x8b', unreadable: 'compressed' });
    expect(text).toMatch(
      /^nothing that came answers a message that was sent; messages came that begin like compressed data/,
    );
    expect(text).not.toContain('an echo');
  });
});

test.each<[Notice, string]>([
  [{ kind: 'monitorGap', monitor: 'app', reason: 'refused' }, 'monitor app: refused'],
  [
    { kind: 'faultFailed', fault: 'restart', phase: 'began', reason: 'no such process' },
    'the fault restart could not be started: no such process',
  ],
  [
    { kind: 'faultFailed', fault: 'restart', phase: 'ended', reason: 'no such process' },
    'the fault restart could not be ended: no such process',
  ],
  [
    { kind: 'targetDied', death: { pid: 7, exitCode: null, signal: 'SIGKILL', atSecond: 2.1 } },
    'the reference target (process 7) was killed by SIGKILL after 2.1 s',
  ],
  [{ kind: 'remark', text: 'a process continues' }, 'a process continues'],
])('%o is told in a sentence', (notice, text) => {
  expect(noticeText(notice)).toBe(text);
});

test('a record that cannot be written says which run, why, and what to do', () => {
  const text = noticeText({ kind: 'recordUnwritable', path: 'runs/a', reason: 'ENOSPC: no space left on device' });
  expect(text).toBe(
    'runs/a: the record could not be written: ENOSPC: no space left on device. The run ends. Free disk space, or choose another directory with --runs-dir',
  );
});
