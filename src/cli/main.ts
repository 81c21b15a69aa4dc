// The command. Parses argv, hands over to one module a command (loaded only then, so that `--help` is
// quick), and turns what comes back into an exit code.

import { Command, CommanderError, Option } from 'commander';
import { VERSION } from '../entry/version.ts';
import type { CompareFlags } from './compare-command.ts';
import type { PlanFlags } from './flags.ts';
import { afterHelp, formatHelp } from './help.ts';
import { addHistoryCommands } from './history-commands.ts';
import type { InitFlags } from './init-command.ts';
import type { ProxyFlags } from './proxy-command.ts';
import type { ReportFlags } from './report-command.ts';
import type { RunFlags } from './run-command.ts';
import { runsDirOption } from './runs-dir-option.ts';
import type { TargetFlags } from './target-command.ts';

export async function main(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = formatHelp(new Command('highwater'))
    .description('Load-tests WebSocket services and proves what became of every message.')
    .version(VERSION, '-V, --version')
    .exitOverride()
    // What stands behind the name of a command is that command's, whatever those above it would make of it.
    .enablePositionalOptions()
    .showSuggestionAfterError(true)
    .showHelpAfterError('(highwater --help lists all commands)')
    .addHelpText('after', afterHelp(EXIT_CODE_HELP));

  addInitOptions(
    program
      .command('init')
      .description('look at a service and write a first plan for it')
      .argument('[url]', 'a ws:// or wss:// URL, or "reference"; without it, a terminal asks you for it'),
  )
    .option('-o, --out <file>', 'where to write the plan; "-" for stdout', 'highwater.yaml')
    .option('-y, --yes', 'send a few small test messages without asking, and accept all defaults')
    .option('-f, --force', 'overwrite an existing file')
    .option('--join <json>', 'a message to send first on each connection, such as a login; repeatable', collect, [])
    .option('--send <json>', `a test message that the service knows, with \${id} and \${payload} in it`)
    .option('--listen <duration>', 'how long to listen before any test message is sent', '2s')
    .addHelpText('after', afterHelp(INIT_EXAMPLES))
    .action(async (url: string | undefined, flags: InitFlags, command: Command) => {
      const { initCommand } = await import('./init-command.ts');
      exitCode = await initCommand(url, withVariables(flags, command));
    });

  addPlanOptions(
    program
      .command('run')
      .description('run a plan, or put load on a URL directly, and give a verdict')
      .argument('[plan]', 'a plan (.yaml, .json, .ts, .js), a ws:// or wss:// URL, or "reference"'),
  )
    .option('--json', 'print only the result on stdout, as JSON')
    .option('--plot', 'draw response time, throughput and percentiles below the summary')
    .option('-q, --quiet', 'do not print progress on stderr')
    .option('--tag <tag>', 'a tag for the run, to find it later; repeatable', collect, [])
    .option('-o, --output <formats>', OUTPUT_HELP, collect, [])
    .option('--output-dir <dir>', 'where to write reports (default: the directory of the run)')
    .option('--overwrite', 'overwrite reports of other runs in --output-dir')
    .option('--open', 'open the html report when it is written')
    .option('--against <runs>', 'compare the run with these runs afterwards; exit 1 if it is worse')
    .addOption(runsDirOption())
    .addHelpText('after', afterHelp(RUN_EXAMPLES))
    .action(async (source: string | undefined, flags: RunFlags, command: Command) => {
      const { runCommand } = await import('./run-command.ts');
      exitCode = await runCommand(source, withVariables(flags, command));
    });

  addPlanOptions(
    program
      .command('check')
      .description('show what a plan would do and whether this machine can run it; start nothing')
      .argument('[plan]', 'a plan, a URL, or "reference"'),
  )
    .option('--json', 'print the resolved plan as JSON')
    .action(async (source: string | undefined, flags: RunFlags, command: Command) => {
      const { checkCommand } = await import('./check-command.ts');
      exitCode = await checkCommand(source, withVariables(flags, command));
    });

  program
    .command('report')
    .description('judge stored runs again, print summaries and write reports; several runs share one report')
    .argument('<run...>', 'a path, an id, the start of an id, "latest", a tag, or NAME@N')
    .option('--json', 'print only the result on stdout, as JSON')
    .option('--plot', 'draw response time, throughput and percentiles below the summary')
    .option('-o, --output <formats>', OUTPUT_HELP, collect, [])
    .option(
      '--output-dir <dir>',
      'where to write reports (default: the directory of the run; for several runs the working directory)',
    )
    .option('--overwrite', 'overwrite reports of other runs in --output-dir')
    .option('--open', 'open the html report when it is written')
    .option('--against <runs>', 'compare the run with these runs and add the comparison to its report')
    .addOption(runsDirOption())
    .action(async (runs: readonly string[], flags: ReportFlags) => {
      const { reportCommand } = await import('./report-command.ts');
      exitCode = await reportCommand(runs, flags);
    });

  addHistoryCommands(program, (code) => {
    exitCode = code;
  });

  program
    .command('compare')
    .description('compare runs metric by metric: worse, better, same or undecided')
    .argument(
      '<baseline>',
      'a path, an id, the start of an id, "latest", a tag, "baseline", or NAME@N; separate several with commas',
    )
    .argument('<now>', 'the runs to compare with the baseline')
    .option('--json', 'print only the comparison on stdout, as JSON')
    .option('--margin <percent>', 'a change smaller than this counts as none (default: 5%)')
    .option('--force', 'compare runs even if they are not comparable, and show what differs')
    .option(
      '-o, --output <formats>',
      'files to write, separated by commas: html, json, md, pdf; repeatable',
      collect,
      [],
    )
    .option('--output-dir <dir>', 'where to write them (default: the working directory)')
    .option('--overwrite', 'overwrite reports of other runs in --output-dir')
    .option('--open', 'open the html report when it is written')
    .addOption(runsDirOption())
    .addHelpText('after', afterHelp(COMPARE_EXAMPLES))
    .action(async (baseline: string, candidate: string, flags: CompareFlags) => {
      const { compareCommand } = await import('./compare-command.ts');
      exitCode = await compareCommand(baseline, candidate, flags);
    });

  program
    .command('target')
    .description('run the reference target until Ctrl-C: an echo service that makes errors on request')
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--port <port>', 'the port to listen on; 0 chooses a free port', '0')
    .option('--no-compression', 'refuse permessage-deflate')
    .option('--behavior <file>', 'the errors it makes (.yaml, .json): drop, duplicate, reorder, corrupt and more')
    .option('--truth <file>', 'log every error that it makes, one JSON line each')
    .action(async (flags: TargetFlags) => {
      const { targetCommand } = await import('./target-command.ts');
      exitCode = await targetCommand(flags);
    });

  program
    .command('proxy')
    .description('proxy a service and inject faults until Ctrl-C')
    .argument('<listen>', 'PORT or HOST:PORT to listen on; 0 chooses a free port of 127.0.0.1')
    .argument('<target>', 'the service: ws://HOST:PORT or wss://HOST:PORT')
    .option('--faults <file>', 'the faults to inject (.yaml, .json): latency, reset_peer, drop, corrupt and more')
    .option('--truth <file>', 'log every injected fault, one JSON line each')
    .option('--seed <number>', 'the seed that selects connections and messages; overrides the seed of the file')
    .option('--ca <file>', 'trust this certificate authority')
    .option('--insecure', 'do not check the certificate of the service')
    .addHelpText('after', afterHelp(PROXY_EXAMPLES))
    .action(async (listen: string, target: string, flags: ProxyFlags) => {
      const { proxyCommand } = await import('./proxy-command.ts');
      exitCode = await proxyCommand(listen, target, flags);
    });

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 64;
    const { reportError } = await import('./report-error.ts');
    return reportError(error);
  }
}

function addPlanOptions(command: Command): Command {
  return command
    .addOption(new Option('-c, --connections <count>', 'number of clients').env('HIGHWATER_CONNECTIONS'))
    .addOption(
      new Option('-r, --rate <rate>', 'total rate of messages of all clients, such as 5000/s').env('HIGHWATER_RATE'),
    )
    .addOption(new Option('-d, --duration <time>', 'how long messages are sent, such as 30s').env('HIGHWATER_DURATION'))
    .option('--closed <inFlight>', 'closed loop in place of a rate: so many messages in flight per client')
    .option('--think <time>', 'with --closed: the pause between a reply and the next send, such as 1s or 1s..3s')
    .option('--poisson', 'send at random times (a Poisson process) in place of even ones')
    .addOption(new Option('--bytes <size>', 'size of a message, such as 200 or 4KB').env('HIGHWATER_BYTES'))
    .option('--text', 'send text messages instead of binary ones')
    .option('--compression', 'offer permessage-deflate')
    .option('-H, --header <header>', 'a header for the handshake, "Name: value"; repeatable', collect, [])
    .option('--subprotocol <name>', 'offer a subprotocol; repeatable', collect, [])
    .option('--insecure', 'do not check the certificate')
    .option('--ca <file>', 'trust this certificate authority')
    .option('--cert <file>', 'client certificate')
    .option('--key <file>', 'key of the client certificate')
    .option('--server-name <name>', 'name for SNI and the certificate check')
    .option('--source-address <address>', 'connect from this local address or range; repeatable', collect, [])
    .option('-t, --threshold <rule>', 'a rule such as "response.p99 < 200ms"; repeatable', collect, [])
    .option('--drain <time>', 'how long after the last send a message may still arrive')
    .option('--name <name>', 'name of the run')
    .addOption(new Option('--seed <number>', 'seed of every random choice').env('HIGHWATER_SEED'))
    .addOption(new Option('-w, --workers <count>', 'number of worker processes, or auto').env('HIGHWATER_WORKERS'))
    .addOption(
      new Option('--pace <pace>', 'how sends are timed: by timers (economical), or by busy waiting (precise)')
        .choices(['auto', 'economical', 'precise'])
        .env('HIGHWATER_PACE'),
    )
    .option('--profile <name>', 'the profile of the plan to use; "none" runs it as written (env: HIGHWATER_PROFILE)');
}

/** Of the flags of `run` those that a first plan is made of. */
const INIT_FLAGS: readonly string[] = [
  ...['--connections', '--rate', '--duration', '--bytes', '--compression', '--header', '--subprotocol'],
  ...['--insecure', '--ca', '--cert', '--key', '--server-name', '--threshold', '--name'],
];

function addInitOptions(command: Command): Command {
  const { options } = addPlanOptions(new Command());
  for (const option of options) if (INIT_FLAGS.includes(option.long ?? '')) command.addOption(option);
  return command;
}

/** Which flags came from the environment. Those that were typed go before: `--closed` takes the place of HIGHWATER_RATE. */
function withVariables<Flags extends Pick<PlanFlags, 'rate' | 'closed' | 'variables'>>(
  flags: Flags,
  command: Command,
): Flags {
  const variables = Object.fromEntries(
    command.options.flatMap((option) => {
      const name = option.attributeName();
      return option.envVar !== undefined && command.getOptionValueSource(name) === 'env' ? [[name, option.envVar]] : [];
    }),
  );
  const { rate, ...others } = flags;
  const isOverruled = flags.closed !== undefined && variables.rate !== undefined;
  return { ...(isOverruled ? (others as Flags) : flags), variables };
}

function collect(value: string, values: string[]): string[] {
  return [...values, value];
}

const OUTPUT_HELP = 'reports to write, separated by commas: csv, hgrm, hlog, html, json, junit, md, pdf; repeatable';

const INIT_EXAMPLES = `
Examples:
  highwater init ws://127.0.0.1:9000
  highwater init wss://chat.example.com/ws --yes -H 'Authorization: Bearer \${env.TOKEN}' --out chat.yaml
  highwater init wss://feed.example.com/ws --join '{"type":"subscribe","topic":"prices"}'`;

const RUN_EXAMPLES = `
Examples:
  highwater run reference -c 100 -r 1000/s -d 10s
  highwater run ws://127.0.0.1:9000 -c 1000 -r 5000/s -d 30s -t "response.p99 < 200ms" -t "lost == 0"
  highwater run wss://chat.example.com/ws --closed 1 -H "Authorization: Bearer $TOKEN"
  highwater run plan.yaml --profile ci --json > result.json`;

const COMPARE_EXAMPLES = `
Examples:
  highwater compare 20261121-0545 latest
  highwater compare before1,before2,before3,before4 after1,after2,after3,after4 --margin 3%
  highwater run plan.yaml --against 20261121-0545

Exit codes: 0 no metric is worse, 1 a metric is worse, 2 undecided`;

const PROXY_EXAMPLES = `
Examples:
  highwater proxy 9001 ws://127.0.0.1:9000 --faults faults.yaml --truth truth.ndjson
  highwater proxy 0 wss://chat.example.com --faults slow.yaml --seed 7

A file of faults:
  faults:
    - { fault: latency, latency: 100ms, jitter: 20ms, from: 1s, for: 5s }
    - { fault: reset_peer, timeout: 3s, share: 10% }
    - { fault: drop, rate: 1% }

Connections: latency, bandwidth, slow_close, timeout, reset_peer, slicer, limit_data, down.
Messages:    drop, duplicate, reorder, delay, corrupt, truncate, replay, fabricate, split, coalesce, close, swallow_pong, oversize.
Settings:    docs/reference/proxy.md`;

const EXIT_CODE_HELP = `
Exit codes: 0 pass, 1 a rule failed, 2 inconclusive, 64 bad plan or arguments, 69 target unreachable, 70 a bug in Highwater, 130 interrupted`;
