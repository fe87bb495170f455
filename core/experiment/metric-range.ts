import type { Objective } from './experiment.ts';
import { metricFacts } from './metric.ts';
import type { MetricDefinitions, MetricKind } from './metric.ts';

/** The values that a metric can have. */
interface Range {
  readonly from: number;
  /** Whether the metric can have the least value itself: no request takes no time. */
  readonly hasFrom: boolean;
  readonly to: number;
  readonly words: string;
}

/** A limit that says nothing of a version, since every value of its metric keeps it, or none does. */
export interface LimitDoubt {
  readonly kind: 'neverReached' | 'neverKept';
  readonly field: 'upperLimit' | 'lowerLimit';
  readonly limit: number;
  /** `which can never be kept: mean-latency is above 0 milliseconds`. */
  readonly why: string;
}

/** Finds the limits of an objective that no value can reach, or that none can keep. */
export function findLimitDoubts(objective: Objective, definitions?: MetricDefinitions): readonly LimitDoubt[] {
  const { metric, upperLimit, lowerLimit } = objective;
  const range = rangeFor(metricFacts(metric, definitions).kind);
  if (range === undefined) return [];
  const hasBoth = upperLimit !== undefined && lowerLimit !== undefined;
  const doubt = (kind: LimitDoubt['kind'], field: LimitDoubt['field'], limit: number): readonly LimitDoubt[] => {
    const words = kind === 'neverKept' ? 'kept' : 'reached';
    return [
      { kind, field, limit, why: `which can never be ${words}: ${metric} is ${range.words}${shareHint(range, limit)}` },
    ];
  };
  const ofUpper = (limit: number): readonly LimitDoubt[] => {
    if (limit < range.from || (limit === range.from && !range.hasFrom)) return doubt('neverKept', 'upperLimit', limit);
    // Beside another limit, the end of the range is a way to write the range.
    return limit > range.to || (limit === range.to && !hasBoth) ? doubt('neverReached', 'upperLimit', limit) : [];
  };
  const ofLower = (limit: number): readonly LimitDoubt[] => {
    if (limit > range.to) return doubt('neverKept', 'lowerLimit', limit);
    return limit < range.from || (limit === range.from && !hasBoth) ? doubt('neverReached', 'lowerLimit', limit) : [];
  };
  return [
    ...(upperLimit === undefined ? [] : ofUpper(upperLimit)),
    ...(lowerLimit === undefined ? [] : ofLower(lowerLimit)),
  ];
}

/** The range of a built-in metric; a metric of a user may have any value. */
function rangeFor({ kind }: MetricKind): Range | undefined {
  switch (kind) {
    case 'count':
      return { from: 0, hasFrom: true, to: Infinity, words: '0 or more' };
    case 'error-share':
      return { from: 0, hasFrom: true, to: 1, words: 'a share from 0 to 1' };
    case 'mean-latency':
    case 'tail-latency':
      return { from: 0, hasFrom: false, to: Infinity, words: 'above 0 milliseconds' };
    case 'counter':
    case 'gauge':
      return undefined;
  }
}

/** What a percent would be as a share. */
function shareHint({ to }: Range, limit: number): string {
  return to === 1 && limit > 1 && limit <= 100 ? `; ${limit} % is ${Number((limit / 100).toPrecision(9))}` : '';
}
