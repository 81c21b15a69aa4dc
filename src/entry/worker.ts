// The main of a worker process: one engine, fed by commands over IPC, reporting over IPC. It ends when
// its channel ends, so no worker outlives its coordinator.

import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Dialect } from '../dialects/dialect.ts';
import { monotonicClock } from '../engine/clock.ts';
import { type Assignment, createEngine, type Engine } from '../engine/engine.ts';
import { createNodeTransport } from '../engine/node-transport.ts';
import type { Command, Report } from '../run/ports.ts';
import { unreachable } from '../units/unreachable.ts';
import { loadModule } from './load-module.ts';
import { secureOptions } from './secure-options.ts';

/**
 * Opening a lane leaves twice as much garbage as the lane itself. It is collected while nobody waits, between the
 * last lane and the first message, not while messages are timed.
 */
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let assignment: Assignment | null = null;
let engine: Engine | null = null;
let ownDialect: Dialect | null = null;

function report(value: Report): void {
  if (process.connected) process.send!(value);
}

function obey(command: Command): void {
  switch (command.kind) {
    case 'assign':
      void prepareFor(command.assignment);
      return;
    case 'connect':
      engine = startEngine(assignment!, command.originNs);
      return;
    case 'startMessages':
      engine!.startMessages(command.atNs);
      return;
    case 'stop':
      engine?.stop();
      return;
    default:
      unreachable(command);
  }
}

async function prepareFor(given: Assignment): Promise<void> {
  const { dialect } = given.plan;
  // The coordinator has tried it: one that fails here and now ends the process, which the coordinator reports.
  if (dialect.kind === 'module') ownDialect = (await loadModule(dialect.file)).dialect as Dialect;
  assignment = given;
  report({ kind: 'ready' });
}

function startEngine(given: Assignment, originNs: bigint): Engine {
  const secure = secureOptions(
    given.plan.target.tls,
    given.plan.target.urls.some((url) => url.startsWith('wss:')),
  );
  const started = createEngine({
    assignment: given,
    openTransport: (handler) => createNodeTransport(handler, secure),
    clock: monotonicClock(originNs),
    ownDialect,
    maskSeed: randomBytes(4).readUInt32LE(),
    meter: {
      cpuNs: () => {
        const { user, system } = process.cpuUsage();
        return (user + system) * 1e3;
      },
      rssBytes: () => process.memoryUsage.rss(),
    },
    hooks: {
      window: (window) => report({ kind: 'window', window }),
      event: (event) => report({ kind: 'event', event }),
      connected: () => {
        collectGarbage();
        report({ kind: 'connected' });
      },
      finished: () => report({ kind: 'finished' }),
    },
  });
  started.connect(0);
  return started;
}

process.on('message', (command) => obey(command as Command));
process.on('disconnect', () => process.exit(0));
