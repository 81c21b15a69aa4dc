// From what was said to what the service is, with the evidence: a pure function of the transcript. What does not fit any
// kind is unknown, with the reason and a sample; nothing is taken for what it only resembles.

import { causeText } from '../../facts/failure-cause.ts';
import type { NonEmpty } from '../../units/non-empty.ts';
import { isNonEmpty } from '../../units/non-empty.ts';
import { echoesOf, failureIn, unasked } from './answers.ts';
import { parseDocument, pathText, valuesOf } from './json-values.ts';
import { type LoginSign, loginSignIn, typeKeyOf } from './login.ts';
import { type JsonService, recognizeJson } from './recognize-json.ts';
import { recognizePushes, type Sequence } from './recognize-pushes.ts';
import type { Transcript } from './transcript.ts';

export type Recognition = Kind & {
  /** Others receive what one connection says: a room. */
  readonly isShared: boolean;
  /** That it wants a login first; null where it did not say so, or works without. */
  readonly login: LoginSign | null;
  /** The key at which a message says what it is, as the service writes it. */
  readonly typeKey: string;
  /** Sentences with numbers, in which words of the service may stand: make them printable. */
  readonly evidence: NonEmpty<string>;
  /** What the plan cannot know, and what to do about it. */
  readonly caveats: readonly string[];
  /** Something that the service said and that explains little or much; null where it said nothing. */
  readonly sample: string | null;
};

export type Kind =
  | { readonly kind: 'echo'; readonly format: 'binary' | 'text' }
  | {
      readonly kind: 'json';
      readonly service: Omit<JsonService, 'evidence' | 'caveats'>;
      /** Whether it also says things of its own accord. */
      readonly pushes: boolean;
    }
  | { readonly kind: 'push'; readonly sequence: Sequence }
  /** `notAsked`: nothing was sent, and nothing told what it is. `unread`: it said something that fits no kind. */
  | { readonly kind: 'unknown'; readonly why: 'silent' | 'notAsked' | 'closes' | 'unread' };

type Found = Omit<Recognition, keyof Kind | 'isShared' | 'login' | 'typeKey'> & Kind;

export function recognize(transcript: Transcript): Recognition {
  const found =
    recognizeEcho(transcript) ?? recognizeAnswers(transcript) ?? recognizeFeed(transcript) ?? unknown(transcript);
  const receivedByListener = transcript.receivedByListener ?? 0;
  const isShared = receivedByListener > 0;
  const receivedToo = `a second connection received ${receivedByListener} of the test messages, so clients receive each other's messages`;
  const [first, ...others] = found.evidence;
  const isRefused = found.kind === 'unknown' || (found.kind === 'json' && found.service.refusedAll);
  return {
    ...found,
    isShared,
    login: isRefused ? loginSignIn(transcript) : null,
    typeKey: typeKeyOf(transcript),
    evidence: isShared ? [first, ...others, receivedToo] : found.evidence,
  };
}

function recognizeEcho(transcript: Transcript): Found | null {
  const counts = { binary: echoesOf(transcript, 'binary'), text: echoesOf(transcript, 'text') };
  const format = counts.binary.returned > 0 ? 'binary' : 'text';
  const { sent, returned } = counts[format];
  if (returned === 0) return null;
  const own = unasked(transcript);
  const document = echoesOf(transcript, 'json').returned > 0 ? ', and a JSON document' : '';
  const other = format === 'text' ? refusalOfBinary(transcript) : [];
  return {
    kind: 'echo',
    format,
    evidence: [`the service returned ${returned} of ${sent} ${format} messages unchanged${document}`, ...other],
    caveats:
      own.length === 0
        ? []
        : [`it also sends messages without being asked, which count as unexpected: ${own[0]!.text}`],
    sample: null,
  };
}

function refusalOfBinary({ sent, endings }: Transcript): readonly string[] {
  const ending = endings.find(({ sentBefore }) => sent[sentBefore - 1]?.kind === 'binary');
  return [
    ending === undefined
      ? 'a binary message did not come back'
      : `it closed the connection after a binary message (${causeText(ending.cause)})`,
  ];
}

function recognizeAnswers(transcript: Transcript): Found | null {
  const found = recognizeJson(transcript);
  if (found === null) return null;
  const { evidence, caveats, ...service } = found;
  const own = unasked(transcript).filter(({ text }) => parseDocument(text) !== null);
  const said =
    own.length === 0 ? [] : [`it also sends messages without being asked (${own.length}), such as ${own[0]!.text}`];
  const all = [...evidence, ...said];
  if (!isNonEmpty(all)) return null;
  return { kind: 'json', service, pushes: own.length > 0, evidence: all, caveats, sample: null };
}

function recognizeFeed(transcript: Transcript): Found | null {
  const received = unasked(transcript);
  const { documents, sequence } = recognizePushes(received);
  if (sequence === null) return null;
  const { path, channel, steps, byOne, channels } = sequence;
  const among = channel === null ? '' : ` within the same ${pathText(channel)} (${channels} channels)`;
  const gaps =
    byOne === steps
      ? []
      : [`the number jumped ${steps - byOne} times: messages were lost, or it does not count messages`];
  return {
    kind: 'push',
    sequence,
    evidence: [
      `it sent ${documents} JSON documents without being asked`,
      `the number at ${pathText(path)} went up by one in ${byOne} of ${steps} steps${among}`,
    ],
    caveats: gaps,
    sample: received[0]?.text ?? null,
  };
}

function unknown(transcript: Transcript): Found {
  const { received, endings, sent, maySend, watchedMs } = transcript;
  const [last] = received.slice(-1);
  const [ending] = endings;
  const common = { caveats: [], sample: last?.text ?? null } as const;
  if (ending !== undefined && (last === undefined || ending.sentBefore === 0)) {
    const when = ending.sentBefore === 0 ? 'before anything was sent' : `after ${ending.sentBefore} messages`;
    return {
      kind: 'unknown',
      why: 'closes',
      evidence: [`the service ended the connection ${when}: ${causeText(ending.cause)}`],
      ...common,
    };
  }
  if (last !== undefined) {
    const before = received.filter(({ sentBefore }) => sentBefore === 0).length;
    const errors = received.filter(({ text }) => isError(text)).length;
    return {
      kind: 'unknown',
      why: 'unread',
      evidence: [
        `${received.length} messages received (${before} before anything was sent): no reply carried our id or a sequence number`,
        ...(errors === 0 ? [] : [`${errors} of them report an error`]),
        ...(ending === undefined ? [] : [`it ended the connection: ${causeText(ending.cause)}`]),
      ],
      ...common,
    };
  }
  const watched = `it sent nothing in ${(watchedMs / 1000).toFixed(1)} s`;
  return maySend && sent.length > 0
    ? { kind: 'unknown', why: 'silent', evidence: [`${watched}, and no reply to ${sent.length} messages`], ...common }
    : { kind: 'unknown', why: 'notAsked', evidence: [`${watched}; no test messages were sent`], ...common };
}

function isError(text: string): boolean {
  const document = parseDocument(text);
  return document !== null && failureIn(valuesOf(document)) !== null;
}
