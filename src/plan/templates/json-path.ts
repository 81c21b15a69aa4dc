// Where in a JSON document a value stands, as a plan writes it.

const MAX_KEYS = 64;

/** `a.b[0].c`, with or without `$.` before it; null for anything else. */
export function parseJsonPath(text: string): readonly string[] | null {
  const body = text.startsWith('$') ? text.slice(text.startsWith('$.') ? 2 : 1) : text;
  const keys = body.replace(/\[(\d{1,6})\]/g, '.$1').split('.');
  const trimmed = keys[0] === '' ? keys.slice(1) : keys;
  const isPath =
    trimmed.length > 0 && trimmed.length < MAX_KEYS && trimmed.every((key) => /^[\w$@-]{1,100}$/.test(key));
  return isPath ? trimmed : null;
}
