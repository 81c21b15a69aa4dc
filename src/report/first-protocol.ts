// The protocol of a first plan, as commented YAML: what was recognized, and where it was not, what to fill in.

import { pathText } from '../analysis/json-values.ts';
import type { Recognition } from '../analysis/recognize.ts';
import { unreachable } from '../units/unreachable.ts';
import { comment, noted, yamlFlow, yamlText } from './yaml.ts';

/** `join`: what a client says first. */
export function protocolLines(recognition: Recognition, join: readonly object[]): readonly string[] {
  const joining =
    join.length === 0
      ? []
      : [noted('  join:', 'what a client says first'), ...join.map((message) => `    - ${yamlFlow(message)}`)];
  switch (recognition.kind) {
    case 'echo':
      return [
        noted('protocol:', 'how bytes become messages'),
        noted('  kind: echo', 'every message comes back unchanged'),
        `  format: ${recognition.format}`,
        ...(join.length === 0
          ? []
          : ['  # An echo has no join: what was said first is left out. The json protocol has one.']),
      ];
    case 'json': {
      const { send, id, ack, payload, error, refusedAll } = recognition.service;
      const path = (key: string, value: readonly string[] | null, why: string): string =>
        value === null ? noted(`  # ${key}: PATH`, why) : noted(`  ${key}: ${yamlText(pathText(value))}`, why);
      return [
        noted('protocol:', 'how bytes become messages'),
        '  kind: json',
        ...joining,
        ...(refusedAll
          ? [`  # FILL IN: the service refused this message. Put one that it takes here, with \${id} in it.`]
          : []),
        `  send: ${yamlFlow(send)}`,
        path('id', id, 'where an answer has the id of its message'),
        path('ack', ack, 'where an acknowledgement has it, if it comes apart'),
        path('payload', payload, 'where the payload comes back; compared with what was sent'),
        path('error', error, 'an answer with something there rejects the message'),
        noted(`  pushes: ${recognition.pushes ? 'ignore' : 'unexpected'}`, 'messages without an id of ours'),
      ];
    }
    case 'push': {
      const { path, channel } = recognition.sequence;
      return [
        noted('protocol:', 'how bytes become messages'),
        noted('  kind: push', 'the service speaks, clients listen'),
        ...(join.length === 0 ? [noted('  # join: [ { type: subscribe } ]', 'what a client says first')] : joining),
        noted(`  sequence: ${yamlText(pathText(path))}`, 'the number that goes up by one'),
        channel === null
          ? noted('  # channel: PATH', 'if numbers count within a channel')
          : noted(`  channel: ${yamlText(pathText(channel))}`, 'numbers count within one'),
      ];
    }
    case 'unknown':
      return [
        ...unknownLines(recognition.why),
        ...(join.length === 0
          ? []
          : [
              'protocol:',
              '  kind: json',
              ...joining,
              noted(`  send: { id: "\${id}" }`, 'never sent while load has no messages'),
              '  pushes: ignore',
            ]),
      ];
    default:
      return unreachable(recognition);
  }
}

const WHY_UNKNOWN = {
  silent: 'The service answered nothing. Does it want a login or a subscription first (join), or messages of its own?',
  notAsked: 'Nothing was sent to the service, so what it answers is not known. `highwater init --yes` asks it.',
  closes: 'The service closes such connections. Does it want credentials (target.headers), or a login first (join)?',
  unread: 'What the service says fits no kind that is known here.',
} as const;

function unknownLines(why: keyof typeof WHY_UNKNOWN): readonly string[] {
  return [
    comment(`FILL IN: ${WHY_UNKNOWN[why]}`),
    '# Until then this plan opens connections and holds them. With a protocol and load.messages it sends:',
    '# protocol:',
    noted('#   kind: json', 'or echo, if every message comes back unchanged'),
    noted('#   join: [ { type: login } ]', 'what a client says first'),
    `#   send: { type: say, id: "\${id}", text: "\${payload}" }`,
    noted('#   id: id', 'where an answer has the id of its message'),
    noted('#   pushes: ignore', 'messages without an id of ours'),
  ];
}
