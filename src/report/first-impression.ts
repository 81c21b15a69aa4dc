// What `highwater init` tells at its end: what the service is, how that shows, what was written and what to type next.

import { pathText } from '../analysis/json-values.ts';
import type { Recognition } from '../analysis/recognize.ts';
import type { Variable } from '../plan/placeholders.ts';
import { unreachable } from '../units/unreachable.ts';
import { printable } from './printable.ts';
import type { TextStyle } from './style.ts';

export interface FirstImpression {
  readonly url: string;
  readonly recognition: Recognition;
  readonly variables: readonly Variable[];
  /** Where the plan was written; null where it went to stdout. */
  readonly file: string | null;
}

const MAX_LINE = 240;

export function renderFirstImpression(impression: FirstImpression, style: TextStyle): string {
  const { url, recognition, variables, file } = impression;
  const { evidence, caveats, sample } = recognition;
  const isKnown = recognition.kind !== 'unknown';
  const title = isKnown ? style.green(kindText(recognition)) : style.yellow(kindText(recognition));
  return `${[
    ` ${style.bold(printable(url, 200))}   ${title}`,
    '',
    ...evidence.map((line) => row('seen', line)),
    ...caveats.map((line) => row('note', line)),
    ...(sample === null ? [] : [row('it said', sample)]),
    ...(file === null ? [] : [row('wrote', isKnown ? file : `${file}, which says what to fill in`)]),
    '',
    ...variables.map(({ name, place }) => row('set', `export ${name}=...   (${place}; no secret is in the plan)`)),
    row('next', `highwater check ${shellWord(file ?? 'PLAN')}`),
    row('', `highwater run ${shellWord(file ?? 'PLAN')}`),
  ].join('\n')}\n`;
}

export function kindText(recognition: Recognition): string {
  switch (recognition.kind) {
    case 'echo':
      return `an echo service, ${recognition.format}`;
    case 'json': {
      const { id, ack, refusedAll } = recognition.service;
      const taken = ack === null ? '' : `, which acknowledges at ${pathText(ack)}`;
      const refused = refusedAll ? ', which refused every message' : '';
      return `JSON with the id at ${pathText(id)}${taken}${refused}`;
    }
    case 'push':
      return `a service that speaks of its own accord, numbered at ${pathText(recognition.sequence.path)}`;
    case 'unknown':
      return 'not recognized';
    default:
      return unreachable(recognition);
  }
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(9)} ${printable(text, MAX_LINE)}`;
}

function shellWord(file: string): string {
  return /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
}
