import type { Experiment, Objective } from '../experiment/experiment.ts';
import { metricFacts } from '../experiment/metric.ts';
import type { Counts, Totals } from '../measurements/measurement.ts';
import { countErrors, metricValue } from '../measurements/metric-value.ts';
import type { Trials } from '../stats/bernoulli.ts';
import { sharedBoundaries, slowRequests } from '../stats/exceedance.ts';
import { besideIncrements } from '../stats/relative.ts';
import type { PairedTrials } from '../stats/relative.ts';
import { addInterval, freshProcess } from '../stats/restarts.ts';
import type { RestartingProcess } from '../stats/restarts.ts';
import { addDifference, noDifferences } from '../stats/sequential-t.ts';
import type { Differences } from '../stats/sequential-t.ts';

interface Judged {
  readonly objective: Objective;
  readonly errorClass: Experiment['errorClass'];
}

/** Multiples of a limit on the mean: all requests may be a little slower, or a few hang. */
const slownesses = [1, 2, 5, 20] as const;

/**
 * Tests whether the candidate is worse than the baseline: by its bad requests, or where a mean is limited by its slow ones. An interval
 * without requests of one of them says nothing.
 *
 * Means have no exact test, shares of requests beyond a boundary have. The evidence is the mean over several boundaries, and so
 * bounded for a candidate of which at none of them a larger share is slow than of the baseline.
 */
export function besideAfter(
  known: RestartingProcess = freshProcess,
  interval: Totals,
  judged: Judged,
): RestartingProcess {
  return addInterval(known, pairedTrials(interval, judged).flatMap(besideIncrements));
}

function pairedTrials({ candidate, baseline }: Totals, { objective, errorClass }: Judged): readonly PairedTrials[] {
  const { metric, upperLimit = Infinity } = objective;
  const { kind } = metricFacts(metric).kind;
  if (kind !== 'mean-latency' && kind !== 'tail-latency') {
    const failed = (counts: Counts): Trials => ({ requests: counts.requests, bad: countErrors(counts, errorClass) });
    return [{ candidate: failed(candidate), baseline: failed(baseline) }];
  }
  const shared = sharedBoundaries(candidate, baseline);
  const slow = (boundaryMs: number | undefined): PairedTrials => ({
    candidate: slowRequests(candidate, boundaryMs),
    baseline: slowRequests(baseline, boundaryMs),
  });
  const above = (multiple: number): PairedTrials => slow(shared.find((le) => le >= multiple * upperLimit));
  if (kind === 'tail-latency') return [above(1)];
  return [slow(shared.findLast((le) => le <= upperLimit)), ...slownesses.map(above)];
}

/**
 * Adds by how much the candidate's value was worse than the baseline's in the interval; nothing where one of them had none, or where
 * the limit is itself a ratio to the baseline.
 */
export function gapAfter(
  known: Differences | undefined,
  { candidate, baseline }: Totals,
  { objective, errorClass }: Judged,
): Differences | undefined {
  const { metric, upperLimit, maxRatioToBaseline } = objective;
  if (maxRatioToBaseline !== undefined) return undefined;
  const [own, other] = [candidate, baseline].map((counts) => metricValue(metric, counts, errorClass));
  if (own === undefined || other === undefined) return known;
  return addDifference(known ?? noDifferences, upperLimit === undefined ? other - own : own - other);
}
