// Damage to the bytes of one message: each returns new bytes and leaves its argument as it is. Text stays valid UTF-8
// (seven-bit), because a service that damages characters still sends a text message.

import type { Random } from '../random/generator.ts';

/** Below this a message does not show any more whose it was. */
const LEAST_KEPT_BYTES = 12;
const LEAST_KEPT_CHARACTERS = 24;
const LEAST_SPLICED_BYTES = 96;
const LEAST_SPLICED_CHARACTERS = 192;

export function flipBits(bytes: Uint8Array, bits: number, isText: boolean, random: Random): Uint8Array {
  const damaged = Uint8Array.from(bytes); // not slice(): a Buffer's shares its memory
  const perByte = isText ? 7 : 8;
  const places = new Set<number>();
  const most = Math.min(bits, bytes.length * perByte);
  while (places.size < most) places.add(Math.floor(random() * bytes.length * perByte));
  for (const place of places) damaged[Math.floor(place / perByte)]! ^= 1 << (place % perByte);
  return damaged;
}

export function isTooShortToCut(bytes: Uint8Array, isText: boolean): boolean {
  return bytes.length <= (isText ? LEAST_KEPT_CHARACTERS : LEAST_KEPT_BYTES);
}

/** Keeps at least so much that it is still known for a message of this run. The bytes must be longer than that. */
export function cutOff(bytes: Uint8Array, isText: boolean, random: Random): Uint8Array {
  const least = isText ? LEAST_KEPT_CHARACTERS : LEAST_KEPT_BYTES;
  return bytes.slice(0, least + Math.floor(random() * (bytes.length - least)));
}

export function appendBytes(bytes: Uint8Array, count: number, isText: boolean, random: Random): Uint8Array {
  const longer = new Uint8Array(bytes.length + count);
  longer.set(bytes);
  longer.set(randomBytes(count, isText, random), bytes.length);
  return longer;
}

/** Halves of shorter ones join among their times: such a splice can look like the one message with another number. */
export function canSplice(bytes: Uint8Array, isText: boolean): boolean {
  return bytes.length >= (isText ? LEAST_SPLICED_CHARACTERS : LEAST_SPLICED_BYTES);
}

/** The first half of one and the second half of the other. */
export function spliceTogether(first: Uint8Array, second: Uint8Array): Uint8Array {
  const head = first.subarray(0, first.length >> 1);
  const tail = second.subarray(second.length >> 1);
  const spliced = new Uint8Array(head.length + tail.length);
  spliced.set(head);
  spliced.set(tail, head.length);
  return spliced;
}

export function randomBytes(count: number, isText: boolean, random: Random): Uint8Array {
  return Uint8Array.from({ length: count }, () =>
    isText ? 0x20 + Math.floor(random() * 95) : Math.floor(random() * 256),
  );
}
