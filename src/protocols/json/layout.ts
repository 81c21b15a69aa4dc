// Where messages of JSON are laid out: one buffer for all clients, filled from templates (`json/template.ts`) and good until
// the next one. What a client says first has no number of its own.

import { createMessageIds, type MessageIds, type MessageName } from '../message-id.ts';
import { createTextFiller } from '../text-filler.ts';
import { compileTemplate, type Filling, type JsonTemplate, templateBytesBound, writeTemplate } from './template.ts';
import type { ValueSources } from './values.ts';

export interface JsonLayout {
  readonly ids: MessageIds;
  readonly characters: Uint8Array;
  readonly join: readonly JsonTemplate[];
  /** What was laid out last; grows as needed. */
  message: Uint8Array;
  roomOf(stream: number): number;
}

/** What the messages of a run need beside their templates. */
export interface JsonSetting extends ValueSources {
  /** The 32-bit nonce of the run. */
  readonly run: number;
  /** Whether ids carry the times of their message. */
  readonly timed: boolean;
  roomOf(stream: number): number;
}

/** `join`: JSON texts. */
export function createJsonLayout(join: readonly string[], setting: JsonSetting): JsonLayout {
  const { run, timed, roomOf } = setting;
  return {
    ids: createMessageIds(run, timed),
    characters: createTextFiller(run),
    join: join.map((text, index) => compileTemplate(text, setting, index + 1)),
    message: new Uint8Array(1024),
    roomOf,
  };
}

/** What goes into the places of this message. */
export function fillingOf({ ids, characters, roomOf }: JsonLayout, name: Readonly<MessageName>, type: number): Filling {
  return { ids, characters, name, room: roomOf(name.stream), type };
}

/** Lays a message out in `layout.message` and returns its length. */
export function layOut(layout: JsonLayout, template: JsonTemplate, filling: Filling, fillerCharacters: number): number {
  const bound = templateBytesBound(template, filling, fillerCharacters);
  if (layout.message.length < bound) layout.message = new Uint8Array(2 * bound);
  return writeTemplate(template, layout.message, filling, fillerCharacters);
}

/** The same for message `index` of what a client says first. */
export function layOutJoin(layout: JsonLayout, index: number, stream: number): number {
  const filling = fillingOf(layout, { stream, sequence: 0, dueNs: 0, sentNs: 0 }, 0);
  return layOut(layout, layout.join[index]!, filling, 0);
}
