// Where JSON text stops being JSON (RFC 8259). `JSON.parse` says so only sometimes, and in words that differ by engine.

const SPACE = /[ \t\n\r]*/y;
const TOKEN =
  /[{}[\],:]|"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/uy;

/** What may come next: a value, a key, a colon, or what stands behind a value; `first` also allows the closing bracket. */
type Wanted = 'value' | 'firstValue' | 'key' | 'firstKey' | 'colon' | 'after';

/** The offset of the first character that no JSON text could have there; the length where only something is missing. */
export function jsonMistakeOffset(text: string): number {
  const open: string[] = [];
  let wanted: Wanted = 'value';
  let offset = 0;
  for (;;) {
    SPACE.lastIndex = offset;
    SPACE.exec(text);
    offset = SPACE.lastIndex;
    TOKEN.lastIndex = offset;
    const token = TOKEN.exec(text)?.[0];
    const next: Wanted | null = token === undefined ? null : step(token, wanted, open);
    if (token === undefined || next === null) return offset;
    wanted = next;
    offset += token.length;
  }
}

function step(token: string, wanted: Wanted, open: string[]): Wanted | null {
  const isString = token.startsWith('"');
  if (token === '}' || token === ']') {
    const mayClose = wanted === 'after' || wanted === (token === '}' ? 'firstKey' : 'firstValue');
    return mayClose && open.pop() === token ? 'after' : null;
  }
  if (token === ':') return wanted === 'colon' ? 'value' : null;
  if (token === ',') {
    if (wanted !== 'after' || open.length === 0) return null;
    return open.at(-1) === '}' ? 'key' : 'value';
  }
  if (wanted === 'key' || wanted === 'firstKey') return isString ? 'colon' : null;
  if (wanted !== 'value' && wanted !== 'firstValue') return null;
  if (token !== '{' && token !== '[') return 'after';
  open.push(token === '{' ? '}' : ']');
  return token === '{' ? 'firstKey' : 'firstValue';
}
