import type { Experiment } from '../experiment/experiment.ts';
import type { Counts } from '../measurements/measurement.ts';
import { countErrors } from '../measurements/metric-value.ts';
import { shareInterval } from '../stats/bernoulli.ts';

/** The chance that the error rate is above the bound by which the next interval is planned. */
const planningError = 0.2;

/** What the candidate has served, and the traffic of the next interval. */
export interface RiskBudgetInput {
  readonly experiment: Experiment;
  /** What the candidate has answered so far. */
  readonly candidate: Counts;
  /** Requests of both versions together in one interval, at most. */
  readonly requestsPerInterval: number;
}

/**
 * The weight, 1..100 percent, at which the next interval's expected bad requests beyond the error limit stay within what is left of
 * the budget, if the error rate is as bad as it may still be. Undefined without a budget, or without an error limit.
 *
 * The first interval exposes about as many requests as the budget has, later ones a multiple for each clean one: a ramp that
 * follows from evidence. Below 1 % nothing can be written, so a budget may be too small for the traffic.
 */
export function riskBudgetWeight({ experiment, candidate, requestsPerInterval }: RiskBudgetInput): number | undefined {
  const { riskBudget } = experiment.analysis;
  const limit = experiment.objectives.find(({ metric }) => metric === 'error-rate')?.upperLimit;
  if (riskBudget === undefined || limit === undefined || requestsPerInterval <= 0) return undefined;
  const bad = countErrors(candidate, experiment.errorClass);
  const left = Math.max(0, riskBudget - Math.max(0, bad - limit * candidate.requests));
  const trials = { requests: candidate.requests, bad };
  const { upper } = shareInterval(trials, { falsePass: planningError, falseFail: planningError });
  if (upper <= limit) return 100;
  const exposed = left / (upper - limit);
  return Math.max(1, Math.min(100, Math.floor((100 * exposed) / requestsPerInterval)));
}
