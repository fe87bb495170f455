/** The value below which the share `q` (0..1) of the ascending values lies; NaN without values. */
export function quantile(ascending: readonly number[], q: number): number {
  const index = Math.min(ascending.length - 1, Math.ceil(q * ascending.length) - 1);
  return ascending[Math.max(0, index)] ?? Number.NaN;
}
