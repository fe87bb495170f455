import { formatObjective } from '../../core/describe-assessment.ts';
import type { IntervalJudgement } from '../../core/judge-interval.ts';
import type { Plan } from '../../core/plan.ts';

const words = {
  hold: 'goes on',
  shift: 'goes on',
  openGate: 'waits for a person',
  promote: 'promotes',
  rollBack: 'rolls back',
  stop: 'stops',
} as const satisfies Readonly<Record<Plan['kind'], string>>;

/** What a plan does, and why: `rolls back: failed: error-rate …`. */
export function planWords(plan: Plan): string {
  return `${words[plan.kind]}: ${plan.reason}`;
}

/** Each objective with its verdict and its reason, then what they say together. */
export function verdictLines({ assessment }: IntervalJudgement): readonly string[] {
  const { objectives, overall } = assessment;
  return [
    ...objectives.map(({ objective, candidate, reason }) => `${formatObjective(objective)}: ${candidate}, ${reason}`),
    ...(overall === undefined ? [] : [`together: ${overall.verdict}`]),
  ];
}
