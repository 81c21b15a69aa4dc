import { describe, expect, test } from 'vitest';
import { parsePlan } from '../plan/parse.ts';
import { formatProblem } from '../plan/problems.ts';
import { networkProblems } from './network-faults.ts';
import { PLAN_FORM } from './plan-form.ts';

const LOAD = { messages: { open: { rate: '10/s', for: '10s' } } };

function read(faults: readonly object[], target: object = { url: 'ws://chat.example.com:81/room?x=1' }) {
  return parsePlan({ target, load: LOAD, faults }, { env: {}, form: PLAN_FORM });
}

function problemsOf(...faults: readonly object[]): string {
  const parsed = read(faults);
  return parsed.ok ? '' : parsed.problems.map(formatProblem).join('\n');
}

describe('a network fault, in a plan', () => {
  test('has a time of its own beside the settings that it has in a file', () => {
    const parsed = read([
      { fault: 'latency', at: '3s', for: '1s', latency: '100ms', share: '50%', stream: 'up' },
      { fault: 'drop', name: 'a bad line', at: '5s', rate: '1%' },
    ]);
    expect(parsed.ok && parsed.plan.faults).toEqual([
      {
        kind: 'way',
        fault: 'latency',
        name: 'latency',
        atNs: 3e9,
        forNs: 1e9,
        settings: { latency: 1e8, share: 0.5, stream: 'up' },
      },
      { kind: 'way', fault: 'drop', name: 'a bad line', atNs: 5e9, forNs: null, settings: { rate: 0.01 } },
    ]);
  });

  test.each([
    [{ fault: 'latncy', at: '1s' }, 'did you mean "latency"'],
    [{ fault: 'latency', latency: '1ms' }, 'faults[0].at: expected a duration'],
    [{ fault: 'latency', at: '1s' }, 'faults[0].latency: expected a duration'],
    [{ fault: 'latency', at: '1s', latency: '1ms', from: '1s' }, 'the unknown key "from"'],
    [{ fault: 'drop', at: '1s' }, 'either rate or messages, got neither'],
    [{ fault: 'drop', at: '1s', rate: '1%', share: '0%' }, 'faults[0].share: expected a percentage above 0%'],
    [{ fault: 'down', at: '1s', for: '0s' }, 'faults[0].for: expected a time above 0'],
  ])('%j is refused', (fault, problem) => {
    expect(problemsOf(fault)).toContain(problem);
  });

  test('that excludes another cannot be on with it', () => {
    const slow = (at: string, stream: string) => ({ fault: 'bandwidth', at, for: '2s', rate: '1KB/s', stream });
    expect(problemsOf(slow('1s', 'up'), slow('2s', 'up'))).toContain('bandwidth during bandwidth (change at or for)');
    expect(problemsOf(slow('1s', 'up'), slow('2s', 'down'))).toBe('');
    expect(problemsOf({ fault: 'down', at: '1s' }, slow('9s', 'up'))).toContain('bandwidth during down');
  });

  test('needs a host that is the same for every client, and addresses that reach a proxy of this machine', () => {
    const fault = { fault: 'down', at: '1s' };
    const parsed = read([fault], {
      url: `ws://chat-\${client}.example.com/`,
      sourceAddresses: ['192.0.2.1', '127.0.0.2'],
    });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    expect(networkProblems(parsed.plan)).toEqual([
      expect.stringContaining(
        'target.url: expected a host and a port without placeholders, because of the network fault down',
      ),
      expect.stringContaining('target.sourceAddresses: expected addresses of 127.0.0.0/8'),
    ]);
    const fine = read([fault]);
    expect(fine.ok && networkProblems(fine.plan)).toEqual([]);
  });
});
