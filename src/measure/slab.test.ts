import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lentWords } from '../../test/support/slab.ts';
import { borrow, createSlab, giveBack, wordsOf } from './slab.ts';

const SIZES = [4, 8, 32, 128, 512, 2048];

describe('the slab', () => {
  test('lends blocks that are zeros, apart from one another and of the size asked for, whatever was given back', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom(...SIZES), fc.nat(1000), fc.boolean()), { maxLength: 400 });
    fc.assert(
      fc.property(steps, (list) => {
        const slab = createSlab();
        const lent: { address: number; words: number; mark: number }[] = [];
        for (const [index, [words, which, isReturn]] of list.entries()) {
          if (isReturn && lent.length > 0) {
            const [block] = lent.splice(which % lent.length, 1);
            giveBack(slab, block!.address, block!.words);
          } else {
            const address = borrow(slab, words);
            expect(address).toBeGreaterThan(0);
            expect(wordsOf(slab, address)).toBe(words);
            expect(slab.words.subarray(address, address + words).every((word) => word === 0)).toBe(true);
            slab.words.fill(index + 1, address, address + words);
            lent.push({ address, words, mark: index + 1 });
          }
          expect(lentWords(slab)).toBe(lent.reduce((sum, block) => sum + block.words, 0));
        }
        // Growing and lending to others has left every block as its borrower left it.
        for (const { address, words, mark } of lent) {
          expect(slab.words.subarray(address, address + words).every((word) => word === mark)).toBe(true);
        }
        for (const { address, words } of lent) giveBack(slab, address, words);
        expect(lentWords(slab)).toBe(0);
      }),
    );
  });

  test('does not grow while what was given back is enough', () => {
    const slab = createSlab();
    const borrowAll = () => SIZES.flatMap((words) => Array.from({ length: 300 }, () => borrow(slab, words)));
    const first = borrowAll();
    const { length } = slab.words;
    for (let round = 0; round < 3; round++) {
      for (const address of round === 0 ? first : borrowAll()) giveBack(slab, address, wordsOf(slab, address));
    }
    expect(lentWords(slab)).toBe(0);
    expect(slab.words.length).toBe(length);
  });

  test('has no more than a sixteenth, and a page a size, that nobody ever borrowed', () => {
    const slab = createSlab();
    for (let block = 0; block < 20_000; block++) borrow(slab, SIZES[block % 3]!);
    expect(slab.words.length).toBeLessThan((lentWords(slab) + 4 * 1024) * (1 + 1 / 16));
  });
});
