// Help at the width of the terminal, with descriptions that hang beside their option or, where it is narrow, stand below it.

import { type Command, Help, type Option } from 'commander';
import { wrapCommand, wrapLines, wrapText } from '../report/terminal/wrap.ts';
import { styleFor } from './terminal.ts';

/** As for other commands, also where help goes to a file or a pipe: nobody reads it by the line. */
const DEFAULT_COLUMNS = 80;
/** Less room beside the options than this, and descriptions stand below them. */
const LEAST_BESIDE = 30;

/** For all commands that are added later. */
export function formatHelp(program: Command): Command {
  return program
    .configureHelp({ sortSubcommands: false, minWidthToWrap: 1, formatHelp: formatText, formatItem, optionDescription })
    .configureOutput({ outputError: (text, write) => write(wrapText(text, 2, styleFor(process.stderr).columns)) });
}

/** As commander does it, but for the usage, which it never breaks. */
function formatText(command: Command, helper: Help): string {
  const [usage = '', ...others] = new Help().formatHelp(command, helper).split('\n');
  const hang = 'Usage: '.length;
  return [...wrapLines([{ text: usage, hang }], helper.helpWidth ?? DEFAULT_COLUMNS), ...others].join('\n');
}

/** Without the default of an option that may be repeated: it is none. */
function optionDescription(option: Option): string {
  return new Help().optionDescription(option).replace(/ \(default: \[\]\)$/, '');
}

function formatItem(term: string, termWidth: number, description: string, { helpWidth }: Help): string {
  const columns = helpWidth ?? DEFAULT_COLUMNS;
  if (description === '') return `  ${term}`;
  const beside = termWidth + 4;
  const lines =
    columns - beside >= LEAST_BESIDE
      ? [{ text: `  ${term.padEnd(termWidth)}  ${description}`, hang: beside }]
      : [
          { text: `  ${term}`, hang: 6 },
          { text: `      ${description}`, hang: 6 },
        ];
  return wrapLines(lines, columns).join('\n');
}

/**
 * What follows the options: a line that is a command goes on behind a backslash, any other below its text. Give it to
 * `addHelpText('after', …)`.
 */
export function afterHelp(text: string): (context: { readonly error: boolean }) => string {
  return ({ error }) => {
    const columns = columnsOf(error ? process.stderr : process.stdout);
    const lines = text.split('\n').flatMap((line) => {
      if (line.startsWith('  highwater ')) return wrapCommand(line.trim(), '  ', columns);
      const label = /^ *(?:[A-Z][a-z ]+: +)?/.exec(line)![0];
      return wrapLines([{ text: line, hang: label.length }], columns);
    });
    return lines.join('\n');
  };
}

function columnsOf(stream: NodeJS.WriteStream): number {
  return (stream.isTTY && stream.columns) || DEFAULT_COLUMNS;
}
