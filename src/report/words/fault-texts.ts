// What a fault did, in words.

import { FAULT_EFFECTS, type FaultCounts, type FaultEffect, hasEffect } from '../../facts/fault-counts.ts';
import { formatBytes } from '../../units/bytes.ts';
import { plural } from '../../units/plural.ts';
import { formatCount } from '../../units/rate.ts';

const WORDS: Readonly<Record<FaultEffect, (count: number) => string>> = {
  dropped: (count) => `${plural(count, 'message')} dropped`,
  duplicated: (count) => `${count === 1 ? '1 copy' : `${formatCount(count)} copies`} sent`,
  reordered: (count) => `${plural(count, 'message')} reordered`,
  delayed: (count) => `${plural(count, 'message')} delayed`,
  damaged: (count) => `${plural(count, 'message')} damaged`,
  fabricated: (count) => `${plural(count, 'message')} fabricated`,
  split: (count) => `${plural(count, 'message')} split`,
  coalesced: (count) => `${plural(count, 'message')} sent together`,
  swallowedPongs: (count) => `${plural(count, 'pong')} dropped`,
  disconnected: (count) => `${plural(count, 'connection')} cut`,
  delayedBytes: (count) => `${formatBytes(count)} delayed`,
  swallowedBytes: (count) => `${formatBytes(count)} dropped`,
  slicedBytes: (count) => `${formatBytes(count)} sent in slices`,
  delayedEnds: (count) => `${plural(count, 'close')} delayed`,
  droppedPackets: (count) => `${plural(count, 'packet')} dropped`,
  signals: (count) => `${plural(count, 'signal')} sent`,
  restarts: (count) => `${plural(count, 'restart')}`,
  commands: (count) => `${plural(count, 'command')} run`,
};

/** Such as `14 messages dropped of 40 that passed`; null where nobody can know. */
export function faultText(counts: FaultCounts | null): string | null {
  if (counts === null) return null;
  const effects = FAULT_EFFECTS.flatMap((effect) => {
    const count = counts[effect];
    return count === undefined ? [] : [WORDS[effect](count)];
  });
  const passed = counts.passed === undefined ? '' : ` of ${formatCount(counts.passed)} that passed`;
  return `${hasEffect(counts) ? '' : 'NO EFFECT: '}${effects.join(', ')}${passed}`;
}
