import { currentWeights } from './candidate-state.ts';
import type { ExperimentState } from './experiment-state.ts';
import { buildPlanInput } from './fold-observation.ts';
import type { Observed } from './fold-observation.ts';
import { onlyTakingAway } from './guard.ts';
import { planNextStep } from './plan-all.ts';
import type { Plan } from './plan-all.ts';

/** Plans the next step, given the state after the observation. */
export function planObserved(state: ExperimentState, observed: Observed): Plan {
  const plan = planNextStep(buildPlanInput(state, observed));
  return observed.isEarly === true ? onlyTakingAway(plan, currentWeights(state.candidateStates)) : plan;
}
