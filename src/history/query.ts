// SQL over the runs of a folder, by DuckDB, in memory. The tables that a query names are filled first; then the database is cut off
// from the file system and its settings are locked, and only then the query is looked at, which must be one SELECT: whatever it
// says, it can write nothing.

import { statSync } from 'node:fs';
import path from 'node:path';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { flatRun } from '../analysis/compare/run-history.ts';
import { HighwaterError } from '../facts/error.ts';
import type { RunEntry } from '../facts/run-entry.ts';
import { CREATE_RUNS, createTable, FROM_FILES, TABLE_NAMES, type TableName, tablesOf } from './query-tables.ts';
import { RESULT } from './record-files.ts';

type DuckDB = typeof import('@duckdb/node-api');

/** What JSON can say: a number that it cannot hold exactly is a text, and so are dates. */
export type QueryCell =
  | string
  | number
  | boolean
  | null
  | readonly QueryCell[]
  | { readonly [name: string]: QueryCell };

export interface QueryAnswer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly QueryCell[])[];
  /** There are more rows than were asked for. */
  readonly isCut: boolean;
  /** Files that could not be read, and whose runs are missing from a table. */
  readonly leftOut: readonly string[];
}

const SETTINGS = { memory_limit: '2GB', temp_directory: '' };

/** At most so many rows. Rejects with DUCKDB_MISSING or QUERY_INVALID. */
export async function queryRuns(entries: readonly RunEntry[], sql: string, mostRows: number): Promise<QueryAnswer> {
  const duckdb = await loadDuckDB();
  const instance = await duckdb.DuckDBInstance.create(':memory:', SETTINGS);
  const connection = await instance.connect();
  try {
    const leftOut: string[] = [];
    for (const table of tablesOf(sql)) leftOut.push(...(await fill(connection, table, entries)));
    await connection.run('SET enable_external_access = false');
    await connection.run('SET lock_configuration = true');
    return { ...(await ask(duckdb, connection, sql, mostRows)), leftOut };
  } catch (error) {
    if (error instanceof HighwaterError) throw error;
    throw queryInvalid((error as Error).message);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function loadDuckDB(): Promise<DuckDB> {
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    throw new HighwaterError('DUCKDB_MISSING', [
      `query: expected the package @duckdb/node-api, got: ${(error as Error).message.split('\n')[0]}. ` +
        'Install it with: npm install @duckdb/node-api',
    ]);
  }
}

/** What could not be read, and is left out. */
async function fill(
  connection: DuckDBConnection,
  table: TableName,
  entries: readonly RunEntry[],
): Promise<readonly string[]> {
  if (table === 'runs') {
    await connection.run(CREATE_RUNS, [JSON.stringify(entries.map(flatRun), wellFormed)]);
    return [];
  }
  const { file } = FROM_FILES[table];
  // What is not judged may have a result that is torn, or of another version.
  const meant = file === RESULT ? entries.filter(({ state }) => state === 'judged') : entries;
  const files = filesOf(meant, file);
  try {
    await connection.run(createTable(table, files));
    return [];
  } catch (error) {
    const readable: string[] = [];
    for (const each of files) if (await isReadable(connection, table, each)) readable.push(each);
    if (readable.length === files.length) throw error;
    await connection.run(createTable(table, readable));
    return files.filter((each) => !readable.includes(each));
  }
}

async function isReadable(
  connection: DuckDBConnection,
  table: Exclude<TableName, 'runs'>,
  file: string,
): Promise<boolean> {
  try {
    await connection.run(createTable(table, [file]));
    await connection.run(`DROP TABLE ${table}`);
    return true;
  } catch {
    return false;
  }
}

/** Half a character, which JSON writes and no database takes, becomes U+FFFD. */
function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/\p{Cs}/gu, '\ufffd') : value;
}

/** Of the runs that have one with something in it. */
function filesOf(entries: readonly RunEntry[], name: string): readonly string[] {
  return entries
    .map((entry) => path.join(entry.path, name))
    .filter((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found?.isFile() === true && found.size > 0;
    });
}

async function ask(
  duckdb: DuckDB,
  connection: DuckDBConnection,
  sql: string,
  mostRows: number,
): Promise<Omit<QueryAnswer, 'leftOut'>> {
  if (sql.trim() === '') throw queryInvalid('nothing');
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1) throw queryInvalid(`${statements.count} statements`);
  const statement = await statements.prepare(0);
  // EXPLAIN too may carry something out, and COPY writes.
  if (statement.statementType !== duckdb.StatementType.SELECT) {
    throw queryInvalid(`${duckdb.StatementType[statement.statementType] ?? 'another statement'}`);
  }
  const reader = await statement.streamAndReadUntil(mostRows + 1);
  const rows = reader.getRows();
  return {
    columns: reader.deduplicatedColumnNames(),
    rows: rows.slice(0, mostRows).map((row) => row.map((value) => cellOf(duckdb, value))),
    isCut: rows.length > mostRows,
  };
}

function cellOf(duckdb: DuckDB, value: DuckDBValue): QueryCell {
  const each = (inner: DuckDBValue): QueryCell => cellOf(duckdb, inner);
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof duckdb.DuckDBListValue || value instanceof duckdb.DuckDBArrayValue) return value.items.map(each);
  if (value instanceof duckdb.DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([name, inner]) => [name, each(inner)]));
  }
  if (value instanceof duckdb.DuckDBMapValue) {
    return value.entries.map((entry) => ({ key: each(entry.key), value: each(entry.value) }));
  }
  if (value instanceof duckdb.DuckDBDecimalValue) {
    // A double holds fifteen decimal digits, whichever they are.
    return value.width <= 15 ? Number(value.toString()) : value.toString();
  }
  return String(value);
}

function queryInvalid(got: string): HighwaterError {
  return new HighwaterError('QUERY_INVALID', [
    `query: expected a single SELECT over the tables ${TABLE_NAMES.join(', ')}, got: ${got}`,
  ]);
}
