import { addDifference, noDifferences, sequentialT } from '../stats/sequential-t.ts';
import type { Differences } from '../stats/sequential-t.ts';

/** The evidence about a metric of which each interval has one value: its differences from what it is tested against. */
export interface GaugeEvidence {
  readonly kind: 'gauge';
  /** The differences from the boundary of a pass, and from the limit: positive is bad. */
  readonly beyondBoundary: Differences;
  readonly beyondLimit: Differences;
  readonly passed: boolean;
  /** The difference from the limit in the latest interval. */
  readonly excess: number;
  /** By how much the candidate was worse than the baseline; absent before both had a value, and for a ratio to the baseline. */
  readonly beside?: Differences;
  /** What there was before the candidate became suspect; present while it is. */
  readonly unblamed?: { readonly beyondLimit: Differences };
}

/** The evidence before the first interval. */
export const noGauge: GaugeEvidence = {
  kind: 'gauge',
  beyondBoundary: noDifferences,
  beyondLimit: noDifferences,
  passed: false,
  excess: 0,
};

/** Adds one interval; it passes once and for all when the test against the boundary suffices. */
export function addGauge(
  known: GaugeEvidence,
  interval: { readonly beyondBoundary: number; readonly beyondLimit: number },
  falsePass: number,
): GaugeEvidence {
  const beyondBoundary = addDifference(known.beyondBoundary, interval.beyondBoundary);
  const beyondLimit = addDifference(known.beyondLimit, interval.beyondLimit);
  const passed = known.passed || sequentialT(beyondBoundary).logPass >= -Math.log(falsePass);
  return { ...known, beyondBoundary, beyondLimit, passed, excess: interval.beyondLimit };
}

/** The natural logs of both e-values. */
export function logGaugeEvidence({ beyondBoundary, beyondLimit }: GaugeEvidence): {
  readonly pass: number;
  readonly fail: number;
} {
  return { pass: sequentialT(beyondBoundary).logPass, fail: sequentialT(beyondLimit).logFail };
}
