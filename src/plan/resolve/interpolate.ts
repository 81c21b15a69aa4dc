// `${...}` in the strings of a plan. `${env.X}` is replaced here, once, and what it was replaced by is a secret from
// then on. `${client}`, `${room}` and `${row.COLUMN}` differ by client and stay until a client connects; only the places that are
// rendered then may hold them. Anything else in `${}` is a mistake, and is not sent to a server as it stands.

import { isObject } from '../document.ts';
import { type PlacedProblem, type PlanPath, quote } from '../problems.ts';
import { isFeederPlace, isValuePlace, JOIN_PLACES, MESSAGE_PLACES } from '../schema/places.ts';
import { PLACEHOLDER } from '../templates/client-template.ts';
import { endsInCookieValue, type FieldRefusal, refuseCookieValue } from '../templates/headers.ts';
import { urlTemplate } from '../templates/url-template.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Interpolated {
  readonly document: unknown;
  /** The values that were put in, wherever they may be secret. */
  readonly secrets: readonly string[];
  readonly problems: readonly PlacedProblem[];
  /** The environment variables that the document names and the environment lacks. */
  readonly missing: readonly string[];
}

const ENV_NAME = /^env\.([A-Za-z_][A-Za-z0-9_]*)$/;
const CLIENT_NAME = /^(?:client|room|row\..+)$/s;

export function interpolate(document: unknown, env: Environment): Interpolated {
  const secrets = new Set<string>();
  const problems: PlacedProblem[] = [];
  const missing = new Set<string>();

  const known = (name: string, at: PlanPath): string | null => {
    const variable = ENV_NAME.exec(name)?.[1];
    if (variable === undefined) return null;
    const value = Object.hasOwn(env, variable) ? env[variable] : undefined;
    if (value === undefined) {
      missing.add(variable);
      const hint = `set ${variable} in the environment`;
      problems.push({ at, expected: `the environment variable ${variable}`, got: 'nothing', hint });
      return null;
    }
    if (mayBeSecret(at) && value !== '') secrets.add(value);
    const refusal = refuseVariable(value, at);
    if (refusal !== null) refuse(name, refusal, at);
    return value;
  };

  const refuse = (name: string, { expected, hint }: FieldRefusal, at: PlanPath): void => {
    problems.push({ at, expected: `${expected} in \${${name}}`, got: 'another value', hint });
  };

  /** The value of `${env.X}`; null for what stays. What may not stand there is a problem. */
  const insteadOf = (placeholder: string, name: string, isClosed: boolean, at: PlanPath): string | null => {
    if (isClosed && ENV_NAME.test(name)) return known(name, at);
    const names = messageNames(at);
    if (isClosed && isMessagePlace(name, at)) return null;
    const isOfClient = isClosed && CLIENT_NAME.test(name);
    if (isOfClient && isRenderedPerClient(at)) return null;
    const expected = isRenderedPerClient(at)
      ? `\${env.NAME}, \${client}, \${room} or \${row.COLUMN}`
      : ['env.NAME', ...names].map((each) => `\${${each}}`).join(', ');
    const hint =
      isOfClient && names.length === 0
        ? `\${client}, \${room} and \${row.COLUMN} are allowed only in target.url, target.headers and target.cookies`
        : null;
    // Without an end it reaches to the end of the text, which may be a password.
    problems.push({ at, expected, got: isClosed ? quote(placeholder) : `"\${" without "}"`, hint });
    return null;
  };

  const replaceInText = (text: string, at: PlanPath): string =>
    text.replace(PLACEHOLDER, (placeholder, name: string, closing: string, offset: number) => {
      const value = insteadOf(placeholder, name, closing !== '', at);
      if (value === null) return placeholder;
      const refusal = isCookieHeader(at) && endsInCookieValue(text.slice(0, offset)) ? refuseCookieValue(value) : null;
      if (refusal !== null) refuse(name, refusal, at);
      return value;
    });

  /** A variable that a URL begins with may be all of it, or as much as it likes. */
  const replaceInUrl = (text: string, at: PlanPath): string => {
    const values = new Map<string, string | null>();
    for (const [placeholder, name = '', closing] of text.matchAll(PLACEHOLDER)) {
      if (!values.has(name)) values.set(name, insteadOf(placeholder, name, closing !== '', at));
    }
    const [first = '', name = ''] = /^\$\{([^}]*)\}/.exec(text) ?? [];
    const begun = (values.get(name) ?? first) + text.slice(first.length);
    const { url, refused } = urlTemplate(begun)((each) => values.get(each) ?? null);
    for (const refusal of refused) refuse(refusal.name, refusal, at);
    return url;
  };

  const replace = (text: string, at: PlanPath): string =>
    isUrl(at) ? replaceInUrl(text, at) : replaceInText(text, at);

  const walk = (value: unknown, at: PlanPath): unknown => {
    if (typeof value === 'string') return replace(value, at);
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...at, index]));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, walk(member, [...at, key])]));
  };

  return { document: walk(document, []), secrets: [...secrets], problems, missing: [...missing] };
}

function isUrl([section, field, key]: PlanPath): boolean {
  return (section === 'target' && field === 'url') || (section === 'monitors' && key === 'prometheus');
}

function isCookieHeader([section, field, name]: PlanPath): boolean {
  return section === 'target' && field === 'headers' && String(name).toLowerCase() === 'cookie';
}

function refuseVariable(value: string, at: PlanPath): FieldRefusal | null {
  // Node reads the environment as UTF-8 and puts this in the place of what is none.
  if (value.includes('\ufffd')) return { expected: 'a text in UTF-8', hint: null };
  if (!value.includes('${') || (!isRenderedPerClient(at) && messageNames(at).length === 0)) return null;
  return { expected: `a text without "\${", which would be replaced later`, hint: null };
}

function isRenderedPerClient([section, field]: PlanPath): boolean {
  return section === 'target' && (field === 'url' || field === 'headers' || field === 'cookies');
}

/** A message of the json protocol is a template for each message, and what is said first for each client. */
function messageNames([section, field]: PlanPath): readonly string[] {
  if (section !== 'protocol') return [];
  if (field === 'send') return [...MESSAGE_PLACES, 'row.COLUMN', 'feeder.COLUMN', ...GENERATORS];
  return field === 'join' ? [...JOIN_PLACES, 'row.COLUMN', ...GENERATORS] : [];
}

const GENERATORS: readonly string[] = ['hex.16', 'int.1..100', 'pick.a|b'];

function isMessagePlace(name: string, [section, field]: PlanPath): boolean {
  if (section !== 'protocol') return false;
  if (field === 'send') return MESSAGE_PLACES.includes(name) || isValuePlace(name) || isFeederPlace(name);
  return field === 'join' && (JOIN_PLACES.includes(name) || isValuePlace(name));
}

/** A rate or a number of clients is no secret, and hiding every `500` would hide half of a report. */
function mayBeSecret([section, , field]: PlanPath): boolean {
  if (section === 'monitors') return field === 'prometheus' || field === 'command';
  return section === 'target' || section === 'name' || section === 'protocol' || section === 'faults';
}
