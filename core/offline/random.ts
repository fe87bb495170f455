import { logGamma } from '../stats/special-functions.ts';

/** A source of numbers in [0, 1). */
export type Random = () => number;

/** Numbers that a seed determines: sfc32 (C. Doty-Humphrey's PractRand), seeded through splitmix32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  let [a, b, c, counter] = [next(), next(), next(), 1];
  const random = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let step = 0; step < 12; step += 1) random();
  return random;
}

/** A standard normal value, by Marsaglia's polar method. */
export function normal(random: Random): number {
  for (;;) {
    const [u, v] = [2 * random() - 1, 2 * random() - 1];
    const square = u * u + v * v;
    if (square > 0 && square < 1) return u * Math.sqrt((-2 * Math.log(square)) / square);
  }
}

/** Below this mean, counting up is cheaper than rejection. */
const countUpTo = 10;

/** Draws how many of n independent trials of probability p succeed. */
export function binomial(random: Random, n: number, p: number): number {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(random, n, 1 - p);
  return n * p < countUpTo ? binomialByWaiting(random, n, p) : binomialByRejection(random, n, p);
}

/** Adds up the waiting times between successes (Devroye 1986, X.4). */
function binomialByWaiting(random: Random, n: number, p: number): number {
  const logFailure = Math.log1p(-p);
  let successes = 0;
  let trials = Math.floor(Math.log(1 - random()) / logFailure) + 1;
  while (trials <= n) {
    successes += 1;
    trials += Math.floor(Math.log(1 - random()) / logFailure) + 1;
  }
  return successes;
}

/** Transformed rejection with squeeze (BTRS; Hörmann 1993). */
function binomialByRejection(random: Random, n: number, p: number): number {
  const spread = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const center = n * p + 0.5;
  const squeeze = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * spread;
  const mode = Math.floor((n + 1) * p);
  const odds = Math.log(p / (1 - p));
  for (;;) {
    const u = random() - 0.5;
    let v = random();
    const distance = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / distance + b) * u + center);
    if (k < 0 || k > n) continue;
    if (distance >= 0.07 && v <= squeeze) return k;
    v = Math.log((v * alpha) / (a / (distance * distance) + b));
    const bound =
      logFactorial(mode) + logFactorial(n - mode) - logFactorial(k) - logFactorial(n - k) + (k - mode) * odds;
    if (v <= bound) return k;
  }
}

/** A Poisson count, by multiplication where the mean is small, else by transformed rejection (PTRS; Hörmann 1993). */
export function poisson(random: Random, mean: number): number {
  if (mean < countUpTo) return poissonByProducts(random, mean);
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const alpha = 1.1239 + 1.1328 / (b - 3.4);
  const squeeze = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = random() - 0.5;
    const v = random();
    const distance = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / distance + b) * u + mean + 0.43);
    if (distance >= 0.07 && v <= squeeze) return k;
    if (k < 0 || (distance < 0.013 && v > distance)) continue;
    const bound = k * Math.log(mean) - mean - logFactorial(k);
    if (Math.log((v * alpha) / (a / (distance * distance) + b)) <= bound) return k;
  }
}

function poissonByProducts(random: Random, mean: number): number {
  const limit = Math.exp(-mean);
  let [count, product] = [0, random()];
  while (product > limit) {
    count += 1;
    product *= random();
  }
  return count;
}

/** A Gamma(shape, 1) value (Marsaglia and Tsang 2000). */
function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** A Beta(a, b) value: a share, a / (a + b) in the mean. */
export function beta(random: Random, a: number, b: number): number {
  const [one, other] = [gamma(random, a), gamma(random, b)];
  return one / (one + other);
}

/** A share around `mean` that varies from interval to interval with the intraclass correlation `correlation`. */
export function burstyShare(random: Random, mean: number, correlation: number): number {
  if (correlation <= 0 || mean <= 0 || mean >= 1) return mean;
  const concentration = (1 - correlation) / correlation;
  return beta(random, mean * concentration, (1 - mean) * concentration);
}

const smallFactorials = Array.from({ length: 128 }, (_, n) => logGamma(n + 1));

/** Stirling's series is exact enough beyond the table. */
function logFactorial(n: number): number {
  const known = smallFactorials[n];
  if (known !== undefined) return known;
  const x = n + 1;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * x) - 1 / (360 * x ** 3);
}
