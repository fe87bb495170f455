/** Kubernetes' decimal and binary suffixes of quantities, as factors. */
const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const quantity = /^(?<number>[+-]?(?:\d+\.?\d*|\.\d+))(?:(?<exponent>[eE][+-]?\d+)|(?<suffix>[numkMGTPE]|[KMGTPE]i))?$/;

/** Reads a Kubernetes quantity as a number: `50`, `"0.01"`, `10m`, `1e3`; undefined for anything else. */
export function parseQuantity(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const { number, exponent = '', suffix = '' } = quantity.exec(value.trim())?.groups ?? {};
  if (number === undefined) return undefined;
  const factor = factors[suffix] ?? 1;
  const base = Number(`${number}${exponent}`);
  // Dividing keeps `10m` at 0.01, where multiplying by 1e-3 would leave a rounding error.
  const scaled = factor < 1 ? base / Math.round(1 / factor) : base * factor;
  return Number.isFinite(scaled) ? scaled : undefined;
}
