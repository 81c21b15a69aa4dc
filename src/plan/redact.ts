// Nothing that is printed or stored may give a secret away. Two nets: places that hold secrets by their name (a header,
// a query parameter, a password in a URL), and the secret values themselves wherever a text repeats them, because a
// server's error page quotes the header it did not like.

import type { NonEmpty } from '../units/non-empty.ts';
import { unreachable } from '../units/unreachable.ts';
import { isObject } from './document.ts';
import type {
  Curve,
  Fault,
  Load,
  MessageType,
  MonitorSettings,
  Numbering,
  Plan,
  Protocol,
  Scope,
  Threshold,
} from './plan.ts';
import { templatesOf } from './protocols.ts';
import { base64OfText } from './templates/base64.ts';
import { splitUrl } from './templates/url.ts';

export const REDACTED = '[redacted]';
/** Shorter values occur in any text by chance, and hiding them hides the text. */
const MIN_SECRET_LENGTH = 4;
const SECRET_HEADER = /authorization|cookie|token|key|secret|auth|passw|signature|session|credential|jwt/i;
const SECRET_PARAMETER =
  /token|secret|passw|pwd|auth|signature|session|credential|jwt|key$|(?:^|[^a-z])(?:sig|key|access)(?:[^a-z]|$)/i;

export function isSecretHeader(name: string): boolean {
  return SECRET_HEADER.test(name);
}

/** Of a URL's query. The name may be percent-encoded. */
export function isSecretParameter(name: string): boolean {
  return SECRET_PARAMETER.test(decoded(name));
}

/** The plan as it may be shown. The values in `secrets` go wherever they stand; see `collectSecrets`. */
export function redactPlan(plan: Plan, secrets: readonly string[]): Plan {
  const hide = (text: string): string => redactText(text, secrets);
  const hideOptional = (text: string | null): string | null => (text === null ? null : hide(text));
  const { target } = plan;
  const [firstUrl, ...otherUrls] = target.urls;
  const headers = Object.entries(target.headers).map(([name, value]) => [
    name,
    isSecretHeader(name) ? REDACTED : hide(value),
  ]);
  return {
    ...plan,
    name: hide(plan.name),
    target: {
      ...target,
      urls: [hide(redactUrl(firstUrl)), ...otherUrls.map((url) => hide(redactUrl(url)))],
      headers: Object.fromEntries(headers),
      subprotocols: target.subprotocols.map(hide),
      tls: {
        ...target.tls,
        caFile: hideOptional(target.tls.caFile),
        certFile: hideOptional(target.tls.certFile),
        keyFile: hideOptional(target.tls.keyFile),
        passphrase: target.tls.passphrase === null ? null : REDACTED,
        serverName: hideOptional(target.tls.serverName),
      },
      sourceAddresses: target.sourceAddresses.map(hide),
      rowsFile: hideOptional(target.rowsFile),
    },
    protocol: redactProtocol(plan.protocol, hide),
    load: redactLoad(plan.load, hide),
    faults: plan.faults.map((fault) => redactFault(fault, hide)),
    monitors: plan.monitors.map((monitor) => redactMonitor(monitor, hide)),
    // Rules name faults, stages and types: hidden alike on both sides, they still name the same.
    thresholds: plan.thresholds.map((threshold) => redactThreshold(threshold, hide)),
    abort: plan.abort.map((threshold) => redactThreshold(threshold, hide)),
  };
}

/** A document as written, with its shape kept: what a problem may quote. */
export function redactDocument(document: unknown, secrets: readonly string[]): unknown {
  const walk = (value: unknown, [section, field, name]: readonly string[]): unknown => {
    if (typeof value === 'string') {
      const isSecret =
        section === 'target' &&
        (field === 'cookies' || name === 'passphrase' || (field === 'headers' && isSecretHeader(name ?? '')));
      if (isSecret) return REDACTED;
      return redactText(field === 'url' || field === 'prometheus' ? redactUrl(value) : value, secrets);
    }
    // In a list of the section's own the keys of each entry are the fields.
    if (Array.isArray(value) && section === 'monitors' && field === undefined) {
      return value.map((item) => walk(item, [section]));
    }
    if (Array.isArray(value)) return value.map((item) => walk(item, [section ?? '', field ?? '', name ?? '']));
    if (!isObject(value)) return value;
    const path = [section, field, name].filter((key) => key !== undefined);
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, walk(member, [...path, key])]));
  };
  return walk(document, []);
}

/** The text without any of the secrets. */
export function redactText(text: string, secrets: readonly string[]): string {
  // The longest first: a secret inside a longer one must not leave the rest of that standing.
  const longestFirst = secrets
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .sort((a, b) => b.length - a.length);
  return longestFirst.reduce((hidden, secret) => hidden.replaceAll(secret, REDACTED), text);
}

/**
 * The beginning of a longer text without any of the secrets: also without one that was cut off at its end.
 */
export function redactExcerpt(text: string, secrets: readonly string[]): string {
  const hidden = redactText(text, secrets);
  for (const secret of secrets) {
    for (let length = secret.length - 1; length >= MIN_SECRET_LENGTH; length--) {
      if (hidden.endsWith(secret.slice(0, length))) return hidden.slice(0, -length) + REDACTED;
    }
  }
  return hidden;
}

/** The URL without its password and without the values of parameters that sound secret. Reads templates too. */
export function redactUrl(url: string): string {
  const parts = splitUrl(url);
  if (parts === null) return url;
  const { userInfo, host, port, path, query, fragment } = parts;
  const user =
    // Without a password the user name may be a token.
    userInfo === null ? '' : `${userInfo.includes(':') ? `${userInfo.split(':')[0]}:${REDACTED}` : REDACTED}@`;
  const scheme = url.slice(0, parts.scheme.length);
  const shownQuery = query === null ? '' : `?${query.split('&').map(redactParameter).join('&')}`;
  return `${scheme}://${user}${host}${port === null ? '' : `:${port}`}${path}${shownQuery}${fragment === null ? '' : `#${fragment}`}`;
}

/**
 * The values to hide in any text: what came from the environment, and what the plan itself holds in secret places, in
 * the forms in which it travels: percent-encoded, decoded, and as Basic credentials.
 */
export function collectSecrets(plan: Plan, envSecrets: readonly string[]): readonly string[] {
  const { urls, headers, tls } = plan.target;
  const values = [
    ...envSecrets,
    ...Object.entries(headers).flatMap(([name, value]) => (isSecretHeader(name) ? headerSecrets(name, value) : [])),
    ...urls.flatMap(urlSecrets),
    ...plan.monitors.flatMap((monitor) => (monitor.kind === 'prometheus' ? urlSecrets(monitor.url) : [])),
    ...(tls.passphrase === null ? [] : [tls.passphrase]),
    ...templateSecrets(plan.protocol),
  ];
  // What stands in a placeholder differs by client and is not known here; what stands around it is.
  const literal = values.flatMap((value) => value.split(/\$\{[^}]*\}/));
  return [...new Set(literal.flatMap(secretForms))]
    .filter((value) => value.length >= MIN_SECRET_LENGTH)
    .sort((a, b) => b.length - a.length);
}

/** A value in the forms in which it travels: as it is, percent-encoded, in base64, and as JSON writers write it. */
export function secretForms(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const ascii = json.replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return [
    value,
    encoded(value),
    ...base64Forms(value),
    json,
    ascii,
    json.replaceAll('/', '\\/'),
    ascii.replaceAll('/', '\\/'),
  ];
}

/** The message as it may be shown: a member that sounds secret keeps only its placeholders. */
function redactProtocol(protocol: Protocol, hide: (text: string) => string): Protocol {
  if (protocol.kind !== 'json' && protocol.kind !== 'push') return protocol;
  const show = (text: string, key: string): string =>
    isSecretHeader(key) && literalOf(text) !== '' ? REDACTED : hide(text);
  const shown = (template: string): string => JSON.stringify(mapTexts(JSON.parse(template), '', show));
  if (protocol.kind === 'push') {
    return { ...protocol, join: protocol.join.map(shown), pushes: redactNumbering(protocol.pushes, hide) };
  }
  return {
    ...protocol,
    template: shown(protocol.template),
    join: protocol.join.map(shown),
    id: protocol.id.map(hide),
    error: protocol.error?.map(hide) ?? null,
    ack: protocol.ack?.map(hide) ?? null,
    duplicate: protocol.duplicate?.map(hide) ?? null,
    state:
      protocol.state === null
        ? null
        : {
            ...protocol.state,
            count: protocol.state.count?.map(hide) ?? null,
            digest: protocol.state.digest?.map(hide) ?? null,
          },
    payload: protocol.payload?.map(hide) ?? null,
    pushes: typeof protocol.pushes === 'string' ? protocol.pushes : redactNumbering(protocol.pushes, hide),
  };
}

function redactMonitor(monitor: MonitorSettings, hide: (text: string) => string): MonitorSettings {
  switch (monitor.kind) {
    case 'process':
    case 'referenceTarget':
    case 'machine':
      return monitor;
    case 'prometheus':
      return { ...monitor, url: hide(redactUrl(monitor.url)), series: monitor.series.map(hide) };
    case 'command':
      return { ...monitor, program: hide(monitor.program), args: monitor.args.map(hide) };
    default:
      return unreachable(monitor);
  }
}

function redactNumbering({ sequence, channel, shared }: Numbering, hide: (text: string) => string): Numbering {
  return { sequence: sequence.map(hide), channel: channel?.map(hide) ?? null, shared };
}

function templateSecrets(protocol: Protocol): readonly string[] {
  const found: string[] = [];
  for (const template of templatesOf(protocol)) {
    mapTexts(JSON.parse(template), '', (text, key) => {
      if (isSecretHeader(key)) found.push(text);
      return text;
    });
  }
  return found;
}

/** What of a template is not placeholders. */
function literalOf(template: string): string {
  return template.replace(/\$\{[^}]*\}/g, '');
}

/** Every text of a document through `map`, with the key of the member in which it stands. */
function mapTexts(value: unknown, key: string, map: (text: string, key: string) => string): unknown {
  if (typeof value === 'string') return map(value, key);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, key, map));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapTexts(member, name, map)]));
}

function redactFault(fault: Fault, hide: (text: string) => string): Fault {
  const name = hide(fault.name);
  if (fault.kind !== 'command') return { ...fault, name };
  const hideWords = ([first, ...rest]: NonEmpty<string>): NonEmpty<string> => [hide(first), ...rest.map(hide)];
  return { ...fault, name, run: hideWords(fault.run), undo: fault.undo === null ? null : hideWords(fault.undo) };
}

function redactThreshold(threshold: Threshold, hide: (text: string) => string): Threshold {
  const { expression, metric, scope } = threshold;
  return {
    ...threshold,
    expression: hide(expression),
    metric:
      (metric.kind === 'messages' || metric.kind === 'distribution') && metric.among !== null
        ? { ...metric, among: { ...metric.among, name: hide(metric.among.name) } }
        : metric,
    scope: scope === null ? null : redactScope(scope, hide),
  };
}

function redactScope(scope: Scope, hide: (text: string) => string): Scope {
  if (scope.kind === 'stage') return { ...scope, name: hide(scope.name) };
  return { ...scope, fault: scope.fault === null ? null : hide(scope.fault) };
}

function redactLoad(load: Load, hide: (text: string) => string): Load {
  const redactCurve = ([first, ...others]: Curve): Curve => [
    { ...first, name: hide(first.name) },
    ...others.map((segment) => ({ ...segment, name: hide(segment.name) })),
  ];
  const [firstType, ...otherTypes] = load.mix;
  return {
    ...load,
    feeder: load.feeder === null ? null : { ...load.feeder, file: hide(load.feeder.file) },
    connections: redactCurve(load.connections),
    messages:
      load.messages.kind === 'open' ? { ...load.messages, curve: redactCurve(load.messages.curve) } : load.messages,
    mix: [redactType(firstType, hide), ...otherTypes.map((type) => redactType(type, hide))],
  };
}

function redactType(type: MessageType, hide: (text: string) => string): MessageType {
  return { ...type, type: hide(type.type), priority: type.priority === null ? null : hide(type.priority) };
}

function redactParameter(parameter: string): string {
  const equals = parameter.indexOf('=');
  if (equals === -1) return parameter;
  const name = parameter.slice(0, equals);
  return isSecretParameter(name) ? `${name}=${REDACTED}` : parameter;
}

function headerSecrets(name: string, value: string): readonly string[] {
  if (/cookie/i.test(name)) {
    return value.split(';').map((pair) => pair.slice(pair.indexOf('=') + 1).trim());
  }
  // `Bearer abc`: servers quote the token without its scheme.
  const scheme = /^[A-Za-z][\w-]*\s+/.exec(value)?.[0] ?? '';
  return scheme === '' ? [value] : [value.slice(scheme.length).trim()];
}

function urlSecrets(url: string): readonly string[] {
  const { userInfo, query } = splitUrl(url) ?? { userInfo: null, query: null };
  const found: string[] = [];
  if (userInfo !== null) {
    const [user = '', ...rest] = userInfo.split(':');
    const password = rest.join(':');
    found.push(base64OfText(`${decoded(user)}:${decoded(password)}`));
    found.push(...(rest.length === 0 ? [user, decoded(user)] : [password, decoded(password)]));
  }
  for (const parameter of query?.split('&') ?? []) {
    const equals = parameter.indexOf('=');
    if (equals === -1 || !isSecretParameter(parameter.slice(0, equals))) continue;
    found.push(parameter.slice(equals + 1), decoded(parameter.slice(equals + 1)));
  }
  return found;
}

/** Percent-decoded, or as it is where that is no encoding of a text. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What is left of a value in the base64 of a text that holds it, at each of the three places it may begin. */
function base64Forms(value: string): readonly string[] {
  const valueBytes = [...encoded(value).matchAll(/%..|./g)].length;
  const forms = [0, 1, 2].map((before) =>
    base64OfText('x'.repeat(before) + value).slice(
      Math.ceil((before * 8) / 6),
      Math.floor(((before + valueBytes) * 8) / 6),
    ),
  );
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

function encoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return text;
  }
}
