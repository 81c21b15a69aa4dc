// `${...}` in the strings of a plan. `${env.X}` is replaced here, once, and what it was replaced by is a secret from
// then on. `${lane}`, `${room}` and `${row.COLUMN}` differ by lane and stay until a lane connects; only the places that are
// rendered then may hold them. Anything else in `${}` is a mistake, and is not sent to a server as it stands.

import { isObject } from './document.ts';
import { HELLO_PLACES, isFeedPlace, isValuePlace, MESSAGE_PLACES } from './places.ts';
import { type Path, type PlacedProblem, quote } from './problems.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Interpolated {
  readonly document: unknown;
  /** The values that were put in, wherever they may be secret. */
  readonly secrets: readonly string[];
  readonly problems: readonly PlacedProblem[];
  /** The environment variables that the document names and the environment lacks. */
  readonly missing: readonly string[];
}

const PLACEHOLDER = /\$\{([^}]*)(\}?)/g;
const ENV_NAME = /^env\.([A-Za-z_][A-Za-z0-9_]*)$/;
const LANE_NAME = /^(?:lane|room|row\..+)$/s;

export function interpolate(document: unknown, env: Environment): Interpolated {
  const secrets = new Set<string>();
  const problems: PlacedProblem[] = [];
  const missing = new Set<string>();

  const replace = (text: string, at: Path): string =>
    text.replace(PLACEHOLDER, (placeholder, inner: string, closing: string) => {
      const variable = closing === '' ? undefined : ENV_NAME.exec(inner)?.[1];
      if (variable !== undefined) {
        const value = Object.hasOwn(env, variable) ? env[variable] : undefined;
        if (value === undefined) {
          missing.add(variable);
          const hint = `set ${variable} in the environment`;
          problems.push({ at, expected: `the environment variable ${variable}`, got: 'nothing', hint });
        } else if (mayBeSecret(at) && value !== '') secrets.add(value);
        return value ?? placeholder;
      }
      const names = messageNames(at);
      if (closing !== '' && isMessagePlace(inner, at)) return placeholder;
      const known = closing !== '' && LANE_NAME.test(inner);
      if (!known || !isRenderedPerLane(at)) {
        const expected = isRenderedPerLane(at)
          ? `\${env.NAME}, \${lane}, \${room} or \${row.COLUMN}`
          : ['env.NAME', ...names].map((name) => `\${${name}}`).join(', ');
        const hint =
          known && names.length === 0
            ? `\${lane}, \${room} and \${row.COLUMN} stand only in target.url, target.headers and target.cookies`
            : null;
        // Without an end it reaches to the end of the text, which may be a password.
        problems.push({ at, expected, got: closing === '' ? `"\${" without "}"` : quote(placeholder), hint });
      }
      return placeholder;
    });

  const walk = (value: unknown, at: Path): unknown => {
    if (typeof value === 'string') return replace(value, at);
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...at, index]));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, walk(member, [...at, key])]));
  };

  return { document: walk(document, []), secrets: [...secrets], problems, missing: [...missing] };
}

/** What differs by lane. */
export interface LaneValues {
  readonly lane: number;
  /** Null where the plan has no rooms. */
  readonly room: number | null;
  readonly row: Readonly<Record<string, string>> | null;
}

/** The template for one lane. A column that the row lacks leaves its placeholder: `templateColumns` tells beforehand. */
export function renderLaneTemplate(template: string, { lane, room, row }: LaneValues): string {
  return template.replace(PLACEHOLDER, (placeholder, inner: string, closing: string) => {
    if (closing === '') return placeholder;
    if (inner === 'lane') return String(lane);
    if (inner === 'room' && room !== null) return String(room);
    if (row === null || !inner.startsWith('row.')) return placeholder;
    const column = inner.slice('row.'.length);
    return Object.hasOwn(row, column) ? (row[column] ?? placeholder) : placeholder;
  });
}

/** The columns that a template takes from the file of rows, or from the feed. */
export function templateColumns(template: string, source: 'row' | 'feed' = 'row'): readonly string[] {
  const names = [...template.matchAll(PLACEHOLDER)].map(([, inner = '']) => inner);
  return names.filter((name) => name.startsWith(`${source}.`)).map((name) => name.slice(source.length + 1));
}

/** The template with every placeholder replaced by one text, for checks of the rest. */
export function fillPlaceholders(template: string, filling: string): string {
  return template.replace(PLACEHOLDER, (placeholder, _inner, closing: string) =>
    closing === '' ? placeholder : filling,
  );
}

function isRenderedPerLane([section, field]: Path): boolean {
  return section === 'target' && (field === 'url' || field === 'headers' || field === 'cookies');
}

/** A message of the json dialect is a template for each message, and what is said first for each lane. */
function messageNames([section, field]: Path): readonly string[] {
  if (section !== 'dialect') return [];
  if (field === 'send') return [...MESSAGE_PLACES, 'row.COLUMN', 'feed.COLUMN', ...GENERATORS];
  return field === 'hello' ? [...HELLO_PLACES, 'row.COLUMN', ...GENERATORS] : [];
}

const GENERATORS: readonly string[] = ['hex.16', 'int.1..100', 'pick.a|b'];

function isMessagePlace(name: string, [section, field]: Path): boolean {
  if (section !== 'dialect') return false;
  if (field === 'send') return MESSAGE_PLACES.includes(name) || isValuePlace(name) || isFeedPlace(name);
  return field === 'hello' && (HELLO_PLACES.includes(name) || isValuePlace(name));
}

/** A rate or a number of lanes is no secret, and hiding every `500` would hide half of a report. */
function mayBeSecret([section, , field]: Path): boolean {
  if (section === 'probes') return field === 'prometheus' || field === 'command';
  return section === 'target' || section === 'name' || section === 'dialect' || section === 'faults';
}
