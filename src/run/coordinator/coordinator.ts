// Conducts the workers of one run through its phases and keeps what they report. A worker that dies or
// falls silent is a fact of the run; the rest go on. Whatever happens, this returns.

import { startTimer } from '../../engine/clock.ts';
import type { Addresses } from '../../engine/connections/connect-target.ts';
import type { Assignment } from '../../engine/engine.ts';
import { HighwaterError } from '../../facts/error.ts';
import type { Manifest, RunEnd, RunEvent, StopReason, WindowCount } from '../../facts/event.ts';
import { cleanCause } from '../../facts/failure-cause.ts';
import type { Phase } from '../../facts/live-figures.ts';
import type { MonitorReading } from '../../facts/monitor.ts';
import type { Window } from '../../facts/window.ts';
import type { Plan } from '../../plan/plan.ts';
import { redactExcerpt, redactPlan } from '../../plan/redact.ts';
import { clientGroups } from '../../plan/schedule/client-groups.ts';
import type { Rows } from '../../protocols/json/values.ts';
import { nsToMs, nsToSeconds } from '../../units/duration.ts';
import type { NonEmpty } from '../../units/non-empty.ts';
import { printable } from '../../units/printable.ts';
import { unreachable } from '../../units/unreachable.ts';
import type { RunOptions } from '../options.ts';
import type { Fleet, OpenFaults, Recording, RunningTarget, WorkerPool, WorkerReport } from '../ports.ts';
import { type MachineNeeds, plannedSeconds } from '../preflight/machine-needs.ts';
import { createReadingCleaner } from './clean-reading.ts';
import { createFaultTimeline } from './fault-timeline.ts';
import { createLiveView } from './live-view.ts';
import { startWatch, type Watched } from './watch.ts';

/** From "all ready" to the first connection, so that every worker receives of it in time. */
const START_MARGIN_NS = 20e6;
/** Of each monitor so many gaps are events; all of them are in its readings. */
const MOST_GAPS_REPORTED = 100;
const MAX_DETAIL_CHARACTERS = 600;
/** Of so many rows the values are looked for where any may have been repeated. */
const MOST_ROWS_HIDDEN = 10_000;
const START_TIMEOUT_MS = 30_000;
const LOOK_EVERY_MS = 250;
/** A worker that has said nothing for this long is hung: it should report every second. */
const SILENCE_LIMIT_NS = 20e9;
/** A coordinator that looks this late has stood still itself (Ctrl-Z, a paused machine), and has not listened. */
const STOOD_STILL_NS = 1e9;
/** Abort rules need this much of a run before they are believed. */
const ABORT_AFTER_NS = 5e9;
/** How long after a stop, beside the drain, workers may take to close their clients. */
const CLOSE_ALLOWANCE_NS = 15e9;

export interface CoordinatorParts {
  readonly rows: Rows;
  readonly feeder: Rows;
  readonly addresses: Addresses;
  readonly rowSecrets: readonly (readonly string[])[];
  readonly needs: MachineNeeds;
  readonly manifest: Manifest;
  readonly recording: Recording;
  readonly fleet: Fleet;
  readonly faults: OpenFaults;
  readonly watched: readonly Watched[];
  /** Null where the run has started none. */
  readonly target: RunningTarget | null;
  readonly options: RunOptions;
}

type WorkerState = 'starting' | 'ready' | 'connected' | 'finished' | 'dead';

export async function coordinateRun(plan: Plan, parts: CoordinatorParts): Promise<void> {
  const { needs, recording, options } = parts;
  /** What a client was told comes from its own row; but where clients receive one another, or nobody knows which it was, from any. */
  const anyRow = [...new Set([...options.secrets, ...parts.rowSecrets.slice(0, MOST_ROWS_HIDDEN).flat()])];
  const secretsOf = (client: number | null): readonly string[] => {
    if (parts.rowSecrets.length === 0) return options.secrets;
    if (client === null || plan.load.rooms !== null) return anyRow;
    return [...options.secrets, ...parts.rowSecrets[client % parts.rowSecrets.length]!];
  };
  const states: WorkerState[] = Array.from({ length: needs.workers }, () => 'starting');
  const receivedNs: number[] = states.map(() => 0);
  const view = createLiveView(redactPlan(plan, options.secrets), needs);
  let originNs = process.hrtime.bigint();
  let phase: Phase = 'starting';
  const connected = new Set<number>();
  let isConnected = false;
  let firstDeath: string | null = null;
  let isReported = false;
  let messagesAtNs: number | null = null;
  let stopping: { readonly reason: StopReason; readonly patientFromNs: number } | null = null;
  let lookedNs = Number.NaN;
  /** By worker and group. */
  const windowCounts = new Map<string, WindowCount>();
  let wake: () => void = () => {};

  const nowNs = (): number => Number(process.hrtime.bigint() - originNs);
  const living = (): number[] => states.flatMap((state, worker) => (state === 'dead' ? [] : [worker]));
  const everyLiving = (...wanted: WorkerState[]): boolean =>
    living().every((worker) => wanted.includes(states[worker]!));
  const record = (event: RunEvent): void => recording.event(cleanEvent(event, secretsOf));

  const gaps = new Map<string, { last: string | null; told: number }>();

  const cleaned = createReadingCleaner((text) => cleanText(text, secretsOf(null)));

  function onReading(reading: MonitorReading): void {
    const clean = cleaned(reading);
    const { monitor, atNs, gap } = clean;
    recording.reading(clean);
    const known = gaps.get(monitor) ?? { last: null, told: 0 };
    if (gap !== null && gap !== known.last && known.told < MOST_GAPS_REPORTED) {
      record({ kind: 'monitorGap', atNs, monitor, detail: gap });
      if (known.told === 0) options.onNotice?.({ kind: 'monitorGap', monitor, reason: gap });
      known.told++;
    }
    known.last = gap;
    gaps.set(monitor, known);
  }

  /** Every worker may find the same. */
  function informOnce({ detail, unreadable }: Extract<RunEvent, { kind: 'notUnderstood' }>): void {
    if (isReported) return;
    isReported = true;
    const sample = cleanText(detail, secretsOf(null));
    options.onNotice?.({ kind: 'notUnderstood', protocol: plan.protocol, sample, unreadable });
  }

  function onReport(worker: number, report: WorkerReport): void {
    receivedNs[worker] = nowNs();
    switch (report.kind) {
      case 'ready':
      case 'connected':
      case 'finished':
        if (states[worker] !== 'dead') states[worker] = report.kind;
        if (report.kind === 'connected') {
          connected.add(worker);
          noteConnected();
        }
        break;
      case 'window':
        onWindow(report.window);
        break;
      case 'event':
        record(report.event);
        if (report.event.kind === 'notUnderstood') informOnce(report.event);
        break;
      default:
        unreachable(report);
    }
    wake();
  }

  /** Once, when the last living worker has its first clients. */
  function noteConnected(): void {
    if (isConnected || connected.size === 0 || !living().every((worker) => connected.has(worker))) return;
    isConnected = true;
    record({ kind: 'connected', atNs: nowNs() });
  }

  function onWindow(window: Window): void {
    recording.window(window);
    const { worker, group } = window;
    const count = (windowCounts.get(`${worker}.${group}`)?.count ?? 0) + 1;
    windowCounts.set(`${worker}.${group}`, { worker, group, count });
    view.add(window);
    if (window.second > view.shownSecond() && view.isComplete(window.second, living().length)) {
      options.onProgress?.(view.progress(window.second, phase, nsToSeconds(nowNs()), totalSeconds()));
    }
  }

  function totalSeconds(): number | null {
    if (messagesAtNs === null) return plan.load.messages.kind === 'none' ? plannedSeconds(plan) : null;
    const waited = nsToSeconds(messagesAtNs) - nsToSeconds(plan.load.connections[0].durationNs);
    return (
      plannedSeconds(plan) +
      (plan.load.messages.kind !== 'none' && plan.load.messages.start.kind === 'connected' ? waited : 0)
    );
  }

  function onDeath(worker: number, detail: string): void {
    if (states[worker] === 'finished' || states[worker] === 'dead') return;
    states[worker] = 'dead';
    firstDeath ??= detail;
    record({ kind: 'workerDied', atNs: nowNs(), worker, detail });
    noteConnected();
    wake();
  }

  /** Resolves when `done` holds; looked at after every report and now and then. */
  async function until(done: () => boolean): Promise<void> {
    while (!done()) {
      await new Promise<void>((resolve) => {
        const timer = startTimer(LOOK_EVERY_MS, resolve);
        wake = () => {
          timer.cancel();
          resolve();
        };
      });
      lookAfter();
    }
  }

  /** What workers said meanwhile is still to be read, and no deadline ran for them. */
  function noteStandstill(atNs: number): void {
    const forNs = atNs - lookedNs - LOOK_EVERY_MS * 1e6;
    lookedNs = atNs;
    if (!(forNs > STOOD_STILL_NS)) return;
    receivedNs.fill(atNs);
    if (stopping !== null) stopping = { ...stopping, patientFromNs: atNs };
    record({ kind: 'coordinatorStalled', atNs, forNs });
  }

  function lookAfter(): void {
    if (phase === 'starting') return;
    // One reading for all deadlines: the process may be stopped between two of these lines.
    const atNs = nowNs();
    noteStandstill(atNs);
    for (const worker of living()) {
      if (states[worker] !== 'finished' && atNs - receivedNs[worker]! > SILENCE_LIMIT_NS) {
        workerPool.kill(worker);
        onDeath(worker, `the worker did not respond for ${nsToSeconds(SILENCE_LIMIT_NS)} s`);
      }
    }
    if (stopping !== null) {
      if (atNs - stopping.patientFromNs > plan.drainNs + CLOSE_ALLOWANCE_NS)
        for (const worker of living()) workerPool.kill(worker);
      return;
    }
    if (options.signal?.aborted === true) stop('interrupted', 'stopped by the user');
    else if (recording.problem() !== null) stopUnwritable(recording.problem()!);
    else if (living().length === 0) stop('workersDied', 'every worker died');
    else if (isConnected && view.allConnectionsFailed()) stop('noConnections', 'no connection could be opened');
    else lookAtAbortRules();
  }

  /** What followed would be judged without a part of its facts. */
  function stopUnwritable(reason: string): void {
    options.onNotice?.({ kind: 'recordUnwritable', path: recording.path, reason });
    stop('recordUnwritable', `the record could not be written: ${reason}`);
  }

  function lookAtAbortRules(): void {
    if (plan.abort.length === 0 || nowNs() < ABORT_AFTER_NS) return;
    const met = view.metCondition(plan.abort);
    if (met !== null)
      stop('abortRule', `the abort condition ${met.expression} became true: observed ${met.observedText}`);
  }

  function stop(reason: StopReason, detail: string): void {
    const atNs = nowNs();
    stopping = { reason, patientFromNs: atNs };
    phase = 'draining';
    // What is in flight is waited for, and must not be cut off by a fault whose time comes only now.
    faults.halt();
    record({ kind: 'stopping', atNs, reason, detail });
    for (const worker of living()) workerPool.send(worker, { kind: 'stop' });
  }

  const faults = createFaultTimeline({
    faults: plan.faults,
    host: parts.faults,
    nowNs,
    record: (fault, faultPhase, atNs, reason) => {
      record({ kind: 'fault', atNs, fault, phase: faultPhase, detail: reason });
      if (reason === null) {
        begun.add(fault);
        return;
      }
      const { name } = plan.faults[fault]!;
      const cleanReason = cleanText(reason, secretsOf(null));
      options.onNotice?.({ kind: 'faultFailed', fault: name, phase: faultPhase, reason: cleanReason });
    },
  });
  const begun = new Set<number>();

  function reportCounts(): void {
    for (const fault of begun) {
      record({ kind: 'faultCounts', atNs: nowNs(), fault, counts: parts.faults.counts(plan.faults[fault]!) });
    }
  }

  let endWatch = (): void => {};
  const workerPool: WorkerPool = await parts.fleet.start(needs.workers, { report: onReport, died: onDeath });
  try {
    for (const worker of living())
      workerPool.send(worker, { kind: 'assign', assignments: assignmentsOf(plan, parts, worker) });
    const startedMs = performance.now();
    await until(() => everyLiving('ready') || performance.now() - startedMs > START_TIMEOUT_MS);
    if (living().length < needs.workers || !everyLiving('ready')) {
      throw new HighwaterError('WORKER_START_FAILED', [
        `workers: expected ${needs.workers} to start, got ${states.filter((state) => state === 'ready').length}` +
          (firstDeath === null ? ` within ${START_TIMEOUT_MS / 1000} s` : `; first: ${firstDeath}`),
      ]);
    }

    originNs = process.hrtime.bigint() + BigInt(START_MARGIN_NS);
    receivedNs.fill(0);
    lookedNs = 0;
    phase = 'connecting';
    // The label of the moment that times count from; the id was given before the workers were up.
    const startedAt = new Date(Date.now() + nsToMs(START_MARGIN_NS)).toISOString();
    record({ kind: 'runStarted', atNs: 0, manifest: { ...parts.manifest, startedAt } });
    parts.target?.onDeath((death) => {
      const atNs = Math.max(0, nowNs());
      record({ kind: 'targetDied', atNs, ...death });
      options.onNotice?.({ kind: 'targetDied', death: { ...death, atSecond: nsToSeconds(atNs) } });
    });
    for (const worker of living()) workerPool.send(worker, { kind: 'connect', originNs });
    if (plan.load.messages.kind === 'none') faults.begin(-nowNs());
    endWatch = startWatch(parts.watched, { nowNs, onReading });

    if (plan.load.messages.kind !== 'none') {
      const { start } = plan.load.messages;
      if (start.kind === 'connected') await until(() => everyLiving('connected', 'finished') || stopping !== null);
      if (stopping === null) {
        const settleNs = plan.load.rooms?.settleNs ?? 0;
        messagesAtNs = start.kind === 'at' ? start.atNs : nowNs() + START_MARGIN_NS + settleNs;
        record({ kind: 'messagesStarted', atNs: messagesAtNs });
        for (const worker of living()) workerPool.send(worker, { kind: 'startMessages', atNs: messagesAtNs });
        faults.begin(messagesAtNs - nowNs());
      }
    }
    if (stopping === null) phase = 'sending';
    await until(() => everyLiving('finished'));
    await faults.finish();
    endWatch();
    reportCounts();
    const delayNs = parts.faults.delayNs();
    if (delayNs !== null) record({ kind: 'proxyDelay', atNs: nowNs(), delayNs });
    record({ kind: 'runEnded', atNs: nowNs(), end: endOf(stopping), windows: [...windowCounts.values()] });
  } finally {
    endWatch();
    await faults.finish();
    await workerPool.close();
  }
}

function endOf(stopping: { readonly reason: StopReason } | null): RunEnd {
  if (stopping === null) return 'completed';
  return stopping.reason === 'interrupted' ? 'interrupted' : 'aborted';
}

function assignmentsOf(
  whole: Plan,
  { needs, manifest, rows, feeder, addresses }: CoordinatorParts,
  worker: number,
): NonEmpty<Assignment> {
  const [healthy, ...groups] = clientGroups(whole).map(
    ({ plan, clientCount, group, firstClient, misbehavior }): Assignment => ({
      plan,
      shard: worker,
      shards: needs.workers,
      run: runNonce(manifest.id),
      clientCount,
      group,
      firstClient,
      misbehavior,
      rows,
      feeder,
      addresses,
      precise: needs.precise && group === 0,
    }),
  );
  return [healthy!, ...groups];
}

/** FNV-1a of the run's id: messages of an earlier run are told apart. */
function runNonce(id: string): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x0100_0193);
  return hash >>> 0;
}

/** What a service says may repeat what it was told, and hold anything at all. */
function cleanEvent(event: RunEvent, secretsOf: (client: number | null) => readonly string[]): RunEvent {
  const clean = (text: string): string => cleanText(text, secretsOf('client' in event ? event.client : null));
  if (event.kind === 'failure') return { ...event, cause: cleanCause(event.cause, clean) };
  return 'detail' in event && event.detail !== null ? { ...event, detail: clean(event.detail) } : event;
}

function cleanText(text: string, secrets: readonly string[]): string {
  return printable(redactExcerpt(text, secrets), MAX_DETAIL_CHARACTERS);
}
