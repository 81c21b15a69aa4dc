// The protocol of a first plan, as commented YAML: what was recognized, and where it was not, what to fill in.

import { type JsonObject, pathText } from '../../analysis/discover/json-values.ts';
import type { LoginSign } from '../../analysis/discover/login.ts';
import type { Recognition } from '../../analysis/discover/recognize.ts';
import { unreachable } from '../../units/unreachable.ts';
import { comment, noted, yamlFlow, yamlText } from './yaml.ts';

/** `join`: what a client says first. */
export function protocolLines(recognition: Recognition, join: readonly object[]): readonly string[] {
  const joining =
    join.length === 0
      ? []
      : [noted('  join:', 'the first messages of a client'), ...join.map((message) => `    - ${yamlFlow(message)}`)];
  switch (recognition.kind) {
    case 'echo':
      return [
        noted('protocol:', 'how bytes become messages'),
        noted('  kind: echo', 'every message comes back unchanged'),
        `  format: ${recognition.format}`,
        ...(join.length === 0
          ? []
          : ['  # The echo protocol has no join, so the first messages are left out. The json protocol has one.']),
      ];
    case 'json': {
      const wantsLogin = recognition.login !== null && join.length === 0;
      const { send, id, ack, payload, error, refusedAll } = recognition.service;
      const path = (key: string, value: readonly string[] | null, why: string): string =>
        value === null ? noted(`  # ${key}: PATH`, why) : noted(`  ${key}: ${yamlText(pathText(value))}`, why);
      return [
        noted('protocol:', 'how bytes become messages'),
        '  kind: json',
        ...joining,
        ...(wantsLogin ? loginLines(recognition, '  ') : []),
        ...(refusedAll && !wantsLogin
          ? [`  # FILL IN: the service rejected this message. Write one that it accepts, with \${id} in it.`]
          : []),
        `  send: ${yamlFlow(send)}`,
        path('id', id, 'the field of a reply that has the id of its message'),
        path('ack', ack, 'the field of an acknowledgement that has the id, if acknowledgements are separate'),
        path('payload', payload, 'the field of a reply that has the payload, compared with what was sent'),
        path('error', error, 'a reply with this field rejects the message'),
        noted(`  pushes: ${recognition.pushes ? 'ignore' : 'unexpected'}`, 'messages without an id of this run'),
      ];
    }
    case 'push': {
      const { path, channel } = recognition.sequence;
      return [
        noted('protocol:', 'how bytes become messages'),
        noted('  kind: push', 'the service sends, clients only receive'),
        ...(join.length === 0
          ? [noted('  # join: [ { type: subscribe } ]', 'the first messages of a client')]
          : joining),
        noted(`  sequence: ${yamlText(pathText(path))}`, 'the field with the number that goes up by one'),
        channel === null
          ? noted('  # channel: PATH', 'if each channel has its own numbers')
          : noted(`  channel: ${yamlText(pathText(channel))}`, 'each channel has its own numbers'),
      ];
    }
    case 'unknown':
      return [
        ...unknownLines(recognition),
        ...(join.length === 0
          ? []
          : [
              'protocol:',
              '  kind: json',
              ...joining,
              noted(`  send: { id: "\${id}" }`, 'not sent while load has no messages'),
              '  pushes: ignore',
            ]),
      ];
    default:
      return unreachable(recognition);
  }
}

function loginLines({ login, typeKey }: Recognition, indent: string): readonly string[] {
  if (login === null) return [];
  return [
    comment('FILL IN: The service wants a login first. Write its login, and set TOKEN before a run:', indent),
    comment(`join: [ ${yamlFlow(loginMessage(login, typeKey))} ]`, indent),
  ];
}

/** A guess at what logs in, by the words of the service; the token comes from the environment. */
export function loginMessage({ word }: Pick<LoginSign, 'word'>, typeKey: string): JsonObject {
  return { [typeKey]: word, token: `\${env.TOKEN}` };
}

const WHY_UNKNOWN = {
  silent:
    'The service sent no reply. Check whether it wants a login or a subscription first (join), or its own message format.',
  notAsked: 'Nothing was sent to the service, so its replies are unknown. `highwater init --yes` sends test messages.',
  closes:
    'The service closes the connection. Check whether it wants credentials (target.headers) or a login first (join).',
  unread: 'The messages of the service fit no protocol that Highwater knows.',
} as const;

function unknownLines({ why, login, typeKey }: Extract<Recognition, { kind: 'unknown' }>): readonly string[] {
  return [
    comment(
      `FILL IN: ${login === null ? WHY_UNKNOWN[why] : 'The service wants a login first. Write its login into join.'}`,
    ),
    '# Until then this plan only opens connections and holds them. To send messages, add load.messages and a protocol:',
    '# protocol:',
    noted('#   kind: json', 'or echo, if every message comes back unchanged'),
    noted(
      `#   join: [ ${login === null ? '{ type: login }' : yamlFlow(loginMessage(login, typeKey))} ]`,
      'the first messages of a client',
    ),
    `#   send: { type: say, id: "\${id}", text: "\${payload}" }`,
    noted('#   id: id', 'the field of a reply that has the id of its message'),
    noted('#   pushes: ignore', 'messages without an id of this run'),
  ];
}
