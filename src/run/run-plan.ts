// The use case: carry a plan out and say what happened.
//
//   prepare → workers ready → barrier → connect → all connected → barrier → messages → drained → judge
//
// Facts are kept as they arrive; the result is then made from what was kept, by the same function that
// `report` uses, so a run that was killed and one that ended are judged alike.

import { randomBytes, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { deflateSync } from 'node:zlib';
import { imbalances } from '../analysis/figures/books.ts';
import { createJudge } from '../analysis/judge/judge.ts';
import { createRecordAccount, isPart } from '../analysis/judge/record-account.ts';
import { HighwaterError } from '../facts/error.ts';
import type { GitState, Manifest } from '../facts/event.ts';
import type { RecordResult, RunResult } from '../facts/result.ts';
import { encodeHdrV2 } from '../histogram/hdr-v2.ts';
import type { Histogram } from '../histogram/histogram.ts';
import type { LogAct } from '../injection/truth.ts';
import { type Plan, REFERENCE_TARGET } from '../plan/plan.ts';
import { redactPlan } from '../plan/redact.ts';
import { printable } from '../units/printable.ts';
import { coordinateRun } from './coordinator/coordinator.ts';
import type { RunOptions } from './options.ts';
import type { Archive, FaultHost, Fleet, HostEnvironment, Monitors, StoredRun, TargetHost } from './ports.ts';
import { machineNeeds } from './preflight/machine-needs.ts';
import { checkFaults, checkMonitors, prepare, withReferenceAt } from './preflight/prepare.ts';
import { unusedProxy } from './preflight/proxy-environment.ts';

const MAX_BRANCH_CHARACTERS = 200;

export interface RunPorts {
  readonly fleet: Fleet;
  readonly archive: Archive;
  readonly targets: TargetHost;
  readonly faults: FaultHost;
  readonly monitors: Monitors;
  readonly hostEnvironment: HostEnvironment;
}

export interface FinishedRun {
  readonly result: RunResult;
  readonly path: string;
}

/** Throws HighwaterError: MACHINE_LIMIT, PLAN_INVALID, MONITOR_UNREADABLE, ROWS_UNREADABLE, TARGET_UNREACHABLE and the others that docs/reference/library.md lists; BOOKS_UNBALANCED after the run. */
export async function runPlan(plan: Plan, ports: RunPorts, options: RunOptions): Promise<FinishedRun> {
  const machine = ports.hostEnvironment.machine();
  const needs = machineNeeds(plan, machine);
  if (needs.problems.length > 0) throw new HighwaterError('MACHINE_LIMIT', needs.problems);
  await checkTlsFiles(plan, ports.hostEnvironment);
  checkFaults(plan, ports.faults);
  for (const mended of ports.faults.recover()) options.onNotice?.({ kind: 'remark', text: mended });
  checkMonitors(plan, ports.monitors);

  const git = ports.hostEnvironment.git();
  const target = plan.target.urls.includes(REFERENCE_TARGET) ? await ports.targets.start() : null;
  try {
    const resolved = target === null ? plan : withReferenceAt(plan, target.url);
    const prepared = await prepare(resolved, ports.hostEnvironment);
    const startedAt = new Date().toISOString();
    const shown = redactPlan(plan, options.secrets);
    const manifest: Manifest = {
      id: runId(shown.name, startedAt),
      startedAt,
      highwaterVersion: options.highwaterVersion,
      nodeVersion: machine.nodeVersion,
      workerCount: needs.workers,
      machine: {
        platform: machine.platform,
        cpuModel: machine.cpuModel,
        cores: machine.cores,
        allowedCores: machine.allowedCores,
        memoryBytes: machine.memoryBytes,
        allowedMemoryBytes: machine.allowedMemoryBytes,
        hostname: machine.hostname,
      },
      git: shownGit(await git),
      unusedProxy: unusedProxy(resolved.target.urls, ports.hostEnvironment.environment()),
    };
    const recording = await ports.archive.begin(manifest, shown, options.tags ?? []);
    options.onStart?.(recording.path);
    let stored: StoredRun;
    try {
      const { fleet, monitors } = ports;
      const watched = plan.monitors.map((settings) => ({
        name: settings.name,
        monitor: monitors.open(settings, target === null ? null : () => target.pid()),
      }));
      const openedNs = process.hrtime.bigint();
      const faults = await ports.faults.open(resolved, {
        target,
        addresses: prepared.addresses,
        logAct: unlessFull(
          (act) => recording.truth({ ...act, atNs: Number(process.hrtime.bigint() - openedNs) }),
          options,
        ),
        notice: (text) => options.onNotice?.({ kind: 'remark', text }),
      });
      try {
        const broken = { ...resolved, target: { ...resolved.target, urls: faults.urls } };
        await coordinateRun(broken, {
          ...prepared,
          needs,
          manifest,
          recording,
          fleet,
          faults,
          watched,
          target,
          options,
        });
      } finally {
        await faults.close();
      }
    } finally {
      stored = recording.end();
    }
    const { result, unkept } = await judgeStoredRun(stored);
    if (unkept !== null) options.onNotice?.({ kind: 'remark', text: unkept });
    return { result, path: stored.path };
  } finally {
    await target?.stop();
  }
}

/** Nothing is judged by what is written down here: where it cannot be, the run goes on without. */
function unlessFull(logAct: LogAct, { onNotice }: RunOptions): LogAct {
  let isFull = false;
  return (act) => {
    if (isFull) return;
    try {
      logAct(act);
    } catch (error) {
      isFull = true;
      onNotice?.({ kind: 'faultLogEnded', reason: (error as Error).message });
    }
  };
}

export interface JudgedRun {
  readonly result: RunResult;
  /** Why it was not kept beside the record, with what to do; null where it was. */
  readonly unkept: string | null;
}

/** Judges a stored run and keeps the result beside it; of one that cannot be judged, what was kept. Throws BOOKS_UNBALANCED. */
export async function judgeStoredRun(stored: StoredRun): Promise<JudgedRun> {
  const kept = await stored.result();
  if (stored.unjudgeable !== null && kept !== null) return { result: kept, unkept: null };
  const log = await stored.events();
  const isGoingOn = stored.isAtWork() && !log.some(({ event }) => event.kind === 'runEnded');
  const account = createRecordAccount(log, isGoingOn);
  const judge = createJudge(stored.plan, account.events, encodeHdr);
  for await (const window of stored.windows()) if (account.window(window)) judge.window(window);
  for await (const reading of stored.readings()) {
    account.reading();
    judge.reading(reading);
  }
  const result = judge.finish(account.finish());
  const unkept = await keep(result, kept, stored);
  // Of a damaged record the sums are of what is there, and the doubt says so.
  const problems = isPart(result.record) ? [] : imbalances(result);
  if (problems.length > 0) throw new HighwaterError('BOOKS_UNBALANCED', problems);
  return { result, unkept };
}

/** Why it was not kept; null where it was. */
async function keep(result: RunResult, kept: RunResult | null, stored: StoredRun): Promise<string | null> {
  if (result.run.end === 'running') {
    return `${stored.path}: the run is still going, so its result is not stored. Judge it again when the run has ended`;
  }
  if (kept !== null && isMadeFromMore(kept.record, result.record)) {
    return (
      `${stored.path}: the stored result was made from ${linesText(kept.record)}, but the record now has only ` +
      `${linesText(result.record)}. The stored result stays; restore the record to judge it again`
    );
  }
  try {
    await stored.keepResult(result);
    return null;
  } catch (error) {
    if (!(error instanceof HighwaterError)) throw error;
    return error.message;
  }
}

function isMadeFromMore(kept: RecordResult, now: RecordResult): boolean {
  return kept.windows.read > now.windows.read || kept.events.read > now.events.read || kept.readings > now.readings;
}

function linesText({ windows, events, readings }: RecordResult): string {
  return `${windows.read} windows, ${events.read} events and ${readings} readings of monitors`;
}

function encodeHdr(histogram: Histogram): string {
  return encodeHdrV2(histogram, (bytes) => deflateSync(bytes));
}

/** A branch may be called anything. */
function shownGit(git: GitState | null): GitState | null {
  return git === null || git.branch === null ? git : { ...git, branch: printable(git.branch, MAX_BRANCH_CHARACTERS) };
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

/** Reads what the plan names and lets OpenSSL judge it, before a worker has to. Throws TLS_FILE_UNREADABLE. */
export async function checkTlsFiles(plan: Plan, hostEnvironment: HostEnvironment): Promise<void> {
  const { caFile, certFile, keyFile, passphrase } = plan.target.tls;
  const problems: string[] = [];
  const read = async (name: 'ca' | 'cert' | 'key', file: string | null): Promise<Buffer | undefined> => {
    if (file === null) return undefined;
    try {
      const content = Buffer.from(await hostEnvironment.readFile(file));
      if (name !== 'key') new X509Certificate(content);
      return content;
    } catch (error) {
      const expected = name === 'key' ? 'a readable file' : 'a file with a certificate (PEM)';
      problems.push(`target.tls.${name}: expected ${expected}, got ${file} (${(error as Error).message})`);
      return undefined;
    }
  };
  const files = { ca: await read('ca', caFile), cert: await read('cert', certFile), key: await read('key', keyFile) };
  if (problems.length === 0) {
    try {
      createSecureContext({ ...files, passphrase: passphrase ?? undefined });
    } catch (error) {
      const got = `a pair that OpenSSL refuses (${(error as Error).message})`;
      problems.push(`target.tls: expected a certificate and its key, got ${got}`);
    }
  }
  if (problems.length > 0) throw new HighwaterError('TLS_FILE_UNREADABLE', problems);
}
