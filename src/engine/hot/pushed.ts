// What the service says of its own accord, judged by its own numbers (`measure/pushes.ts`), and what a person is told of it.

import { record } from '../../histogram/histogram.ts';
import { Arrival } from '../../measure/ledger.ts';
import {
  channelName,
  closePushes,
  type FarPush,
  firstPushNs,
  notePush,
  type Pushes,
  takeFarPushes,
  takeJumps,
  takeReleased,
  Unjudged,
} from '../../measure/pushes.ts';
import type { ConnectionEnd } from '../../measure/receiver-tracking.ts';
import { countReordered, countUnreadable } from '../../measure/recorder.ts';
import type { PushReader } from '../../protocols/push/push.ts';
import type { Client } from '../connections/client.ts';
import { emit } from '../violations.ts';
import { type Accounting, unexpected } from './accounting.ts';
import { reportUnreadable } from './unreadable.ts';

/** Of a channel's name, for people. Channels are told apart by all of it (`measure/pushes.ts`). */
const MAX_NAME_BYTES = 60;

/** A push with its number in `reader`, from the document in `bytes`. */
export function receivePush(
  accounting: Accounting,
  pushes: Pushes,
  client: Client,
  reader: PushReader,
  bytes: Uint8Array,
): void {
  // Behind our close frame: the account is closed.
  if (client.state === 'closing') return;
  const { recorder, receivedNs } = accounting;
  const { sequence, channel, channelFrom, channelTo } = reader;
  accounting.isUnderstood = true;
  const arrival = notePush(pushes, client.index, channel, sequence, receivedNs, () =>
    Buffer.from(bytes.subarray(channelFrom, Math.min(channelTo, channelFrom + MAX_NAME_BYTES))).toString('utf8'),
  );
  const waitedNs = firstPushNs(pushes, client.index, receivedNs);
  if (!Number.isNaN(waitedNs)) record(recorder.histograms.firstPush, waitedNs);
  if (pushes.released.length > 0) countReleased(accounting, pushes, client);
  count(accounting, pushes, client, channel, sequence, arrival, pushes.extent);
}

/** What was held of this client until it was known what it is. */
function countReleased(accounting: Accounting, pushes: Pushes, client: Client): void {
  for (const { channel, sequence, arrival, extent } of takeReleased(pushes)) {
    count(accounting, pushes, client, channel, sequence, arrival, extent);
  }
}

/** `extent`: by how many places a push came late, where it did (RFC 4737 §4.2.1). `Unjudged`: of which nothing can be said, yet or ever. */
function count(
  accounting: Accounting,
  pushes: Pushes,
  client: Client,
  channel: number,
  sequence: number,
  arrival: Arrival | Unjudged,
  extent: number,
): void {
  const { recorder } = accounting;
  switch (arrival) {
    case Arrival.inOrder:
    case Unjudged.afterTheEnd:
    case Unjudged.tooMany:
    case Unjudged.before:
    case Unjudged.held:
      return;
    case Arrival.reordered:
    case Unjudged.early:
      countReordered(recorder, extent);
      reportPush(accounting, pushes, client, 'reordered', channel, sequence);
      return;
    case Arrival.late:
      recorder.messages.late++;
      reportPush(accounting, pushes, client, 'late', channel, sequence);
      return;
    case Arrival.duplicated:
      recorder.messages.duplicated++;
      reportPush(accounting, pushes, client, 'duplicated', channel, sequence);
      return;
    case Unjudged.far:
      // Whether it is true shows when others come close to it, or do not.
      if (!Number.isNaN(pushes.discarded))
        noteFar(accounting, client, { channel: channelName(pushes, channel), sequence: pushes.discarded });
  }
}

function noteFar(accounting: Accounting, client: Client, { channel, sequence }: FarPush): void {
  unexpected(accounting, client, 'neverSent', sequence, null, { channel });
}

/**
 * The client's connection is gone: its account is closed, so that gaps below the highest number that it received count as missed,
 * in the window of this moment.
 */
export function endPushTracking(
  accounting: Accounting,
  pushes: Pushes,
  client: Client,
  ending: ConnectionEnd,
  nowNs: number,
): void {
  for (const far of takeFarPushes(pushes, client.index)) noteFar(accounting, client, far);
  const holes = closePushes(pushes, client.index, ending);
  countReleased(accounting, pushes, client);
  const jumps = takeJumps(pushes);
  if (jumps > 0) {
    countUnreadable(accounting.recorder, 'numbersNotByOne', jumps);
    reportUnreadable(
      accounting,
      client,
      'numbersNotByOne',
      null,
      () => 'most numbers are more than one above the one before',
    );
  }
  for (const { channel, from, to, isBetween } of holes) {
    if (accounting.violations.left.missed === 0) return;
    const missed = {
      violation: 'missed' as const,
      client: client.stream,
      stream: client.stream,
      seq: from,
      lastSeq: to - 1,
      previous: from === 0 ? null : from - 1,
      next: isBetween ? to : null,
      push: { channel },
    };
    emit(accounting.violations, missed, nowNs);
  }
}

function reportPush(
  accounting: Accounting,
  pushes: Pushes,
  client: Client,
  violation: 'reordered' | 'duplicated' | 'late',
  channel: number,
  sequence: number,
): void {
  if (accounting.violations.left[violation] === 0) return;
  const push = { channel: channelName(pushes, channel) };
  const place = { client: client.stream, stream: client.stream, seq: sequence, push };
  emit(
    accounting.violations,
    violation === 'reordered' ? { violation, after: null, extent: null, ...place } : { violation, ...place },
    accounting.receivedNs,
  );
}
