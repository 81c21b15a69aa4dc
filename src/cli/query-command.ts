// `highwater query`: one SELECT over the runs that are kept.

import { HighwaterError } from '../facts/error.ts';
import { listRuns } from '../history/listing.ts';
import { queryRuns } from '../history/query.ts';
import { renderAnswer, renderAnswerCsv, renderAnswerJson } from '../report/terminal/query-answer.ts';
import { plural } from '../units/plural.ts';
import { printable } from '../units/printable.ts';
import { countOf } from './history-flags.ts';

export interface QueryFlags {
  readonly runsDir: string;
  readonly csv?: boolean;
  readonly json?: boolean;
  readonly limit: string;
}

/** All of them are in memory before they are printed. */
const MOST_ROWS = 100_000;

export async function queryCommand(sql: string, { runsDir, csv, json, limit }: QueryFlags): Promise<number> {
  const mostRows = countOf('--limit', limit, 1, MOST_ROWS);
  const entries = listRuns(runsDir, Date.now());
  if (entries.length === 0) {
    throw new HighwaterError('RUN_NOT_FOUND', [
      `query: expected runs in ${runsDir}, got none. Make one with: highwater run PLAN`,
    ]);
  }
  const answer = await queryRuns(entries, sql, mostRows);
  const render = json === true ? renderAnswerJson : csv === true ? renderAnswerCsv : renderAnswer;
  process.stdout.write(render(answer));
  for (const file of answer.leftOut) process.stderr.write(`left out   ${printable(file)}: it cannot be read\n`);
  if (answer.isCut) process.stderr.write(`cut after ${plural(mostRows, 'row')}; print more with --limit\n`);
  return 0;
}
