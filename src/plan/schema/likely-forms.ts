// What is usually written in a wrong form, by its place in the plan, and the form that it has: a hint for the problem there.

import { isObject } from '../document.ts';
import { type PlacedProblem, type PlanPath, quote, valueAt } from '../problems.ts';
import { redactUrl } from '../redact.ts';

/** `at`: with `*` for an index. `form`: of what was written there, and in the object around it; null where that is no such mistake. */
interface Mistake {
  readonly at: readonly string[];
  readonly form: (value: unknown, around: Readonly<Record<string, unknown>>) => string | null;
}

const SOME_TIME = '60s';
const DELIVERIES = ['exactly-once', 'at-least-once', 'at-most-once'];

const target = (value: unknown): string | null => {
  if (isText(value)) return `write target: { url: ${redactUrl(value)} }`;
  return isTexts(value) ? `write target: { url: [${value.map(redactUrl).join(', ')}] }` : null;
};

/** A rate or a number in flight that stands beside the model that it belongs to. */
const messages = (value: unknown, around: Readonly<Record<string, unknown>>): string | null => {
  const { rate = value, for: time = SOME_TIME, inFlight } = around;
  if (isPlain(inFlight)) return `write messages: { closed: { inFlight: ${inFlight}, for: ${plain(time)} } }`;
  return isPlain(rate) ? `write messages: { open: { rate: ${rate}, for: ${plain(time)} } }` : null;
};

const unquotedRule = (value: unknown): string | null =>
  isObject(value) ? 'YAML reads it as a map: put the rule in quotes, such as "lost{type=chat} == 0"' : null;

const booleans = (value: unknown): string | null => {
  if (!isText(value)) return null;
  if (/^(yes|on|true)$/i.test(value)) return 'write true';
  return /^(no|off|false)$/i.test(value) ? 'write false' : null;
};

const MISTAKES: readonly Mistake[] = [
  { at: ['target'], form: target },
  { at: ['url'], form: target },
  { at: ['load', 'rate'], form: messages },
  {
    at: ['load'],
    form: (value) => {
      if (isPlain(value)) return `write load: { connections: ${value} }`;
      return isObject(value) && value.messages === undefined ? messages(null, value) : null;
    },
  },
  { at: ['load', 'messages'], form: (value) => messages(isText(value) ? value : null, isObject(value) ? value : {}) },
  ...['rate', 'for', 'inFlight'].map((key) => ({
    at: ['load', 'messages', key],
    form: (_: unknown, around: Readonly<Record<string, unknown>>) => messages(null, around),
  })),
  {
    at: ['load', 'messages', 'open'],
    form: (value) => (isPlain(value) ? `write open: { rate: ${value}, for: ${SOME_TIME} }` : null),
  },
  {
    at: ['load', 'messages', 'closed'],
    form: (value) => (isPlain(value) ? `write closed: { inFlight: ${value}, for: ${SOME_TIME} }` : null),
  },
  {
    at: ['load', 'connections', 'count'],
    form: (value) => (isPlain(value) ? `write connections: ${value}, or { to: ${value}, over: 10s }` : null),
  },
  ...['thresholds', 'abort'].flatMap((rules): readonly Mistake[] => [
    {
      at: [rules],
      form: (value) => {
        if (isText(value)) return `write ${rules}: [${quote(value)}]`;
        return isObject(value) ? `write a list, each rule in quotes: ${rules}: ["lost == 0"]` : null;
      },
    },
    { at: [rules, '*'], form: unquotedRule },
  ]),
  {
    at: ['protocol'],
    form: (value) => {
      if (value === 'json') return `write protocol: { kind: json, send: { id: "\${id}" } }`;
      if (value === 'push') return 'write protocol: { kind: push, sequence: seq }';
      return value === 'text' || value === 'binary' ? `write protocol: { kind: echo, format: ${value} }` : null;
    },
  },
  {
    at: ['contract'],
    form: (value) => (isText(value) && DELIVERIES.includes(value) ? `write contract: { delivery: ${value} }` : null),
  },
  {
    at: ['target', 'headers'],
    form: (value) => (Array.isArray(value) ? 'write each as a key with its value: { X-Name: value }' : null),
  },
  { at: ['reconnect'], form: booleans },
  { at: ['target', 'tls', 'insecure'], form: booleans },
];

/** The problems of a document, with the form that was meant as the hint where the mistake is a usual one. */
export function withLikelyForms(problems: readonly PlacedProblem[], document: unknown): readonly PlacedProblem[] {
  const told = new Set<string>();
  return problems.flatMap((problem) => {
    const form = likelyForm(problem.at, document);
    if (form === null) return [problem];
    // One wrong form may make several problems: the right one is told once.
    if (told.has(form)) return [];
    told.add(form);
    return [{ ...problem, hint: form }];
  });
}

function likelyForm(at: PlanPath, document: unknown): string | null {
  const found = MISTAKES.find(
    (mistake) =>
      mistake.at.length === at.length &&
      mistake.at.every((key, place) => (key === '*' ? typeof at[place] === 'number' : key === at[place])),
  );
  const around = valueAt(document, at.slice(0, -1));
  return found?.form(valueAt(document, at), isObject(around) ? around : {}) ?? null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 200;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.length < 5 && value.every(isText);
}

function isPlain(value: unknown): value is string | number {
  return isText(value) || typeof value === 'number';
}

function plain(value: unknown): string {
  return isPlain(value) ? String(value) : SOME_TIME;
}
