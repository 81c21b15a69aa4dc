// Opens lanes: TCP (or TLS), then the WebSocket handshake, each within its time. At most a bounded
// number are on their way at once, so that a slow service meets a queue here and not a storm of SYNs.

import { hash, randomBytes } from 'node:crypto';
import type { FailureKind } from '../facts/failure.ts';
import type { DeflateAgreement, DeflateSettings } from '../frames/deflate.ts';
import { acceptGuid, buildHandshakeRequest, HandshakeReader } from '../frames/handshake.ts';
import { record } from '../histogram/histogram.ts';
import { countFailure, type Recorder } from '../measure/recorder.ts';
import type { Plan } from '../plan/plan.ts';
import { formatDuration } from '../units/duration.ts';
import type { Clock } from './clock.ts';
import type { Lane, Opening, Refusal } from './lane.ts';
import { type Addresses, createSites, type Rows, type Site } from './site.ts';
import { stallNs } from './stall.ts';
import type { LinkError, Transport } from './transport.ts';

const MAX_OPENING = 400;
/** Lanes start in batches: connecting them one by one between replies costs nearly twice the time (`bench/claims/idle.js`). */
const REFILL_BELOW = MAX_OPENING / 2;
const MAY_DIFFER_BY_ADDRESS: readonly FailureKind[] = ['refused', 'unreachable', 'sourceAddress'];
const SWEEP_EVERY_NS = 50e6;
const KEY_BYTES = 16;
const KEYS_AT_ONCE = 256;
/** How long a refusal's body may take to arrive; its first characters are only an explanation. */
const REFUSAL_BODY_NS = 1e9;

export interface Connector {
  request(lane: Lane): void;
  /** Gives up all lanes that are waiting or on their way, without counting them as failed. */
  cancelAll(): void;
  /** Takes an opening lane back. */
  cancel(lane: Lane): void;
  onConnect(lane: Lane): void;
  /** Returns where frames begin, or `end` while the handshake is not over. */
  onBytes(lane: Lane, bytes: Uint8Array, end: number): number;
  onClose(lane: Lane, error: LinkError | null): void;
}

export interface ConnectorParts {
  readonly plan: Pick<Plan, 'target' | 'load'>;
  readonly rows: Rows;
  readonly addresses: Addresses;
  readonly transport: Transport<Lane>;
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** The lane is open; its first frames may follow at once. */
  opened(lane: Lane, deflate: DeflateAgreement | null): void;
  /** The lane could not be opened; its link is gone or going. */
  failed(lane: Lane, kind: FailureKind, detail: string): void;
}

export function createConnector(parts: ConnectorParts): Connector {
  const { plan, transport, clock, recorder } = parts;
  const { target } = plan;
  const siteFor = createSites(plan, parts.rows, parts.addresses);
  const waiting: Lane[] = [];
  let waitingFrom = 0;
  const opening = new Set<Lane>();
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

  function request(lane: Lane): void {
    lane.state = 'opening';
    waiting.push(lane);
    fill();
  }

  function refill(): void {
    if (opening.size <= REFILL_BELOW) fill();
  }

  function fill(): void {
    while (opening.size < MAX_OPENING && waitingFrom < waiting.length) {
      const lane = waiting[waitingFrom++]!;
      // Called off while it waited, it may stand here twice by now.
      if (lane.state === 'opening' && lane.opening === null) begin(lane, clock.nowNs(), preferredAddress, 0);
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

  function begin(lane: Lane, startedNs: number, addressIndex: number, addressesTried: number): void {
    if (addressesTried === 0) recorder.attempted++;
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
    lane.opening = current;
    opening.add(lane);
    try {
      const site = siteFor(lane.stream, addressIndex);
      current.request = requestOf(site, key);
      lane.link = transport.open(site.endpoint, lane);
    } catch (error) {
      // A row of the plan's file that makes no request is this lane's trouble. Told on the next turn: many may follow.
      clock.nextTurn(() => {
        if (lane.opening === current) fail(lane, 'other', (error as Error).message);
      });
    }
  }

  /** Throws where the lane's row makes no header that may be sent. */
  function requestOf(site: Site, key: string): Uint8Array {
    const request = buildHandshakeRequest({
      hostHeader: site.hostHeader,
      path: site.path,
      key,
      headers: site.headers,
      subprotocols: target.subprotocols,
      deflate,
    });
    return Buffer.from(request, 'latin1');
  }

  function onConnect(lane: Lane): void {
    if (lane.opening === null) return;
    lane.opening.phase = 'upgrading';
    lane.opening.deadlineNs = clock.nowNs() + target.handshakeTimeoutNs;
    preferredAddress = lane.opening.addressIndex;
    lane.link!.write(lane.opening.request!);
  }

  function onBytes(lane: Lane, bytes: Uint8Array, end: number): number {
    const current = lane.opening!;
    current.hasAnswer = true;
    const answer = current.handshake.feed(bytes, 0, end);
    switch (answer.kind) {
      case 'incomplete':
        return end;
      case 'accepted':
        settle(lane);
        record(recorder.histograms.handshake, clock.nowNs() - current.startedNs);
        parts.opened(lane, answer.deflate);
        refill();
        return answer.consumedBytes;
      case 'rejected':
        if (current.refusal === null)
          current.deadlineNs = Math.min(current.deadlineNs, clock.nowNs() + REFUSAL_BODY_NS);
        current.refusal = answer;
        if (answer.complete) fail(lane, 'upgradeRejected', describeRefusal(answer));
        return end;
      case 'broken':
        fail(lane, 'badUpgrade', answer.rule);
        return end;
    }
  }

  function onClose(lane: Lane, error: LinkError | null): void {
    const current = lane.opening!;
    if (current.phase === 'connecting' && tryNextAddress(lane, current, error)) return;
    const answer = current.hasAnswer ? current.handshake.end() : null;
    if (answer?.kind === 'rejected') fail(lane, 'upgradeRejected', describeRefusal(answer));
    else if (error !== null) fail(lane, error.kind, error.detail);
    else if (answer?.kind === 'broken') fail(lane, 'badUpgrade', answer.rule);
    else fail(lane, 'reset', 'the service closed the connection before it answered the upgrade');
  }

  /** A name may stand for several addresses of which only some are served (`localhost`: ::1 and 127.0.0.1). */
  function tryNextAddress(lane: Lane, current: Opening, error: LinkError | null): boolean {
    if (error === null || !MAY_DIFFER_BY_ADDRESS.includes(error.kind)) return false;
    const { addressCount } = siteFor(lane.stream, 0);
    if (current.addressesTried >= addressCount) return false;
    begin(lane, current.startedNs, current.addressIndex + 1, current.addressesTried);
    return true;
  }

  function fail(lane: Lane, kind: FailureKind, detail: string): void {
    const { link } = lane;
    settle(lane);
    lane.state = 'idle';
    lane.link = null;
    link?.destroy();
    recorder.failed++;
    countFailure(recorder, kind);
    parts.failed(lane, kind, detail);
    refill();
  }

  function settle(lane: Lane): void {
    opening.delete(lane);
    lane.opening = null;
  }

  function sweep(): void {
    const nowNs = clock.nowNs();
    // While this process stood still nothing could be read: that time is not the service's.
    const stalledNs = stallNs(nowNs - sweptNs, SWEEP_EVERY_NS);
    for (const lane of [...opening]) {
      const current = lane.opening;
      if (current === null) continue;
      current.deadlineNs += stalledNs;
      if (nowNs < current.deadlineNs) continue;
      if (current.refusal !== null) fail(lane, 'upgradeRejected', describeRefusal(current.refusal));
      else if (current.phase === 'connecting') {
        fail(lane, 'connectTimeout', `not connected after ${formatDuration(target.connectTimeoutNs)}`);
      } else
        fail(
          lane,
          'handshakeTimeout',
          `the upgrade was not answered after ${formatDuration(target.handshakeTimeoutNs)}`,
        );
    }
    sweeping = false;
    refill();
  }

  function cancel(lane: Lane): void {
    const { link } = lane;
    settle(lane);
    lane.state = 'idle';
    lane.link = null;
    link?.destroy();
    refill();
  }

  function cancelAll(): void {
    for (const lane of waiting.slice(waitingFrom))
      if (lane.opening === null && lane.state === 'opening') lane.state = 'idle';
    waiting.length = 0;
    waitingFrom = 0;
    for (const lane of [...opening]) cancel(lane);
  }

  return { request, cancelAll, cancel, onConnect, onBytes, onClose };
}

function describeRefusal(refusal: Refusal): string {
  const parts = [`HTTP ${refusal.status} ${refusal.reasonPhrase}`.trim()];
  if (refusal.headers.location !== null) parts.push(`location ${refusal.headers.location}`);
  if (refusal.headers.retryAfter !== null) parts.push(`retry after ${refusal.headers.retryAfter}`);
  if (refusal.headers.wwwAuthenticate !== null) parts.push(`authenticate ${refusal.headers.wwwAuthenticate}`);
  const body = refusal.body.trim();
  return body === '' ? parts.join(', ') : `${parts.join(', ')}: ${body}`;
}
