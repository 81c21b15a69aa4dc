// Profiles: named changes to a plan, of which at most one is in force. A profile merges over the plan: objects member by
// member, lists and plain values as a whole. `none` is no profile.

import { isObject } from '../document.ts';
import { didYouMean } from '../nearest.ts';
import { gotText, type PlacedProblem, quote } from '../problems.ts';

export const NO_PROFILE = 'none';

export interface ProfileChoice {
  /** The profile that must exist; null is the plan as written. */
  readonly profile?: string | null | undefined;
  /** The profile that counts where `profile` is not given and the plan declares it: `ci` where CI=true. */
  readonly fallbackProfile?: string | null | undefined;
}

export interface Profiled {
  readonly name: string | null;
  /** The plan with the profile merged over it, without `profiles`. */
  readonly document: unknown;
  /** The plan as written, without `profiles`. */
  readonly base: unknown;
  /** What the profile in force says, or null. */
  readonly overlay: Readonly<Record<string, unknown>> | null;
  /** The profiles that are not in force. */
  readonly others: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly problems: readonly PlacedProblem[];
}

export function applyProfile(document: unknown, choice: ProfileChoice): Profiled {
  if (!isObject(document))
    return { name: null, document, base: document, overlay: null, others: new Map(), problems: [] };
  const { profiles, ...base } = document;
  const { declared, problems } = readProfiles(profiles);
  const name = chooseProfile(choice, declared);
  const overlay = name === null ? null : (declared.get(name) ?? null);
  const unknown = name !== null && overlay === null ? [unknownProfile(name, [...declared.keys()])] : [];
  return {
    name,
    document: overlay === null ? base : mergeDocuments(base, overlay),
    base,
    overlay,
    others: new Map([...declared].filter(([other]) => other !== name)),
    problems: [...problems, ...unknown],
  };
}

/** Objects merge, everything else replaces. */
export function mergeDocuments(base: unknown, overlay: unknown): unknown {
  if (!isObject(base) || !isObject(overlay)) return overlay;
  const added = Object.entries(overlay).map(([key, value]) => [
    key,
    Object.hasOwn(base, key) ? mergeDocuments(base[key], value) : value,
  ]);
  return { ...base, ...Object.fromEntries(added) };
}

type Declared = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

function readProfiles(profiles: unknown): { declared: Declared; problems: readonly PlacedProblem[] } {
  if (profiles === undefined || profiles === null) return { declared: new Map(), problems: [] };
  const expected = 'profiles by name, each with the parts of the plan that it changes';
  if (!isObject(profiles)) {
    return { declared: new Map(), problems: [{ at: ['profiles'], expected, got: gotText(profiles), hint: null }] };
  }
  const declared = new Map<string, Readonly<Record<string, unknown>>>();
  const problems: PlacedProblem[] = [];
  for (const [name, overlay] of Object.entries(profiles)) {
    const at = ['profiles', name];
    // A profile that changes nothing is fine: the plan as written, under a name.
    if (isObject(overlay ?? {})) declared.set(name, (overlay ?? {}) as Readonly<Record<string, unknown>>);
    else problems.push({ at, expected: 'the parts of the plan that it changes', got: gotText(overlay), hint: null });
    if (name === NO_PROFILE)
      problems.push({ at, expected: 'another name', got: '"none"', hint: '"none" means no profile' });
    if (isObject(overlay) && 'profiles' in overlay) {
      problems.push({
        at: [...at, 'profiles'],
        expected: 'a profile without profiles of its own',
        got: 'profiles',
        hint: null,
      });
    }
  }
  return { declared, problems };
}

function chooseProfile({ profile, fallbackProfile }: ProfileChoice, declared: Declared): string | null {
  if (profile === null || profile === NO_PROFILE) return null;
  if (profile !== undefined) return profile;
  return typeof fallbackProfile === 'string' && declared.has(fallbackProfile) ? fallbackProfile : null;
}

function unknownProfile(name: string, known: readonly string[]): PlacedProblem {
  const expected = known.length === 0 ? 'no profile, because the plan declares none' : `one of ${known.join(', ')}`;
  return { at: ['profiles'], expected, got: `the profile ${quote(name)}`, hint: didYouMean(name, known) };
}
