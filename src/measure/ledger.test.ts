import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mustBe } from '../../test/support/must-be.ts';
import { repeats } from '../../test/support/repeats.ts';
import { lentWords } from '../../test/support/slab.ts';
import { cutDensity } from './density.ts';
import {
  Arrival,
  createLedger,
  finalizeClient,
  type Ledger,
  MAX_WINDOW_BITS,
  missingNumbers,
  noteArrival,
  noteRefusal,
  takeNumber,
  wholeNumber,
} from './ledger.ts';

function send(ledger: Ledger, count: number, client = 0): void {
  for (let i = 0; i < count; i++) takeNumber(ledger, client);
}

const arrive = (ledger: Ledger, numbers: readonly number[], client = 0): Arrival[] =>
  numbers.map((sequence) => noteArrival(ledger, client, sequence));

/** The ledger as one would write it with all the memory in the world. */
function naiveLedger() {
  const sent = new Set<number>();
  const seen = new Set<number>();
  const refused = new Set<number>();
  let highest = -1;
  return {
    sent,
    seen,
    refused,
    refuse(sequence: number): boolean {
      if (!sent.has(sequence) || seen.has(sequence) || refused.has(sequence)) return false;
      refused.add(sequence);
      return true;
    },
    arrive(sequence: number): Arrival {
      if (!sent.has(sequence)) return Arrival.unexpected;
      if (refused.has(sequence)) return Arrival.refused;
      if (seen.has(sequence)) return Arrival.duplicated;
      seen.add(sequence);
      if (sequence < highest) return Arrival.reordered;
      highest = sequence;
      return Arrival.inOrder;
    },
  };
}

describe('the ledger', () => {
  test('agrees with a naive one: sends, arrivals, duplicates, foreign, gaps and disorder in any mixture', () => {
    const steps = fc.array(
      fc.oneof(
        {
          weight: 3,
          arbitrary: fc.record({ kind: fc.constant('send' as const), count: fc.integer({ min: 1, max: 40 }) }),
        },
        { weight: 5, arbitrary: fc.record({ kind: fc.constant('next' as const), skip: fc.nat(3) }) },
        {
          weight: 3,
          arbitrary: fc.record({
            kind: fc.constant('any' as const),
            share: fc.double({ min: -0.1, max: 1.1, noNaN: true }),
          }),
        },
        {
          weight: 1,
          arbitrary: fc.record({
            kind: fc.constant('odd' as const),
            value: fc.constantFrom(0.5, -1, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY),
          }),
        },
        {
          weight: 2,
          arbitrary: fc.record({
            kind: fc.constant('refuse' as const),
            share: fc.double({ min: -0.1, max: 1.1, noNaN: true }),
          }),
        },
      ),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 2 }), (list, client) => {
        const ledger = createLedger(3);
        const naive = naiveLedger();
        let next = 0;
        let upcoming = 0;
        for (const step of list) {
          if (step.kind === 'send') {
            for (let i = 0; i < step.count; i++) naive.sent.add(takeNumber(ledger, client));
            next += step.count;
            continue;
          }
          if (step.kind === 'refuse') {
            const refused = Math.floor(step.share * next);
            mustBe(noteRefusal(ledger, client, refused), naive.refuse(refused), `refused #${refused}`);
            continue;
          }
          if (step.kind === 'next') upcoming += step.skip + 1;
          const sequence =
            step.kind === 'next' ? upcoming - 1 : step.kind === 'any' ? Math.floor(step.share * next) : step.value;
          mustBe(noteArrival(ledger, client, sequence), naive.arrive(sequence), `#${sequence}`);
          mustBe(ledger.outstanding[client], naive.sent.size - naive.seen.size - naive.refused.size, 'outstanding');
        }
        const missing = [...naive.sent].filter((sequence) => !naive.seen.has(sequence) && !naive.refused.has(sequence));
        expect([...missingNumbers(ledger, client)]).toEqual(missing);
        expect(ledger.approximate).toBe(false);
        expect(finalizeClient(ledger, client)).toBe(missing.length);
        for (const other of [0, 1, 2].filter((index) => index !== client)) {
          expect([ledger.next[other], ledger.outstanding[other]]).toEqual([0, 0]);
        }
      }),
      { numRuns: repeats(300) },
    );
  });

  test('a shuffled stream, each of its numbers some times over, is accounted for once each', () => {
    const streams = fc
      .integer({ min: 1, max: 400 })
      .chain((count) => fc.tuple(fc.constant(count), fc.array(fc.nat(count - 1), { maxLength: 3 * count })));
    fc.assert(
      fc.property(streams, ([count, arrivals]) => {
        const ledger = createLedger(1);
        send(ledger, count);
        const naive = naiveLedger();
        for (let i = 0; i < count; i++) naive.sent.add(i);
        expect(arrive(ledger, arrivals)).toEqual(arrivals.map((sequence) => naive.arrive(sequence)));
      }),
      { numRuns: repeats(200) },
    );
  });
});

describe('reordered, as RFC 4737 counts it (§3.3, and the extents of §4.2.2; the arrivals of its examples)', () => {
  test.each([
    ['1 2 3 5 6 7 8 4 9 10', { 4: 4 }],
    ['1 2 3 4 7 5 6 8 9 10', { 5: 1, 6: 2 }],
    ['1 2 3 7 8 9 10 4 5 6 11', { 4: 4, 5: 5, 6: 6 }],
    ['1 2 3 6 7 4 5 8 9 10 12 13 11 14 15 16', { 4: 2, 5: 3, 11: 2 }],
    ['1 2 3 7 8 9 4 5 6', { 4: 3, 5: 4, 6: 5 }],
    ['1 2 3 4 5 6 7 8 9 10', {}],
    ['1 2 4 5 6 7', {}],
  ])('%s', (text, extents) => {
    const ledger = createLedger(1);
    const numbers = text.split(' ').map((digit) => Number(digit) - 1);
    send(ledger, Math.max(...numbers) + 1);
    const found = numbers.flatMap((sequence) =>
      noteArrival(ledger, 0, sequence) === Arrival.reordered ? [[sequence + 1, ledger.extent] as const] : [],
    );
    expect(Object.fromEntries(found)).toEqual(extents);
  });

  test('what a service refuses is neither late nor makes others late, and is no arrival to count places by', () => {
    const arrivals = fc
      .integer({ min: 1, max: 120 })
      .chain((count) =>
        fc.tuple(
          fc.shuffledSubarray([...Array(count).keys()], { minLength: 1 }),
          fc.array(fc.boolean(), { minLength: count, maxLength: count }),
        ),
      );
    fc.assert(
      fc.property(arrivals, ([numbers, isRefused]) => {
        const mixed = createLedger(1);
        const plain = createLedger(1);
        send(mixed, 120);
        send(plain, 120);
        for (const sequence of numbers) {
          if (isRefused[sequence] === true) {
            mustBe(noteRefusal(mixed, 0, sequence), true, `refused #${sequence}`);
            continue;
          }
          mustBe(noteArrival(mixed, 0, sequence), noteArrival(plain, 0, sequence), `#${sequence}`);
          mustBe(mixed.extent, plain.extent, `extent of #${sequence}`);
        }
        const refused = numbers.filter((sequence) => isRefused[sequence] === true);
        const missing = [...missingNumbers(plain, 0)].filter((sequence) => !refused.includes(sequence));
        expect([...missingNumbers(mixed, 0)]).toEqual(missing);
        finalizeClient(mixed, 0);
        finalizeClient(plain, 0);
        for (const sequence of refused) mustBe(noteArrival(mixed, 0, sequence), Arrival.refused, `#${sequence} again`);
        expect(mixed.approximate).toBe(false);
      }),
      { numRuns: repeats(500) },
    );
  });

  test('the extent agrees with the definition: arrivals since the first one with a higher number', () => {
    const arrivals = fc
      .integer({ min: 1, max: 120 })
      .chain((count) => fc.shuffledSubarray([...Array(count).keys()], { minLength: 1 }));
    fc.assert(
      fc.property(arrivals, (numbers) => {
        const ledger = createLedger(1);
        send(ledger, 120);
        for (const [place, sequence] of numbers.entries()) {
          const firstLater = numbers.findIndex((other) => other > sequence);
          const isReordered = firstLater >= 0 && firstLater < place;
          mustBe(noteArrival(ledger, 0, sequence), isReordered ? Arrival.reordered : Arrival.inOrder, `#${sequence}`);
          if (isReordered) mustBe(ledger.extent, place - firstLater, `extent of #${sequence}`);
        }
      }),
      { numRuns: repeats(300) },
    );
  });

  test('displacements agree with the definition: the sorted arrivals minus the arrivals (RFC 5236)', () => {
    const arrivals = fc.shuffledSubarray([...Array(60).keys()], { minLength: 1 });
    fc.assert(
      fc.property(arrivals, (numbers) => {
        const ledger = createLedger(1);
        send(ledger, 60);
        for (const sequence of numbers) for (let copy = 0; copy < 2; copy++) noteArrival(ledger, 0, sequence);
        finalizeClient(ledger, 0);
        const sorted = [...numbers].sort((a, b) => a - b);
        const expected = new Map<number, number>();
        for (const [place, sequence] of numbers.entries()) {
          const displacement = sorted[place]! - sequence;
          if (displacement !== 0) expected.set(displacement, (expected.get(displacement) ?? 0) + 1);
        }
        expect(new Map(cutDensity(ledger.density).displaced)).toEqual(expected);
      }),
      { numRuns: repeats(300) },
    );
  });

  test('a duplicate is no reordering, and does not count as an arrival again', () => {
    const ledger = createLedger(1);
    send(ledger, 5);
    expect(arrive(ledger, [0, 2, 0, 2, 1, 1, 3, 3])).toEqual([
      Arrival.inOrder,
      Arrival.inOrder,
      Arrival.duplicated,
      Arrival.duplicated,
      Arrival.reordered,
      Arrival.duplicated,
      Arrival.inOrder,
      Arrival.duplicated,
    ]);
    expect(ledger.outstanding[0]).toBe(1);
  });
});

describe('disorder beyond the window', () => {
  test('a late arrival that had left it is still recognized, once', () => {
    const ledger = createLedger(1);
    const total = MAX_WINDOW_BITS + 500;
    send(ledger, total);
    // 0 to 4 stay away while everything else arrives.
    for (let sequence = 5; sequence < total; sequence++)
      mustBe(noteArrival(ledger, 0, sequence), Arrival.inOrder, `#${sequence}`);
    expect(ledger.outstanding[0]).toBe(5);
    expect([...missingNumbers(ledger, 0)]).toEqual([0, 1, 2, 3, 4]);
    expect(arrive(ledger, [3, 3, 100, 0])).toEqual([
      Arrival.reordered,
      Arrival.duplicated,
      Arrival.duplicated,
      Arrival.reordered,
    ]);
    expect([...missingNumbers(ledger, 0)]).toEqual([1, 2, 4]);
    expect(ledger.approximate).toBe(false);
    expect(finalizeClient(ledger, 0)).toBe(3);
  });

  test('more missing numbers than are remembered make it approximate, and no number is lost from the books', () => {
    const ledger = createLedger(1);
    const total = MAX_WINDOW_BITS + 3000;
    send(ledger, total);
    noteArrival(ledger, 0, total - 1);
    expect(ledger.approximate).toBe(true);
    expect(ledger.outstanding[0]).toBe(total - 1);
    expect(finalizeClient(ledger, 0)).toBe(total - 1);
  });

  test('every second number is lost, for longer than the window', () => {
    const ledger = createLedger(1);
    const total = MAX_WINDOW_BITS + 1000;
    send(ledger, total);
    for (let sequence = 0; sequence < total; sequence += 2) {
      mustBe(noteArrival(ledger, 0, sequence), Arrival.inOrder, `#${sequence}`);
    }
    expect(ledger.outstanding[0]).toBe(total / 2);
    expect(ledger.approximate).toBe(false);
    expect(noteArrival(ledger, 0, 1)).toBe(Arrival.reordered);
    expect(noteArrival(ledger, 0, 1)).toBe(Arrival.duplicated);
  });

  test('the memory of a client’s disorder goes when the disorder has', () => {
    const ledger = createLedger(1);
    send(ledger, 1000);
    noteArrival(ledger, 0, 500);
    expect(lentWords(ledger.slab)).toBeGreaterThan(0);
    for (let sequence = 0; sequence < 500; sequence++) noteArrival(ledger, 0, sequence);
    expect(lentWords(ledger.slab)).toBe(0);
    expect(noteArrival(ledger, 0, 501)).toBe(Arrival.inOrder);
  });
});

describe('settling a client', () => {
  test('nothing is outstanding any more, the stream goes on with the next number, and what comes of the finalized is late', () => {
    const ledger = createLedger(1);
    send(ledger, 10);
    arrive(ledger, [0, 1, 5]);
    expect(finalizeClient(ledger, 0)).toBe(7);
    expect(finalizeClient(ledger, 0)).toBe(0);
    expect([...missingNumbers(ledger, 0)]).toEqual([]);
    expect(takeNumber(ledger, 0)).toBe(10);
    expect(noteArrival(ledger, 0, 10)).toBe(Arrival.inOrder);
    expect(noteArrival(ledger, 0, 3)).toBe(Arrival.late);
    expect(ledger.outstanding[0]).toBe(0);
  });
});

describe('numbers', () => {
  test('above 2^32 are told apart like any others', () => {
    const ledger = createLedger(1);
    const first = 2 ** 33 + 12_345;
    ledger.next[0] = first;
    ledger.expected[0] = first;
    ledger.low[0] = first;
    send(ledger, 200);
    expect(
      arrive(ledger, [first, first + 2, first + 100, first + 1, first + 2, first + 2 ** 32, first - 2 ** 32]),
    ).toEqual([
      Arrival.inOrder,
      Arrival.inOrder,
      Arrival.inOrder,
      Arrival.reordered,
      Arrival.duplicated,
      Arrival.unexpected,
      Arrival.duplicated,
    ]);
    expect([...missingNumbers(ledger, 0)].slice(0, 2)).toEqual([first + 3, first + 4]);
  });

  test('of which only low bits came back are the nearest to the expected one', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.nat(2000), fc.maxSafeNat()),
        fc.integer({ min: 6, max: 9 }),
        fc.integer({ min: -256, max: 255 }),
        (expected, bits, offset) => {
          const ledger = createLedger(1);
          ledger.expected[0] = expected;
          const reach = 2 ** (bits - 1);
          const sequence = expected + (offset % reach);
          fc.pre(sequence >= 0 && Number.isSafeInteger(sequence) && Number.isSafeInteger(expected + 2 ** bits));
          expect(wholeNumber(ledger, 0, sequence % 2 ** bits, bits)).toBe(sequence);
        },
      ),
    );
  });
});

describe('a message that was finalized and comes after all', () => {
  test('is late, once; then it is a duplicate', () => {
    const ledger = createLedger(1);
    send(ledger, 4);
    arrive(ledger, [0, 2]);
    finalizeClient(ledger, 0);
    expect(arrive(ledger, [1, 1, 2, 3])).toEqual([Arrival.late, Arrival.duplicated, Arrival.duplicated, Arrival.late]);
    expect(ledger.outstanding[0]).toBe(0);
    expect(ledger.approximate).toBe(false);
  });

  test('what is sent after the settling is numbered on and judged afresh', () => {
    const ledger = createLedger(1);
    send(ledger, 2);
    finalizeClient(ledger, 0);
    send(ledger, 2);
    expect(arrive(ledger, [2, 0, 3])).toEqual([Arrival.inOrder, Arrival.late, Arrival.inOrder]);
  });

  test('more than are remembered make a later doubtful one approximate, and none before', () => {
    const ledger = createLedger(1);
    send(ledger, 3000);
    finalizeClient(ledger, 0);
    expect(noteArrival(ledger, 0, 5)).toBe(Arrival.late);
    expect(ledger.approximate).toBe(false);
    expect(noteArrival(ledger, 0, 2999)).toBe(Arrival.duplicated);
    expect(ledger.approximate).toBe(true);
  });
});

describe('the memory that clients share while they are out of order', () => {
  /** Order in which 0 … count − 1 come, each late by fewer than `reach` places. */
  const delays = (count: number, reach: number) =>
    fc.array(fc.nat(reach - 1), { minLength: count, maxLength: count }).map((late) =>
      late
        .map((by, n) => [n + by, n] as const)
        .sort(([a], [b]) => a - b)
        .map(([, n]) => n),
    );

  test('many clients in turn agree with a naive ledger each, and all of it is given back once they are in order', () => {
    const clients = fc.array(
      fc.constantFrom(2, 20, 300, 2500).chain((reach) => delays(300, reach)),
      { minLength: 2, maxLength: 8 },
    );
    fc.assert(
      fc.property(clients, fc.array(fc.nat(7), { minLength: 1, maxLength: 40 }), (orders, turns) => {
        const ledger = createLedger(orders.length);
        const naive = orders.map(() => naiveLedger());
        const places = orders.map(() => 0);
        const found: Arrival[] = [];
        const right: Arrival[] = [];
        for (const client of orders.keys())
          for (let n = 0; n < 300; n++) naive[client]!.sent.add(takeNumber(ledger, client));
        const arriveNext = (client: number) => {
          const sequence = orders[client]![places[client]!++];
          if (sequence === undefined) return;
          found.push(noteArrival(ledger, client, sequence), noteArrival(ledger, client, sequence));
          right.push(naive[client]!.arrive(sequence), Arrival.duplicated);
        };
        for (let turn = 0; turn < 900; turn++) arriveNext(turns[turn % turns.length]! % orders.length);
        for (const client of orders.keys()) {
          const { sent, seen } = naive[client]!;
          expect([...missingNumbers(ledger, client)]).toEqual([...sent].filter((sequence) => !seen.has(sequence)));
        }
        for (const client of orders.keys()) for (let n = 0; n < 300; n++) arriveNext(client);
        expect(found).toEqual(right);
        expect([...ledger.outstanding]).toEqual(orders.map(() => 0));
        expect(lentWords(ledger.slab)).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test('is the same again when the same disorder comes again, and nothing is left of the first', () => {
    fc.assert(
      fc.property(delays(3000, 1024), (order) => {
        const ledger = createLedger(1);
        const extents: number[][] = [];
        let grown = 0;
        for (let round = 0; round < 3; round++) {
          const first = ledger.next[0]!;
          send(ledger, order.length);
          const arrivals = order.map((n) =>
            noteArrival(ledger, 0, first + n) === Arrival.reordered ? ledger.extent : 0,
          );
          extents.push(arrivals, cutDensity(ledger.density).displaced.flat());
          if (round === 0) grown = ledger.slab.words.length;
        }
        expect(extents.slice(2, 4)).toEqual(extents.slice(0, 2));
        expect(extents.slice(4)).toEqual(extents.slice(0, 2));
        expect(ledger.slab.words.length).toBe(grown);
        expect(lentWords(ledger.slab)).toBe(0);
      }),
      { numRuns: 20 },
    );
  });

  test('grows while other clients hold some of it, which stays theirs', () => {
    const ledger = createLedger(500);
    // As if each had sent 40,000.
    ledger.next.fill(40_000);
    ledger.outstanding.fill(40_000);
    // Every client is out of order before any is in order again, and each further than the one before.
    for (let client = 0; client < 500; client++) {
      const { inOrder } = Arrival;
      mustBe(arrive(ledger, [1, 3, 80 * client + 5], client).join(), [inOrder, inOrder, inOrder].join(), `${client}`);
    }
    for (let client = 0; client < 500; client++) {
      const { duplicated, reordered } = Arrival;
      mustBe(
        arrive(ledger, [1, 80 * client + 5, 2, 3, 0], client).join(),
        [duplicated, duplicated, reordered, duplicated, reordered].join(),
        `${client}`,
      );
      mustBe(ledger.low[client], 4, `low of ${client}`);
      mustBe(finalizeClient(ledger, client), 40_000 - 5, `missing of ${client}`);
    }
    expect(lentWords(ledger.slab)).toBe(0);
  });

  test('is bounded, whatever comes: 65,536 numbers and 1,025 gaps a client', () => {
    const ledger = createLedger(1);
    send(ledger, 400_000);
    let most = 0;
    for (let sequence = 1; sequence < 400_000; sequence += 2) {
      noteArrival(ledger, 0, sequence);
      if (sequence % 5001 === 0) most = Math.max(most, lentWords(ledger.slab));
    }
    expect(most).toBeGreaterThan(2048);
    expect(most).toBeLessThan(2048 + 8 + 4 * (1025 + 65));
    finalizeClient(ledger, 0);
    expect(lentWords(ledger.slab)).toBe(0);
  });

  test('the places of messages behind a number that left the window are counted from where they are', () => {
    const ledger = createLedger(1);
    const total = MAX_WINDOW_BITS + 2000;
    send(ledger, total);
    for (let sequence = 1; sequence < total - 2; sequence++) noteArrival(ledger, 0, sequence);
    expect(ledger.low[0]).toBe(total - 2);
    cutDensity(ledger.density);
    arrive(ledger, [total - 1, total - 2]);
    expect(cutDensity(ledger.density).displaced).toEqual([
      [-1, 1],
      [1, 1],
    ]);
  });
});
