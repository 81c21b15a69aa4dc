// Which values of a row cannot stand where the target's templates put them. Every row is looked at before the run: a value that
// would become two, or another, is told by its column, and never shown.

import type { Target } from '../plan.ts';
import { PLACEHOLDER, templateColumns } from './client-template.ts';
import { endsInCookieValue, type FieldRefusal, refuseCookieValue, refuseHeaderValue } from './headers.ts';
import { urlTemplate } from './url-template.ts';

type Row = Readonly<Record<string, string>>;

export interface RefusedColumn extends FieldRefusal {
  readonly column: string;
  /** Where it would stand: `target.url`, `the header Authorization`. */
  readonly where: string;
}

/** Of one row. */
export type CheckRow = (row: Row) => readonly RefusedColumn[];

export function rowCheck({ urls, headers }: Pick<Target, 'urls' | 'headers'>): CheckRow {
  const checks = [
    ...urls.filter((url) => templateColumns(url).length > 0).map(urlCheck),
    ...Object.entries(headers).flatMap(([name, value]) => headerChecks(name, value)),
  ];
  return (row) => checks.flatMap((check) => check(row));
}

function urlCheck(url: string): CheckRow {
  const fill = urlTemplate(url);
  return (row) =>
    fill((name) => (name.startsWith('row.') ? (row[name.slice('row.'.length)] ?? null) : null)).refused.map(
      ({ name, expected, hint }) => ({ column: name.slice('row.'.length), where: 'target.url', expected, hint }),
    );
}

function headerChecks(header: string, template: string): readonly CheckRow[] {
  return [...template.matchAll(PLACEHOLDER)].flatMap(({ 1: name = '', index }): readonly CheckRow[] => {
    if (!name.startsWith('row.')) return [];
    const column = name.slice('row.'.length);
    const isCookie = header.toLowerCase() === 'cookie' && endsInCookieValue(template.slice(0, index));
    const refuse = isCookie ? refuseCookieValue : refuseHeaderValue;
    const where = isCookie ? 'a cookie' : `the header ${header}`;
    return [
      (row) => {
        const refusal = refuse(row[column] ?? '');
        return refusal === null ? [] : [{ column, where, ...refusal }];
      },
    ];
  });
}
