import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyProfile, mergeDocuments } from './profiles.ts';

const plan = {
  load: { connections: [{ to: 10 }], bytes: 5 },
  profiles: { ci: { load: { connections: 3 } }, dev: null },
};

describe('a profile', () => {
  test('replaces lists and values, and keeps what it does not mention', () => {
    const { document, name } = applyProfile(plan, { profile: 'ci' });
    expect(document).toEqual({ load: { connections: 3, bytes: 5 } });
    expect(name).toBe('ci');
  });

  test('that says nothing changes nothing', () => {
    expect(applyProfile(plan, { profile: 'dev' })).toMatchObject({ name: 'dev', problems: [] });
  });

  test.each([null, undefined, 'none'])('named %j is none', (profile) => {
    expect(applyProfile(plan, { profile })).toMatchObject({ name: null, document: { load: plan.load } });
  });

  test('to fall back on counts where it is declared and no other was asked for', () => {
    expect(applyProfile(plan, { fallbackProfile: 'ci' }).name).toBe('ci');
    expect(applyProfile(plan, { fallbackProfile: 'production' })).toMatchObject({ name: null, problems: [] });
    expect(applyProfile(plan, { profile: 'dev', fallbackProfile: 'ci' }).name).toBe('dev');
    expect(applyProfile(plan, { profile: null, fallbackProfile: 'ci' }).name).toBeNull();
  });

  test('that is unknown is a problem with the nearest name', () => {
    const { problems } = applyProfile(plan, { profile: 'cii' });
    expect(problems).toEqual([
      { at: ['profiles'], expected: 'one of ci, dev', got: 'the profile "cii"', hint: 'did you mean "ci"?' },
    ]);
  });

  test('of a plan without profiles is a problem', () => {
    expect(applyProfile({}, { profile: 'ci' }).problems[0]?.expected).toContain('declares none');
    expect(applyProfile({}, { profile: 'constructor' }).problems).toHaveLength(1);
  });

  test.each([
    { profiles: 5 },
    { profiles: { ci: 5 } },
    { profiles: { none: {} } },
    { profiles: { a: { profiles: {} } } },
  ])('that is written as %j is a problem', (document) => {
    expect(applyProfile(document, {}).problems).toHaveLength(1);
  });
});

describe('merging', () => {
  const documents = fc.jsonValue();

  test('with itself changes nothing', () => {
    fc.assert(
      fc.property(documents, (document) => {
        expect(mergeDocuments(document, document)).toEqual(document);
      }),
    );
  });

  test('has every member of both, and the overlay’s where both have a plain value', () => {
    const flat = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(3));
    fc.assert(
      fc.property(flat, flat, (base, overlay) => {
        expect(mergeDocuments({ in: base }, { in: overlay })).toEqual({ in: { ...base, ...overlay } });
      }),
    );
  });

  test('cannot reach a prototype', () => {
    mergeDocuments({}, JSON.parse('{"__proto__":{"polluted":true}}'));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
