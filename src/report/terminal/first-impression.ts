// What `highwater init` prints at its end: what the service is, the evidence, what was written and what to do next.

import { pathText } from '../../analysis/discover/json-values.ts';
import type { Recognition } from '../../analysis/discover/recognize.ts';
import type { Variable } from '../../plan/templates/placeholders.ts';
import { printable } from '../../units/printable.ts';
import { unreachable } from '../../units/unreachable.ts';
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
    ...(sample === null ? [] : [row('received', sample)]),
    ...(file === null ? [] : [row('wrote', isKnown ? file : `${file} (see FILL IN in the file)`)]),
    '',
    ...variables.map(({ name, place }) => row('set', `export ${name}=...   (${place}; the plan contains no secrets)`)),
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
      const taken = ack === null ? '' : `, acknowledgements at ${pathText(ack)}`;
      const refused = refusedAll ? '; it rejected every message' : '';
      return `JSON with the id at ${pathText(id)}${taken}${refused}`;
    }
    case 'push':
      return `a push service, sequence number at ${pathText(recognition.sequence.path)}`;
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
