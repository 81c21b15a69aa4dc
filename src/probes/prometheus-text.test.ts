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
  return found === null ? null : Object.fromEntries(found);
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
    ]) {
      expect(line(none), none).toBeNull();
    }
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

  test('are no series where they are written wrongly', () => {
    for (const wrong of ['', '{a="b"}', 'a{b}', 'a{b="c"', 'a b', 'a{b="c"} '])
      expect(parseSelector(wrong), wrong).toBeNull();
  });
});
