// The first plan for a service, as commented YAML: what was recognized becomes the protocol, what was answered the load.
// Text in, text out; `highwater check` accepts whatever it makes. Comments hold no line break of anybody else's.

import { type FirstPlan, hasMessages } from '../../analysis/discover/first-plan.ts';
import type { Recognition } from '../../analysis/discover/recognize.ts';
import { parseBytes } from '../../units/bytes.ts';
import { protocolLines } from './first-protocol.ts';
import { comment, noted, yamlFlow, yamlKey, yamlText } from './yaml.ts';

/** Faster, and a first look at a service would be a storm of handshakes. */
const CONNECTIONS_PER_SECOND = 200;
/** More clients in one room are more pairs of a receiver and a sender than a run keeps account of, and more than anybody means. */
const MAX_IN_ONE_ROOM = 1000;
const ECHO_BYTES = '100';
const JSON_BYTES = '200';

export function renderFirstPlan(plan: FirstPlan): string {
  const { recognition } = plan;
  return `${[
    '# yaml-language-server: $schema=./node_modules/highwater/dist/plan.schema.json',
    '# A first plan, written by `highwater init`. What the service did:',
    ...recognition.evidence.map((line) => comment(`  ${line}`)),
    ...recognition.caveats.map((line) => comment(`  note: ${line}`)),
    ...(recognition.sample === null ? [] : [comment(`  received: ${recognition.sample}`)]),
    '# All keys: docs/reference/plan.md',
    '',
    `name: ${yamlText(plan.name)}`,
    ...targetLines(plan),
    '',
    ...protocolLines(plan.recognition, plan.join),
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

function loadLines(plan: FirstPlan): readonly string[] {
  const { recognition, connections, rate, duration, bytes } = plan;
  const size = bytes ?? (recognition.kind === 'json' ? JSON_BYTES : ECHO_BYTES);
  const seconds = Math.max(1, Math.ceil(connections / CONNECTIONS_PER_SECOND));
  const ramp = `{ to: ${connections}, over: ${seconds}s }`;
  if (!hasMessages(recognition)) {
    return [
      'load:',
      noted('  connections:', 'clients connect over time, then stay connected'),
      `    - ${ramp}`,
      `    - { hold: ${yamlText(duration)} }`,
      ...(recognition.kind === 'unknown'
        ? [`  # messages: { open: { rate: ${yamlText(rate)}, for: ${yamlText(duration)} } }`]
        : []),
    ];
  }
  return [
    'load:',
    noted(`  connections: ${ramp}`, 'clients connect over time'),
    noted('  messages:', 'total rate of all clients, independent of replies'),
    `    open: { rate: ${yamlText(rate)}, for: ${yamlText(duration)} }`,
    ...roomLines(plan),
    noted(`  bytes: ${/^\d+$/.test(size) ? size : yamlText(size)}`, 'size of a message'),
  ];
}

/** A room needs two clients, and messages long enough to say whose they are, as those of the default are. */
function roomLines({ recognition, connections, bytes }: FirstPlan): readonly string[] {
  if (!recognition.isShared) return [];
  const isSure = connections > 1 && connections <= MAX_IN_ONE_ROOM && (bytes === null || recognition.kind === 'json');
  return [
    noted(isSure ? '  rooms: { count: 1 }' : '  # rooms: { count: 1 }', 'every message must reach all other clients'),
  ];
}

function promiseLines({ recognition, rules, bytes }: FirstPlan): readonly string[] {
  const contract = contractOf(recognition, bytes);
  return [
    ...(contract === null ? [] : [`contract: ${yamlFlow(contract)}`, '']),
    noted('thresholds:', 'without rules no run can pass'),
    ...rules.map((rule) => `  - ${yamlText(rule)}`),
  ];
}

/** A shorter echo, as text, has no room for a checksum. */
const LEAST_CHECKED_BYTES = 16;

/** What the service was seen to do, and no more. */
function contractOf(recognition: Recognition, bytes: string | null): object | null {
  if (recognition.kind === 'echo') {
    const isChecked = bytes === null || (parseBytes(bytes) ?? 0) >= LEAST_CHECKED_BYTES;
    return { delivery: 'exactly-once', order: 'per-stream', ...(isChecked ? { integrity: 'checksum' } : {}) };
  }
  if (recognition.kind !== 'json') return null;
  const { payload, isDouble } = recognition.service;
  return {
    delivery: isDouble ? 'at-least-once' : 'exactly-once',
    ...(payload === null ? {} : { integrity: 'checksum' }),
  };
}
