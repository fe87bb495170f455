import type { Range } from './conversion.ts';

/** What a condition demands: limits, of which some are not good themselves, as in `result[0] > 5`. */
export interface Demand {
  readonly range: Range;
  /** The limits that are not good themselves, where serin's are. */
  readonly excluded: readonly number[];
}

/** `result[0] >= 0.95`, also as `result` or `asFloat(result[0])`. */
const comparison = /^(?:asFloat\()?\s*result(?:\[0\])?\s*\)?\s*(<=|<|>=|>)\s*(-?\d+(?:\.\d+)?)$/;

type Operator = '<=' | '<' | '>=' | '>';

const opposites = { '<=': '>', '<': '>=', '>=': '<', '>': '<=' } as const satisfies Record<Operator, Operator>;

/** What an expression of an AnalysisTemplate demands; undefined for one that says more than limits of its one result. */
export function readSuccess(condition: string): Demand | undefined {
  return joined(condition.split('&&').map((part) => readComparison(part)));
}

/** What a condition of failure leaves over. */
export function readFailure(condition: string): Demand | undefined {
  return joined(condition.split('||').map((part) => readComparison(part, true)));
}

function readComparison(text: string, isFailure = false): Demand | undefined {
  const [, operator, number] =
    comparison.exec(
      text
        .trim()
        .replace(/^\((.*)\)$/, '$1')
        .trim(),
    ) ?? [];
  if (operator === undefined) return undefined;
  // The expression has these four alternatives.
  const demanded = isFailure ? opposites[operator as Operator] : (operator as Operator);
  const limit = Number(number);
  return {
    range: demanded.startsWith('<') ? { max: limit } : { min: limit },
    excluded: demanded.length === 1 ? [limit] : [],
  };
}

/** All demands together; undefined where one is not known. */
function joined(demands: readonly (Demand | undefined)[]): Demand | undefined {
  if (!demands.every((demand) => demand !== undefined)) return undefined;
  const mins = demands.flatMap(({ range }) => range.min ?? []);
  const maxes = demands.flatMap(({ range }) => range.max ?? []);
  const range = {
    ...(mins.length === 0 ? {} : { min: Math.max(...mins) }),
    ...(maxes.length === 0 ? {} : { max: Math.min(...maxes) }),
  };
  const excluded = demands.flatMap((demand) => demand.excluded);
  return { range, excluded: excluded.filter((limit) => limit === range.min || limit === range.max) };
}
