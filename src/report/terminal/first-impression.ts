// What `highwater init` prints at its end: what the service is, the evidence, what was written and what to do next.

import { pathText } from '../../analysis/discover/json-values.ts';
import type { LoginSign } from '../../analysis/discover/login.ts';
import type { Recognition } from '../../analysis/discover/recognize.ts';
import type { Variable } from '../../plan/templates/placeholders.ts';
import { printable } from '../../units/printable.ts';
import { unreachable } from '../../units/unreachable.ts';
import { type Attempted, type NextAttempt, nextAttempts, shellWord } from './next-attempts.ts';
import type { TextStyle } from './style.ts';
import { type HangingLine, wrapCommand, wrapLines } from './wrap.ts';

export interface FirstImpression extends Attempted {
  readonly url: string;
  readonly variables: readonly Variable[];
}

const MAX_LINE = 240;

export function renderFirstImpression(impression: FirstImpression, style: TextStyle): string {
  const { url, recognition, variables, file } = impression;
  const { evidence, caveats, sample, login } = recognition;
  const isKnown = recognition.kind !== 'unknown';
  const title = isKnown ? style.green(kindText(recognition)) : style.yellow(kindText(recognition));
  const lines: readonly HangingLine[] = [
    { text: ` ${style.bold(printable(url, 200))}   ${title}`, hang: 2 },
    BLANK,
    ...evidence.map((line) => row('seen', line)),
    ...caveats.map((line) => row('note', line)),
    ...(login === null ? [] : [row('login', loginText(login, evidence))]),
    ...(sample === null || sample === login?.said ? [] : [row('received', sample)]),
    ...(file === null ? [] : [row('wrote', isKnown ? file : `${file} (see FILL IN in the file)`)]),
    BLANK,
    ...variables.map(({ name, place }) => row('set', `export ${name}=...   (${place}; the plan contains no secrets)`)),
  ];
  return `${[
    ...wrapLines(lines, style.columns),
    ...nextAttempts(impression).flatMap((attempt) => attemptLines(attempt, style)),
    ...wrapCommand(`highwater check ${shellWord(file ?? 'PLAN')}`, `  ${'next'.padEnd(LABEL_WIDTH)} `, style.columns),
    ...wrapCommand(`highwater run ${shellWord(file ?? 'PLAN')}`, INDENT, style.columns),
  ].join('\n')}\n`;
}

const LABEL_WIDTH = 9;
const INDENT = ' '.repeat(LABEL_WIDTH + 3);
const MAX_COMMAND = 2_000;
const BLANK: HangingLine = { text: '', hang: 0 };

/** Why, and below it the command, whole: it is to be copied. */
function attemptLines({ why, command }: NextAttempt, style: TextStyle): readonly string[] {
  const lines = wrapLines([row('try', command === null ? why : `${why}:`)], style.columns);
  return command === null ? lines : [...lines, ...wrapCommand(printable(command, MAX_COMMAND), INDENT, style.columns)];
}

/** With what the service said, unless the evidence has it already. */
function loginText({ seenIn, said }: LoginSign, evidence: readonly string[]): string {
  const what =
    seenIn === 'close'
      ? 'the service closes the connection because it wants a login first'
      : 'the service wants a login first';
  return evidence.some((line) => line.includes(said)) ? what : `${what}: ${said}`;
}

export function kindText(recognition: Recognition): string {
  switch (recognition.kind) {
    case 'echo':
      return `an echo service, ${recognition.format}`;
    case 'json': {
      const { id, ack, refusedAll } = recognition.service;
      const taken = ack === null ? '' : `, acknowledgements at ${pathText(ack)}`;
      const refused = refusedAll ? '; it rejected every message' : '';
      return `JSON with the id at ${pathText(id)}${taken}${refused}`;
    }
    case 'push':
      return `a push service, sequence number at ${pathText(recognition.sequence.path)}`;
    case 'unknown':
      return recognition.login === null ? 'not recognized' : 'not recognized, it wants a login first';
    default:
      return unreachable(recognition);
  }
}

function row(name: string, text: string): HangingLine {
  return { text: `  ${name.padEnd(LABEL_WIDTH)} ${printable(text, MAX_LINE)}`, hang: INDENT.length };
}
