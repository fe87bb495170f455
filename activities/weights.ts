import { assess } from '../core/assess.ts';
import { addCounts, formatBoundaries, haveSameBoundaries } from '../core/counters.ts';
import type { Measurement } from '../core/measurement.ts';
import { nextWeight } from '../core/weights.ts';
import type { ComputeWeightsInput, ComputeWeightsResult, Totals } from '../workflows/contract.ts';

/**
 * Adds the interval to the totals, judges both versions and weighs the candidate.
 *
 * Pure, a matter of microseconds, and so a local activity: its result is recorded, and no later change of the
 * statistics or of the JavaScript engine can break a replay. An interval whose histogram has other boundaries than the
 * totals adds nothing and is answered as not measured.
 */
export function computeWeights(input: ComputeWeightsInput): Promise<ComputeWeightsResult> {
  const { experiment, weight } = input;
  const measurement = comparable(input.measurement, input.totals);
  const totals = addMeasurement(input.totals, measurement);
  const assessment = assess({ experiment, totals, measurement });
  const next = nextWeight({ experiment, assessment, measurement, weight });
  const suspect = assessment.objectives.some((objective) => objective.suspect);
  return Promise.resolve({ totals, assessment, weight: next.weight, reason: next.reason, suspect });
}

function comparable(measurement: Measurement, totals: Totals): Measurement {
  if (measurement.kind !== 'measured') return measurement;
  const changed = (['baseline', 'candidate'] as const).find(
    (role) => !haveSameBoundaries(totals[role], measurement[role]),
  );
  if (changed === undefined) return measurement;
  const before = formatBoundaries(totals[changed].buckets);
  const now = formatBoundaries(measurement[changed].buckets);
  const reason = `the ${changed}'s latency buckets changed during the run, from [${before}] to [${now}] ms`;
  return { kind: 'error', reason: `${reason}; start the experiment again` };
}

function addMeasurement(totals: Totals, measurement: Measurement): Totals {
  if (measurement.kind !== 'measured') return totals;
  return {
    baseline: addCounts(totals.baseline, measurement.baseline),
    candidate: addCounts(totals.candidate, measurement.candidate),
  };
}
