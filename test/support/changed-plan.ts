import type { CandidatePlan } from '../../core/planner/plan-candidate.ts';

/** Stands in for core/planner/plan-candidate.ts where a test needs a workflow that decides otherwise than the one that was recorded. */
export function planCandidate(): CandidatePlan {
  return { kind: 'promote', reason: 'whatever was measured' };
}
