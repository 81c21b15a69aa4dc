// The CSV files that a plan takes values from: read, looked over and put into order before a worker starts. From then on
// client n has row n modulo their number, whatever the order.

import { parse as parseCsv } from 'csv-parse/sync';
import { HighwaterError } from '../../facts/error.ts';
import type { Plan, Target } from '../../plan/plan.ts';
import { peakLevel } from '../../plan/schedule/curve.ts';
import { rowCheck } from '../../plan/templates/row-values.ts';
import type { Rows } from '../../protocols/json/values.ts';
import { createRandom } from '../../random/generator.ts';
import { formatCount } from '../../units/rate.ts';
import type { HostEnvironment } from '../ports.ts';
import { textOf } from '../text-file.ts';

export interface PlanRows {
  /** By client. */
  readonly rows: Rows;
  /** Of each of them: the line of the file on which it ends. */
  readonly rowLines: readonly number[];
  /** By message. */
  readonly feeder: Rows;
}

/** Throws ROWS_UNREADABLE, or PLAN_INVALID for a value that cannot stand where the target puts it. */
export async function readPlanRows({ target, load, seed }: Plan, hostEnvironment: HostEnvironment): Promise<PlanRows> {
  const { rowsFile, rowsOrder } = target;
  const { rows, lines } =
    rowsFile === null ? { rows: [], lines: [] } : await readCsv('target.rows', rowsFile, hostEnvironment);
  const clients = Math.ceil(peakLevel(load.connections));
  if (rowsFile !== null && rowsOrder === 'once' && rows.length < clients) {
    fail(
      'target.rows',
      rowsFile,
      `expected a row for each of ${formatCount(clients)} clients, because order is once, got ${formatCount(rows.length)}. ` +
        'Add rows, open fewer clients, or write order: sequential',
    );
  }
  const problems = rowsFile === null ? [] : rowProblems(target, rowsFile, rows, lines);
  if (problems.length > 0) throw new HighwaterError('PLAN_INVALID', problems);
  const order = rowsOrder === 'random' ? shuffled(rows.length, seed) : null;
  return {
    rows: order === null ? rows : order.map((row) => rows[row]!),
    rowLines: order === null ? lines : order.map((row) => lines[row]!),
    feeder: load.feeder === null ? [] : (await readCsv('load.feeder', load.feeder.file, hostEnvironment)).rows,
  };
}

function rowProblems(target: Target, file: string, rows: Rows, lines: readonly number[]): readonly string[] {
  const refusedOf = rowCheck(target);
  const problems: string[] = [];
  for (let row = 0; row < rows.length && problems.length < MAX_PROBLEMS; row++) {
    for (const { column, where, expected, hint } of refusedOf(rows[row]!)) {
      const advice = hint === null ? '' : ` (${hint})`;
      problems.push(
        `target.rows: ${file}, line ${lines[row]}, column ${column}: expected ${expected}, because it goes into ${where}, ` +
          `got another value${advice}`,
      );
    }
  }
  return problems;
}

interface CsvFile {
  readonly rows: Rows;
  /** On which each of them ends. */
  readonly lines: readonly number[];
}

async function readCsv(where: string, file: string, hostEnvironment: HostEnvironment): Promise<CsvFile> {
  let records: readonly CsvRecord[];
  try {
    const text = textOf(await hostEnvironment.readFile(file));
    const options = { columns: columnNames, skip_empty_lines: true, trim: true, info: true } as const;
    records = parseCsv(text, options) as unknown as readonly CsvRecord[];
  } catch (error) {
    // The parser quotes a value that it cannot make out, which may be a password.
    const reason = (error as Error).message.replace(/, value is .*$/s, '');
    return fail(where, file, `expected a CSV file with a header line, got: ${reason}`);
  }
  if (records.length === 0) return fail(where, file, 'expected at least one row below the header line, got none');
  return { rows: records.map(({ record }) => record), lines: records.map(({ info }) => info.lines) };
}

interface CsvRecord {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

/** Of two columns with one name only the last would be received of. */
function columnNames(names: readonly string[]): string[] {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`the repeated column ${JSON.stringify(twice)}`);
  return [...names];
}

function fail(where: string, file: string, problem: string): never {
  throw new HighwaterError('ROWS_UNREADABLE', [`${where}: ${file}: ${problem}`]);
}

/**
 * The numbers of the rows in an order that the seed draws: Fisher and Yates's shuffle, from the end (Knuth, The Art of
 * Computer Programming, 3.4.2, algorithm P).
 */
function shuffled(count: number, seed: number): readonly number[] {
  const random = createRandom(seed, SHUFFLE_STREAM);
  const order = Array.from({ length: count }, (_, row) => row);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

/** Apart from the other random choices of a run. */
const SHUFFLE_STREAM = 0x7075;
/** More of them are one mistake made many times. */
const MAX_PROBLEMS = 20;
