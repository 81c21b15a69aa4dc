// Every kind of error with its first message: failures, close codes, rejections, what could not be read.

import type { RunResult } from '../../facts/result.ts';
import { formatCount } from '../../units/rate.ts';
import type { Block, Cell, Section } from '../document.ts';
import { countCell, momentCell, numbers, said, table, text, troubleCell, words } from '../tables.ts';
import { closeRows, type ErrorRow, failureRows, MOST_CHARACTERS, unreadableRows } from '../words/error-texts.ts';

export function errorsSection(result: RunResult): Section | null {
  const blocks = [...failures(result), ...closes(result), ...rejections(result), ...unreadable(result)];
  return blocks.length === 0 ? null : { id: 'errors', title: 'Errors', blocks };
}

function failures(result: RunResult): readonly Block[] {
  const rows = failureRows(result);
  if (rows.length === 0) return [];
  const isAdvised = rows.some(({ advice }) => advice !== null);
  const columns = [
    ...words('what happened'),
    ...numbers('count'),
    ...words('first message', ...(isAdvised ? ['what to do'] : []), 'kind'),
  ];
  return [
    table(
      'Why connections failed',
      columns,
      rows.map(({ kind, count, meaning, message, advice }) => [
        text(meaning),
        troubleCell(count),
        messageCell(message),
        ...(isAdvised ? [text(advice ?? '')] : []),
        said(kind),
      ]),
    ),
  ];
}

function closes(result: RunResult): readonly Block[] {
  const rows = closeRows(result);
  if (rows.length === 0) return [];
  return [
    table(
      'How the service closed connections',
      [...words('close code'), ...numbers('connections'), ...words('meaning', 'first reason')],
      rows.map(({ kind, count, meaning, message }) => [
        text(kind),
        countCell(count),
        text(meaning),
        message === null ? text('no reason given') : messageCell(message),
      ]),
    ),
  ];
}

/** In the service's own words. */
function rejections({ rejections: all, messages }: RunResult): readonly Block[] {
  if (all.length === 0) return [];
  const rows = all.map(({ text: reason, client, seq, atSecond }) => [
    said(reason, MOST_CHARACTERS),
    momentCell(atSecond),
    countCell(client),
    countCell(seq),
  ]);
  return [
    table(
      'What the service said when it rejected messages',
      [...words('first message of each kind'), ...numbers('at', 'stream', 'number')],
      rows,
      `${formatCount(messages.rejected)} rejected in total. At most 10 kinds are shown.`,
    ),
  ];
}

function unreadable(result: RunResult): readonly Block[] {
  const rows = unreadableRows(result);
  if (rows.length === 0) return [];
  return [
    table(
      'Messages that could not be read',
      [...words('what they are'), ...numbers('messages'), ...words('first message', 'what to do')],
      rows.map(({ count, meaning, message, advice }) => [
        text(meaning),
        troubleCell(count),
        messageCell(message),
        text(advice ?? ''),
      ]),
    ),
  ];
}

function messageCell(message: ErrorRow['message']): Cell {
  return message === null ? text('') : said(message, MOST_CHARACTERS);
}
