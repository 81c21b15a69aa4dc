// What to try where `highwater init` could not tell what a service is: commands to copy, made of what the service said and of
// the flags that were given. They hold no secret: what is written into the plan has placeholders in place of those.

import type { FirstPlan } from '../../analysis/discover/first-plan.ts';
import type { Recognition } from '../../analysis/discover/recognize.ts';
import { unreachable } from '../../units/unreachable.ts';
import { loginMessage } from '../first-plan/first-protocol.ts';

export interface Attempted extends Pick<FirstPlan, 'recognition' | 'join' | 'target'> {
  /** Where the plan was written; null where it went to stdout. */
  readonly file: string | null;
}

export interface NextAttempt {
  readonly why: string;
  /** Null where only the user can know what to change. */
  readonly command: string | null;
}

/** None where the service is known and takes messages. */
export function nextAttempts(attempted: Attempted): readonly NextAttempt[] {
  const { recognition, join } = attempted;
  const { login, typeKey } = recognition;
  const withJoin = (message: object): string => commandOf(attempted, ['--join', JSON.stringify(message)]);
  if (login !== null) {
    return join.length > 0
      ? [{ why: 'the messages of --join did not log in: check their fields, and the token', command: null }]
      : [
          {
            why: 'log in first: set TOKEN, and change the message to what the service expects',
            command: withJoin(loginMessage(login, typeKey)),
          },
        ];
  }
  const own = { [typeKey]: 'say', id: `\${id}`, text: `\${payload}` };
  const subscribe: NextAttempt = {
    why: 'if the service wants a login or a subscription first',
    command: withJoin({ [typeKey]: 'subscribe', topic: 'NAME' }),
  };
  const ownMessage: NextAttempt = {
    why: `send a message that the service knows, with \${id} in it`,
    command: commandOf(attempted, ['--send', JSON.stringify(own)]),
  };
  switch (recognition.kind) {
    case 'echo':
    case 'push':
      return [];
    case 'json':
      return recognition.service.refusedAll ? [ownMessage] : [];
    case 'unknown':
      return attemptsByReason(recognition.why, attempted, join.length > 0 ? [ownMessage] : [subscribe, ownMessage]);
    default:
      return unreachable(recognition);
  }
}

function attemptsByReason(
  why: Extract<Recognition, { kind: 'unknown' }>['why'],
  attempted: Attempted,
  messages: readonly NextAttempt[],
): readonly NextAttempt[] {
  const { recognition, join, target } = attempted;
  const header = `Authorization: Bearer \${env.TOKEN}`;
  const credentials: NextAttempt = {
    why: 'if the service wants credentials in the handshake: set TOKEN',
    command: commandOf(attempted, ['-H', header]),
  };
  const login: NextAttempt = {
    why: 'if the service wants a login as the first message: set TOKEN',
    command: commandOf(attempted, ['--join', JSON.stringify(loginMessage({ word: 'auth' }, recognition.typeKey))]),
  };
  switch (why) {
    case 'notAsked':
      return [{ why: 'let Highwater send test messages', command: commandOf(attempted, []) }];
    case 'closes':
      return [
        ...(Object.keys(target.headers).some((name) => /^authorization$/i.test(name)) ? [] : [credentials]),
        ...(join.length > 0 ? [] : [login]),
      ];
    case 'silent':
    case 'unread':
      return messages;
    default:
      return unreachable(why);
  }
}

const DEFAULT_FILE = 'highwater.yaml';

/** The command as it was typed, as far as it is about the target, and what is to be added. */
function commandOf({ target, join, file }: Attempted, added: readonly string[]): string {
  const { url, headers, subprotocols, compression, tls } = target;
  const options: readonly (readonly [flag: string, value: string | boolean | undefined])[] = [
    ...Object.entries(headers).map(([name, value]) => ['-H', `${name}: ${value}`] as const),
    ...subprotocols.map((name) => ['--subprotocol', name] as const),
    ['--compression', compression],
    ['--ca', tls.ca],
    ['--cert', tls.cert],
    ['--key', tls.key],
    ['--server-name', tls.serverName],
    ['--insecure', tls.insecure],
    ...join.map((message) => ['--join', JSON.stringify(message)] as const),
  ];
  const words = options.flatMap(([flag, value]) =>
    value === undefined || value === false ? [] : value === true ? [flag] : [flag, shellWord(value)],
  );
  // The plan that this look has written may be written over.
  const out =
    file === null ? ['--out', '-'] : [...(file === DEFAULT_FILE ? [] : ['--out', shellWord(file)]), '--force'];
  return ['highwater', 'init', shellWord(url), ...words, ...added.map(shellWord), '--yes', ...out].join(' ');
}

/** As a POSIX shell reads it. */
export function shellWord(word: string): string {
  return /^[\w./:@=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
