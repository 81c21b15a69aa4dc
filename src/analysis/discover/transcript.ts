// What was said on a first look with a service, by both sides: all that `recognize.ts` knows. Plain values, so
// that a conversation can be written down in a test. Who fills it in bounds it: see `run/init/discover.ts`.

import type { FailureKind } from '../../facts/failure.ts';
import type { FailureCause } from '../../facts/failure-cause.ts';
import type { JsonObject } from './json-values.ts';

export interface Transcript {
  /** What the service said, in order. */
  readonly received: readonly Observation[];
  readonly sent: readonly TestMessage[];
  /** How connections ended that were not ended here. */
  readonly endings: readonly Ending[];
  /** Messages with words of ours that another connection received, which only listened; null where there was none. */
  readonly receivedByListener: number | null;
  /** Messages that came beyond what is kept. */
  readonly unkept: number;
  /** How long the service was listened to before anything was sent. */
  readonly watchedMs: number;
  readonly maySend: boolean;
}

export interface Observation {
  /** On which connection, from 0: after one has ended another is opened. */
  readonly connection: number;
  /** How many test messages had been sent by then. */
  readonly sentBefore: number;
  readonly format: 'text' | 'binary';
  /** Of binary messages each byte is a character. At most the first part of a long one. */
  readonly text: string;
  readonly bytes: number;
}

export interface Ending {
  readonly sentBefore: number;
  readonly kind: FailureKind;
  readonly cause: FailureCause;
}

/** A message that asks the service for nothing but an answer. Its id and its payload occur in no other message. */
export type TestMessage =
  | {
      readonly kind: 'json';
      readonly shape: Shape;
      /** `mistake`: a message of no type that a service has, to see what it makes of one. */
      readonly purpose: 'ask' | 'mistake';
      readonly id: string;
      readonly payload: string;
      readonly text: string;
    }
  | { readonly kind: 'text' | 'binary'; readonly payload: string; readonly text: string };

export type JsonTestMessage = Extract<TestMessage, { kind: 'json' }>;

/** A message in JSON, as a plan writes it: with `${id}` and `${payload}` in it. */
export interface Shape {
  readonly message: JsonObject;
  /** What is sent, where that is not the same: `${env.NAME}` filled in. */
  readonly template: string;
}
