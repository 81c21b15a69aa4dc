import { describe, expect, test } from 'vitest';
import { parsePlan } from '../parse.ts';
import { formatProblem } from '../problems.ts';
import { redactPlan } from '../redact.ts';

const parse = (monitors: unknown, more: object = {}, env: Readonly<Record<string, string>> = {}) =>
  parsePlan(
    { target: { url: 'reference' }, load: { connections: [{ to: 1 }, { hold: '9s' }] }, monitors, ...more },
    { env, profile: null },
  );

function monitorsOf(monitors: unknown, env: Readonly<Record<string, string>> = {}) {
  const parsed = parse(monitors, {}, env);
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  return parsed.plan.monitors;
}

function problemsOf(monitors: unknown, more: object = {}): readonly string[] {
  const parsed = parse(monitors, more);
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
}

describe('monitors', () => {
  test('are of the kind that their key says', () => {
    expect(
      monitorsOf(
        [
          { name: 'other', pid: `\${env.PID}` },
          { name: 'target', process: 'reference' },
          { name: 'machine', machine: true },
          {
            name: 'app',
            prometheus: 'http://127.0.0.1:9100/metrics',
            series: ['a', 'b{code="500"}', 'a', '{"c.d","e.f"="g"}', 'h{"i.j"="k"}'],
          },
          { name: 'queue', command: ['node', '-e', 'console.log(1)\n'] },
        ],
        { PID: '4711' },
      ),
    ).toEqual([
      { kind: 'process', name: 'other', pid: 4711 },
      { kind: 'referenceTarget', name: 'target' },
      { kind: 'machine', name: 'machine' },
      {
        kind: 'prometheus',
        name: 'app',
        url: 'http://127.0.0.1:9100/metrics',
        series: ['a', 'b{code="500"}', '{"c.d","e.f"="g"}', 'h{"i.j"="k"}'],
      },
      { kind: 'command', name: 'queue', program: 'node', args: ['-e', 'console.log(1)\n'], directory: null },
    ]);
    expect(monitorsOf(undefined)).toEqual([]);
  });

  test('are told all that is wrong with them at once', () => {
    expect(
      problemsOf([
        { name: 'a', pid: 1, machine: true },
        { name: 'a' },
        { name: 'b', machine: true, series: ['x'] },
        { name: 'c', prometheus: 'http://127.0.0.1/metrics' },
      ]),
    ).toEqual([
      'monitors[0]: expected one of pid, process, machine, prometheus, command, got pid and machine',
      'monitors[1].name: expected each name once, got a twice',
      'monitors[1]: expected one of pid, process, machine, prometheus, command, got none',
      'monitors[2].series: expected series only with prometheus, got series with machine',
      'monitors[3].series: expected the series to read, got nothing',
    ]);
    expect(
      problemsOf([
        { name: 'generator', pid: 0 },
        { name: 'two words', process: 'other' },
        { name: 'x', machine: false },
        { name: 'y', prometheus: 'ws://127.0.0.1/', series: ['a b', '{code="500"}', '{"a"="b"}', 'a{"b"}', '{"a}'] },
        { name: 'z', command: [] },
        { name: 'w', pdi: 7 },
      ]),
    ).toEqual([
      expect.stringMatching(/^monitors\[0\]\.name: expected a name .* and is not generator, got "generator"/),
      'monitors[0].pid: expected a process id, got 0',
      expect.stringMatching(/^monitors\[1\]\.name: expected a name/),
      'monitors[1].process: expected one of reference, got "other"',
      'monitors[2].machine: expected true, got false',
      'monitors[3].prometheus: expected a URL such as http://127.0.0.1:9100/metrics, got "ws://127.0.0.1/"',
      expect.stringMatching(/^monitors\[3\]\.series\[0\]: expected a series such as .*, got "a b"/),
      ...[1, 2, 3, 4].map((index) =>
        expect.stringContaining(`monitors[3].series[${index}]: expected a series such as `),
      ),
      'monitors[4].command: expected at least the program, got an empty list',
      expect.stringMatching(
        /^monitors\[5\]\.pdi: expected one of name, .*, got the unknown key "pdi" \(did you mean "pid"\?\)/,
      ),
    ]);
  });

  test('of the reference target need it to be the target', () => {
    expect(problemsOf([{ name: 'target', process: 'reference' }], { target: { url: 'ws://127.0.0.1/' } })).toEqual([
      'monitors[0].process: expected target.url: reference, got another target (monitor your own target by its pid)',
    ]);
  });

  test('keep their secrets to themselves, and numbers from the environment are none', () => {
    const parsed = parse(
      [
        { name: 'app', prometheus: 'http://user:hunter22@127.0.0.1/m?token=abcd1234', series: ['a'] },
        { name: 'queue', command: ['depth', '--key', `\${env.KEY}`] },
        { name: 'other', pid: `\${env.PID}` },
      ],
      {},
      { KEY: 'sesame-open', PID: '47110' },
    );
    if (!parsed.ok) throw new Error('the plan is good');
    expect(parsed.secrets).toEqual(expect.arrayContaining(['hunter22', 'abcd1234', 'sesame-open']));
    expect(parsed.secrets).not.toContain('47110');
    const shown = JSON.stringify(redactPlan(parsed.plan, parsed.secrets));
    for (const secret of ['hunter22', 'abcd1234', 'sesame-open']) expect(shown).not.toContain(secret);
    expect(
      JSON.stringify(problemsOf([{ name: 'app', prometheus: 'http://u:hunter22@/', series: ['a'] }])),
    ).not.toContain('hunter22');
  });
});
