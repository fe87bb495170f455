/** `ln Σ exp(x)` without overflow; −∞ for no terms, and for terms that are all −∞. */
export function logSumExp(terms: readonly number[]): number {
  const largest = Math.max(...terms);
  if (!Number.isFinite(largest)) return largest;
  return largest + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - largest), 0));
}

/** `ln(exp(a) + exp(b))`. */
export function logAddExp(a: number, b: number): number {
  const [larger, smaller] = a > b ? [a, b] : [b, a];
  return smaller === -Infinity ? larger : larger + Math.log1p(Math.exp(smaller - larger));
}

/** `ln` of the mean of e-values that are given as logs: itself an e-value, whatever their dependence. */
export function logMeanExp(terms: readonly number[]): number {
  return logSumExp(terms) - Math.log(terms.length);
}
