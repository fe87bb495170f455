/** Lanczos' coefficients for g = 7 (Godfrey's computation, as in Numerical Recipes). */
const lanczos: readonly [number, ...number[]] = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
const lanczosG = 7;

/** `ln Γ(z)` for z > 0, to about 1e-10 relative. */
export function logGamma(z: number): number {
  if (z < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * z)) - logGamma(1 - z);
  const x = z - 1;
  const [first, ...rest] = lanczos;
  const series = rest.reduce((sum, coefficient, index) => sum + coefficient / (x + index + 1), first);
  const t = x + lanczosG + 0.5;
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(series);
}

/** `ln B(a, b)`. */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** `ln` of the number of ways to choose k of n. */
export function logChoose(n: number, k: number): number {
  return k === 0 || k === n ? 0 : logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}

/** The regularized incomplete beta function I_x(a, b): P(p <= x) for p from Beta(a, b). */
export function regularizedBeta(x: number, { a, b }: BetaShape): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - regularizedBeta(1 - x, { a: b, b: a });
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / a;
  return front * betaFraction(x, { a, b });
}

/** The parameters of a Beta distribution. */
export interface BetaShape {
  readonly a: number;
  readonly b: number;
}

/** E[(p − limit)+] for p from Beta(a, b): by how much the limit is exceeded on average. */
export function expectedExcess(limit: number, { a, b }: BetaShape): number {
  const above = 1 - regularizedBeta(limit, { a: a + 1, b });
  return (a / (a + b)) * above - limit * (1 - regularizedBeta(limit, { a, b }));
}

const mostTerms = 500;
const precision = 1e-15;
const tiny = 1e-300;

/** The continued fraction of the incomplete beta function, by Lentz' method as modified by Thompson and Barnett. */
function betaFraction(x: number, { a, b }: BetaShape): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= mostTerms; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const change = d * c;
    fraction *= change;
    if (Math.abs(change - 1) < precision) break;
  }
  return fraction;
}

/** Keeps a denominator away from 0, as the method requires. */
function away(value: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}
