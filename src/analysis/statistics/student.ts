// Student's t distribution with what it stands on, and the tests of two means, with one variance and with two. Pure
// arithmetic, in doubles; relative errors about 1e-13.

/** ln Γ(x) for x > 0 (Lanczos, SIAM Journal on Numerical Analysis B 1, 1964; g = 7, nine terms). */
export function logGamma(x: number): number {
  if (!(x > 0)) throw new RangeError(`no ln Γ at ${x}`);
  // Γ(x)·Γ(1 − x) = π / sin πx: the series is good from 0.5 on.
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  const series = LANCZOS.reduce((sum, term, k) => sum + (k === 0 ? term : term / (shifted + k)), 0);
  const base = shifted + LANCZOS_G + 0.5;
  return Math.log(Math.sqrt(2 * Math.PI) * series) + (shifted + 0.5) * Math.log(base) - base;
}

/** The share of the beta distribution of a and b (both > 0) below x, 0 <= x <= 1: the regularized incomplete beta function. */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (!(x >= 0 && x <= 1)) throw new RangeError(`no beta distribution at ${x}`);
  if (x === 0 || x === 1) return x;
  // The fraction converges fast below the mean; above it the other tail does.
  if (x > (a + 1) / (a + b + 2)) return 1 - regularizedBeta(1 - x, b, a);
  const logFront = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x);
  return (Math.exp(logFront) * betaFraction(x, a, b)) / a;
}

/** 1/(1 + d1/(1 + d2/(1 + …))) (DLMF 8.17.22), by Lentz' method. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let above = 1;
  let below = 1 / away(1 - ((a + b) * x) / (a + 1));
  let result = below;
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let factor = 1;
    for (const term of [even, odd]) {
      below = 1 / away(1 + term * below);
      above = away(1 + term / above);
      factor = below * above;
      result *= factor;
    }
    if (Math.abs(factor - 1) < 1e-15) break;
  }
  return result;
}

/** The share of Student's distribution above t. `degrees` of freedom are above 0, and need not be whole. */
export function studentUpperTail(t: number, degrees: number): number {
  const tail = regularizedBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
  return t < 0 ? 1 - tail : tail;
}

/** The value below which so much of Student's distribution lies, for 0 < probability < 1. */
export function studentQuantile(probability: number, degrees: number): number {
  if (!(probability > 0 && probability < 1)) throw new RangeError(`no quantile at ${probability}`);
  if (probability < 0.5) return -studentQuantile(1 - probability, degrees);
  const tail = 1 - probability;
  let high = 1;
  while (studentUpperTail(high, degrees) > tail) high *= 2;
  let low = high === 1 ? 0 : high / 2;
  // Halving is slow and cannot go wrong; 60 times is all the digits there are.
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (studentUpperTail(middle, degrees) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

export interface MeansTest {
  /** Above 0 where the mean of the first is the larger one. */
  readonly t: number;
  readonly degrees: number;
  /** Two-sided. */
  readonly pValue: number;
}

/** Whether two means differ whose variances are the same ("Student", Biometrika 6, 1908). Null as in `welchTest`. */
export function studentTest(first: readonly number[], second: readonly number[]): MeansTest | null {
  if (first.length < 2 || second.length < 2) return null;
  const degrees = first.length + second.length - 2;
  const pooled = ((first.length - 1) * variance(first) + (second.length - 1) * variance(second)) / degrees;
  return meansTest(mean(first) - mean(second), pooled / first.length + pooled / second.length, degrees);
}

/**
 * Whether two means differ, whatever their variances (Welch, Biometrika 34, 1947). Null where one side has fewer than two
 * values. Two sides without any variance differ for certain, or not at all.
 */
export function welchTest(first: readonly number[], second: readonly number[]): MeansTest | null {
  if (first.length < 2 || second.length < 2) return null;
  const a = variance(first) / first.length;
  const b = variance(second) / second.length;
  const degrees = (a + b) ** 2 / (a ** 2 / (first.length - 1) + b ** 2 / (second.length - 1));
  return meansTest(mean(first) - mean(second), a + b, a + b === 0 ? first.length + second.length - 2 : degrees);
}

function meansTest(difference: number, squaredError: number, degrees: number): MeansTest {
  if (difference === 0) return { t: 0, degrees, pValue: 1 };
  if (squaredError === 0) return { t: Math.sign(difference) * Number.POSITIVE_INFINITY, degrees, pValue: 0 };
  const t = difference / Math.sqrt(squaredError);
  return { t, degrees, pValue: 2 * studentUpperTail(Math.abs(t), degrees) };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of the population that the values are a sample of: divided by n − 1. At least two values. */
export function variance(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}

const LANCZOS_G = 7;
/** Godfrey's coefficients for g = 7. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;
