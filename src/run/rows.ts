// The CSV files that a plan takes values from: read, looked over and put into order before a worker starts. From then on
// lane n has row n modulo their number, whatever the order.

import { parse as parseCsv } from 'csv-parse/sync';
import type { Rows } from '../engine/site.ts';
import { HighwaterError } from '../facts/error.ts';
import { peakLevel } from '../plan/curve.ts';
import type { Plan } from '../plan/plan.ts';
import { createRandom } from '../random/generator.ts';
import { formatCount } from '../units/rate.ts';
import type { Surroundings } from './ports.ts';

export interface PlanRows {
  /** By lane. */
  readonly rows: Rows;
  /** By message. */
  readonly feed: Rows;
}

/** Throws ROWS_UNREADABLE. */
export async function readPlanRows({ target, load, seed }: Plan, surroundings: Surroundings): Promise<PlanRows> {
  const { rowsFile, rowsOrder } = target;
  const rows = rowsFile === null ? [] : await readCsv('target.rows', rowsFile, surroundings);
  const lanes = Math.ceil(peakLevel(load.connections));
  if (rowsFile !== null && rowsOrder === 'once' && rows.length < lanes) {
    fail(
      'target.rows',
      rowsFile,
      `expected a row for each of ${formatCount(lanes)} lanes, as order is once, got ${formatCount(rows.length)}. ` +
        'Add rows, open fewer lanes, or write order: sequential',
    );
  }
  return {
    rows: rowsOrder === 'random' ? shuffled(rows, seed) : rows,
    feed: load.feed === null ? [] : await readCsv('load.feed', load.feed.file, surroundings),
  };
}

async function readCsv(where: string, file: string, surroundings: Surroundings): Promise<Rows> {
  let rows: Rows;
  try {
    const text = Buffer.from(await surroundings.readFile(file)).toString('utf8');
    rows = parseCsv(text, { columns: true, skip_empty_lines: true, trim: true, bom: true }) as Rows;
  } catch (error) {
    return fail(where, file, `expected a CSV file with a heading line, got: ${(error as Error).message}`);
  }
  return rows.length > 0 ? rows : fail(where, file, 'expected at least one row below the heading line, got none');
}

function fail(where: string, file: string, problem: string): never {
  throw new HighwaterError('ROWS_UNREADABLE', [`${where}: ${file}: ${problem}`]);
}

/** Fisher and Yates's shuffle, from the end (Knuth, The Art of Computer Programming, 3.4.2, algorithm P). */
function shuffled(rows: Rows, seed: number): Rows {
  const random = createRandom(seed, SHUFFLE_STREAM);
  const order = [...rows];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

/** Apart from the other random choices of a run. */
const SHUFFLE_STREAM = 0x7075;
