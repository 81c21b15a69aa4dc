// Tags of a run, as they lie in `tags.json` of its directory. A tag begins with a character and an id with a digit, so that
// neither is ever taken for the other; a path has a slash, and a group of runs an @ or a comma.

const TAGS_SCHEMA = 'highwater/tags/1';

/** The tag that at most one run of each plan has. */
export const BASELINE = 'baseline';

const TAG = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;
const RESERVED: readonly string[] = ['latest', 'all'];

/** What is wrong with a tag that somebody gives, as `expected …, got …`; null where nothing is. */
export function tagProblem(name: string): string | null {
  const got = JSON.stringify(name);
  if (name === BASELINE) return `expected another tag, because ${got} is set with: highwater baseline set RUN`;
  if (RESERVED.includes(name)) return `expected another tag, got ${got}, which is reserved`;
  if (TAG.test(name)) return null;
  return `expected a letter, then at most 63 letters, digits, dots, hyphens and underscores, got ${got}`;
}

export function encodeTags(tags: readonly string[]): string {
  return `${JSON.stringify({ schema: TAGS_SCHEMA, tags })}\n`;
}

/** Null for what is none of ours: then nobody knows which tags the run has. */
export function decodeTags(text: string): readonly string[] | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('schema' in value) || value.schema !== TAGS_SCHEMA)
      return null;
    if (!('tags' in value) || !Array.isArray(value.tags)) return null;
    const isTag = (tag: unknown): tag is string => typeof tag === 'string' && TAG.test(tag);
    return value.tags.every(isTag) ? value.tags : null;
  } catch {
    return null;
  }
}
