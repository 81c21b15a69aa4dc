// `highwater init`: a first plan for a service. Parses what was typed, asks where somebody can be asked, writes the file in
// one piece and only at the end: an interruption leaves none.

import { accessSync, constants, existsSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FirstPlan } from '../analysis/discover/first-plan.ts';
import { localFirstPlanPorts } from '../entry/local.ts';
import { EXIT_CODES, HighwaterError } from '../facts/error.ts';
import { parsePlan } from '../plan/parse.ts';
import { formatProblem } from '../plan/problems.ts';
import { redactPlan } from '../plan/redact.ts';
import { renderFirstPlan } from '../report/first-plan/first-plan.ts';
import { renderFirstImpression } from '../report/terminal/first-impression.ts';
import { type FirstPlanRequest, makeFirstPlan } from '../run/init/first-plan.ts';
import { withAbsoluteFiles } from '../run/preflight/plan-files.ts';
import { NS_PER_SECOND, parseDuration } from '../units/duration.ts';
import { asTyped, documentForUrl, type PlanFlags } from './flags.ts';
import { createQuestions, hasSomebody } from './questions.ts';
import { printNote, styleFor } from './terminal.ts';

export interface InitFlags extends Omit<PlanFlags, 'sourceAddress'> {
  readonly out: string;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly join: readonly string[];
  readonly send?: string;
  readonly listen: string;
}

const STDOUT = '-';
const MAX_LISTEN_NS = 600 * NS_PER_SECOND;
const DEFAULT_MESSAGE = { id: `\${id}` };

export async function initCommand(given: string | undefined, flags: InitFlags): Promise<number> {
  const interruption = new AbortController();
  const interrupt = (): void => {
    if (interruption.signal.aborted) process.exit(EXIT_CODES.interrupted);
    interruption.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    checkOut(flags);
    const prompter = flags.yes !== true && hasSomebody() ? createQuestions(interruption.signal, interrupt) : null;
    const url = given ?? (await prompter?.ask('URL of the service', 'reference'));
    if (url === undefined) {
      throw argumentsInvalid('expected a ws:// or wss:// URL, got nothing. Try: highwater init ws://127.0.0.1:9000');
    }
    const request = { ...requestFor(url, flags), prompter, signal: interruption.signal };
    const firstPlan = await makeFirstPlan(request, localFirstPlanPorts());
    interruption.signal.throwIfAborted();
    keep(renderFirstPlan(firstPlan), flags);
    const [stream, file] = flags.out === STDOUT ? [process.stderr, null] : [process.stdout, flags.out];
    stream.write(
      renderFirstImpression(
        { ...firstPlan, url: redactPlan(request.plan, request.secrets).target.urls[0], file },
        styleFor(stream),
      ),
    );
    return 0;
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    process.stderr.write('\nInterrupted: nothing was written.\n');
    return EXIT_CODES.interrupted;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

function requestFor(url: string, flags: InitFlags): Omit<FirstPlanRequest, 'prompter' | 'signal'> {
  const join = flags.join.map((text) => messageOf('--join', text));
  const send = flags.send === undefined ? null : messageOf('--send', flags.send);
  const planFlags = { ...flags, sourceAddress: [] };
  const document = documentForUrl(url, planFlags);
  const protocol =
    join.length === 0 && send === null ? {} : { protocol: { kind: 'json', send: send ?? DEFAULT_MESSAGE, join } };
  const parsed = parsePlan({ ...document, ...protocol }, { env: process.env, profile: null });
  if (!parsed.ok) {
    const problems = parsed.problems.map((problem) => formatProblem(asTyped(problem, planFlags, null)));
    throw new HighwaterError('PLAN_INVALID', problems);
  }
  const { name, connections, rate, duration, bytes, threshold } = flags;
  return {
    plan: withAbsoluteFiles(parsed.plan, process.cwd()),
    secrets: parsed.secrets,
    written: writtenTarget(url, document, flags),
    join,
    send,
    watchNs: listenNsOf(flags.listen),
    given: { name, connections, rate, duration, bytes, rules: threshold },
    consent: flags.yes === true ? 'yes' : hasSomebody() ? 'ask' : 'no',
    inform: printNote,
  };
}

function listenNsOf(text: string): number {
  const ns = parseDuration(text);
  if (ns !== null && ns > 0 && ns <= MAX_LISTEN_NS) return ns;
  throw argumentsInvalid(
    `--listen: expected a duration above 0 and up to 10m, such as 2s, got ${JSON.stringify(text)}`,
  );
}

/** As typed, with its placeholders, and with files as they are seen from where the plan will lie. */
function writtenTarget(
  url: string,
  document: Readonly<Record<string, unknown>>,
  flags: InitFlags,
): FirstPlan['target'] {
  const { headers = {} } = document.target as { readonly headers?: Readonly<Record<string, string>> };
  const directory = flags.out === STDOUT ? process.cwd() : path.dirname(path.resolve(flags.out));
  const seen = (file: string | undefined): string | undefined =>
    file === undefined || path.isAbsolute(file) ? file : path.relative(directory, path.resolve(file));
  const tls = {
    ca: seen(flags.ca),
    cert: seen(flags.cert),
    key: seen(flags.key),
    serverName: flags.serverName,
    insecure: flags.insecure,
  };
  return {
    url,
    headers,
    subprotocols: flags.subprotocol,
    compression: flags.compression === true,
    tls: Object.fromEntries(
      Object.entries(tls).filter((entry): entry is [string, string | boolean] => entry[1] !== undefined),
    ),
  };
}

function messageOf(flag: string, text: string): Readonly<Record<string, unknown>> {
  let message: unknown = null;
  try {
    message = JSON.parse(text);
  } catch {
    // Not quoted: a join message may hold a password.
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw argumentsInvalid(
      `${flag}: expected an object in JSON, such as '{"type":"say","id":"\${id}"}', got another value`,
    );
  }
  return message as Readonly<Record<string, unknown>>;
}

/** Before anything is asked or sent: whoever has answered everything wants it written. */
function checkOut({ out, force }: InitFlags): void {
  if (out === STDOUT) return;
  if (out === '') throw argumentsInvalid('--out: expected the name of a file, got nothing');
  const there = statSync(out, { throwIfNoEntry: false });
  if (there !== undefined && !there.isFile()) {
    throw argumentsInvalid(`--out: expected the name of a file, got ${out}, which is not a file`);
  }
  try {
    accessSync(path.dirname(path.resolve(out)), constants.W_OK);
  } catch (error) {
    throw argumentsInvalid(`--out: expected a file in a writable directory, got: ${(error as Error).message}`);
  }
  if (force !== true && existsSync(out)) throw alreadyThere(out);
}

function keep(text: string, { out, force }: InitFlags): void {
  if (out === STDOUT) {
    process.stdout.write(text);
    return;
  }
  // Whole or not at all: what lies there is replaced only by a file that is finished.
  // A link is followed: it is the file behind it that is meant.
  const file = existsSync(out) ? realpathSync(out) : out;
  const unfinished = `${file}.${process.pid}.tmp`;
  try {
    if (force !== true) writeFileSync(file, text, { flag: 'wx' });
    else {
      writeFileSync(unfinished, text, { flag: 'wx' });
      renameSync(unfinished, file);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && force !== true) throw alreadyThere(out);
    rmSync(unfinished, { force: true });
    throw argumentsInvalid(`--out: expected a writable file, got: ${(error as Error).message}`);
  }
}

function alreadyThere(out: string): HighwaterError {
  return argumentsInvalid(
    `--out: expected a file that does not exist yet, got ${out}. Overwrite it with --force, or choose another file with --out FILE`,
  );
}

function argumentsInvalid(problem: string): HighwaterError {
  return new HighwaterError('ARGUMENTS_INVALID', [problem]);
}
