import { judgeInterval } from '../core/judge-interval.ts';
import type { ComputeWeightsInput, ComputeWeightsResult } from '../workflows/contract.ts';

/**
 * Adds the interval to what is known, judges both versions and weighs the candidate.
 *
 * Pure, a matter of microseconds, and so a local activity: its result is recorded, and no later change of the
 * statistics or of the JavaScript engine can break a replay.
 */
export function computeWeights(input: ComputeWeightsInput): Promise<ComputeWeightsResult> {
  return Promise.resolve(judgeInterval(input));
}
