// The commands about runs that are kept: `history`, `baseline` and `query`, with their flags. Each loads its module when it is asked
// for.

import { type Command, Option } from 'commander';
import { HighwaterError } from '../facts/error.ts';
import type { BaselineFlags } from './baseline-command.ts';
import type { HistoryFlags, TagFlags } from './history-command.ts';
import type { PruneFlags } from './prune-command.ts';
import type { QueryFlags } from './query-command.ts';
import { runsDirOption } from './runs-dir-option.ts';

const RUN_HELP = 'a path, an id, the beginning of an id, "latest", or a tag';

export function addHistoryCommands(program: Command, exitWith: (exitCode: number) => void): void {
  addHistory(program, exitWith);
  addBaseline(program, exitWith);
  program
    .command('query')
    .description('ask the kept runs in SQL; needs the package @duckdb/node-api')
    .argument('<sql>', 'one SELECT over runs, windows, events, violations and timeline')
    .addOption(new Option('--csv', 'print CSV').conflicts('json'))
    .option('--json', 'print a JSON array of rows, and nothing else')
    .option('--limit <rows>', 'print at most so many rows', '1000')
    .addOption(runsDirOption())
    .addHelpText('after', QUERY_EXAMPLES)
    .action(async (sql: string, flags: QueryFlags) => {
      const { queryCommand } = await import('./query-command.ts');
      exitWith(await queryCommand(sql, flags));
    });
}

function addHistory(program: Command, exitWith: (exitCode: number) => void): void {
  const history = program
    .command('history')
    .description('list the runs that are kept, by plan, the newest first, and how they went')
    .enablePositionalOptions()
    .argument('[name]', 'of a plan: list its runs alone')
    .option('--tag <tag>', 'only runs that have it')
    .addOption(
      new Option('--verdict <verdict>', 'only runs with this one').choices([
        'pass',
        'fail',
        'inconclusive',
        'unjudged',
      ]),
    )
    .option('--since <when>', 'only runs from then on: an age such as 7d or 12h, or a date such as 2026-11-21')
    .option('--limit <count>', 'list at most so many (50; with --json all)')
    .option('--json', 'print the list as JSON, and nothing else')
    .addOption(runsDirOption())
    .action(async (name: string | undefined, flags: HistoryFlags) => {
      const { historyCommand } = await import('./history-command.ts');
      exitWith(await historyCommand(name, flags));
    });
  history
    .command('tag')
    .description('give a run a tag, by which it is found and which keeps it from being pruned')
    .argument('<run>', RUN_HELP)
    .argument('<tag>', 'a character, then characters, digits, dots, hyphens and underscores')
    .addOption(runsDirOption())
    .action(async (run: string, tag: string, flags: TagFlags, command: Command) => {
      refuseFlagsBefore(command);
      const { tagCommand } = await import('./history-command.ts');
      exitWith(await tagCommand(run, tag, flags));
    });
  history
    .command('untag')
    .description('take a tag from a run')
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
    .description('remove old runs for good; never one that has a tag or still goes on')
    .argument('[name]', 'of a plan: remove runs of it alone')
    .option('--keep <count>', 'of each plan keep so many of the newest')
    .option('--older-than <age>', 'remove what is older, such as 30d, 12h or 8w')
    .option('--dry-run', 'say what would be removed, and remove nothing')
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
    `${command.name()}: expected its flags behind it, got ${flags} before it`,
  ]);
}

function addBaseline(program: Command, exitWith: (exitCode: number) => void): void {
  const baseline = program.command('baseline').description('the run of a plan that its others are held to');
  baseline
    .command('set')
    .description('make a run the baseline of its plan, in place of any other')
    .argument('<run>', RUN_HELP)
    .addOption(runsDirOption())
    .action(async (run: string, flags: BaselineFlags) => {
      const { setBaselineCommand } = await import('./baseline-command.ts');
      exitWith(await setBaselineCommand(run, flags));
    });
  baseline
    .command('show')
    .description('say which runs are baselines')
    .argument('[name]', 'of a plan: its baseline alone')
    .addOption(runsDirOption())
    .action(async (name: string | undefined, flags: BaselineFlags) => {
      const { showBaselineCommand } = await import('./baseline-command.ts');
      exitWith(await showBaselineCommand(name, flags));
    });
  baseline
    .command('clear')
    .description('leave a plan without a baseline')
    .argument('[name]', 'of the plan; may be left out where only one has a baseline')
    .addOption(runsDirOption())
    .action(async (name: string | undefined, flags: BaselineFlags) => {
      const { clearBaselineCommand } = await import('./baseline-command.ts');
      exitWith(await clearBaselineCommand(name, flags));
    });
}

const QUERY_EXAMPLES = `
Examples:
  highwater query "select name, count(*), avg(responseP99Ms) from runs group by name"
  highwater query "select run, second, sum(messages.delivered) from windows group by all order by all" --csv`;
