import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { metricName, parseThreshold } from './thresholds.ts';

function read(expression: string) {
  const threshold = parseThreshold(expression);
  if ('expected' in threshold) throw new Error(threshold.expected);
  return threshold;
}

function refusal(expression: string) {
  const threshold = parseThreshold(expression);
  if (!('expected' in threshold)) throw new Error(`${expression} was read`);
  return threshold;
}

describe('a threshold', () => {
  test.each([
    ['response.p99 < 200ms', 'response.p99', '<', 200e6, 'ns'],
    ['  service.p99.9<=1.5s ', 'service.p99.9', '<=', 1.5e9, 'ns'],
    ['sendLag.max < 2 s', 'sendLag.max', '<', 2e9, 'ns'],
    ['handshake.stdDev < 1m30s', 'handshake.stdDev', '<', 90e9, 'ns'],
    ['response.p050 < 1ms', 'response.p50', '<', 1e6, 'ns'],
    ['delivered >= 99.9%', 'delivered', '>=', 0.999, 'ratio'],
    ['lost < 0.1%', 'lost', '<', 0.001, 'ratio'],
    ['reordered == 0', 'reordered', '==', 0, 'count'],
    ['sent != 100', 'sent', '!=', 100, 'count'],
    ['connections.failed == 0', 'connections.failed', '==', 0, 'count'],
    ['connections.opened >= 99%', 'connections.opened', '>=', 0.99, 'ratio'],
    ['throughput.delivered > 7900/s', 'throughput.delivered', '>', 7900, 'perSecond'],
    ['fanout.p99 < 50ms', 'fanout.p99', '<', 50e6, 'ns'],
    ['fanout.received >= 99.9%', 'fanout.received', '>=', 0.999, 'ratio'],
    ['fanout.missed == 0', 'fanout.missed', '==', 0, 'count'],
    ['pushes.received >= 99.9%', 'pushes.received', '>=', 0.999, 'ratio'],
    ['pushes.missed == 0', 'pushes.missed', '==', 0, 'count'],
    ['firstPush.p90 < 1s', 'firstPush.p90', '<', 1e9, 'ns'],
    ['pings.unanswered == 0', 'pings.unanswered', '==', 0, 'count'],
    ['pings.answered >= 99.9%', 'pings.answered', '>=', 0.999, 'ratio'],
    ['ping.p99 < 50ms', 'ping.p99', '<', 50e6, 'ns'],
    ['lost{priority=high} == 0', 'lost', '==', 0, 'count'],
    ['response.p99{ type = a b } < 50ms', 'response.p99', '<', 50e6, 'ns'],
  ])('%j is read', (expression, name, operator, limit, unit) => {
    if (expression.includes('p050')) return expect(refusal(expression).expected).toContain('percentile');
    const threshold = read(expression);
    expect(threshold).toMatchObject({ expression: expression.trim(), operator, limit, unit });
    expect(metricName(threshold.metric)).toBe(name);
  });

  test('any percentile above 0 and below 100 is read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99_999 }), (thousandths) => {
        const { metric } = read(`response.p${thousandths / 1000} < 1s`);
        expect(metric).toEqual({
          kind: 'distribution',
          of: 'response',
          statistic: { kind: 'percentile', percent: thousandths / 1000 },
          among: null,
        });
        expect(metricName(metric)).toBe(`response.p${thousandths / 1000}`);
      }),
    );
  });

  test.each([
    ['response.p100 < 1s', 'percentile', 'response.max'],
    ['response.p0 < 1s', 'percentile', 'response.max'],
    ['response < 1s', 'response.p<number>', 'response.p99'],
    ['response.maen < 1s', 'response.p<number>', 'did you mean "response.mean"?'],
    ['respnse.p99 < 1s', 'a metric', 'did you mean "response.p99"?'],
    ['delivred >= 99%', 'a metric', 'did you mean "delivered"?'],
    ['connection.failed == 0', 'a metric', 'did you mean "connections.failed"?'],
    ['latency.p99 < 1s', 'a metric', '"response"'],
    ['response.p99 < 200', 'a duration such as 200ms', 'add a unit: 200ms'],
    ['throughput.sent > 7900', 'a rate such as 7900/s', 'add a unit: 7900/s'],
    ['delivered >= 0.999', 'a count', '99.9%'],
    ['delivered >= 101%', 'from 0% to 100%', null],
    ['delivered = 5', 'one of <', 'write =='],
    ['delivered => 5', 'one of <', null],
    ['delivered', 'a rule', null],
    ['', 'a rule', null],
    ['constructor == 0', 'a metric', null],
    ['lost{} == 0', '{type=NAME}', null],
    ['lost{kind=chat} == 0', '{type=NAME}', null],
    ['lost{type=} == 0', '{type=NAME}', null],
    ['unsent{type=chat} == 0', 'a metric that is counted by type', null],
    ['service.p99{type=chat} < 1s', 'a metric that is counted by type', null],
    ['fanout.missed{type=chat} == 0', 'a metric that is counted by type', null],
    ['connections.constructor == 0', 'a metric', null],
  ])('%j is refused with a hint', (expression, expected, hint) => {
    const refused = refusal(expression);
    expect(refused.expected).toContain(expected);
    if (hint === null) expect(refused.hint).toBeNull();
    else expect(refused.hint).toContain(hint);
  });

  test.each([
    ['lost < 0', 'lost is never below 0, so this holds never; did you mean "lost == 0"?'],
    ['lost >= 0', 'lost is never below 0, so this holds always; did you mean "lost == 0"?'],
    ['lost < 0%', 'lost is from 0 % to 100 %, so this holds never; did you mean "lost == 0%"?'],
    ['lost{type=chat} < 0', 'did you mean "lost{type=chat} == 0"?'],
    ['delivered > 100%', 'delivered is from 0 % to 100 %, so this holds never; did you mean "delivered == 100%"?'],
    ['delivered <= 100%', 'this holds always; did you mean "delivered == 100%"?'],
    ['delivered >= 0%', 'this holds always'],
    ['connections.opened > 100%', 'this holds never'],
    ['connections.dropped < 0 during faults', 'did you mean "connections.dropped == 0 during faults"?'],
    ['fanout.missed >= 0', 'this holds always'],
    ['pings.answered <= 100%', 'this holds always'],
    ['response.p99 < 0ms', 'response.p99 is never below 0, so this holds never; set a limit above 0'],
    ['response.max >= 0', 'this holds always; set a limit above 0'],
    ['throughput.sent >= 0/s', 'this holds always; set a limit above 0'],
  ])('%j is refused, as no service can make it come out otherwise', (expression, hint) => {
    const refused = refusal(expression);
    expect(refused.expected).toBe('a rule that can pass and can fail');
    expect(refused.hint).toContain(hint);
  });

  test.each([
    'lost <= 0',
    'lost < 1',
    'lost != 0',
    'sent > 0',
    'delivered >= 100%',
    'delivered < 100%',
    'delivered == 100%',
    // Copies may be more than all that was sent.
    'duplicated <= 100%',
    'unexpected < 100%',
    'response.p99 <= 0',
    'response.min > 0ms',
    'throughput.sent > 0/s',
  ])('%j can be kept and can be broken, and is read', (expression) => {
    expect(read(expression).expression).toBe(expression);
  });

  test('any text is read or refused, in no more than a line', () => {
    const near = fc.constantFrom('response', '.p99', ' < ', '200ms', 'delivered', '%', '==', '0', '/s', ' ', 'x');
    const texts = fc.oneof(
      fc.string(),
      fc.array(near).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const threshold = parseThreshold(text);
        if ('expected' in threshold) expect(threshold.got.length).toBeLessThan(400);
        else expect(Number.isFinite(threshold.limit)).toBe(true);
      }),
    );
    expect(refusal('x'.repeat(1e6)).got.length).toBeLessThan(80);
  });
});

describe('words of k6', () => {
  test.each([
    ['ws_session_duration.p95 < 1s', /the plan decides how long clients stay: write "connections\.dropped == 0"/],
    ['ws_connecting.p95 < 1s', /the time of the handshake is "handshake"/],
    ['ws_msgs_received > 10', /write "delivered"/],
    ['missed == 0', /"fanout\.missed", of pushes "pushes\.missed"/],
    ['p(95)<1000', /^did you mean "response\.p95 < 1000ms"\?$/],
    ['p(99.9) <= 20.5', /^did you mean "response\.p99\.9 <= 20\.5ms"\?$/],
    ['avg<200', /^did you mean "response\.mean < 200ms"\?$/],
  ])('%s says what to write here', (expression, hint) => {
    expect(parseThreshold(expression)).toMatchObject({ hint: expect.stringMatching(hint) });
  });

  test('what is no rule of k6 gets no such hint', () => {
    expect(parseThreshold('p(95) of all < fast')).toMatchObject({ hint: null });
  });
});
