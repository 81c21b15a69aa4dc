import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Behavior, FAULTLESS, type FaultRule, parseBehavior } from './behavior.ts';
import { createDecide } from './decide.ts';

const behavior = (faults: readonly FaultRule[], seed = 1): Behavior => ({ ...FAULTLESS, seed, faults });
const rate = (share: number): FaultRule => ({ fault: { kind: 'drop' }, rate: share, messages: [] });

describe('which message meets which fault', () => {
  test('a rate chooses about that share, the same messages in whatever order they come', () => {
    const decide = createDecide(behavior([rate(0.1)]), 0);
    const names = Array.from({ length: 20_000 }, (_, index) => ({ stream: index % 7, seq: Math.floor(index / 7) }));
    const chosen = names.filter(({ stream, seq }) => decide(stream, seq) !== null);
    expect(chosen.length).toBeGreaterThan(1800); // 2,000 expected, standard deviation 42
    expect(chosen.length).toBeLessThan(2200);
    const again = createDecide(behavior([rate(0.1)]), 0);
    const backwards = [...names].reverse().filter(({ stream, seq }) => again(stream, seq) !== null);
    expect(backwards.reverse()).toEqual(chosen);
  });

  test('another seed, and another rule, choose others', () => {
    const chosenBy = (faults: readonly FaultRule[], seed: number): number[] => {
      const decide = createDecide(behavior(faults, seed), 0);
      return Array.from({ length: 2000 }, (_, seq) => seq).filter((seq) => decide(0, seq)?.kind === 'drop');
    };
    expect(chosenBy([rate(0.1)], 1)).not.toEqual(chosenBy([rate(0.1)], 2));
    const other: FaultRule = { fault: { kind: 'stall', minNs: 0, maxNs: 0 }, rate: 0, messages: [] };
    expect(chosenBy([rate(0.1)], 1)).not.toEqual(chosenBy([other, rate(0.1)], 1));
  });

  test('no rate chooses none, a whole rate all, and names choose exactly those', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e9), (stream, seq) => {
        expect(createDecide(behavior([rate(0)]), 0)(stream, seq)).toBeNull();
        expect(createDecide(behavior([rate(1)]), 0)(stream, seq)).toEqual({ kind: 'drop' });
        const named = createDecide(
          behavior([{ fault: { kind: 'drop' }, rate: 0, messages: [{ stream, seq, to: null }] }]),
          0,
        );
        expect([named(stream, seq), named(stream, seq + 1), named(stream + 1, seq)]).toEqual([
          { kind: 'drop' },
          null,
          null,
        ]);
      }),
    );
  });

  test('a name may choose a message on its way to one client alone', () => {
    const named = behavior([{ fault: { kind: 'drop' }, rate: 0, messages: [{ stream: 3, seq: 1, to: 7 }] }]);
    expect([createDecide(named, 7)(3, 1)?.kind, createDecide(named, 8)(3, 1), createDecide(named, 7)(3, 2)]).toEqual([
      'drop',
      null,
      null,
    ]);
  });

  test('the first rule that chooses a message has it', () => {
    const decide = createDecide(
      behavior([{ fault: { kind: 'splice' }, rate: 0, messages: [{ stream: 0, seq: 1, to: null }] }, rate(1)]),
      0,
    );
    expect([decide(0, 0)?.kind, decide(0, 1)?.kind]).toEqual(['drop', 'splice']);
  });
});

describe('a behavior as written', () => {
  test('has its defaults filled in', () => {
    const parsed = parseBehavior({
      faults: [
        { kind: 'duplicate', rate: '1%' },
        { kind: 'delay', messages: [{ stream: 1, seq: 2 }], for: '5ms..50ms' },
        { kind: 'disconnect', rate: '0.1%' },
      ],
    });
    expect(parsed).toEqual({
      ok: true,
      behavior: {
        ...FAULTLESS,
        faults: [
          { fault: { kind: 'duplicate', copies: 1 }, rate: 0.01, messages: [] },
          { fault: { kind: 'delay', minNs: 5e6, maxNs: 50e6 }, rate: 0, messages: [{ stream: 1, seq: 2, to: null }] },
          { fault: { kind: 'disconnect', code: 1011 }, rate: 0.001, messages: [] },
        ],
      },
    });
  });

  test.each([null, undefined, {}])('%j is a service without faults', (document) => {
    expect(parseBehavior(document)).toEqual({ ok: true, behavior: behavior([]) });
  });

  test('whatever it is, it is read or refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (faults, seed) => {
        const parsed = parseBehavior({ faults: [faults], seed });
        if (!parsed.ok) expect(parsed.problems.length).toBeGreaterThan(0);
      }),
    );
  });
});
