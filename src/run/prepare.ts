// What must be known before a worker starts: names resolved, the CSV read, every lane's request checked.
// All problems are found here, so that nothing is started for a plan that cannot run.

import { parse as parseCsv } from 'csv-parse/sync';
import type { Addresses, Rows } from '../engine/site.ts';
import { hostOf, siteOf } from '../engine/site.ts';
import { HighwaterError } from '../facts/error.ts';
import { headerProblem, pathProblem } from '../frames/handshake.ts';
import { renderLaneTemplate } from '../plan/interpolate.ts';
import type { Plan } from '../plan/plan.ts';
import type { Surroundings } from './ports.ts';

export interface Prepared {
  readonly rows: Rows;
  readonly addresses: Addresses;
}

/** At most this many rows' requests are checked one by one; a bad row further on fails its lane by name. */
const CHECKED_ROWS = 10_000;

/** Throws ROWS_UNREADABLE, PLAN_INVALID or TARGET_UNREACHABLE. `baseDirectory`: what relative file names start from. */
export async function prepare(plan: Plan, surroundings: Surroundings): Promise<Prepared> {
  const rows = await readRows(plan, surroundings);
  checkRequests(plan, rows);
  return { rows, addresses: await resolveHosts(plan, rows, surroundings) };
}

async function readRows(plan: Plan, surroundings: Surroundings): Promise<Rows> {
  const file = plan.target.rowsFile;
  if (file === null) return [];
  const fail = (problem: string): never => {
    throw new HighwaterError('ROWS_UNREADABLE', [`target.rows: ${file}: ${problem}`]);
  };
  let rows: Rows;
  try {
    const text = Buffer.from(await surroundings.readFile(file)).toString('utf8');
    rows = parseCsv(text, { columns: true, skip_empty_lines: true, trim: true, bom: true }) as Rows;
  } catch (error) {
    return fail(`expected a CSV file with a heading line, got: ${(error as Error).message}`);
  }
  if (rows.length === 0) fail('expected at least one row below the heading line, got none');
  return rows;
}

function checkRequests(plan: Plan, rows: Rows): void {
  const problems: string[] = [];
  const { urls } = plan.target;
  const count = Math.max(urls.length, Math.min(rows.length, CHECKED_ROWS));
  for (let lane = 0; lane < count && problems.length < 20; lane++) {
    const where = rows.length === 0 ? '' : ` (row ${(lane % rows.length) + 1})`;
    try {
      const site = siteOf(plan.target, rows, {}, lane, 0);
      const wrongPath = pathProblem(site.path);
      if (wrongPath !== null) problems.push(`target.url${where}: ${wrongPath}, got ${JSON.stringify(site.path)}`);
      for (const [name, value] of Object.entries(site.headers)) {
        const wrong = headerProblem(name, value);
        if (wrong !== null) problems.push(`target.headers.${name}${where}: ${wrong}`);
      }
    } catch (error) {
      problems.push(`target${where}: ${(error as Error).message}`);
    }
  }
  if (problems.length > 0) throw new HighwaterError('PLAN_INVALID', problems);
}

async function resolveHosts(plan: Plan, rows: Rows, surroundings: Surroundings): Promise<Addresses> {
  const hosts = new Set<string>();
  for (const [index, template] of plan.target.urls.entries()) {
    const row = rows.length === 0 ? null : rows[index % rows.length]!;
    hosts.add(hostOf(new URL(renderLaneTemplate(template, index, row))));
  }
  const addresses: Record<string, readonly string[]> = {};
  for (const host of hosts) {
    try {
      addresses[host] = await surroundings.resolve(host);
    } catch (error) {
      throw new HighwaterError('TARGET_UNREACHABLE', [
        `target.url: expected a host name that resolves, got ${host} (dns: ${(error as Error).message}). ` +
          'Check the spelling, or the resolver of this machine',
      ]);
    }
  }
  return addresses;
}
