const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const named = new Map([
  ['+Inf', Infinity],
  ['-Inf', -Infinity],
  ['Inf', Infinity],
  ['NaN', Number.NaN],
]);

/** Reads a float as Prometheus writes it, `NaN` and `+Inf` among them; undefined for every other text, the empty one too. */
export function readFloat(text: string): number | undefined {
  return decimal.test(text) ? Number(text) : named.get(text);
}
