// Metrics as text: Prometheus' exposition format 0.0.4, OpenMetrics 1.0, and names in quotes as both have them since UTF-8 names.
//
//   name{label="value","quoted label"="value"} value [timestamp] [# {label="value"} value [timestamp]]
//   {"quoted name",label="value"} value …
//
// What stands behind the value is of no interest here, but must be what the formats have there: a line that is not understood
// is never taken for one, nor left out without a word where its series is asked for.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
// https://prometheus.io/docs/specs/om/open_metrics_spec/

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

export interface SelectedSeries {
  /** By selector: the sum of what fits it. One that nothing fits is not in the map, nor one of whose name a line is unreadable. */
  readonly sums: ReadonlyMap<string, number>;
  /** Of names that are asked for, and perhaps of series that are. */
  readonly unreadable: readonly UnreadableLine[];
}

export interface UnreadableLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** Those that it may have. */
  readonly names: readonly string[];
}

/** Without quotes. Labels with dots and the like should stand in quotes; who leaves them out can mean nothing else. */
const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[^\s"{}=,#]+/y;
const QUOTED = /"((?:[^"\\\n]|\\.)*)"/y;
const BLANKS = /[ \t]*/y;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
/** The value, the timestamp, and an exemplar from its `#` on. */
const REST = /^[ \t]*([^ \t#]+)(?:[ \t]+([^ \t#]+))?[ \t]*(?:#[ \t]*(.*))?$/;

/** Null for a comment, an empty line, and what is no metric. */
export function parseMetricLine(line: string): MetricLine | null {
  const series = readSeries(line, skipBlanks(line, 0));
  if (series === null || !/[ \t}]/.test(line.charAt(series.end - 1) + line.charAt(series.end))) return null;
  const [, written, timestamp, exemplar] = REST.exec(line.slice(series.end)) ?? [];
  if (timestamp !== undefined && !NUMBER.test(timestamp)) return null;
  if (exemplar !== undefined && !isExemplar(exemplar)) return null;
  const value = written === undefined ? null : readValue(written);
  return value === null ? null : { name: series.name, labels: series.labels, value };
}

/** Null where it is no series. */
export function parseSelector(text: string): Selector | null {
  const series = readSeries(text, 0);
  return series?.end !== text.length ? null : { text, name: series.name, labels: series.labels };
}

/** Null where the text has no metrics at all. */
export function selectSeries(text: string, selectors: readonly Selector[]): SelectedSeries | null {
  const byName = new Map<string, Selector[]>();
  for (const selector of selectors) byName.set(selector.name, [...(byName.get(selector.name) ?? []), selector]);
  /** By selector and series. A series may have several points in OpenMetrics, in the order of time: the last is how it is now. */
  const points = new Map<string, Map<string, number>>();
  const unreadable: UnreadableLine[] = [];
  let isMetrics = false;
  for (const [index, ended] of text.split('\n').entries()) {
    const line = ended.endsWith('\r') ? ended.slice(0, -1) : ended;
    const name = nameOf(line);
    // Of thousands of lines only those that are asked for are taken apart, and one to see what this is.
    if (name === '' || (isMetrics && name !== null && !byName.has(name))) continue;
    const metric = parseMetricLine(line);
    if (metric !== null) {
      isMetrics = true;
      for (const { text: wanted, labels } of byName.get(metric.name) ?? []) {
        if (![...labels].every(([label, value]) => metric.labels.get(label) === value)) continue;
        const ofWanted = points.get(wanted) ?? new Map<string, number>();
        points.set(wanted, ofWanted.set(identityOf(metric), metric.value));
      }
    } else {
      const names = [...byName.keys()].filter((wanted) => (name === null ? line.includes(wanted) : name === wanted));
      if (names.length > 0) unreadable.push({ number: index + 1, text: line, names });
    }
  }
  if (!isMetrics && unreadable.length === 0) return null;
  const damaged = new Set(unreadable.flatMap(({ names }) => names));
  const sums = new Map<string, number>();
  for (const { text: wanted, name } of selectors) {
    const values = points.get(wanted);
    if (values !== undefined && !damaged.has(name)) sums.set(wanted, sumOf(values.values()));
  }
  return { sums, unreadable };
}

/** Of a line, before the rest of it is read; empty where it has none, null where it is not clear, as it stands among labels. */
function nameOf(line: string): string | null {
  const start = skipBlanks(line, 0);
  if (line[start] === '{') return readSeries(line, start)?.name ?? null;
  NAME.lastIndex = start;
  const name = NAME.exec(line)?.[0] ?? '';
  // What goes on with another character is another name.
  return /^[\s{}"=,#]?$/.test(line.charAt(start + name.length)) ? name : '';
}

interface Series {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly end: number;
}

/** A name before or within the braces, and labels. Null where it has no name, or two. */
function readSeries(text: string, start: number): Series | null {
  NAME.lastIndex = start;
  const before = NAME.exec(text)?.[0] ?? null;
  const labeled = readLabels(text, start + (before?.length ?? 0));
  if (labeled === null || (before === null) === (labeled.name === null)) return null;
  return { name: before ?? labeled.name!, labels: labeled.labels, end: labeled.end };
}

interface Labels {
  /** What stands in quotes alone. */
  readonly name: string | null;
  readonly labels: ReadonlyMap<string, string>;
  readonly end: number;
}

/** Without braces there are none. Null where what stands in braces are no labels. */
function readLabels(text: string, start: number): Labels | null {
  const labels = new Map<string, string>();
  let name: string | null = null;
  let at = skipBlanks(text, start);
  if (text[at] !== '{') return { name, labels, end: start };
  at = skipBlanks(text, at + 1);
  while (text[at] !== '}') {
    const label = readQuoted(text, at) ?? readPlain(text, at);
    if (label === null) return null;
    at = skipBlanks(text, label.end);
    if (text[at] === '=') {
      const value = readQuoted(text, skipBlanks(text, at + 1));
      if (value === null) return null;
      labels.set(label.text, value.text);
      at = skipBlanks(text, value.end);
    } else {
      if (name !== null || text[label.end - 1] !== '"') return null;
      name = label.text;
    }
    if (text[at] === ',') at = skipBlanks(text, at + 1);
    else if (text[at] !== '}') return null;
  }
  return { name, labels, end: at + 1 };
}

interface Token {
  readonly text: string;
  readonly end: number;
}

function readQuoted(text: string, start: number): Token | null {
  QUOTED.lastIndex = start;
  const found = QUOTED.exec(text);
  return found === null ? null : { text: withoutEscapes(found[1]!), end: QUOTED.lastIndex };
}

function readPlain(text: string, start: number): Token | null {
  LABEL_NAME.lastIndex = start;
  const found = LABEL_NAME.exec(text);
  return found === null ? null : { text: found[0], end: LABEL_NAME.lastIndex };
}

function skipBlanks(text: string, start: number): number {
  BLANKS.lastIndex = start;
  BLANKS.exec(text);
  return BLANKS.lastIndex;
}

/** `{labels} value [timestamp]`, behind the `#`. */
function isExemplar(text: string): boolean {
  const labeled = readLabels(text, 0);
  if (labeled === null || labeled.end === 0 || labeled.name !== null) return false;
  const [, value, timestamp, further] = REST.exec(text.slice(labeled.end)) ?? [];
  if (value === undefined || further !== undefined) return false;
  return readValue(value) !== null && (timestamp === undefined || NUMBER.test(timestamp));
}

/** The same for the same series, in whatever order its labels stand. */
function identityOf({ labels }: MetricLine): string {
  return JSON.stringify([...labels].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `\\`, `\"` and `\n`; any other backslash stands for itself. */
function withoutEscapes(value: string): string {
  return value.replace(/\\(.)/g, (written, character: string) =>
    character === 'n' ? '\n' : /["\\]/.test(character) ? character : written,
  );
}

function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** As Go's ParseFloat reads it, but for hexadecimal and underscores, which no exporter writes. */
function readValue(text: string): number | null {
  if (NUMBER.test(text)) return Number(text);
  if (/^nan$/i.test(text)) return Number.NaN;
  const [, sign, infinity] = /^([+-]?)(inf|infinity)$/i.exec(text) ?? [];
  if (infinity === undefined) return null;
  return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
