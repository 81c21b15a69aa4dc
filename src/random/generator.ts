// Randomness that a seed decides, so that a run can be repeated: sfc32 (Chris Doty-Humphrey's small fast counting
// generator, PractRand), seeded through splitmix32's finaliser, and a stateless hash for choices that every shard must
// make alike without walking one shared sequence.

/** Uniform in [0, 1), 32 bits fine. */
export type Random = () => number;

export type NextUint32 = () => number;

const TWO_POW_32 = 2 ** 32;

/** A generator of its own for each pair of a seed (a whole number below 2^53) and a stream. */
export function createUint32Generator(seed: number, stream = 0): NextUint32 {
  let mixer = mix32(lowWord(seed) ^ mix32(highWord(seed) ^ mix32(stream + 0x9e3779b9)));
  const nextSeed = (): number => {
    mixer = (mixer + 0x9e3779b9) | 0;
    return mix32(mixer);
  };
  let a = nextSeed();
  let b = nextSeed();
  let c = nextSeed();
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  // The reference implementation discards the first outputs, in which related seeds still show.
  for (let i = 0; i < 15; i++) next();
  return next;
}

export function createRandom(seed: number, stream = 0): Random {
  const next = createUint32Generator(seed, stream);
  return () => next() / TWO_POW_32;
}

/** Uniform in [0, 1), the same for the same seed and index wherever it is asked: which type message `index` has. */
export function hash01(seed: number, index: number): number {
  const seeded = mix32(mix32(lowWord(seed) + 0x9e3779b9) ^ highWord(seed));
  const high = mix32(seeded ^ (highWord(index) + 0x85ebca6b));
  return (mix32(high ^ lowWord(index)) >>> 0) / TWO_POW_32;
}

/** splitmix32's finaliser with the constants of Chris Wellons' hash prospector (lowbias32): every bit moves half of them. */
function mix32(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return x ^ (x >>> 15);
}

function lowWord(value: number): number {
  return value >>> 0;
}

function highWord(value: number): number {
  return Math.floor(value / TWO_POW_32) >>> 0;
}
