// The commands about runs that are kept: `history`, `baseline` and `query`, with their flags. Each loads its module when it is asked
// for.

import { type Command, Option } from 'commander';
import { HighwaterError } from '../facts/error.ts';
import type { BaselineFlags } from './baseline-command.ts';
import { afterHelp } from './help.ts';
import type { HistoryFlags, TagFlags } from './history-command.ts';
import type { PruneFlags } from './prune-command.ts';
import type { QueryFlags } from './query-command.ts';
import { runsDirOption } from './runs-dir-option.ts';

const RUN_HELP = 'a path, an id, the start of an id, "latest", or a tag';

export function addHistoryCommands(program: Command, exitWith: (exitCode: number) => void): void {
  addHistory(program, exitWith);
  addBaseline(program, exitWith);
  program
    .command('query')
    .description('query stored runs with SQL; needs the package @duckdb/node-api')
    .argument('<sql>', 'one SELECT over runs, windows, events, violations and timeline')
    .addOption(new Option('--csv', 'print CSV').conflicts('json'))
    .option('--json', 'print only a JSON array of rows')
    .option('--limit <rows>', 'print at most this many rows', '1000')
    .addOption(runsDirOption())
    .addHelpText('after', afterHelp(QUERY_EXAMPLES))
    .action(async (sql: string, flags: QueryFlags) => {
      const { queryCommand } = await import('./query-command.ts');
      exitWith(await queryCommand(sql, flags));
    });
}

function addHistory(program: Command, exitWith: (exitCode: number) => void): void {
  const history = program
    .command('history')
    .description('list stored runs and their results by plan, the newest first')
    .enablePositionalOptions()
    .argument('[name]', 'list only the runs of this plan')
    .option('--tag <tag>', 'list only runs with this tag')
    .addOption(
      new Option('--verdict <verdict>', 'list only runs with this verdict').choices([
        'pass',
        'fail',
        'inconclusive',
        'unjudged',
      ]),
    )
    .option('--since <when>', 'list only newer runs: an age such as 7d or 12h, or a date such as 2026-11-21')
    .option('--limit <count>', 'list at most this many runs (default: 50; with --json all)')
    .option('--json', 'print only the list, as JSON')
    .addOption(runsDirOption())
    .action(async (name: string | undefined, flags: HistoryFlags) => {
      const { historyCommand } = await import('./history-command.ts');
      exitWith(await historyCommand(name, flags));
    });
  history
    .command('tag')
    .description('add a tag to a run: other commands find it by the tag, and prune keeps it')
    .argument('<run>', RUN_HELP)
    .argument('<tag>', 'a letter, then letters, digits, dots, hyphens and underscores')
    .addOption(runsDirOption())
    .action(async (run: string, tag: string, flags: TagFlags, command: Command) => {
      refuseFlagsBefore(command);
      const { tagCommand } = await import('./history-command.ts');
      exitWith(await tagCommand(run, tag, flags));
    });
  history
    .command('untag')
    .description('remove a tag from a run')
    .argument('<run>', RUN_HELP)
    .argument('<tag>')
    .addOption(runsDirOption())
    .action(async (run: string, tag: string, flags: TagFlags, command: Command) => {
      refuseFlagsBefore(command);
      const { untagCommand } = await import('./history-command.ts');
      exitWith(await untagCommand(run, tag, flags));
    });
  history
    .command('prune')
    .description('delete old runs; keeps runs with a tag and runs that are still going')
    .argument('[name]', 'delete only runs of this plan')
    .option('--keep <count>', 'keep this many of the newest runs of each plan')
    .option('--older-than <age>', 'delete runs older than this, such as 30d, 12h or 8w')
    .option('--dry-run', 'only show what would be deleted')
    .option('-y, --yes', 'do not ask')
    .addOption(runsDirOption())
    .action(async (name: string | undefined, flags: PruneFlags, command: Command) => {
      refuseFlagsBefore(command);
      const { pruneCommand } = await import('./prune-command.ts');
      exitWith(await pruneCommand(name, flags));
    });
}

/** `history --tag x prune` would prune more than was meant. Throws ARGUMENTS_INVALID. */
function refuseFlagsBefore(command: Command): void {
  const { parent } = command;
  const given = parent?.options.filter((option) => parent.getOptionValueSource(option.attributeName()) === 'cli') ?? [];
  if (given.length === 0) return;
  const flags = given.map(({ long }) => long).join(', ');
  throw new HighwaterError('ARGUMENTS_INVALID', [
    `${command.name()}: expected its flags after it, got ${flags} before it`,
  ]);
}

function addBaseline(program: Command, exitWith: (exitCode: number) => void): void {
  const baseline = program
    .command('baseline')
    .description('manage baselines: the run of a plan that its other runs are compared with');
  baseline
    .command('set')
    .description('make a run the baseline of its plan; replaces the previous one')
    .argument('<run>', RUN_HELP)
    .addOption(runsDirOption())
    .action(async (run: string, flags: BaselineFlags) => {
      const { setBaselineCommand } = await import('./baseline-command.ts');
      exitWith(await setBaselineCommand(run, flags));
    });
  baseline
    .command('show')
    .description('show the baselines')
    .argument('[name]', 'show only the baseline of this plan')
    .addOption(runsDirOption())
    .action(async (name: string | undefined, flags: BaselineFlags) => {
      const { showBaselineCommand } = await import('./baseline-command.ts');
      exitWith(await showBaselineCommand(name, flags));
    });
  baseline
    .command('clear')
    .description('remove the baseline of a plan')
    .argument('[name]', 'the name of the plan; optional if only one plan has a baseline')
    .addOption(runsDirOption())
    .action(async (name: string | undefined, flags: BaselineFlags) => {
      const { clearBaselineCommand } = await import('./baseline-command.ts');
      exitWith(await clearBaselineCommand(name, flags));
    });
}

const QUERY_EXAMPLES = `
Examples:
  highwater query "select name, avg(responseP99Ms) from runs group by name"
  highwater query "select run, sum(messages.lost) from windows group by run" --csv`;
