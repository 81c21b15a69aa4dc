import { describe, expect, test } from 'vitest';
import { makePlan, openMessages, SECOND, threshold } from '../../../test/support/engine/plans.ts';
import { completedRun, makeWindow, type WindowParts } from '../../../test/support/engine/windows.ts';
import { createJudge } from '../../analysis/judge/judge.ts';
import type { RunEvent } from '../../facts/event.ts';
import type { RunResult } from '../../facts/result.ts';
import { ansiStyle, plainStyle } from './style.ts';
import { renderSummary } from './summary.ts';

const MS = 1e6;
const times = (count: number, ns: number): number[] => Array<number>(count).fill(ns);

function resultOf(
  parts: WindowParts,
  rules: readonly string[],
  more: { events?: RunEvent[]; plan?: object } = {},
): RunResult {
  const plan = makePlan({
    messages: openMessages(100, 10 * SECOND),
    plan: { name: 'chat-capacity', thresholds: rules.map(threshold), ...more.plan },
  });
  const [started, ...rest] = completedRun(0, 10 * SECOND) as [RunEvent, ...RunEvent[]];
  const judge = createJudge(plan, [started, ...(more.events ?? []), ...rest], () => '');
  judge.window(makeWindow(parts));
  return judge.finish();
}

const parts: WindowParts = {
  messages: { due: 1010, sent: 1000, delivered: 990, lost: 6, unresolved: 4, duplicated: 3 },
  unsent: { backpressure: 10 },
  connections: {
    attempted: 12,
    opened: 10,
    failed: 2,
    peakOpen: 10,
    droppedByServer: 2,
    closeCodes: { 1006: 2 },
    failures: { reset: 2, refused: 2 },
  },
  times: { response: times(990, 812 * MS), service: times(990, 640 * MS), sendLag: times(100, 0.6 * MS) },
};
const lines = (result: RunResult): string[] => renderSummary(result, plainStyle(false), null).split('\n');

describe('the summary', () => {
  const result = resultOf(parts, ['response.p95 < 200ms', 'duplicated == 3', 'response.p99.9 < 5s']);

  test('puts the verdict first, then what was run', () => {
    expect(lines(result)[0]).toMatch(
      /^ FAIL {4}chat-capacity {3}10\.0 s {3}10 clients {3}2 workers {3}vs ws:\/\/10\.0\.0\.1:80\/ws$/,
    );
    expect(lines(resultOf(parts, ['duplicated == 3']))[0]).toMatch(/^ PASS /);
    expect(lines(resultOf(parts, []))[0]).toMatch(/^ INCONCLUSIVE /);
  });

  test('counts all clients that were opened, and says how many were open at once where that were fewer', () => {
    const headlineOf = (connections: object): string =>
      lines(resultOf({ ...parts, connections }, ['duplicated == 3']))[0]!;
    const turns = { attempted: 50, opened: 50, peakOpen: 1 };
    expect(headlineOf(turns)).toContain('   50 clients, at most 1 at once   ');
    expect(headlineOf({ attempted: 60, opened: 60, reconnected: 10, peakOpen: 50 })).toContain('   50 clients   ');
    expect(headlineOf({ attempted: 60, opened: 60, reconnected: 10, peakOpen: 30 })).toContain(
      '   50 clients, at most 30 at once   ',
    );
    expect(headlineOf({ attempted: 5, failed: 5 })).toContain('   0 clients   ');
  });

  test('says which guarantee the counts are consistent with, how much that proves, and what the disorder was', () => {
    const delivery = (more: WindowParts): string[] => {
      const all = lines(resultOf(more, ['sent > 0']));
      const from = all.findIndex((line) => line.startsWith('  delivery'));
      return all
        .slice(
          from,
          all.findIndex((line) => line.startsWith('  response')),
        )
        .map((line) => line.slice(14));
    };
    expect(delivery({ messages: { sent: 1000, delivered: 1000 } })).toEqual([
      'consistent with exactly-once in 1,000 messages (loss < 0.3 % with 95 % confidence)',
      'no connection dropped, so this says nothing about behavior under failure',
    ]);
    expect(
      delivery({
        messages: { sent: 1000, delivered: 995, lost: 5, duplicated: 2, reordered: 4, corrupted: 3, unexpected: 1 },
        connections: { reconnected: 1 },
        extent: { count: 4, sum: 10, max: 7 },
        density: { displaced: [], mostHeld: 3 },
        loss: { periods: 2, longestPeriod: 4, noticeable: 3 },
        damage: { bitFlips: 2, spliced: 1 },
        unexpected: { stale: 1 },
      }),
    ).toEqual([
      'consistent with no guarantee in 1,000 messages: some were lost and some were duplicated',
      'reordered by 2.5 positions on average, 7 at most',
      '2 gaps, longest 4 messages',
      'corrupted: flipped bits 2, joined with another 1',
      'unexpected: of another run 1',
    ]);
  });

  test('then every rule with its mark and what was observed', () => {
    expect(lines(result).slice(2, 5)).toEqual([
      '  fail      response.p95 < 200ms   812 ms, with 20 unanswered',
      '  pass      duplicated == 3        3',
      '  undecided response.p99.9 < 5s    n/a',
    ]);
    expect(lines(result).join('\n')).toContain('doubt response.p99.9 < 5s: p99.9 needs 2,995 samples, got 1,010');
  });

  test('says that there are no rules where there are none', () => {
    expect(lines(resultOf(parts, [])).join('\n')).toContain('the plan has no rules (thresholds or contract)');
  });

  test('then the books, beside them what is counted beside', () => {
    const text = lines(result).join('\n');
    expect(text).toContain('due 1,010   sent 1,000   unsent (backpressure 10)   delivered 990   lost 6   unresolved 4');
    expect(text).toContain('duplicated 3   reordered 0   corrupted 0   unexpected 0');
    expect(text).toContain('offered 101/s   sent 100/s   delivered 99/s');
  });

  test('a percentile that the samples cannot bound says how many it needs', () => {
    const text = lines(result).join('\n');
    expect(text).toContain('p99 812 ms   p99.9 n/a (needs 2,995, got 990)   max 812 ms');
    expect(text).toContain('send lag p99 n/a (needs 299, got 100)');
    expect(lines(resultOf({}, [])).join('\n')).toMatch(/response +no samples/);
  });

  test('times have the mean beside the percentiles', () => {
    const text = lines(result).join('\n');
    expect(text).toMatch(/^ {2}response .*p90 812 ms {3}p95 812 ms {3}p99 812 ms .* {3}max 812 ms {3}mean 812 ms$/m);
    expect(text).toMatch(/^ {2}service .*p90 640 ms {3}p95 640 ms {3}p99 640 ms .* {3}max 640 ms {3}mean 640 ms$/m);
  });

  test('connections, their ends, and the first example of each failure', () => {
    const events: RunEvent[] = [
      {
        kind: 'failure',
        atNs: 1,
        worker: 0,
        group: 0,
        client: 0,
        failure: 'refused',
        cause: { kind: 'system', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 10.0.0.1:80' },
      },
    ];
    const text = lines(resultOf(parts, [], { events })).join('\n');
    expect(text).toMatch(/^ {2}connections opened 10.* {3}failed 2 {3}dropped by the server 2 \(1006 x 2\)/m);
    expect(text).toMatch(/refused 2: .*connect ECONNREFUSED 10\.0\.0\.1:80/);
  });

  test('what to do about connections that failed, where something follows from it', () => {
    const refused403 = {
      kind: 'httpStatus',
      status: 403,
      reasonPhrase: 'Access denied',
      location: null,
      retryAfter: null,
      authenticate: null,
      body: '',
    } as const;
    const failed: RunEvent = {
      kind: 'failure',
      atNs: 0,
      worker: 0,
      group: 0,
      client: 0,
      failure: 'upgradeRejected',
      cause: refused403,
    };
    const none: WindowParts = { connections: { attempted: 3, failed: 3, failures: { upgradeRejected: 3 } } };
    const of = (headers: object): string[] =>
      lines(resultOf(none, ['lost == 0'], { events: [failed], plan: { target: { ...makePlan().target, headers } } }));
    const without = of({});
    const at = without.findIndex((line) => line.includes('first: HTTP 403 Access denied'));
    expect(without[at + 1]).toMatch(/^ {14}what to do: .*target\.headers: \{ Origin: "https:.*-H 'Origin: https:/);
    expect(of({ origin: 'https://a.test' })[at + 1]).toMatch(/check that it allows this Origin/);
  });

  describe('of close handshakes', () => {
    const closesOf = (closes: Partial<NonNullable<WindowParts['connections']>['closes']>): string[] =>
      lines(
        resultOf(
          { ...parts, connections: { opened: 5, closes: { sent: 5, unanswered: 0, waitedOut: 0, ...closes } } },
          [],
        ),
      ).filter((line) => /close frame/.test(line));

    test('says how many the service never answered, and what was waited for', () => {
      expect(closesOf({ unanswered: 4, waitedOut: 5 })).toEqual([
        '              the service did not answer 4 of 5 close frames (RFC 6455 section 5.5.1)',
        '              the service did not close 5 connections within 2 s after the close frame (RFC 6455 section 7.1.1); the run waited, then cut them off',
      ]);
    });

    test('says nothing where all were answered', () => expect(closesOf({})).toEqual([]));
  });

  describe('of what was negotiated', () => {
    const negotiatedOf = (subprotocols: string[], compression: object, facts: object): string[] => {
      const target = { ...makePlan().target, subprotocols, compression };
      const opened = { connections: { opened: 5, negotiated: { subprotocol: {}, compression: {}, ...facts } } };
      const all = lines(resultOf({ ...parts, ...opened }, [], { plan: { target } }));
      return all.filter((line) => /negotiated|compression/.test(line));
    };
    const deflate = { kind: 'deflate', clientContextTakeover: true, serverContextTakeover: true };

    test('says what the plan asked for and what came of it, with counts', () => {
      const facts = { subprotocol: { 'chat.v2': 3, none: 2 }, compression: { 'permessage-deflate': 5 } };
      expect(negotiatedOf(['chat.v2'], deflate, facts)).toEqual([
        '  negotiated  subprotocol chat.v2 x 3, none x 2   compression permessage-deflate x 5',
      ]);
    });

    test('says that compression was asked for and declined', () => {
      expect(negotiatedOf([], deflate, { compression: { none: 5 } })).toEqual([
        '  negotiated  compression none x 5',
        '              the service declined compression on 5 of 5 connections',
      ]);
    });

    test('says nothing where nothing was asked for', () => {
      expect(negotiatedOf([], { kind: 'off' }, { subprotocol: { none: 5 }, compression: { none: 5 } })).toEqual([]);
    });
  });

  test('the first violation of each kind, with where and when', () => {
    const place = { kind: 'violation' as const, atNs: 31_204 * MS, worker: 0, client: 812, stream: 812 };
    const lost = (seq: number): RunEvent => ({
      ...place,
      violation: 'lost',
      seq,
      acknowledged: false,
      damaged: false,
      dueSecond: null,
      sentFromSecond: 3,
      sentToSecond: 4,
      previous: null,
      next: seq + 9,
    });
    const events = [lost(1), lost(2), { ...place, violation: 'duplicated' as const, seq: 3, push: null }];
    const found = lines(resultOf(parts, [], { events })).filter((line) => line.startsWith('  first'));
    expect(found).toEqual([
      '  first lost: stream 812, #1 never came back; #10 did (sent between 3.0 and 4.0 s, given up at 31.204 s)',
      '  first duplicated: stream 812, #3 arrived again (at 31.204 s)',
    ]);
  });

  test('says why a run ended early, and names its profile', () => {
    const events: RunEvent[] = [
      { kind: 'stopping', atNs: SECOND, reason: 'interrupted', detail: 'stopped by the user' },
    ];
    const text = lines(resultOf(parts, [], { events, plan: { profile: 'ci' } })).join('\n');
    expect(text).toContain('ended early: stopped by the user');
    expect(text).toContain('profile ci');
  });

  test('whether the generator is well, and where the record lies', () => {
    expect(lines(result).join('\n')).toMatch(/generator +healthy/);
    const ill = resultOf({ ...parts, times: { ...parts.times, sendLag: times(990, 500 * MS) } }, []);
    expect(lines(ill).join('\n')).toMatch(/generator +in doubt/);
    expect(renderSummary(result, plainStyle(false), '/runs/x')).toMatch(/record +\/runs\/x/);
  });
});

describe('on a terminal of its width', () => {
  const long = 'chat-capacity of the second region, with the new gateway and both brokers';
  const result = resultOf(parts, ['response.p95 < 200ms', 'duplicated == 3', 'response.p99.9 < 5s'], {
    plan: { name: long },
  });
  const words = (text: string): readonly string[] => text.split(/\s+/);
  const whole = renderSummary(result, plainStyle(false), '/x');

  test.each([40, 80])('no line is wider than %d columns, and no word is broken', (columns) => {
    const text = renderSummary(result, plainStyle(false, columns), '/x');
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns);
    expect(words(text)).toEqual(words(whole));
  });

  test('colors change nothing about where lines end', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: our own escape codes are taken away
    const uncolored = renderSummary(result, ansiStyle(false, 60), '/x').replace(/\u001b\[\d+m/g, '');
    expect(uncolored).toBe(renderSummary(result, plainStyle(false, 60), '/x'));
  });

  test('what goes on stands below where it began', () => {
    const text = renderSummary(result, plainStyle(false, 80), null).split('\n');
    const at = text.findIndex((line) => line.startsWith('  messages'));
    expect(text.slice(at, at + 2)).toEqual([
      '  messages    due 1,010   sent 1,000   unsent (backpressure 10)   delivered 990',
      '              lost 6   unresolved 4',
    ]);
  });
});

describe('what the run cost', () => {
  const series = (first: number, last: number, slopePerMinute: number | null = null) => ({
    first,
    max: Math.max(first, last),
    last,
    slopePerMinute,
  });
  const watched: RunResult = {
    ...resultOf(parts, ['duplicated == 3']),
    monitors: [
      { name: 'target', readings: 10, gaps: 0, firstGap: null },
      { name: 'app', readings: 9, gaps: 2, firstGap: 'status 503' },
      { name: 'gone', readings: 0, gaps: 10, firstGap: 'process 7 is gone' },
    ],
    resources: {
      target: {
        threads: series(4, 4),
        rssBytes: series(50e6, 150e6, 300e6),
        fileDescriptors: series(20, 25),
        cpuRatio: series(0.1, 1.234),
        tcpRetransmitsPerSecond: series(0, 2.5),
        tcpResetsPerSecond: series(0, 0),
      },
      app: { 'heap_bytes{a="b"}': series(1e6, 2e6), depth: series(7, 1.23456) },
    },
    findings: [
      {
        kind: 'leak',
        series: 'target.rssBytes',
        fromSecond: 2,
        toSecond: 10,
        confidence: 0.999,
        evidence: [
          {
            kind: 'growth',
            unit: 'bytes',
            start: 50e6,
            growth: 40e6,
            slopePerMinute: 3e8,
            intervalPerMinute: [2.9e8, 3.1e8],
            pValue: 0.001,
            points: 40,
          },
        ],
      },
    ],
  };

  test('has a line for each monitor and each finding', () => {
    const text = lines(watched);
    expect(text).toContain(
      '  leak  target memory: it grew steadily under constant load, from 50.0 MB at 2 s by 40.0 MB until 10 s: ' +
        '300 MB per minute (95 % interval 290 MB to 310 MB; Mann-Kendall p = 0.001 over 40 lowest points)',
    );
    const from = text.findIndex((line) => line.startsWith('  monitors'));
    expect(text.slice(from, from + 3)).toEqual([
      '  monitors    target: CPU at most 123 %   memory 50.0 MB to 150 MB (+300 MB per minute)   open files 20 to 25   TCP retransmits at most 2.5/s',
      '              app: heap_bytes{a="b"} 1.0 MB to 2.0 MB, at most 2.0 MB   depth 7 to 1.235, at most 7   2 gaps, first: status 503',
      '              gone: 10 gaps, first: process 7 is gone',
    ]);
    expect(lines(resultOf(parts, [])).join('\n')).not.toMatch(/monitors|leak/);
  });
});

describe('what comes from outside cannot harm the terminal', () => {
  const evil = '\u001b[2J\u202eevil\nsecond line';
  const events: RunEvent[] = [
    {
      kind: 'failure',
      atNs: 1,
      worker: 0,
      group: 0,
      client: 0,
      failure: 'reset',
      cause: { kind: 'error', message: evil },
    },
    {
      kind: 'violation',
      atNs: 1,
      worker: 0,
      violation: 'diverged',
      client: 0,
      stream: 0,
      seq: 0,
      expected: evil,
      got: evil,
    },
    { kind: 'stopping', atNs: 1, reason: 'abortRule', detail: evil },
  ];

  test('in plain style there is no control character but the line’s end, and nothing but ASCII', () => {
    const result = resultOf(parts, ['lost == 0'], { events, plan: { name: `name ${evil}`, profile: evil } });
    const text = renderSummary(result, plainStyle(false), null);
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(text).toContain('\\u001b[2J\\u202eevil second line');
  });

  test('in color there are no escape codes but our own', () => {
    const result = resultOf(parts, ['lost == 0'], { events, plan: { name: `name ${evil}` } });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what is looked for are control characters
    const text = renderSummary(result, ansiStyle(true), null).replace(/\u001b\[(1|2|22|31|32|33|39)m/g, '');
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});

describe('what a plan without messages of its own is told', () => {
  const numbering = { sequence: ['seq'], channel: null, shared: false };
  const plan = {
    protocol: { kind: 'push', join: [], pushes: numbering },
    load: makePlan({ messages: { kind: 'none' } }).load,
  };
  const result = resultOf(
    {
      pushes: { expected: 100, received: 97, missed: 2, unresolved: 1, unjudged: 4 },
      times: { firstPush: times(40, 5 * MS) },
    },
    ['pushes.missed == 0'],
    { plan },
  );

  test('is what the service said of its own accord, and nothing of messages that it cannot have', () => {
    expect(lines(result)).toEqual(
      expect.arrayContaining([
        '  fail      pushes.missed == 0   2',
        '  messages    none; connections were only opened and held',
        '  pushes      received 97 %   expected 100   received 97   missed 2   unresolved 1   not judged 4',
      ]),
    );
    expect(lines(result).join('\n')).toMatch(
      / {14}first after p50 5\.\d+ ms {3}p90 5\.\d+ ms {3}p99 n\/a \(needs 299, got 40\)/,
    );
    expect(lines(result).join('\n')).not.toMatch(/offered|response|service|p95|mean/);
  });
});

describe('what is said of pings', () => {
  const plan = { target: makePlan({ target: { ping: { everyNs: SECOND, timeoutNs: SECOND } } }).target };
  const said = (more: WindowParts, of: object = plan): string[] =>
    lines(resultOf(more, [], { plan: of })).filter((line) => line.startsWith('  pings'));

  test('is how many there were, how many were given up, and how long a pong takes', () => {
    const pings = { sent: 1234, answered: 1231, unanswered: 3 };
    expect(said({ pings, times: { ping: times(1231, 5 * MS) } })[0]).toMatch(
      /^ {2}pings {7}sent 1,234 {3}unanswered 3 {3}pong p50 5\.\d+ ms {3}p99 5\.\d+ ms {3}max 5\.0 ms$/,
    );
    expect(said({ pings: { sent: 3, unanswered: 3 } })).toEqual(['  pings       sent 3   unanswered 3']);
  });

  test('is nothing where there were none', () => {
    expect(said({})).toEqual([]);
    expect(said({}, {})).toEqual([]);
    expect(resultOf({}, [], {}).pings).toBeNull();
    expect(resultOf({}, [], { plan }).pings).toMatchObject({ sent: 0, answered: 0, unanswered: 0 });
  });
});

describe('what is said of a fault', () => {
  const faults = [{ kind: 'restart', name: 'deployment', atNs: 4 * SECOND, forNs: SECOND }];
  const fault = (phase: 'began' | 'ended', second: number, detail: string | null = null): RunEvent => ({
    kind: 'fault',
    atNs: second * SECOND,
    fault: 0,
    phase,
    detail,
  });
  const connections = {
    attempted: 20,
    opened: 10,
    droppedByServer: 10,
    reconnected: 10,
    firstDropNs: 4.25 * SECOND,
    firstReopenNs: 5.5 * SECOND,
    lastReopenNs: 6.75 * SECOND,
    openNs: 9 * SECOND,
    wantedNs: 10 * SECOND,
    downNs: SECOND,
  };
  const told = (events: RunEvent[], more: WindowParts = {}): string[] => {
    const all = lines(
      resultOf({ second: 6, connections, times: { outage: times(10, 1500 * MS) }, ...more }, [], {
        events,
        plan: { faults },
      }),
    );
    const from = all.findIndex((line) => line.startsWith('  recovery'));
    return all.slice(from, from + 4);
  };

  test('is when it was, what it dropped, how that came back, and what it cost', () => {
    expect(told([fault('began', 4), fault('ended', 5)], { messages: { unresolved: 3 } })).toEqual([
      '  recovery    connections available 90 %   10 drops, down for 100 ms on average',
      '              deployment at 4.0 s, for 1.0 s',
      '                 10 connections dropped, first after 250 ms, 10 reconnected after 1.5 s to 2.8 s, down p50 1.5 s, max 1.5 s, at most 10 per second',
      '                 unresolved 3; too little time before the fault for a baseline',
    ]);
  });

  test('names the faults that it cannot be told apart from', () => {
    const more = { ...faults[0]!, kind: 'restart', name: 'cut' };
    const text = lines(
      resultOf({ second: 6, connections }, [], {
        events: [fault('began', 4), { ...fault('began', 4.5), fault: 1 } as RunEvent],
        plan: { faults: [...faults, more] },
      }),
    );
    expect(text).toContain('              deployment at 4.0 s (together with cut)');
    expect(text).toContain('              cut at 4.5 s (together with deployment)');
  });

  test('is why, where it could not be done', () => {
    expect(told([fault('began', 4, 'sh: expected exit code 0, got 3')])[1]).toBe(
      '              deployment at 4.0 s, which failed: sh: expected exit code 0, got 3',
    );
  });
});
