// Opens clients: TCP (or TLS), then the WebSocket handshake, each within its time. At most a bounded
// number are on their way at once, so that a slow service meets a queue here and not a storm of SYNs.

import { hash, randomBytes } from 'node:crypto';
import type { FailureKind } from '../../facts/failure.ts';
import type { FailureCause } from '../../facts/failure-cause.ts';
import { type DeflateParameters, type DeflateSettings, parametersText } from '../../frames/deflate.ts';
import { acceptGuid, buildHandshakeRequest, HandshakeReader } from '../../frames/handshake.ts';
import { record } from '../../histogram/histogram.ts';
import { countFailure, countNegotiated, type Recorder } from '../../measure/recorder.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Rows } from '../../protocols/json/values.ts';
import type { Clock } from '../clock.ts';
import { stallNs } from '../stall.ts';
import type { Client, HandshakeRefusal, Opening } from './client.ts';
import { type Addresses, type ConnectTarget, createConnectTargets } from './connect-target.ts';
import type { SocketError, Transport } from './transport.ts';

const MAX_OPENING = 400;
/** Clients start in batches: connecting them one by one between replies costs nearly twice the time (`bench/claims/idle.js`). */
const REFILL_BELOW = MAX_OPENING / 2;
const MAY_DIFFER_BY_ADDRESS: readonly FailureKind[] = ['refused', 'unreachable', 'sourceAddress'];
const SWEEP_EVERY_NS = 50e6;
const KEY_BYTES = 16;
const KEYS_AT_ONCE = 256;
/** How long a refusal's body may take to arrive; its first characters are only an explanation. */
const REFUSAL_BODY_NS = 1e9;

export interface Connector {
  request(client: Client): void;
  /** Gives up all clients that are waiting or on their way, without counting them as failed. */
  cancelAll(): void;
  /** Takes an opening connection back. */
  cancel(client: Client): void;
  onConnect(client: Client): void;
  /** Returns where frames begin, or `end` while the handshake is not over. */
  onBytes(client: Client, bytes: Uint8Array, end: number): number;
  onClose(client: Client, error: SocketError | null): void;
}

export interface ConnectorParts {
  readonly plan: Pick<Plan, 'target' | 'load'>;
  readonly rows: Rows;
  readonly addresses: Addresses;
  readonly transport: Transport<Client>;
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** The client is open; its first frames may follow at once. */
  opened(client: Client, deflate: DeflateParameters | null): void;
  /** The client could not be opened; its socket is gone or going. */
  failed(client: Client, kind: FailureKind, cause: FailureCause): void;
}

export function createConnector(parts: ConnectorParts): Connector {
  const { plan, transport, clock, recorder } = parts;
  const { target } = plan;
  const connectTargetFor = createConnectTargets(plan, parts.rows, parts.addresses);
  const waiting: Client[] = [];
  let waitingFrom = 0;
  const opening = new Set<Client>();
  let sweeping = false;
  let sweptNs = 0;
  /** The address that worked last; others are tried after it. */
  let preferredAddress = 0;
  const deflate: DeflateSettings | null = target.compression.kind === 'deflate' ? target.compression : null;

  let random = Buffer.alloc(0);

  /** RFC 6455 §4.1: 16 random bytes, base64. The system is asked for many at a time. */
  function nextKey(): string {
    if (random.length === 0) random = randomBytes(KEY_BYTES * KEYS_AT_ONCE);
    const key = random.toString('base64', 0, KEY_BYTES);
    random = random.subarray(KEY_BYTES);
    return key;
  }

  function request(client: Client): void {
    client.state = 'opening';
    waiting.push(client);
    fill();
  }

  function refill(): void {
    if (opening.size <= REFILL_BELOW) fill();
  }

  function fill(): void {
    while (opening.size < MAX_OPENING && waitingFrom < waiting.length) {
      const client = waiting[waitingFrom++]!;
      // Called off while it waited, it may stand here twice by now.
      if (client.state === 'opening' && client.opening === null) begin(client, clock.nowNs(), preferredAddress, 0);
    }
    if (waitingFrom === waiting.length) {
      waiting.length = 0;
      waitingFrom = 0;
    }
    if (!sweeping && opening.size > 0) {
      sweeping = true;
      sweptNs = clock.nowNs();
      clock.after(SWEEP_EVERY_NS, sweep);
    }
  }

  function begin(client: Client, startedNs: number, addressIndex: number, addressesTried: number): void {
    if (addressesTried === 0) recorder.connections.attempted++;
    const key = nextKey();
    const current: Opening = {
      startedNs,
      addressIndex,
      addressesTried: addressesTried + 1,
      phase: 'connecting',
      deadlineNs: clock.nowNs() + target.connectTimeoutNs,
      request: null,
      refusal: null,
      hasAnswer: false,
      handshake: new HandshakeReader({
        acceptValue: hash('sha1', key + acceptGuid, 'base64'),
        subprotocols: target.subprotocols,
        deflate,
      }),
    };
    client.opening = current;
    opening.add(client);
    try {
      const connectTarget = connectTargetFor(client.stream, addressIndex);
      current.request = requestOf(connectTarget, key);
      client.socket = transport.open(connectTarget.endpoint, client);
    } catch (error) {
      // A row of the plan's file that makes no request is this client's trouble. Told on the next turn: many may follow.
      clock.nextTurn(() => {
        if (client.opening === current) fail(client, 'other', { kind: 'error', message: (error as Error).message });
      });
    }
  }

  /** Throws where the client's row makes no header that may be sent. */
  function requestOf(connectTarget: ConnectTarget, key: string): Uint8Array {
    const request = buildHandshakeRequest({
      hostHeader: connectTarget.hostHeader,
      path: connectTarget.path,
      key,
      headers: connectTarget.headers,
      subprotocols: target.subprotocols,
      deflate,
    });
    return Buffer.from(request, 'latin1');
  }

  function onConnect(client: Client): void {
    if (client.opening === null) return;
    client.opening.phase = 'upgrading';
    client.opening.deadlineNs = clock.nowNs() + target.handshakeTimeoutNs;
    preferredAddress = client.opening.addressIndex;
    client.socket!.write(client.opening.request!);
  }

  function onBytes(client: Client, bytes: Uint8Array, end: number): number {
    const current = client.opening!;
    current.hasAnswer = true;
    const answer = current.handshake.feed(bytes, 0, end);
    switch (answer.kind) {
      case 'incomplete':
        return end;
      case 'accepted':
        attemptEnded(client);
        record(recorder.histograms.handshake, clock.nowNs() - current.startedNs);
        countNegotiated(recorder, {
          subprotocol: answer.subprotocol,
          compression: answer.deflate === null ? null : parametersText(answer.deflate),
        });
        parts.opened(client, answer.deflate);
        refill();
        return answer.consumedBytes;
      case 'rejected':
        if (current.refusal === null)
          current.deadlineNs = Math.min(current.deadlineNs, clock.nowNs() + REFUSAL_BODY_NS);
        current.refusal = answer;
        if (answer.complete) fail(client, 'upgradeRejected', refusalCause(answer));
        return end;
      case 'broken':
        fail(client, 'badUpgrade', { kind: 'brokenRule', rule: answer.rule });
        return end;
    }
  }

  function onClose(client: Client, error: SocketError | null): void {
    const current = client.opening!;
    if (current.phase === 'connecting' && tryNextAddress(client, current, error)) return;
    const answer = current.hasAnswer ? current.handshake.end() : null;
    if (answer?.kind === 'rejected') fail(client, 'upgradeRejected', refusalCause(answer));
    else if (error !== null) fail(client, error.kind, error.cause);
    else if (answer?.kind === 'broken') fail(client, 'badUpgrade', { kind: 'brokenRule', rule: answer.rule });
    else fail(client, 'reset', { kind: 'ended', isOpen: false });
  }

  /** A name may stand for several addresses of which only some are served (`localhost`: ::1 and 127.0.0.1). */
  function tryNextAddress(client: Client, current: Opening, error: SocketError | null): boolean {
    if (error === null || !MAY_DIFFER_BY_ADDRESS.includes(error.kind)) return false;
    const { addressCount } = connectTargetFor(client.stream, 0);
    if (current.addressesTried >= addressCount) return false;
    begin(client, current.startedNs, current.addressIndex + 1, current.addressesTried);
    return true;
  }

  function fail(client: Client, kind: FailureKind, cause: FailureCause): void {
    const { socket } = client;
    attemptEnded(client);
    client.state = 'idle';
    client.socket = null;
    socket?.destroy();
    recorder.connections.failed++;
    countFailure(recorder, kind);
    parts.failed(client, kind, cause);
    refill();
  }

  function attemptEnded(client: Client): void {
    opening.delete(client);
    client.opening = null;
  }

  function sweep(): void {
    const nowNs = clock.nowNs();
    // While this process stood still nothing could be read: that time is not the service's.
    const stalledNs = stallNs(nowNs - sweptNs, SWEEP_EVERY_NS);
    for (const client of [...opening]) {
      const current = client.opening;
      if (current === null) continue;
      current.deadlineNs += stalledNs;
      if (nowNs < current.deadlineNs) continue;
      if (current.refusal !== null) fail(client, 'upgradeRejected', refusalCause(current.refusal));
      else if (current.phase === 'connecting') {
        const { secure } = connectTargetFor(client.stream, current.addressIndex).endpoint;
        const of = secure ? 'tls' : 'tcp';
        fail(client, 'connectTimeout', { kind: 'timeout', of, afterNs: target.connectTimeoutNs });
      } else fail(client, 'handshakeTimeout', { kind: 'timeout', of: 'upgrade', afterNs: target.handshakeTimeoutNs });
    }
    sweeping = false;
    refill();
  }

  function cancel(client: Client): void {
    const { socket } = client;
    attemptEnded(client);
    client.state = 'idle';
    client.socket = null;
    socket?.destroy();
    refill();
  }

  function cancelAll(): void {
    for (const client of waiting.slice(waitingFrom))
      if (client.opening === null && client.state === 'opening') client.state = 'idle';
    waiting.length = 0;
    waitingFrom = 0;
    for (const client of [...opening]) cancel(client);
  }

  return { request, cancelAll, cancel, onConnect, onBytes, onClose };
}

function refusalCause({ status, reasonPhrase, headers, body }: HandshakeRefusal): FailureCause {
  const { location, retryAfter, wwwAuthenticate: authenticate } = headers;
  return { kind: 'httpStatus', status, reasonPhrase, location, retryAfter, authenticate, body };
}
