// `highwater target`: the reference target by itself, until Ctrl-C.

import path from 'node:path';
import { HighwaterError } from '../facts/error.ts';
import { type Behavior, FAULTLESS, parseBehavior } from '../injection/behavior.ts';
import type { LogAct } from '../injection/truth.ts';
import { formatProblem } from '../plan/problems.ts';
import { readPlanText } from '../plan/text.ts';
import { readText } from '../run/text-file.ts';
import { startLeak } from '../target/leak.ts';
import { type ReferenceTarget, startReferenceTarget } from '../target/reference-target.ts';
import { createServices } from '../target/services.ts';
import { openTruthFile, type TruthFile } from '../target/truth-file.ts';

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

export interface TargetFlags {
  readonly host: string;
  readonly port: string;
  readonly compression: boolean;
  readonly behavior?: string;
  readonly truth?: string;
}

export async function targetCommand(flags: TargetFlags): Promise<number> {
  const port = Number(flags.port);
  if (!/^\d+$/.test(flags.port) || port > 65_535) {
    throw new HighwaterError('ARGUMENTS_INVALID', [
      `--port: expected a port from 0 to 65535, got ${JSON.stringify(flags.port)}`,
    ]);
  }
  const behavior = flags.behavior === undefined ? FAULTLESS : await loadBehavior(flags.behavior);
  const truth = flags.truth === undefined ? null : await openTruth(flags.truth);
  const logAct = truth?.logAct ?? (() => {});
  const target = await start(flags, port, behavior, logAct);
  const leak = behavior.leak === null ? null : startLeak(behavior.leak, logAct);
  process.stdout.write(`listening ${target.url}\n`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await target.close();
  leak?.stop();
  await truth?.close();
  return 0;
}

async function loadBehavior(file: string): Promise<Behavior> {
  const text = await readText(file).catch((error: Error) => {
    throw new HighwaterError('BEHAVIOR_INVALID', [`--behavior: expected a readable file, got: ${error.message}`]);
  });
  const read = readPlanText(text, path.extname(file).toLowerCase() === '.json' ? 'json' : 'yaml');
  if ('problems' in read) throw new HighwaterError('BEHAVIOR_INVALID', read.problems.map(formatProblem));
  const parsed = parseBehavior(read.document);
  if (!parsed.ok) throw new HighwaterError('BEHAVIOR_INVALID', parsed.problems.map(formatProblem));
  return parsed.behavior;
}

function openTruth(file: string): Promise<TruthFile> {
  return openTruthFile(file).catch((error: Error) => {
    throw new HighwaterError('ARGUMENTS_INVALID', [`--truth: expected a writable file, got: ${error.message}`]);
  });
}

function start(flags: TargetFlags, port: number, behavior: Behavior, logAct: LogAct): Promise<ReferenceTarget> {
  return startReferenceTarget({
    host: flags.host,
    port,
    serve: createServices(behavior, logAct),
    compression: flags.compression,
    maxMessageBytes: MAX_MESSAGE_BYTES,
  }).catch((error: Error) => {
    throw new HighwaterError('ARGUMENTS_INVALID', [
      `--host, --port: expected ${flags.host}:${port} to be a free address, got: ${error.message}`,
    ]);
  });
}
