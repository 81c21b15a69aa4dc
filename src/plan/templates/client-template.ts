// `${...}` in a text that is filled in later: what stands there, and the text for one client. A column of a CSV file may have
// any name, so a text with placeholders is taken apart only with a guard in the place of each.

export const PLACEHOLDER = /\$\{([^}]*)(\}?)/g;

/** What differs by client. */
export interface ClientValues {
  readonly client: number;
  /** Null where the plan has no rooms. */
  readonly room: number | null;
  readonly row: Readonly<Record<string, string>> | null;
}

/** Of a placeholder such as `client` or `row.user`; null where it has none, as of a column that the row lacks. */
export function clientValue(name: string, { client, room, row }: ClientValues): string | null {
  if (name === 'client') return String(client);
  if (name === 'room') return room === null ? null : String(room);
  if (row === null || !name.startsWith('row.')) return null;
  const column = name.slice('row.'.length);
  return Object.hasOwn(row, column) ? (row[column] ?? null) : null;
}

/** The template for one client, its values as they are. A placeholder without a value stays: `templateColumns` tells beforehand. */
export function renderClientTemplate(template: string, values: ClientValues): string {
  return template.replace(PLACEHOLDER, (placeholder, name: string, closing: string) =>
    closing === '' ? placeholder : (clientValue(name, values) ?? placeholder),
  );
}

/** The columns that a template takes from the file of rows, or from the feeder. */
export function templateColumns(template: string, source: 'row' | 'feeder' = 'row'): readonly string[] {
  const names = [...template.matchAll(PLACEHOLDER)].map(([, inner = '']) => inner);
  return names.filter((name) => name.startsWith(`${source}.`)).map((name) => name.slice(source.length + 1));
}

/** The template with every placeholder replaced by one text, for checks of the rest. */
export function fillPlaceholders(template: string, filling: string): string {
  return template.replace(PLACEHOLDER, (placeholder, _inner, closing: string) =>
    closing === '' ? placeholder : filling,
  );
}

/** A text whose placeholders are out of the way: the first is `\0` `0` `\0`. */
export interface Guarded {
  readonly text: string;
  readonly placeholders: readonly string[];
}

const GUARD = /\0(\d+)\0/;

export function guard(template: string): Guarded {
  const placeholders: string[] = [];
  const text = template.replace(PLACEHOLDER, (placeholder, _inner, closing: string) =>
    closing === '' ? placeholder : `\0${placeholders.push(placeholder) - 1}\0`,
  );
  return { text, placeholders };
}

/** A piece of a guarded text with its placeholders back in place. */
export function unguard(piece: string, { placeholders }: Guarded): string {
  return piece.replace(new RegExp(GUARD, 'g'), (guarded, index: string) => placeholders[Number(index)] ?? guarded);
}

/** A piece of a guarded text as texts and, at every other place, the names in its placeholders. */
export function namesIn(piece: string, { placeholders }: Guarded): readonly string[] {
  return piece.split(GUARD).map((part, at) => (at % 2 === 0 ? part : (placeholders[Number(part)] ?? '').slice(2, -1)));
}
