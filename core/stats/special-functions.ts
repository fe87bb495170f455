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

/** `ln` of the number of ways to choose k of n. */
export function logChoose(n: number, k: number): number {
  return k === 0 || k === n ? 0 : logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}
