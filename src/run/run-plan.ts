// The use case: carry a plan out and say what happened.
//
//   prepare → workers ready → barrier → connect → all connected → barrier → messages → drained → judge
//
// Facts are kept as they arrive; the result is then made from what was kept, by the same function that
// `report` uses, so a run that was killed and one that ended are judged alike.

import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { imbalances } from '../analysis/books.ts';
import { createJudge } from '../analysis/judge.ts';
import { HighwaterError } from '../facts/error.ts';
import type { Manifest } from '../facts/event.ts';
import type { RunResult } from '../facts/result.ts';
import { encodeHdrV2 } from '../histogram/hdr-v2.ts';
import type { Histogram } from '../histogram/histogram.ts';
import { type Plan, REFERENCE_TARGET } from '../plan/plan.ts';
import { redactPlan } from '../plan/redact.ts';
import type { NonEmpty } from '../units/non-empty.ts';
import { conductRun } from './conduct.ts';
import { machineNeeds } from './machine-needs.ts';
import type { RunOptions } from './options.ts';
import type { Archive, Fleet, RunningTarget, StoredRun, Surroundings, TargetHost } from './ports.ts';
import { prepare } from './prepare.ts';

export interface RunPorts {
  readonly fleet: Fleet;
  readonly archive: Archive;
  readonly targets: TargetHost;
  readonly surroundings: Surroundings;
}

export interface FinishedRun {
  readonly result: RunResult;
  readonly path: string;
}

/** Throws HighwaterError: MACHINE_LIMIT, PLAN_INVALID, ROWS_UNREADABLE, TARGET_UNREACHABLE, …; BOOKS_UNBALANCED after the run. */
export async function runPlan(plan: Plan, ports: RunPorts, options: RunOptions): Promise<FinishedRun> {
  const machine = ports.surroundings.machine();
  const needs = machineNeeds(plan, machine);
  if (needs.problems.length > 0) throw new HighwaterError('MACHINE_LIMIT', needs.problems);
  await checkTlsFiles(plan, ports.surroundings);

  const target = plan.target.urls.includes(REFERENCE_TARGET) ? await ports.targets.start() : null;
  try {
    const resolved = target === null ? plan : withReference(plan, target);
    const prepared = await prepare(resolved, ports.surroundings);
    const startedAt = new Date().toISOString();
    const manifest: Manifest = {
      id: runId(plan.name, startedAt),
      startedAt,
      highwaterVersion: options.highwaterVersion,
      nodeVersion: machine.nodeVersion,
      workerCount: needs.workers,
      machine: {
        platform: machine.platform,
        cpuModel: machine.cpuModel,
        cores: machine.cores,
        memoryBytes: machine.memoryBytes,
        hostname: machine.hostname,
      },
    };
    const recording = await ports.archive.begin(manifest, redactPlan(plan, options.secrets));
    options.onStart?.(recording.path);
    await conductRun(resolved, { ...prepared, needs, manifest, recording, fleet: ports.fleet, options });
    const stored = recording.end();
    const result = await judgeStoredRun(stored);
    return { result, path: stored.path };
  } finally {
    await target?.stop();
  }
}

/** Judges a stored run and keeps the result beside it. Throws BOOKS_UNBALANCED. */
export async function judgeStoredRun(stored: StoredRun): Promise<RunResult> {
  const judge = createJudge(stored.plan, await stored.events(), encodeHdr);
  for await (const window of stored.windows()) judge.window(window);
  const result = judge.finish();
  await stored.keepResult(result);
  const problems = imbalances(result.messages);
  if (problems.length > 0) throw new HighwaterError('BOOKS_UNBALANCED', problems);
  return result;
}

function encodeHdr(histogram: Histogram): string {
  return encodeHdrV2(histogram, (bytes) => deflateSync(bytes));
}

function withReference(plan: Plan, target: RunningTarget): Plan {
  const urls = plan.target.urls.map((url) =>
    url === REFERENCE_TARGET ? target.url : url,
  ) as unknown as NonEmpty<string>;
  return { ...plan, target: { ...plan.target, urls } };
}

/** Sorts by time, and says which plan it was. */
function runId(name: string, startedAt: string): string {
  const time = startedAt.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 40);
  return `${time}-${slug === '' ? 'run' : slug}-${randomBytes(2).toString('hex')}`;
}

async function checkTlsFiles(plan: Plan, surroundings: Surroundings): Promise<void> {
  const { caFile, certFile, keyFile } = plan.target.tls;
  const problems: string[] = [];
  for (const [key, file] of [
    ['ca', caFile],
    ['cert', certFile],
    ['key', keyFile],
  ] as const) {
    if (file === null) continue;
    try {
      await surroundings.readFile(file);
    } catch (error) {
      problems.push(`target.tls.${key}: expected a file that can be read, got ${file} (${(error as Error).message})`);
    }
  }
  if (problems.length > 0) throw new HighwaterError('TLS_FILE_UNREADABLE', problems);
}
