// The main of a worker process: an engine for each group of clients, fed by commands over IPC, reporting over IPC. It ends when
// its channel ends, so no worker outlives its coordinator.

import { randomBytes } from 'node:crypto';
import os from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { monotonicClock } from '../engine/clock.ts';
import { misbehavingTransport } from '../engine/connections/misbehaving.ts';
import { createNodeTransport, READ_BUFFER_BYTES } from '../engine/connections/node-transport.ts';
import type { OpenTransport } from '../engine/connections/transport.ts';
import { type Assignment, createEngine, type Engine } from '../engine/engine.ts';
import type { RunEvent } from '../facts/event.ts';
import type { Misbehavior } from '../plan/plan.ts';
import type { ProtocolAdapter } from '../protocols/adapter.ts';
import type { WorkerCommand, WorkerReport } from '../run/ports.ts';
import type { NonEmpty } from '../units/non-empty.ts';
import { unreachable } from '../units/unreachable.ts';
import { loadModule } from './load-module.ts';
import { residentMeter, throttleMeter } from './machine.ts';
import { secureOptions } from './secure-options.ts';

const LEAST_READ_BYTES = 256;

/**
 * Opening a client leaves twice as much garbage as the client itself. It is collected while nobody waits, between the
 * last client and the first message, not while messages are timed.
 */
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let assignments: readonly Assignment[] = [];
/** The healthy one first. */
let engines: readonly Engine[] = [];
let unfinished = 0;
let adapter: ProtocolAdapter | null = null;
const throttledNs = throttleMeter();
const rssBytes = residentMeter();

function report(value: WorkerReport): void {
  if (process.connected) process.send!(value);
}

function obey(command: WorkerCommand): void {
  switch (command.kind) {
    case 'assign':
      void prepareFor(command.assignments);
      return;
    case 'connect':
      unfinished = assignments.length;
      engines = assignments.map((each) => startEngine(each, command.originNs));
      return;
    case 'startMessages':
      for (const engine of engines) engine.startMessages(command.atNs);
      return;
    case 'stop':
      for (const engine of engines) engine.stop();
      return;
    default:
      unreachable(command);
  }
}

async function prepareFor(given: NonEmpty<Assignment>): Promise<void> {
  const { protocol } = given[0].plan;
  // The coordinator has tried it: one that fails here and now ends the process, which the coordinator reports.
  if (protocol.kind === 'module') adapter = (await loadModule(protocol.file)).protocol as ProtocolAdapter;
  assignments = given;
  report({ kind: 'ready' });
}

function startEngine(given: Assignment, originNs: bigint): Engine {
  const secure = secureOptions(
    given.plan.target.tls,
    given.plan.target.urls.some((url) => url.startsWith('wss:')),
  );
  const { misbehavior } = given;
  const clock = monotonicClock(originNs);
  const openPlain: OpenTransport = (handler) => createNodeTransport(handler, secure, readBufferBytes(misbehavior));
  const started = createEngine({
    assignment: given,
    openTransport: misbehavior === null ? openPlain : misbehavingTransport(misbehavior, openPlain, clock),
    clock,
    adapter,
    maskSeed: randomBytes(4).readUInt32LE(),
    meter: {
      cpuNs: () => {
        const { user, system } = process.cpuUsage();
        return (user + system) * 1e3;
      },
      throttledNs,
      rssBytes,
      // Elsewhere it follows the wall clock, which may be set.
      bootNs: () => (process.platform === 'linux' ? os.uptime() * 1e9 : null),
    },
    hooks: {
      window: (window) => report({ kind: 'window', window }),
      event: (event) => {
        if (misbehavior === null || isOfGroups(event)) report({ kind: 'event', event });
      },
      connected: () => {
        if (misbehavior !== null) return;
        collectGarbage();
        report({ kind: 'connected' });
      },
      finished: () => {
        if (--unfinished === 0) report({ kind: 'finished' });
      },
    },
  });
  started.connect(0);
  return started;
}

/** What clients that behave badly find wrong says nothing about the service. */
function isOfGroups({ kind }: RunEvent): boolean {
  return kind === 'failure' || kind === 'receivers';
}

/** Who takes little at a time must not take much at once. */
function readBufferBytes(misbehavior: Misbehavior | null): number {
  if (misbehavior?.kind !== 'slow-reader') return READ_BUFFER_BYTES;
  return Math.min(READ_BUFFER_BYTES, Math.max(LEAST_READ_BYTES, Math.ceil(misbehavior.bytesPerSecond / 10)));
}

process.on('message', (command) => obey(command as WorkerCommand));
process.on('disconnect', () => process.exit(0));
