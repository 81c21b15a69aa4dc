// One client's connection and the one to the target that was made for it: two pipelines between two sockets. Ends, resets and
// refusals are passed on as each side would have seen them from the other; a target that does not answer looks to the client
// like a connection that is reset. The source of a way waits while its sink or a stage cannot take more.

import type { Socket } from 'node:net';
import type { Clock } from '../engine/clock.ts';
import type { LogAct } from '../injection/truth.ts';
import type { Way } from '../plan/network-faults.ts';
import { framePartsOf } from './frame-parts.ts';
import { createPipeline, type Part, type Pipeline } from './pipeline.ts';
import { clientOf, createRequestHead } from './request-head.ts';
import { type FaultState, stagesOf } from './selection.ts';
import type { Receiver } from './stage.ts';

export interface ConnectionHost {
  readonly number: number;
  readonly client: Socket;
  /** Called once, unless the connection is reset before. */
  readonly connect: () => Socket;
  readonly ownPort: number;
  readonly targetHost: string;
  readonly clock: Clock;
  readonly state: FaultState;
  /** Look for messages even where no fault is about them yet. */
  readonly watchFrames: boolean;
  readonly logAct: LogAct;
  /** Both sockets are closed. */
  readonly over: () => void;
}

export interface Connection {
  /** Faults have come on or gone off. */
  arrange(state: FaultState): void;
  destroy(): void;
}

export function createConnection(host: ConnectionHost): Connection {
  const { number, client, clock, logAct } = host;
  const head = createRequestHead(host.ownPort, host.targetHost);
  const frameParts = framePartsOf(host, () => clientOf(head.path()));
  const pipelines: Readonly<Record<Way, Pipeline>> = {
    up: pipelineTo(() => target, client),
    down: pipelineTo(() => client, null),
  };
  let target: Socket | null = null;
  let state = host.state;
  let isHeadDone = false;
  let isSevered = false;
  let isClosing = false;
  let openSockets = 1;

  function pipelineTo(sink: () => Socket | null, knownSource: Socket | null): Pipeline {
    const source = (): Socket | null => knownSource ?? target;
    const brake = createBrake(source);
    return createPipeline(sinkOf(sink, brake), clock, { pause: brake.hold, resume: brake.release });
  }

  function sinkOf(socket: () => Socket | null, brake: Brake): Receiver {
    let isBlocked = false;
    return {
      push(bytes) {
        const to = socket();
        if (to === null || !to.writable || to.write(bytes) || isBlocked) return;
        isBlocked = true;
        brake.hold();
        to.once('drain', () => {
          isBlocked = false;
          brake.release();
        });
      },
      end() {
        if (isClosing) socket()?.destroySoon();
        else socket()?.end();
      },
    };
  }

  function arrange(next: FaultState): void {
    state = next;
    for (const way of ['up', 'down'] as const) {
      const stages = stagesOf(state, number, way).map(
        ({ fault, act, random }): Part => ({
          key: fault,
          make: act.make,
          random,
          meter: fault.meter,
          sever: (how, onward) => {
            if (sever(fault.name, how, way, onward)) fault.meter.add('disconnected');
          },
        }),
      );
      pipelines[way].arrange([...frameParts.of(way, state, sever), ...stages]);
    }
  }

  /** False where it has been before. */
  function sever(fault: string, how: 'reset' | 'close', way: Way, onward: { readonly end: () => void }): boolean {
    if (isSevered) return false;
    isSevered = true;
    logAct({ act: 'cut', connection: number, fault, how, way });
    if (how === 'reset') {
      reset(client);
      if (target !== null) reset(target);
      return true;
    }
    isClosing = true;
    const source = way === 'up' ? client : target;
    source?.removeAllListeners('data');
    source?.resume();
    source?.destroySoon();
    onward.end();
    return true;
  }

  function listen(socket: Socket, way: Way, receive: (bytes: Buffer) => void): void {
    const other = (): Socket | null => (way === 'up' ? target : client);
    socket.setNoDelay(true);
    socket.on('data', receive);
    socket.on('end', () => {
      if (!isSevered) pipelines[way].entry().end();
    });
    // What went wrong is told to the other side by a reset; 'close' follows.
    socket.on('error', () => {});
    socket.once('close', (hadError) => {
      const opposite = other();
      if (hadError && opposite !== null) reset(opposite);
      if (--openSockets > 0) return;
      pipelines.up.dispose();
      pipelines.down.dispose();
      host.over();
    });
  }

  listen(client, 'up', (bytes) => {
    if (isHeadDone) {
      pipelines.up.entry().push(bytes);
      return;
    }
    const passed = head.feed(bytes);
    if (passed === null) return;
    isHeadDone = true;
    pipelines.up.entry().push(passed);
  });
  arrange(state);
  if (!isSevered) {
    target = host.connect();
    openSockets++;
    listen(target, 'down', (bytes) => pipelines.down.entry().push(bytes));
  }
  return {
    arrange(next) {
      if (!isSevered) arrange(next);
    },
    destroy() {
      isSevered = true;
      client.destroy();
      target?.destroy();
    },
  };
}

interface Brake {
  readonly hold: () => void;
  readonly release: () => void;
}

/** A source waits while anybody holds it. */
function createBrake(source: () => Socket | null): Brake {
  let holders = 0;
  return {
    hold() {
      if (holders++ === 0) source()?.pause();
    },
    release() {
      if (--holders === 0) source()?.resume();
    },
  };
}

/** A TLS connection cannot be reset, and ends. */
function reset(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.connecting || 'encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}
