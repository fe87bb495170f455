import type { Range } from './conversion.ts';

/** `result[0] >= 0.95`, also as `result` or `asFloat(result[0])`. */
const comparison = /^(?:asFloat\()?\s*result(?:\[0\])?\s*\)?\s*(<=|<|>=|>)\s*(-?\d+(?:\.\d+)?)$/;

/**
 * The range of good values that an expression of an AnalysisTemplate states; undefined for one that says more than limits of its one
 * result. At a limit itself serin's range counts as good, where `<` and `>` do not.
 */
export function readSuccess(condition: string): Range | undefined {
  return joined(condition.split('&&').map(readComparison));
}

/** The range that a condition of failure leaves over. */
export function readFailure(condition: string): Range | undefined {
  return joined(condition.split('||').map((part) => invert(readComparison(part))));
}

function readComparison(text: string): Range | undefined {
  const [, operator, number] =
    comparison.exec(
      text
        .trim()
        .replace(/^\((.*)\)$/, '$1')
        .trim(),
    ) ?? [];
  if (operator === undefined) return undefined;
  return operator.startsWith('<') ? { max: Number(number) } : { min: Number(number) };
}

function invert(range: Range | undefined): Range | undefined {
  if (range === undefined) return undefined;
  return range.max === undefined ? { max: range.min } : { min: range.max };
}

/** The values that are in all ranges; undefined where one is not known. */
function joined(ranges: readonly (Range | undefined)[]): Range | undefined {
  if (!ranges.every((range) => range !== undefined)) return undefined;
  const mins = ranges.flatMap(({ min }) => min ?? []);
  const maxes = ranges.flatMap(({ max }) => max ?? []);
  return {
    ...(mins.length === 0 ? {} : { min: Math.max(...mins) }),
    ...(maxes.length === 0 ? {} : { max: Math.min(...maxes) }),
  };
}
