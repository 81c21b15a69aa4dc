import { describe, expect, test } from 'vitest';
import { parsePlan } from '../parse.ts';
import { formatProblem } from '../problems.ts';

const BASE = { target: { url: 'reference' }, load: { messages: { open: { rate: '10/s', for: '10s' } } } };

function read(document: unknown) {
  return parsePlan(document, { env: {} });
}

function problemsOf(faults: unknown, url = 'reference'): string {
  const parsed = read({ ...BASE, target: { url }, faults });
  return parsed.ok ? '' : parsed.problems.map(formatProblem).join('\n');
}

describe('faults', () => {
  test('have what they need, in nanoseconds, and a name', () => {
    const parsed = read({
      ...BASE,
      faults: [
        { fault: 'stop', at: '1s', for: '500ms', process: 'reference' },
        { fault: 'restart', at: '4s', process: 'reference', name: 'deployment' },
        { fault: 'kill', at: '5s', process: 4711 },
        { fault: 'command', at: '6s', for: '1s', run: ['true', '-x'], undo: ['false'] },
      ],
    });
    expect(parsed.ok && parsed.plan.faults).toEqual([
      { kind: 'stop', name: 'stop reference', process: 'reference', atNs: 1e9, forNs: 5e8 },
      { kind: 'restart', name: 'deployment', atNs: 4e9, forNs: 0 },
      { kind: 'kill', name: 'kill 4711', process: 4711, atNs: 5e9, forNs: 0 },
      {
        kind: 'command',
        name: 'command true',
        run: ['true', '-x'],
        undo: ['false'],
        directory: null,
        atNs: 6e9,
        forNs: 1e9,
      },
    ]);
  });

  test.each([
    [[{ fault: 'stopp', at: '1s' }], 'stop'],
    [[{ fault: 'stop', at: '1s', process: 'reference' }], 'faults[0].for: expected its duration'],
    [[{ fault: 'stop', at: '1s', for: '0s', process: 'reference' }], 'faults[0].for: expected a time'],
    [[{ fault: 'stop', at: '1s', for: '1s' }], 'faults[0].process: expected the process that it affects'],
    [[{ fault: 'stop', at: '1s', for: '1s', process: 'nginx' }], 'reference, or a process id'],
    [[{ fault: 'kill', at: '1s', for: '1s', process: 'reference' }], 'faults[0].for: expected no for with kill'],
    [[{ fault: 'restart', at: '1s', process: 17 }], 'faults[0].process: expected reference'],
    [[{ fault: 'command', at: '1s' }], 'faults[0].run: expected a command'],
    [[{ fault: 'command', at: '1s', run: [] }], 'a command as a list of words'],
    [[{ fault: 'command', at: '1s', run: ['x'], process: 'reference' }], 'faults[0].process: expected no process'],
    [[{ fault: 'command', at: '1s', run: [''] }], 'a word'],
    [[{ fault: 'partition', at: '1s', name: 'faults' }], 'another name, because rules use this one for all faults'],
    [{ fault: 'stop' }, 'a list of faults'],
    [['stop'], 'faults[0]: expected a fault: { fault, at, for }'],
    [[{ fault: 'packet_loss', at: '1s' }], 'faults[0].rate: expected a percentage'],
    [[{ fault: 'packet_loss', at: '1s', rate: '0%' }], 'a percentage from 0.0001%'],
    [[{ fault: 'partition', at: '1s', for: '0s' }], 'faults[0].for: expected a time above 0'],
    [[{ fault: 'link_rate', at: '1s', rate: 'fast' }], 'bytes per second such as 1MB/s'],
    [[{ fault: 'partion', at: '1s' }], 'did you mean "partition"'],
  ])('%j is refused', (faults, problem) => {
    expect(problemsOf(faults)).toContain(problem);
  });

  test('of the reference target need one', () => {
    const faults = [{ fault: 'stop', at: '1s', for: '1s', process: 'reference' }];
    expect(problemsOf(faults, 'ws://chat.example.com')).toContain('does not start the reference target');
  });

  test('of one process exclude each other while they last', () => {
    const stop = { fault: 'stop', at: '1s', for: '2s', process: 'reference' };
    const restart = (at: string) => ({ fault: 'restart', at, for: '1s', process: 'reference' });
    expect(problemsOf([stop, restart('2s')])).toContain('restart reference during stop reference');
    expect(problemsOf([stop, restart('3s')])).toBe('');
    expect(problemsOf([stop, { ...stop, process: 17 }])).toBe('');
  });
});

describe('packet faults', () => {
  test('are resolved, and last to the end where nothing else is said', () => {
    const parsed = read({
      ...BASE,
      faults: [
        { fault: 'packet_loss', at: '1s', for: '2s', rate: '5%' },
        { fault: 'partition', at: '4s', name: 'cut off' },
        { fault: 'link_rate', at: '0s', rate: '1MB/s' },
      ],
    });
    expect(parsed.ok && parsed.plan.faults).toEqual([
      { kind: 'packet_loss', name: 'packet_loss', atNs: 1e9, forNs: 2e9, lossRatio: 0.05 },
      { kind: 'partition', name: 'cut off', atNs: 4e9, forNs: null },
      { kind: 'link_rate', name: 'link_rate', atNs: 0, forNs: null, bytesPerSecond: 1e6 },
    ]);
  });

  test('of one kind exclude each other while they last', () => {
    const loss = (at: string) => ({ fault: 'packet_loss', at, for: '1s', rate: '1%' });
    expect(problemsOf([loss('1s'), loss('1500ms')])).toContain('packet_loss during packet_loss');
    expect(problemsOf([loss('1s'), loss('2s'), { fault: 'partition', at: '1s', for: '9s' }])).toBe('');
  });
});

describe('rules about the time of faults', () => {
  const stop = { fault: 'stop', at: '1s', for: '1s', process: 'reference', name: 'a pause' };
  const problems = (rule: string, faults: readonly object[] = [stop], key = 'thresholds') => {
    const parsed = read({ ...BASE, faults, [key]: [rule] });
    return parsed.ok ? '' : parsed.problems.map(formatProblem).join('\n');
  };

  test('name faults, one fault, or a stage', () => {
    const parsed = read({
      ...BASE,
      faults: [stop],
      thresholds: [
        'response.p99 < 200ms outside faults',
        'response.max < 3 s during a pause',
        'throughput.sent > 5/s in hold 10/s',
        'lost == 0',
      ],
    });
    expect(parsed.ok && parsed.plan.thresholds.map(({ scope, limit }) => [scope, limit])).toEqual([
      [{ kind: 'outside', fault: null }, 2e8],
      [{ kind: 'during', fault: 'a pause' }, 3e9],
      [{ kind: 'stage', name: 'hold 10/s' }, 5],
      [null, 0],
    ]);
  });

  test.each([
    ['response.p99 < 1s during a puase', 'got "a puase" (did you mean "a pause"?)'],
    ['response.p99 < 1s in warm-up', 'a stage of the plan: hold 10/s, got "warm-up"'],
    ['lost == 0 outside faults', 'may be known only later'],
    ['fanout.p99 < 1s outside faults', 'may be known only later'],
    ['delivered >= 99% during faults', 'may be known only later'],
    ['response.p99 < 1s during', 'a duration such as 200ms'],
  ])('%s is refused', (rule, problem) => {
    expect(problems(rule)).toContain(problem);
  });

  test('need faults, and are no conditions to abort by', () => {
    expect(problems('response.p99 < 1s outside faults', [])).toContain('faults in the plan');
    expect(problems('response.p99 > 1s during faults', [stop], 'abort')).toContain('can be checked during the run');
  });
});
