// The first plan for a service, as commented YAML: what was recognised becomes the dialect, what was answered the load.
// Text in, text out; `highwater check` accepts whatever it makes. Comments hold no line break of anybody else's.

import { pathText } from '../analysis/json-values.ts';
import type { Recognition } from '../analysis/recognise.ts';
import type { Variable } from '../plan/placeholders.ts';
import { unreachable } from '../units/unreachable.ts';
import { printable } from './printable.ts';
import { yamlFlow, yamlKey, yamlText } from './yaml.ts';

export interface FirstPlan {
  readonly recognition: Recognition;
  readonly name: string;
  readonly target: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly subprotocols: readonly string[];
    readonly compression: boolean;
    readonly tls: Readonly<Record<string, string | boolean>>;
  };
  /** To be set before a run. */
  readonly variables: readonly Variable[];
  /** What a lane says first. */
  readonly hello: readonly object[];
  readonly connections: number;
  readonly rate: string;
  readonly duration: string;
  /** Null leaves it to the dialect. */
  readonly bytes: string | null;
  readonly rules: readonly string[];
}

/** Faster, and a first look at a service would be a storm of handshakes. */
const LANES_PER_SECOND = 200;
const MAX_COMMENT = 240;
const NOTES_AT = 40;
const ECHO_BYTES = '100';
const JSON_BYTES = '200';

/** Whether the plan has messages at all, and so response times. */
export function hasMessages({ kind }: Recognition): boolean {
  return kind === 'echo' || kind === 'json';
}

export function renderFirstPlan(plan: FirstPlan): string {
  const { recognition } = plan;
  return `${[
    '# yaml-language-server: $schema=./node_modules/highwater/dist/plan.schema.json',
    '# A first plan, written by `highwater init` after what the service did:',
    ...recognition.evidence.map((line) => comment(`  ${line}`)),
    ...recognition.caveats.map((line) => comment(`  but: ${line}`)),
    ...(recognition.sample === null ? [] : [comment(`  it said: ${recognition.sample}`)]),
    '# Every key, and many that are not here: docs/plan.md',
    '',
    `name: ${yamlText(plan.name)}`,
    ...targetLines(plan),
    '',
    ...dialectLines(plan),
    '',
    ...loadLines(plan),
    '',
    ...promiseLines(plan),
  ].join('\n')}\n`;
}

function targetLines({ target, variables }: FirstPlan): readonly string[] {
  const { url, headers, subprotocols, compression, tls } = target;
  const secrets = variables.map(({ name, place }) => comment(`set ${name} before a run: ${place}`, '  '));
  return [
    'target:',
    ...secrets,
    `  url: ${yamlText(url)}`,
    ...(Object.keys(headers).length === 0 ? [] : ['  headers:']),
    ...Object.entries(headers).map(([name, value]) => `    ${yamlKey(name)}: ${yamlText(value)}`),
    ...(subprotocols.length === 0 ? [] : [`  subprotocols: ${yamlFlow(subprotocols)}`]),
    ...(compression ? ['  compression: on'] : []),
    ...(Object.keys(tls).length === 0 ? [] : [`  tls: ${yamlFlow(tls)}`]),
  ];
}

function dialectLines({ recognition, hello }: FirstPlan): readonly string[] {
  const greeting =
    hello.length === 0
      ? []
      : [noted('  hello:', 'what a lane says first'), ...hello.map((message) => `    - ${yamlFlow(message)}`)];
  switch (recognition.kind) {
    case 'echo':
      return [
        noted('dialect:', 'how bytes become messages'),
        noted('  kind: echo', 'every message comes back unchanged'),
        `  format: ${recognition.format}`,
        ...(hello.length === 0
          ? []
          : ['  # An echo has no hello: what was said first is left out. The json dialect has one.']),
      ];
    case 'json': {
      const { send, id, ack, payload, error, refusedAll } = recognition.service;
      const path = (key: string, value: readonly string[] | null, why: string): string =>
        value === null ? noted(`  # ${key}: PATH`, why) : noted(`  ${key}: ${yamlText(pathText(value))}`, why);
      return [
        noted('dialect:', 'how bytes become messages'),
        '  kind: json',
        ...greeting,
        ...(refusedAll
          ? [`  # FILL IN: the service refused this message. Put one that it takes here, with \${id} in it.`]
          : []),
        `  send: ${yamlFlow(send)}`,
        path('id', id, 'where an answer has the id of its message'),
        path('ack', ack, 'where an acknowledgement has it, if it comes apart'),
        path('payload', payload, 'where the payload comes back; compared with what was sent'),
        path('error', error, 'an answer with something there rejects the message'),
        noted(`  pushes: ${recognition.pushes ? 'expected' : 'unexpected'}`, 'messages without an id of ours'),
      ];
    }
    case 'push': {
      const { path, channel } = recognition.sequence;
      return [
        noted('dialect:', 'how bytes become messages'),
        noted('  kind: push', 'the service speaks, lanes listen'),
        ...(hello.length === 0 ? [noted('  # hello: [ { type: subscribe } ]', 'what a lane says first')] : greeting),
        noted(`  sequence: ${yamlText(pathText(path))}`, 'the number that goes up by one'),
        channel === null
          ? noted('  # channel: PATH', 'if numbers count within a channel')
          : noted(`  channel: ${yamlText(pathText(channel))}`, 'numbers count within one'),
      ];
    }
    case 'unknown':
      return [
        ...unknownLines(recognition.why),
        ...(hello.length === 0
          ? []
          : [
              'dialect:',
              '  kind: json',
              ...greeting,
              noted(`  send: { id: "\${id}" }`, 'never sent while load has no messages'),
              '  pushes: expected',
            ]),
      ];
    default:
      return unreachable(recognition);
  }
}

const WHY_UNKNOWN = {
  silent: 'The service answered nothing. Does it want a login or a subscription first (hello), or messages of its own?',
  unprobed: 'Nothing was sent to the service, so what it answers is not known. `highwater init --yes` asks it.',
  closes: 'The service closes such connections. Does it want credentials (target.headers), or a login first (hello)?',
  unread: 'What the service says fits no kind that is known here.',
} as const;

function unknownLines(why: keyof typeof WHY_UNKNOWN): readonly string[] {
  return [
    comment(`FILL IN: ${WHY_UNKNOWN[why]}`),
    '# Until then this plan opens connections and holds them. With a dialect and load.messages it sends:',
    '# dialect:',
    noted('#   kind: json', 'or echo, if every message comes back unchanged'),
    noted('#   hello: [ { type: login } ]', 'what a lane says first'),
    `#   send: { type: say, id: "\${id}", text: "\${payload}" }`,
    noted('#   id: id', 'where an answer has the id of its message'),
    noted('#   pushes: expected', 'messages without an id of ours'),
  ];
}

function loadLines(plan: FirstPlan): readonly string[] {
  const { recognition, connections, rate, duration, bytes } = plan;
  const size = bytes ?? (recognition.kind === 'json' ? JSON_BYTES : ECHO_BYTES);
  const seconds = Math.max(1, Math.ceil(connections / LANES_PER_SECOND));
  const ramp = `{ to: ${connections}, over: ${seconds}s }`;
  if (!hasMessages(recognition)) {
    return [
      'load:',
      noted('  connections:', 'lanes: opened over time, then held'),
      `    - ${ramp}`,
      `    - { hold: ${yamlText(duration)} }`,
      ...(recognition.kind === 'unknown'
        ? [`  # messages: { open: { rate: ${yamlText(rate)}, for: ${yamlText(duration)} } }`]
        : []),
    ];
  }
  return [
    'load:',
    noted(`  connections: ${ramp}`, 'lanes, opened over time'),
    noted('  messages:', 'over all lanes, whatever the replies do'),
    `    open: { rate: ${yamlText(rate)}, for: ${yamlText(duration)} }`,
    noted(`  bytes: ${/^\d+$/.test(size) ? size : yamlText(size)}`, 'size of a message'),
  ];
}

function promiseLines({ recognition, rules }: FirstPlan): readonly string[] {
  const contract = contractOf(recognition);
  return [
    ...(contract === null ? [] : [`contract: ${yamlFlow(contract)}`, '']),
    noted('thresholds:', 'without a rule no run is a pass'),
    ...rules.map((rule) => `  - ${yamlText(rule)}`),
  ];
}

/** What the service was seen to do, and no more. */
function contractOf(recognition: Recognition): object | null {
  if (recognition.kind === 'echo') return { delivery: 'exactly-once', order: 'per-stream', integrity: 'checksum' };
  if (recognition.kind !== 'json') return null;
  const { payload, isDouble } = recognition.service;
  return {
    delivery: isDouble ? 'at-least-once' : 'exactly-once',
    ...(payload === null ? {} : { integrity: 'checksum' }),
  };
}

/** A line, and beside it what it means. */
function noted(line: string, why: string): string {
  return `${line.padEnd(NOTES_AT - 1)} # ${why}`;
}

function comment(text: string, indent = ''): string {
  return `${indent}# ${printable(text, MAX_COMMENT)}`;
}
