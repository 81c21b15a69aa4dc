// The tables that a query may ask, and the SQL that fills each from the files of the runs. Columns are named as in the files, and
// have types of their own: what a record lacks is null, what it has beside them is left out, a torn or foreign line too.

import { MESSAGE_FACTS, PING_COUNTS, PUSH_COUNTS, UNSENT_REASONS, WINDOW_SCHEMA } from '../facts/window.ts';

import { EVENTS as EVENTS_FILE, RESULT, WINDOWS as WINDOWS_FILE } from './record-files.ts';

export const TABLE_NAMES = ['runs', 'windows', 'events', 'violations', 'timeline'] as const;
export type TableName = (typeof TABLE_NAMES)[number];

/** Those whose names occur in the text; all, where none does: then it asks which there are. */
export function tablesOf(sql: string): readonly TableName[] {
  const named = TABLE_NAMES.filter((name) => new RegExp(`\\b${name}\\b`, 'i').test(sql));
  return named.length === 0 ? TABLE_NAMES : named;
}

type Columns = Readonly<Record<string, string>>;

const counts = (...names: readonly string[]): string => `STRUCT(${names.map((name) => `"${name}" BIGINT`).join(', ')})`;

/** Of the rows of `flatRun`. */
const RUNS = {
  id: 'VARCHAR',
  path: 'VARCHAR',
  state: 'VARCHAR',
  name: 'VARCHAR',
  tags: ['VARCHAR'],
  startedAt: 'TIMESTAMP',
  durationSeconds: 'DOUBLE',
  profile: 'VARCHAR',
  end: 'VARCHAR',
  verdict: 'VARCHAR',
  responseP50Ms: 'DOUBLE',
  responseP99Ms: 'DOUBLE',
  deliveredPerSecond: 'DOUBLE',
  sent: 'BIGINT',
  delivered: 'BIGINT',
  lost: 'BIGINT',
  unresolved: 'BIGINT',
  duplicated: 'BIGINT',
  reordered: 'BIGINT',
  peakOpen: 'BIGINT',
  highwaterVersion: 'VARCHAR',
  git: { commit: 'VARCHAR', branch: 'VARCHAR', isDirty: 'BOOLEAN' },
};

const WINDOWS: Columns = {
  schema: 'VARCHAR',
  worker: 'BIGINT',
  group: 'BIGINT',
  number: 'BIGINT',
  second: 'BIGINT',
  stage: 'BIGINT',
  untilNs: 'DOUBLE',
  messages: counts(...MESSAGE_FACTS),
  unsent: counts(...UNSENT_REASONS),
  fanout: counts('received', 'compared'),
  pushes: counts(...PUSH_COUNTS),
  pings: counts(...PING_COUNTS),
  connections: counts(
    'attempted',
    'opened',
    'reconnected',
    'failed',
    'gaveUp',
    'open',
    'peakOpen',
    'lowestOpen',
    'droppedByServer',
  ),
  bytes: counts('sent', 'received'),
  health: 'STRUCT("cpuNs" DOUBLE, "rssBytes" DOUBLE, "elapsedNs" DOUBLE, "inFlight" BIGINT)',
};

/** What shows a violation, by kind. */
const EVIDENCE: Columns = {
  lastSeq: 'BIGINT',
  previous: 'BIGINT',
  next: 'BIGINT',
  after: 'BIGINT',
  extent: 'BIGINT',
  acknowledged: 'BOOLEAN',
  damaged: 'BOOLEAN',
  dueSecond: 'DOUBLE',
  sentFromSecond: 'DOUBLE',
  sentToSecond: 'DOUBLE',
  damage: 'VARCHAR',
  unexpected: 'VARCHAR',
  bytes: 'BIGINT',
  expected: 'VARCHAR',
  got: 'VARCHAR',
};

const EVENTS: Columns = {
  kind: 'VARCHAR',
  atNs: 'DOUBLE',
  worker: 'BIGINT',
  client: 'BIGINT',
  failure: 'VARCHAR',
  violation: 'VARCHAR',
  stream: 'BIGINT',
  seq: 'BIGINT',
  ...EVIDENCE,
  monitor: 'VARCHAR',
  fault: 'BIGINT',
  phase: 'VARCHAR',
  reason: 'VARCHAR',
  end: 'VARCHAR',
  detail: 'VARCHAR',
};

const VIOLATIONS: Columns = {
  atSecond: 'DOUBLE',
  violation: 'VARCHAR',
  worker: 'BIGINT',
  client: 'BIGINT',
  stream: 'BIGINT',
  seq: 'BIGINT',
  ...EVIDENCE,
};

const TIMELINE: Columns = {
  second: 'BIGINT',
  connectionsOpen: 'BIGINT',
  connectionsOpenLowest: 'BIGINT',
  due: 'BIGINT',
  sent: 'BIGINT',
  unsent: 'BIGINT',
  delivered: 'BIGINT',
  received: 'BIGINT',
  lost: 'BIGINT',
  unresolved: 'BIGINT',
  errors: 'BIGINT',
  responseP50Ms: 'DOUBLE',
  responseP99Ms: 'DOUBLE',
  responseMaxMs: 'DOUBLE',
  serviceP99Ms: 'DOUBLE',
  sendLagP99Ms: 'DOUBLE',
  cpuRatio: 'DOUBLE',
  rssBytes: 'DOUBLE',
};

/** A run of ten hours: its result has a point of the timeline a second. */
const MOST_RESULT_BYTES = 64 * 1024 * 1024;

/** Filled from the one parameter: a JSON array of rows. */
export const CREATE_RUNS =
  'CREATE TABLE runs AS SELECT r.* FROM ' +
  `(SELECT unnest(from_json($1::JSON, ${literal(JSON.stringify([RUNS]))})) AS r)`;

/** Of each table that is filled from files: its columns beside `run`, and where they come from. */
export const FROM_FILES = {
  windows: {
    file: WINDOWS_FILE,
    columns: withoutSchema(WINDOWS),
    select: (files) =>
      `* EXCLUDE (filename, schema) FROM ${lines(files, WINDOWS)} WHERE schema = ${literal(WINDOW_SCHEMA)}`,
  },
  events: {
    file: EVENTS_FILE,
    columns: EVENTS,
    select: (files) => `* EXCLUDE (filename) FROM ${lines(files, EVENTS)} WHERE kind IS NOT NULL`,
  },
  violations: {
    file: EVENTS_FILE,
    columns: VIOLATIONS,
    select: (files) =>
      `atNs / 1e9 AS atSecond, ${Object.keys(VIOLATIONS).slice(1).join(', ')} ` +
      `FROM ${lines(files, EVENTS)} WHERE kind = 'violation'`,
  },
  timeline: {
    file: RESULT,
    columns: TIMELINE,
    select: (files) => {
      const points = literal(`STRUCT(${fieldsOf(TIMELINE)})[]`);
      return (
        `unnest(timeline, recursive := true) FROM read_json(${listOf(files)}, filename = true, format = 'unstructured', ` +
        `maximum_object_size = ${MOST_RESULT_BYTES}, columns = {timeline: ${points}})`
      );
    },
  },
} as const satisfies Readonly<Record<Exclude<TableName, 'runs'>, FileTable>>;

interface FileTable {
  readonly file: string;
  readonly columns: Columns;
  select(files: readonly string[]): string;
}

/** Without files, the table is there and empty. */
export function createTable(table: keyof typeof FROM_FILES, files: readonly string[]): string {
  const { columns, select }: FileTable = FROM_FILES[table];
  if (files.length === 0) return `CREATE TABLE ${table} (run VARCHAR, ${fieldsOf(columns)})`;
  return `CREATE TABLE ${table} AS SELECT parse_path(filename)[-2] AS run, ${select(files)}`;
}

function lines(files: readonly string[], columns: Columns): string {
  const types = Object.entries(columns).map(([name, type]) => `"${name}": ${literal(type)}`);
  return `read_ndjson(${listOf(files)}, filename = true, ignore_errors = true, columns = {${types.join(', ')}})`;
}

function withoutSchema({ schema: _schema, ...columns }: Columns): Columns {
  return columns;
}

function fieldsOf(columns: Columns): string {
  return Object.entries(columns)
    .map(([name, type]) => `"${name}" ${type}`)
    .join(', ');
}

function listOf(files: readonly string[]): string {
  return `[${files.map((file) => literal(withoutPatterns(file))).join(', ')}]`;
}

/** A name is a pattern to DuckDB: `*`, `?` and `[` stand for themselves within brackets. */
function withoutPatterns(file: string): string {
  return file.replaceAll(/[*?[]/g, '[$&]');
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
