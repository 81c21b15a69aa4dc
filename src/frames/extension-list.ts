/** The value of Sec-WebSocket-Extensions, RFC 6455 §9.1: `name; parameter; parameter=value, name`. */

interface Extension {
  readonly name: string;
  readonly parameters: readonly ExtensionParameter[];
}

export interface ExtensionParameter {
  readonly name: string;
  /** Null for a parameter without one. */
  readonly value: string | null;
}

/** RFC 9110 §5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

export function isToken(text: string): boolean {
  return token.test(text);
}

/** Null when the text does not follow the grammar. Empty list elements are ignored (RFC 9110 §5.6.1.2). */
export function parseExtensionList(text: string): readonly Extension[] | null {
  const extensions: Extension[] = [];
  for (const element of splitUnquoted(text, ',')) {
    if (trimSpace(element) === '') continue;
    const [name = '', ...parameterTexts] = splitUnquoted(element, ';').map(trimSpace);
    const parameters = parameterTexts.map(parseParameter);
    if (!isToken(name) || !parameters.every((parameter) => parameter !== null)) return null;
    extensions.push({ name, parameters });
  }
  return extensions;
}

function parseParameter(text: string): ExtensionParameter | null {
  const equals = text.indexOf('=');
  if (equals < 0) return isToken(text) ? { name: text, value: null } : null;
  const name = trimSpace(text.slice(0, equals));
  const value = unquote(trimSpace(text.slice(equals + 1)));
  return isToken(name) && isToken(value) ? { name, value } : null;
}

/** A quoted value must be a token once unquoted (RFC 6455 §9.1), so what is left of a wrong one is refused as such. */
function unquote(text: string): string {
  const isQuoted = text.length >= 2 && text.startsWith('"') && text.endsWith('"');
  return isQuoted ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text;
}

function splitUnquoted(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let isQuoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\' && isQuoted) at += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === separator && !isQuoted) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

/** Optional white space is space and tab only (RFC 9110 §5.6.3). */
export function trimSpace(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && (text[from] === ' ' || text[from] === '\t')) from += 1;
  while (to > from && (text[to - 1] === ' ' || text[to - 1] === '\t')) to -= 1;
  return text.slice(from, to);
}
