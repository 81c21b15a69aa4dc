// The values of a JSON document with their paths, as far as a plan can name them: bounded in depth and number, because the
// document is somebody else's.

export type JsonObject = Readonly<Record<string, unknown>>;

export interface JsonValue {
  readonly path: readonly string[];
  readonly value: unknown;
}

const MAX_DEPTH = 8;
const MAX_VALUES = 400;
const MAX_LIST = 16;
/** What `parseJsonPath` reads; a value below any other key cannot be named by a plan. */
const KEY = /^[\w$@-]{1,100}$/;
/** `JSON.parse` of this much is a matter of milliseconds. */
const MAX_TEXT = 64 * 1024;

/** The object or list that a text is, or null: a lone number or word carries nothing by a path. */
export function parseDocument(text: string): object | null {
  if (text.length > MAX_TEXT || !/^\s*[{[]/.test(text)) return null;
  try {
    const document: unknown = JSON.parse(text);
    return typeof document === 'object' ? document : null;
  } catch {
    return null;
  }
}

/** Objects and lists too, each before what is in it; nearest to the root first. */
export function valuesOf(document: object): readonly JsonValue[] {
  const found: JsonValue[] = [];
  let level: readonly JsonValue[] = [{ path: [], value: document }];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0 && found.length < MAX_VALUES; depth++) {
    level = level.flatMap(({ path, value }) =>
      membersOf(value).map(([key, member]) => ({ path: [...path, key], value: member })),
    );
    found.push(...level.slice(0, MAX_VALUES - found.length));
  }
  return found;
}

function membersOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null) return [];
  const members = Array.isArray(value)
    ? value.slice(0, MAX_LIST).map((item, index) => [String(index), item] as const)
    : Object.entries(value).slice(0, MAX_VALUES);
  return members.filter(([key]) => KEY.test(key));
}

/** As a plan writes it: `data.items[0].id`. A first key that begins with `$` needs the root before it. */
export function pathText(path: readonly string[]): string {
  const text = path.map((key, index) => (/^\d{1,6}$/.test(key) ? `[${key}]` : index === 0 ? key : `.${key}`)).join('');
  return text.startsWith('$') || text.startsWith('[') ? `$${text.startsWith('[') ? '' : '.'}${text}` : text;
}

export function lastKey(path: readonly string[]): string {
  return path.findLast((key) => !/^\d+$/.test(key)) ?? '';
}
