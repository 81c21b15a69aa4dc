// Memory that clients borrow while they are out of order: blocks of 32-bit words in one array, in a few sizes. What one client
// gives back the next one borrows, so once as many clients have been out of order as ever are at once, nothing is allocated.
//
//   page 0    |                                        nobody's: address 0 stands for no block
//   page 1    |w w w w|w w w w|w w w w|w w w w| …      the blocks of a page are of one size, a power of two;
//   page 2    |w w w w w w w w w w … |w w w w w …      one that is larger has as many pages as it needs
//
// An address is an index of the array. A free block has the address of the next free one of its size in its first word. The
// array grows by being copied: addresses stay what they are, but nobody may hold the array itself while it borrows. The
// invariant: a block is lent to one borrower or is in the list of its size, and is all zeros when it is lent.

const PAGE_SHIFT = 10;
const PAGE_WORDS = 1 << PAGE_SHIFT;
const SIZES = 16;
/** By so much of itself the array grows: that much of it may be of no use yet. */
const GROWTH = 1 / 16;
/** 8 GiB: an address is a whole number of 31 bits. */
const MAX_WORDS = 2 ** 31;

export interface Slab {
  words: Int32Array;
  /** By page: how many words its blocks have. */
  readonly blockWords: number[];
  /** By the logarithm of the size: the first free block. */
  readonly free: Int32Array;
}

export function createSlab(): Slab {
  return { words: new Int32Array(0), blockWords: [0], free: new Int32Array(SIZES) };
}

/** The address of a block of so many words, a power of two. */
export function borrow(slab: Slab, blockWords: number): number {
  const size = 31 - Math.clz32(blockWords);
  if (slab.free[size] === 0) addPage(slab, blockWords, size);
  const { words } = slab;
  const address = slab.free[size]!;
  slab.free[size] = words[address]!;
  for (let word = address; word < address + blockWords; word++) words[word] = 0;
  return address;
}

/** A block that was borrowed with this size. */
export function giveBack(slab: Slab, address: number, blockWords: number): void {
  const size = 31 - Math.clz32(blockWords);
  slab.words[address] = slab.free[size]!;
  slab.free[size] = address;
}

/** The size of the block at this address. */
export function wordsOf({ blockWords }: Slab, address: number): number {
  return blockWords[address >>> PAGE_SHIFT]!;
}

function addPage(slab: Slab, blockWords: number, size: number): void {
  const first = slab.blockWords.length << PAGE_SHIFT;
  const end = first + Math.max(PAGE_WORDS, blockWords);
  if (end > slab.words.length) grow(slab, end);
  for (let page = first; page < end; page += PAGE_WORDS) slab.blockWords.push(blockWords);
  for (let block = first; block + blockWords < end; block += blockWords) slab.words[block] = block + blockWords;
  slab.free[size] = first;
}

function grow(slab: Slab, neededWords: number): void {
  if (neededWords > MAX_WORDS) throw new RangeError('more than 8 GiB of disorder in one process');
  const { words } = slab;
  slab.words = new Int32Array(Math.max(neededWords, Math.floor(words.length * (1 + GROWTH))));
  slab.words.set(words);
}
