// A violation in a sentence, for people: what happened to which message, and what shows it.

import type { Violation, ViolationKind } from '../../facts/violation.ts';
import type { DamageKind, UnexpectedKind } from '../../facts/window.ts';
import { formatCount } from '../../units/rate.ts';
import { unreachable } from '../../units/unreachable.ts';

/** For tables; the others are called what their outcome is called. */
const VIOLATION_NAMES: Readonly<Partial<Record<ViolationKind, string>>> = {
  diverged: 'wrong state',
  totalOrder: 'total-order violation',
};

export function violationName(kind: ViolationKind): string {
  return VIOLATION_NAMES[kind] ?? kind;
}

/** Beside a count. */
export const DAMAGE_NAMES: Readonly<Record<DamageKind, string>> = {
  bitFlips: 'flipped bits',
  truncated: 'cut off',
  extended: 'bytes added',
  spliced: 'joined with another',
  mangled: 'damaged otherwise',
};

/** Beside a count. */
export const UNEXPECTED_NAMES: Readonly<Record<UnexpectedKind, string>> = {
  foreign: 'unknown content',
  stale: 'of another run',
  otherStream: 'of another client',
  neverSent: 'a number that was never sent',
  otherOpcode: 'text for binary or the reverse',
  refused: 'rejected before',
};

const DAMAGE_TEXT: Readonly<Record<DamageKind, string>> = {
  bitFlips: 'with flipped bits',
  truncated: 'cut off',
  extended: 'with bytes added',
  spliced: 'with the end of another message',
  mangled: 'damaged',
};

/** When it was found; a lost message is found long after it was sent. */
export function momentText(found: Violation & { readonly atSecond: number }): string {
  const at = `at ${found.atSecond.toFixed(3)} s`;
  if (found.violation !== 'lost') return at;
  const { sentFromSecond, sentToSecond } = found;
  if (sentFromSecond === null || sentToSecond === null) return `given up ${at}`;
  // Where only two moments are known between which it was sent, both are told.
  const sent =
    sentFromSecond === sentToSecond
      ? `sent at ${sentFromSecond.toFixed(3)} s`
      : `sent between ${sentFromSecond.toFixed(1)} and ${sentToSecond.toFixed(1)} s`;
  return `${sent}, given up ${at}`;
}

/** In a room, at another client than its sender. */
function receiverText({ client, stream }: Violation): string {
  return client === stream ? '' : ` at client ${formatCount(client)}`;
}

export function violationText(violation: Violation): string {
  switch (violation.violation) {
    case 'lost': {
      const taken = violation.acknowledged ? ', though the service acknowledged it' : '';
      const how = violation.damaged ? 'came back only damaged' : 'never came back';
      return `#${violation.seq} ${how}${taken}; ${neighborsText(violation)}`;
    }
    case 'missed': {
      const { seq, lastSeq, next } = violation;
      const which = seq === lastSeq ? `#${seq}` : `#${seq} to #${lastSeq}`;
      const where = channelText(violation.push);
      if (next === null) return `${which}${where} never came; another client received #${lastSeq}`;
      return `${which}${where} never came; ${neighborsText(violation)}`;
    }
    case 'duplicated':
      return `${nameOf(violation)} arrived again${receiverText(violation)}`;
    case 'late':
      return `${nameOf(violation)} arrived after it was counted as lost or unresolved`;
    case 'reordered': {
      const { after, extent, push } = violation;
      const later = after === null ? 'a later one' : `#${after}`;
      const places = extent === null ? 'too many places late to count' : `${placesText(extent)} late`;
      return push === null ? `${nameOf(violation)} after ${later}, ${places}` : `${nameOf(violation)} after ${later}`;
    }
    case 'corrupted': {
      const { seq, stream, client, damage, bytes } = violation;
      const came = stream === client ? 'came back' : 'came';
      return `${seq === null ? 'a message' : `#${seq}`} ${came} ${DAMAGE_TEXT[damage]}, ${formatCount(bytes)} bytes`;
    }
    case 'unexpected':
      return unexpectedText(violation);
    case 'diverged':
      return `after #${violation.seq} expected ${violation.expected}, got ${violation.got}`;
    case 'totalOrder': {
      const { client, seq, before } = violation;
      return `#${seq}: client ${client} received it after #${before.seq} of stream ${before.stream}, another client the other way round`;
    }
    default:
      return unreachable(violation);
  }
}

type Unexpected = Extract<Violation, { violation: 'unexpected' }>;

const UNEXPECTED_TEXT: Readonly<Record<UnexpectedKind, (found: Unexpected) => string>> = {
  otherOpcode: ({ bytes }) =>
    `${formatCount(bytes ?? 0)} bytes of the other kind (text for binary, or binary for text)`,
  otherStream: ({ ofStream }) => `a message of stream ${ofStream}`,
  foreign: ({ bytes, sample }) =>
    sample === null
      ? `${formatCount(bytes ?? 0)} bytes that are not a message of this run`
      : `an answer without an id of this run: ${sample}`,
  stale: ({ bytes }) => `${formatCount(bytes ?? 0)} bytes that are a message of another run`,
  neverSent: ({ seq, push }) =>
    push === null
      ? `#${seq}, which this client has not sent`
      : `push #${seq}${channelText(push)}, far from all numbers before it`,
  refused: ({ seq }) => `#${seq}, which the service had rejected`,
};

function unexpectedText(found: Unexpected): string {
  return UNEXPECTED_TEXT[found.unexpected](found);
}

function nameOf({ seq, push }: Extract<Violation, { push: unknown }>): string {
  return push === null ? `#${seq}` : `push #${seq}${channelText(push)}`;
}

function channelText(push: { readonly channel: string | null } | null): string {
  return push === null || push.channel === null ? '' : ` of ${push.channel}`;
}

/** The messages on either side of a gap: they prove that it is one. */
function neighborsText({ previous, next }: { readonly previous: number | null; readonly next: number | null }): string {
  if (previous === null) return next === null ? 'no other message of its stream came back' : `#${next} did`;
  return next === null ? `#${previous} did, and nothing after it` : `#${previous} and #${next} did`;
}

function placesText(extent: number): string {
  return extent === 1 ? '1 place' : `${formatCount(extent)} places`;
}
