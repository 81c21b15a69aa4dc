// What a fault did, in words.

import { FAULT_EFFECTS, type FaultCounts, type FaultEffect, hasEffect } from '../facts/fault-counts.ts';
import { formatBytes } from '../units/bytes.ts';
import { formatCount } from '../units/rate.ts';
import { plural } from './figures.ts';

const WORDS: Readonly<Record<FaultEffect, (count: number) => string>> = {
  dropped: (count) => `${plural(count, 'message')} dropped`,
  duplicated: (count) => `${count === 1 ? '1 copy' : `${formatCount(count)} copies`} sent`,
  reordered: (count) => `${plural(count, 'message')} reordered`,
  delayed: (count) => `${plural(count, 'message')} delayed`,
  damaged: (count) => `${plural(count, 'message')} damaged`,
  fabricated: (count) => `${plural(count, 'message')} fabricated`,
  split: (count) => `${plural(count, 'message')} split`,
  coalesced: (count) => `${plural(count, 'message')} sent together`,
  swallowedPongs: (count) => `${plural(count, 'pong')} swallowed`,
  disconnected: (count) => `${plural(count, 'connection')} ended`,
  delayedBytes: (count) => `${formatBytes(count)} delayed`,
  swallowedBytes: (count) => `${formatBytes(count)} swallowed`,
  slicedBytes: (count) => `${formatBytes(count)} sliced`,
  delayedEnds: (count) => `${plural(count, 'end')} of connections delayed`,
  droppedPackets: (count) => `${plural(count, 'packet')} dropped`,
  signals: (count) => `${plural(count, 'signal')} sent`,
  restarts: (count) => `${plural(count, 'restart')}`,
  commands: (count) => `${plural(count, 'command')} run`,
};

/** Such as `14 messages dropped of 40 that came its way`; null where nobody can know. */
export function faultText(counts: FaultCounts | null): string | null {
  if (counts === null) return null;
  const effects = FAULT_EFFECTS.flatMap((effect) => {
    const count = counts[effect];
    return count === undefined ? [] : [WORDS[effect](count)];
  });
  const passed = counts.passed === undefined ? '' : ` of ${formatCount(counts.passed)} that came its way`;
  return `${hasEffect(counts) ? '' : 'NO EFFECT: '}${effects.join(', ')}${passed}`;
}
