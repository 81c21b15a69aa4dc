// How work is split: shard k of n takes the indexes k, k + n, k + 2n, ... so that the parts add up to the whole exactly,
// differ by one at most, and a run on one worker is the share 0 of 1. No rate is ever divided.

/** How many of the indexes 0 ... total - 1 fall to shard `shard` of `shards`. */
export function shareCount(total: number, shard: number, shards: number): number {
  return total <= shard ? 0 : Math.floor((total - shard - 1) / shards) + 1;
}
