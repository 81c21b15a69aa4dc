// Tails and quantiles of the binomial distribution, exact to about 13 digits for any n up to 1e10 and beyond.
// No incomplete beta function: one accurate probability, then the recurrence between neighbors, which costs a few
// thousand steps (7 standard deviations) and has no cancellation anywhere.
// Source of the probability: C. Loader, Fast and Accurate Computation of Binomial Probabilities (2000); R's dbinom.

export interface Binomial {
  /** Trials. */
  readonly n: number;
  /** Probability of a success, above 0 and below 1. */
  readonly p: number;
  /** 1 - p, given apart because the subtraction loses digits when p is near 1. */
  readonly q: number;
}

/** The least k with P(B <= k) >= probability; probability above 0 and below 1. */
export function binomialQuantile(b: Binomial, probability: number): number {
  const { n, p, q } = b;
  const guess = Math.round(n * p + Math.sqrt(n * p * q) * normalQuantile(probability));
  let k = Math.min(n, Math.max(0, guess));
  let at = probabilityOf(b, k);
  if (probability <= 0.5) {
    let below = lowerTail(b, k);
    while (below < probability && k < n) {
      at *= ((n - k) * p) / ((k + 1) * q);
      k += 1;
      below += at;
    }
    while (k > 0 && below - at >= probability) {
      below -= at;
      at *= (k * q) / ((n - k + 1) * p);
      k -= 1;
    }
    return k;
  }
  // The same from above, where P(B > k) is small and keeps its digits: the least k with P(B > k) <= 1 - probability.
  const allowed = 1 - probability;
  let above = upperTail(b, k + 1);
  while (above > allowed && k < n) {
    at *= ((n - k) * p) / ((k + 1) * q);
    k += 1;
    above -= at;
  }
  while (k > 0 && above + at <= allowed) {
    above += at;
    at *= (k * q) / ((n - k + 1) * p);
    k -= 1;
  }
  return k;
}

/** P(B <= k). */
export function lowerTail(b: Binomial, k: number): number {
  if (k < 0) return 0;
  if (k >= b.n) return 1;
  if (k > b.n * b.p) return 1 - upperTail(b, k + 1);
  let term = probabilityOf(b, k);
  let sum = term;
  for (let i = k; i > 0 && term > sum * NEGLIGIBLE; i -= 1) {
    term *= (i * b.q) / ((b.n - i + 1) * b.p);
    sum += term;
  }
  return sum;
}

/** P(B >= k): the lower tail of the failures. */
export function upperTail(b: Binomial, k: number): number {
  if (k <= 0) return 1;
  if (k > b.n) return 0;
  if (k < b.n * b.p) return 1 - lowerTail(b, k - 1);
  return lowerTail({ n: b.n, p: b.q, q: b.p }, b.n - k);
}

const NEGLIGIBLE = 1e-18;

/** P(B = k), by the saddle point: no factorial is ever formed, so nothing overflows or cancels. */
function probabilityOf({ n, p, q }: Binomial, k: number): number {
  if (k === 0) return Math.exp(n * Math.log1p(-p));
  if (k === n) return Math.exp(n * Math.log1p(-q));
  const exponent =
    stirlingError(n) - stirlingError(k) - stirlingError(n - k) - deviance(k, n * p) - deviance(n - k, n * q);
  return Math.exp(exponent) * Math.sqrt(n / (2 * Math.PI * k * (n - k)));
}

/** x log(x / m) + m - x, without cancellation near x = m. */
function deviance(x: number, m: number): number {
  if (Math.abs(x - m) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x;
  const v = (x - m) / (x + m);
  let sum = (x - m) * v;
  let power = 2 * x * v;
  for (let j = 1; ; j += 1) {
    power *= v * v;
    const next = sum + power / (2 * j + 1);
    if (next === sum) return sum;
    sum = next;
  }
}

/** log n! minus Stirling's formula: from the factorial where it is exact, from the series above. */
function stirlingError(n: number): number {
  if (n <= 15) {
    let factorial = 1;
    for (let i = 2; i <= n; i += 1) factorial *= i;
    return n === 0 ? 0 : Math.log(factorial) - (n + 0.5) * Math.log(n) + n - 0.5 * Math.log(2 * Math.PI);
  }
  const square = n * n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / n;
}

/** To 4.5e-4: only where to start looking. Source: Abramowitz and Stegun 26.2.23. */
function normalQuantile(probability: number): number {
  const isLower = probability < 0.5;
  const t = Math.sqrt(-2 * Math.log(isLower ? probability : 1 - probability));
  const z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  return isLower ? -z : z;
}
