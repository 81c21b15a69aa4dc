import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseMetricLine, parseSelector, selectSeries } from './prometheus-text.ts';

/** The example of the format's own documentation. */
const EXAMPLE = `# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# A histogram, which has a pretty complex representation in the text format:
# HELP http_request_duration_seconds A histogram of the request duration.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320
`;

const select = (text: string, ...series: string[]) => {
  const found = selectSeries(
    text,
    series.map((one) => parseSelector(one)!),
  );
  return found === null ? null : Object.fromEntries(found.sums);
};

describe('a line', () => {
  test('has a name, labels and a value', () => {
    const line = (text: string) => {
      const metric = parseMetricLine(text);
      return metric === null ? null : [metric.name, Object.fromEntries(metric.labels), metric.value];
    };
    expect(line('a:b_1 12.47')).toEqual(['a:b_1', {}, 12.47]);
    expect(line('a{} 1')).toEqual(['a', {}, 1]);
    expect(line('a { b = "c" , } -1e-3 17')).toEqual(['a', { b: 'c' }, -0.001]);
    expect(line('a{b="}",c="x, y=\\"z\\""} 2')).toEqual(['a', { b: '}', c: 'x, y="z"' }, 2]);
    expect(line('a NaN')).toEqual(['a', {}, Number.NaN]);
    expect(line('a -Inf -5')).toEqual(['a', {}, Number.NEGATIVE_INFINITY]);
    for (const none of [
      '',
      '# a 1',
      'a',
      'a b',
      '1a 1',
      'a{b=c} 1',
      'a{b="c} 1',
      'a{b="c" d="e"} 1',
      'a 1 x',
      'a 0x10',
      '<html>',
      'a.5 3',
      'a+1',
      'a{"b"} 1',
      '{"a","b"} 1',
      '{a="b"} 1',
      'a 1 2 3',
      'a 1 soon',
      'a 1 # a comment',
      'a 1 # {b="c"}',
      'a 1 # {b="c"} 1 2 3',
      'a 1 # {"b"} 1',
    ]) {
      expect(line(none), none).toBeNull();
    }
  });

  test.each([
    // OpenMetrics 1.0: seconds with decimals, exemplars on buckets and counters.
    ['foo_total 17.0 1520879607.789', 'foo_total', {}, 17],
    ['foo_total{} 17.0 -1520879607.789', 'foo_total', {}, 17],
    ['foo_total 17.0 1.520879607789e9', 'foo_total', {}, 17],
    ['foo_bucket{le="0.1"} 8 # {} 0.054', 'foo_bucket', { le: '0.1' }, 8],
    ['foo_bucket{le="1"} 11 # {trace_id="KOO5S4vxi0o"} 0.67', 'foo_bucket', { le: '1' }, 11],
    ['foo_bucket{le="10"} 17 # {trace_id="a # b } 1"} 9.8 1520879607.789', 'foo_bucket', { le: '10' }, 17],
    ['foo_total 7 1520879607 # {trace_id="abc"} 1.0 1700000000.000', 'foo_total', {}, 7],
    ['foo_created{a="b"} 1520430000.123', 'foo_created', { a: 'b' }, 1520430000.123],
    // Names in quotes.
    ['{"http.requests"} 1', 'http.requests', {}, 1],
    ['{"http.requests",code="500"} 7', 'http.requests', { code: '500' }, 7],
    ['{ "http requests" , "http.path"="/x" , } 7 1.5', 'http requests', { 'http.path': '/x' }, 7],
    ['{code="500","foo"} 7', 'foo', { code: '500' }, 7],
    ['foo{"http.path"="/x",code="5"} 7', 'foo', { 'http.path': '/x', code: '5' }, 7],
    [String.raw`{"a\"b\\c\nd"} 7`, 'a"b\\c\nd', {}, 7],
    ['{"größe","ä"="ö"} 7', 'größe', { ä: 'ö' }, 7],
    // Without the quotes that it should have.
    ['foo{http.path="/x"} 7', 'foo', { 'http.path': '/x' }, 7],
    // Blanks wherever they may be.
    ['  \tfoo\t{\ta\t=\t"b"\t}\t7\t8\t', 'foo', { a: 'b' }, 7],
    ['foo{a="b"}7', 'foo', { a: 'b' }, 7],
    [String.raw`foo{path="C:\\dir\x",q="a\"b"} 7`, 'foo', { path: String.raw`C:\dir\x`, q: 'a"b' }, 7],
    ['foo{a="#"} +Inf', 'foo', { a: '#' }, Number.POSITIVE_INFINITY],
    ['foo INFINITY', 'foo', {}, Number.POSITIVE_INFINITY],
    ['foo nan', 'foo', {}, Number.NaN],
  ])('is read: %s', (text, name, labels, value) => {
    const metric = parseMetricLine(text);
    expect(metric === null ? null : [metric.name, Object.fromEntries(metric.labels), metric.value]).toEqual([
      name,
      labels,
      value,
    ]);
  });

  test('keeps every label as it was, however it is escaped', () => {
    const escaped = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '\\', '"', '\n', '}', ',', 'n', ' ', 'é') }), (value) => {
        expect(parseMetricLine(`m{l="${escaped(value)}"} 1`)?.labels.get('l')).toBe(value);
      }),
    );
  });
});

describe('the series that are asked for', () => {
  test('are found by name and labels, and added up where several fit', () => {
    expect(
      select(EXAMPLE, 'http_requests_total', 'http_requests_total{code="400"}', 'metric_without_timestamp_and_labels'),
    ).toEqual({
      http_requests_total: 1030,
      'http_requests_total{code="400"}': 3,
      metric_without_timestamp_and_labels: 12.47,
    });
    expect(select(EXAMPLE, 'msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT"}')).toEqual({
      'msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT"}': 1.458255915e9,
    });
    expect(select(EXAMPLE, 'something_weird')).toEqual({ something_weird: Number.POSITIVE_INFINITY });
    expect(select(EXAMPLE.replaceAll('\n', '\r\n'), 'http_request_duration_seconds_sum')).toEqual({
      http_request_duration_seconds_sum: 53423,
    });
  });

  test('are left out where nothing fits, and null where there are no metrics at all', () => {
    expect(select(EXAMPLE, 'http_requests_total{code="500"}', 'nothing_of_that_name')).toEqual({});
    expect(select('<html><body>Not found</body></html>', 'a')).toBeNull();
    expect(select('', 'a')).toBeNull();
  });

  test.each([
    ['plain', 'requests_total{code="500"} 7'],
    ['with an exemplar', 'requests_total{code="500"} 7 # {trace_id="abc"} 1.0 1700000000.000'],
    ['with a backslash that escapes nothing', String.raw`requests_total{code="500",path="C:\dir\x"} 7`],
    ['with its name in quotes', '{"requests_total",code="500"} 7'],
    ['with a time with decimals', 'requests_total{code="500"} 7 1700000000.123'],
    ['with a label with a dot', 'requests_total{code="500",http.path="/x"} 7'],
    ['with a label in quotes', 'requests_total{code="500","http.path"="/x"} 7'],
    ['behind blanks', '\t requests_total{code="500"} 7'],
    ['with a carriage return', 'requests_total{code="500"} 7\r'],
  ])('count every line (%s)', (_, line) => {
    const text = `# TYPE requests_total counter\nrequests_total{code="200"} 100\n${line}\nrequests_total{code="404"} 3\nrequests_created 1.7e9\n# EOF\n`;
    expect(select(text, 'requests_total', 'requests_total{code="500"}')).toEqual({
      requests_total: 110,
      'requests_total{code="500"}': 7,
    });
  });

  test('that have several points are how they were last, as OpenMetrics writes them', () => {
    const text = 'a{x="1",y="2"} 5 100.5\na{y="2",x="1"} 8 101.5\na{x="2"} 1\n';
    expect(select(text, 'a')).toEqual({ a: 9 });
  });

  test('may have a name in quotes', () => {
    const text = '{"http.requests",code="500"} 7\n{"http.requests",code="404"} 3\nhttp 5\n';
    expect(select(text, '{"http.requests"}', '{"http.requests",code="404"}', 'http{}')).toEqual({
      '{"http.requests"}': 10,
      '{"http.requests",code="404"}': 3,
      'http{}': 5,
    });
  });

  test.each([
    'requests_total{code="500} 7',
    'requests_total{code="500"} seven',
    'requests_total{code="500"} 7 soon',
    'requests_total{code="500"} 7 # of them slow',
    'requests_total{code="500"} 0x10',
    'requests_total',
    'requests_total=7',
    '{"requests_total",code="500} 7',
    '{requests_total,code="500"} 7',
    '{"requests_total","other"} 7',
  ])('have no sum where one of their lines cannot be read, and the line is named: %s', (line) => {
    const text = `other_total 1\nrequests_total{code="200"} 100\n${line}\n`;
    const found = selectSeries(text, [parseSelector('requests_total')!, parseSelector('other_total')!]);
    expect(found?.sums.get('requests_total')).toBeUndefined();
    expect(found?.unreadable.map(({ number, text: told }) => [number, told])).toEqual([[3, line]]);
  });

  test('are not in doubt for lines of others that cannot be read', () => {
    const text = 'a 1\nb seven\na_b seven\na.b seven\na:b x\n{"c",d="} 1\n# a seven\n';
    expect(selectSeries(text, [parseSelector('a{}')!])).toMatchObject({ unreadable: [] });
    expect(select(text, 'a{}')).toEqual({ 'a{}': 1 });
  });

  test('are no series where they are written wrongly', () => {
    for (const wrong of ['', '{a="b"}', 'a{b}', 'a{b="c"', 'a b', 'a{b="c"} '])
      expect(parseSelector(wrong), wrong).toBeNull();
  });
});
