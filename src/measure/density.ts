// How far from their places messages arrive (RFC 5236): each arrival gets the lowest place that is still free, places of
// lost messages left out, and its displacement is that place minus its number: late ones above 0, early ones below.
//
//   arrivals        1  4  2  5  3  6
//   places          1  2  3  4  5  6
//   displacements   0 −2  1 −1  2  0
//
// A place whose message stays away is waited for until `threshold` arrivals wait with it; then it counts as lost. What
// waits is what a receiver would have to hold to restore the order (§5, buffer occupancy). State exists only for streams
// that are out of order at the moment.

/** Arrivals that wait for a missing one before it counts as lost (RFC 5236 §4, DT and BT). */
export const DENSITY_THRESHOLD = 64;

export interface DensityFacts {
  /** Arrivals by displacement −threshold … threshold; those in their places are not counted. */
  readonly displaced: Uint32Array;
  /** The most that waited at once in any stream. */
  mostHeld: number;
}

/** An array of numbers is one; `client-displacement.ts` has one for many clients. */
export interface Waiting {
  readonly length: number;
  push(sequence: number): unknown;
  shift(): number | undefined;
}

export interface Displacement {
  /** The lowest place that is not taken. */
  next: number;
  /** Arrivals without a place, oldest first. */
  readonly waiting: Waiting;
  /** Numbers that have no place; null for none. */
  leftOut: ReadonlySet<number> | null;
}

export function createDensityFacts(threshold = DENSITY_THRESHOLD): DensityFacts {
  return { displaced: new Uint32Array(2 * threshold + 1), mostHeld: 0 };
}

/** `sequence` has arrived for the first time. `hasArrived` knows of it already. Later than its place counted as lost: left out. */
export function notePlace(
  facts: DensityFacts,
  places: Displacement,
  sequence: number,
  hasArrived: (sequence: number) => boolean,
): void {
  skipLeftOut(places);
  if (sequence < places.next) return;
  if (sequence === places.next && places.waiting.length === 0) {
    places.next++;
    skipLeftOut(places);
    return;
  }
  places.waiting.push(sequence);
  takePlaces(facts, places, hasArrived, (facts.displaced.length - 1) / 2);
  facts.mostHeld = Math.max(facts.mostHeld, places.waiting.length);
}

/** Passes over the numbers that have no place. */
export function skipLeftOut(places: Displacement): void {
  if (places.leftOut === null) return;
  while (places.leftOut.has(places.next)) places.next++;
}

/** The message of the next place is given up: it counts as lost, however few wait. */
export function losePlace(facts: DensityFacts, places: Displacement, hasArrived: (sequence: number) => boolean): void {
  places.next++;
  takePlaces(facts, places, hasArrived, (facts.displaced.length - 1) / 2);
}

/** Nothing further comes: whatever is missing is lost. */
export function finishDisplacement(
  facts: DensityFacts,
  places: Displacement,
  hasArrived: (sequence: number) => boolean,
): void {
  takePlaces(facts, places, hasArrived, 0);
}

/** Where more than `mostWaiting` wait for a place's message, that one is lost. */
function takePlaces(
  facts: DensityFacts,
  places: Displacement,
  hasArrived: (sequence: number) => boolean,
  mostWaiting: number,
): void {
  for (skipLeftOut(places); places.waiting.length > 0; skipLeftOut(places)) {
    if (hasArrived(places.next)) takePlace(facts, places);
    else if (places.waiting.length > mostWaiting) places.next++;
    else break;
  }
}

/** The displacements that occurred, with their counts, ascending; the facts start again from zero. */
export function cutDensity(facts: DensityFacts): {
  displaced: [displacement: number, count: number][];
  mostHeld: number;
} {
  const threshold = (facts.displaced.length - 1) / 2;
  const displaced: [number, number][] = [];
  for (const [index, count] of facts.displaced.entries()) if (count > 0) displaced.push([index - threshold, count]);
  const { mostHeld } = facts;
  facts.displaced.fill(0);
  facts.mostHeld = 0;
  return { displaced, mostHeld };
}

function takePlace(facts: DensityFacts, places: Displacement): void {
  const threshold = (facts.displaced.length - 1) / 2;
  const displacement = places.next++ - places.waiting.shift()!;
  if (displacement !== 0) facts.displaced[Math.max(-threshold, Math.min(threshold, displacement)) + threshold]!++;
}
