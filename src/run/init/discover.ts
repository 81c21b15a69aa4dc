// The first look with a service: connect, listen to what it says of its own accord, then, if allowed, ask it a few
// things and listen to what comes back. Which things is decided elsewhere (`analysis/discover/test-messages.ts`); here are the connection,
// the times and the bounds.
//
//   connect → join → watch → may I? → (test message → listen)* → close

import { type Asking, nextTestMessage } from '../../analysis/discover/test-messages.ts';
import type { Transcript } from '../../analysis/discover/transcript.ts';
import { adviceFor } from '../../analysis/judge/refusal.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Addresses } from '../../engine/connections/connect-target.ts';
import type { SimpleClient } from '../../engine/connections/simple-client.ts';
import { HighwaterError } from '../../facts/error.ts';
import { type FailureKind, PROXY_FAILURES, unusedProxyText } from '../../facts/failure.ts';
import { causeText, type FailureCause } from '../../facts/failure-cause.ts';
import type { Plan } from '../../plan/plan.ts';
import { redactExcerpt } from '../../plan/redact.ts';
import { msToNs, NS_PER_SECOND, nsToMs } from '../../units/duration.ts';
import { printable } from '../../units/printable.ts';
import type { OpenSimpleClient } from '../ports.ts';
import { createObservations, MAX_WATCHED } from './observations.ts';

/** A service that speaks, but seldom, is listened to so many times as long: a sequence shows only in several messages. */
const SELDOM_TIMES = 3;
const ENOUGH_TO_SEE = 6;
const ANSWER_NS = NS_PER_SECOND;
/** After an answer, a second one may follow: an acknowledgement comes before the message. */
const SETTLE_NS = msToNs(250);
const MAX_CONNECTIONS = 8;
/** All of the asking together. */
const MAX_ASKING_NS = 30 * NS_PER_SECOND;
const encoder = new TextEncoder();

export interface DiscoveryParts {
  readonly plan: Plan;
  readonly addresses: Addresses;
  /** What is said first on every connection, as JSON texts. */
  readonly join: readonly string[];
  readonly asking: Asking;
  /** How long it is listened to before it is asked anything. */
  readonly watchNs: number;
  readonly secrets: readonly string[];
  /** The environment variable that names a proxy, which is not used; null where none does. */
  readonly unusedProxy: string | null;
  readonly openSimpleClient: OpenSimpleClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called once, when the service has been watched. */
  maySend(): Promise<boolean>;
}

type Opened =
  | { readonly kind: 'open' }
  | { readonly kind: 'refused'; readonly failure: FailureKind; readonly cause: FailureCause };

/** Throws TARGET_UNREACHABLE where not one connection opens, and the signal's reason when called off. No connection is left open. */
export async function discover(parts: DiscoveryParts): Promise<Transcript> {
  const { plan, clock, signal, asking, watchNs } = parts;
  const observations = createObservations(asking.nonce);
  const lines: SimpleClient[] = [];
  let current: SimpleClient | null = null;
  let wake: () => void = () => {};
  const onAbort = (): void => wake();
  signal.addEventListener('abort', onAbort);

  function connect(): Promise<Opened> {
    const connection = lines.length;
    let isOpen = false;
    return new Promise((resolve, reject) => {
      const callOff = (): void => reject(signal.reason as Error);
      if (signal.aborted) callOff();
      signal.addEventListener('abort', callOff, { once: true });
      const simpleClient = parts.openSimpleClient(plan, parts.addresses, {
        onOpen() {
          isOpen = true;
          current = simpleClient;
          for (const message of parts.join) simpleClient.send('text', encoder.encode(message));
          resolve({ kind: 'open' });
        },
        onMessage(format, bytes, start, end) {
          observations.receive(connection, format, bytes, start, end);
          wake();
        },
        onEnd(kind, cause) {
          if (!isOpen) resolve({ kind: 'refused', failure: kind, cause });
          else observations.end({ kind, cause });
          current = null;
          wake();
        },
      });
      lines.push(simpleClient);
    });
  }

  /** Until the time is over, `isEnough` says so, the connection ends or all is called off. */
  async function listen(maxNs: number, isEnough: () => boolean): Promise<void> {
    const untilNs = clock.nowNs() + maxNs;
    while (!signal.aborted && current !== null && !isEnough()) {
      const leftNs = untilNs - clock.nowNs();
      if (leftNs <= 0) return;
      await new Promise<void>((resolve) => {
        const timer = clock.after(leftNs, resolve);
        wake = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    signal.throwIfAborted();
  }

  /** A second connection that only listens, to see whether what one says others receive. Best effort: it may be refused. */
  function openListener(): Promise<void> {
    return new Promise((resolve) => {
      const simpleClient = parts.openSimpleClient(plan, parts.addresses, {
        onOpen() {
          for (const message of parts.join) simpleClient.send('text', encoder.encode(message));
          resolve();
        },
        onMessage: (_format, bytes, start, end) => observations.receiveByListener(bytes, start, end),
        onEnd: () => resolve(),
      });
      lines.push(simpleClient);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  async function ask(watchedMs: number): Promise<void> {
    await openListener();
    const untilNs = clock.nowNs() + MAX_ASKING_NS;
    while (clock.nowNs() < untilNs) {
      const testMessage = nextTestMessage(observations.transcript(watchedMs, true), asking);
      if (testMessage === null) return;
      if (current === null) {
        if (lines.length >= MAX_CONNECTIONS) return;
        const opened = await connect();
        if (opened.kind === 'refused') {
          observations.end({ kind: opened.failure, cause: opened.cause });
          return;
        }
      }
      const simpleClient: SimpleClient | null = current;
      // A service that closes at once has done so by now.
      if (simpleClient === null) continue;
      observations.send(testMessage);
      const bytes =
        testMessage.kind === 'binary' ? Buffer.from(testMessage.text, 'latin1') : encoder.encode(testMessage.text);
      simpleClient.send(testMessage.kind === 'binary' ? 'binary' : 'text', bytes);
      await listen(ANSWER_NS, observations.isAnswered);
      if (observations.isAnswered()) await listen(SETTLE_NS, () => false);
    }
  }

  try {
    const opened = await connect();
    if (opened.kind === 'refused') throw unreachableTarget(opened, parts);
    const startedNs = clock.nowNs();
    await listen(watchNs, () => observations.receivedCount() >= MAX_WATCHED);
    const isSeldom = observations.receivedCount() > 1 && observations.receivedCount() < ENOUGH_TO_SEE;
    if (isSeldom) await listen((SELDOM_TIMES - 1) * watchNs, () => observations.receivedCount() >= ENOUGH_TO_SEE);
    const watchedMs = nsToMs(clock.nowNs() - startedNs);
    const maySend = await parts.maySend();
    signal.throwIfAborted();
    if (maySend) await ask(watchedMs);
    return observations.transcript(watchedMs, maySend);
  } finally {
    signal.removeEventListener('abort', onAbort);
    await Promise.all(lines.map((simpleClient) => simpleClient.close()));
  }
}

function unreachableTarget(
  { failure, cause }: Extract<Opened, { kind: 'refused' }>,
  { plan, secrets, unusedProxy }: DiscoveryParts,
): HighwaterError {
  const got = printable(redactExcerpt(causeText(cause), secrets), 400);
  const advice = adviceFor({ kind: failure, cause }, { target: plan.target, hasOpened: false });
  const proxy = unusedProxy !== null && PROXY_FAILURES.includes(failure) ? `; ${unusedProxyText(unusedProxy)}` : '';
  return new HighwaterError('TARGET_UNREACHABLE', [
    `target.url: expected a service that opens a WebSocket, got ${failure}: ${got}${proxy}${advice === null ? '' : `. What to do: ${advice}`}`,
  ]);
}
