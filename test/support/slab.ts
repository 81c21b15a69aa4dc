// What the tests of everything that borrows from a slab look at: whether all of it comes back.

import { type Slab, wordsOf } from '../../src/measure/slab.ts';

/** A page of the slab. */
const PAGE_WORDS = 1024;

/** How many words are lent at the moment: all that there are, less those in the lists of free blocks. */
export function lentWords(slab: Slab): number {
  let lent = (slab.blockWords.length - 1) * PAGE_WORDS;
  for (const first of slab.free)
    for (let block = first; block !== 0; block = slab.words[block]!) lent -= wordsOf(slab, block);
  return lent;
}
