import type { Judgements } from './judge-all.ts';
import type { Plan } from './plan-all.ts';

/** Whether a version fails, so that it is not left to the next iteration. */
export function isFailing(judgements: Judgements): boolean {
  return judgements.some((judgement) => judgement?.assessment.overall?.verdict === 'fail');
}

/**
 * The plan of an interval that the guard has cut short: it takes traffic from candidates or ends the run without promoting, and does nothing
 * else before the interval is whole.
 *
 * @param present the candidates' weights, percent.
 */
export function onlyTakingAway(plan: Plan, present: readonly number[]): Plan {
  switch (plan.kind) {
    case 'rollBack':
    case 'stop':
    case 'hold':
      return plan;
    case 'shift': {
      const weights = plan.weights.map((weight, index) => Math.min(weight, present[index] ?? 0));
      const isSame = weights.every((weight, index) => weight === present[index]);
      if (!isSame || plan.eliminated.length > 0) return { ...plan, weights };
      return { kind: 'hold', reason: plan.reason };
    }
    case 'openGate':
    case 'promote':
    case 'conclude':
      return { kind: 'hold', reason: plan.reason };
  }
}
