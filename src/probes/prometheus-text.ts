// Prometheus' text exposition format, version 0.0.4: lines of `name{label="value",…} value [timestamp]`, and comments.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format

export interface MetricLine {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  /** May be NaN or infinite. */
  readonly value: number;
}

/** A series that is asked for: the labels that it must have, whatever else it has. */
export interface Selector {
  readonly text: string;
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\\n]|\\.)*)"[ \t]*(,?)/y;
const VALUE = /^[ \t]*([^ \t]+)(?:[ \t]+(-?\d+))?[ \t]*$/;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/** Null for a comment, an empty line, and what is no metric. */
export function parseMetricLine(line: string): MetricLine | null {
  const name = NAME.exec(line)?.[0];
  if (name === undefined) return null;
  const labelled = readLabels(line, name.length);
  if (labelled === null) return null;
  const [, written] = VALUE.exec(line.slice(labelled.end)) ?? [];
  const value = written === undefined ? null : readValue(written);
  return value === null ? null : { name, labels: labelled.labels, value };
}

/** Null where it is no series. */
export function parseSelector(text: string): Selector | null {
  const name = NAME.exec(text)?.[0];
  const labelled = name === undefined ? null : readLabels(text, name.length);
  return name === undefined || labelled?.end !== text.length ? null : { text, name, labels: labelled.labels };
}

/** By selector: the sum of what fits it. A selector that nothing fits is not in the map. */
export function selectSeries(text: string, selectors: readonly Selector[]): ReadonlyMap<string, number> | null {
  const byName = new Map<string, Selector[]>();
  for (const selector of selectors) byName.set(selector.name, [...(byName.get(selector.name) ?? []), selector]);
  const sums = new Map<string, number>();
  let isMetrics = false;
  for (const line of text.split('\n')) {
    const name = NAME.exec(line)?.[0];
    // Of thousands of lines only those that are asked for are taken apart, and one to see what this is.
    if (name === undefined || (isMetrics && !byName.has(name))) continue;
    const metric = parseMetricLine(line.endsWith('\r') ? line.slice(0, -1) : line);
    if (metric === null) continue;
    isMetrics = true;
    for (const { text: wanted, labels } of byName.get(name) ?? []) {
      if ([...labels].every(([label, value]) => metric.labels.get(label) === value)) {
        sums.set(wanted, (sums.get(wanted) ?? 0) + metric.value);
      }
    }
  }
  return isMetrics ? sums : null;
}

function readLabels(
  line: string,
  from: number,
): { readonly labels: ReadonlyMap<string, string>; readonly end: number } | null {
  const labels = new Map<string, string>();
  const open = /^[ \t]*\{/.exec(line.slice(from));
  if (open === null) return { labels, end: from };
  let end = from + open[0].length;
  for (;;) {
    LABEL.lastIndex = end;
    const found = LABEL.exec(line);
    if (found === null) break;
    labels.set(found[1]!, withoutEscapes(found[2]!));
    end = LABEL.lastIndex;
    if (found[3] === '') break;
  }
  const close = /^[ \t]*\}/.exec(line.slice(end));
  return close === null ? null : { labels, end: end + close[0].length };
}

/** `\\`, `\"` and `\n`; any other backslash stands for itself. */
function withoutEscapes(value: string): string {
  return value.replace(/\\(.)/g, (written, letter: string) =>
    letter === 'n' ? '\n' : /["\\]/.test(letter) ? letter : written,
  );
}

/** As Go's ParseFloat reads it, but for hexadecimal and underscores, which no exporter writes. */
function readValue(text: string): number | null {
  if (NUMBER.test(text)) return Number(text);
  if (/^nan$/i.test(text)) return Number.NaN;
  const [, sign, infinity] = /^([+-]?)(inf|infinity)$/i.exec(text) ?? [];
  if (infinity === undefined) return null;
  return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
