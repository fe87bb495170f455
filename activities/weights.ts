import { judgeAll } from '../core/planner/judge-all.ts';
import type { ComputeWeightsInput, ComputeWeightsResult } from '../contract/observation.ts';

/**
 * Adds the interval to what is known, judges the versions and weighs the candidates.
 *
 * Pure, a matter of microseconds; an activity, so that its result is recorded, and no later change of the statistics or
 * of the JavaScript engine can break a replay.
 */
export function computeWeights(input: ComputeWeightsInput): Promise<ComputeWeightsResult> {
  return Promise.resolve(judgeAll(input));
}
