import { histogramQuantile } from '../../core/measurements/quantile.ts';
import { sampleLatencies } from '../../core/offline/latency.ts';
import type { SimulatedRun } from '../../core/offline/simulate.ts';
import { limits, observe, presentLatency } from './traffic.ts';
import type { Behaviour, ObservedInterval, SimulatedTraffic } from './traffic.ts';
import { defined } from '../../core/text/defined.ts';

/**
 * A rule that decides about a candidate: returns how one run ended. The peers' rules are modelled from their sources, not
 * run; a peer knows no "undecided".
 */
export type Rule = (traffic: SimulatedTraffic, candidate: Behaviour) => RuleEnd;

/** Only our method says whether a candidate had passed before the end. */
type RuleEnd = Omit<SimulatedRun, 'hasPassed' | 'candidates'> & Partial<Pick<SimulatedRun, 'hasPassed'>>;

const iterations = 12;

function isBeyond({ requests, errors, p95Ms = 0, sumMs = 0 }: ObservedInterval): boolean {
  return errors / requests > limits.errorRate || p95Ms > limits.p95Ms || sumMs / requests > limits.meanMs;
}

/** iter8's rule: point values since the start against limits; the last iteration decides; no data is a false objective. */
export const iter8: Rule = (traffic, candidate) => {
  const { random } = traffic;
  let [weight, requests, errors, sumMs] = [5, 0, 0, 0];
  let buckets = new Map<number | null, number>();
  let isGood = false;
  for (let interval = 1; interval <= iterations; interval += 1) {
    const observed = observe(traffic, withoutLatency(candidate), { weight, interval });
    requests += observed.requests;
    errors += observed.errors;
    let p95Ms: number | undefined;
    if (candidate.latency !== undefined) {
      const sample = sampleLatencies(random, observed.requests, presentLatency(candidate.latency, interval));
      sumMs += sample.sumMs;
      buckets = new Map(sample.buckets.map(({ le, count }) => [le, count + (buckets.get(le) ?? 0)]));
      p95Ms = histogramQuantile(
        0.95,
        [...buckets].map(([le, count]) => ({ le, count })),
      );
    }
    const cumulative = { requests, errors, sumMs, ...defined({ p95Ms }) };
    isGood = requests > 0 && !isBeyond(cumulative);
    weight = isGood ? Math.min(95, weight + 10) : 5;
  }
  return {
    outcome: isGood ? 'promoted' : 'failed',
    intervals: iterations,
    candidateRequests: requests,
    candidateErrors: errors,
  };
};

function withoutLatency({ latency: _, ...behaviour }: Behaviour): Behaviour {
  return behaviour;
}

/**
 * Flagger's rule: one number of the last interval against a limit; a failed or empty check counts, and five of them roll
 * back.
 */
export const flagger: Rule = (traffic, candidate) => {
  const [threshold, stepWeight, maxWeight] = [5, 5, 60];
  let [weight, failedChecks, requests, errors] = [stepWeight, 0, 0, 0];
  for (let interval = 1; ; interval += 1) {
    const observed = observe(traffic, candidate, { weight, interval });
    requests += observed.requests;
    errors += observed.errors;
    const isGood = observed.requests > 0 && !isBeyond(observed);
    const served = { intervals: interval, candidateRequests: requests, candidateErrors: errors };
    if (isGood && weight >= maxWeight) return { outcome: 'promoted', ...served };
    if (isGood) weight += stepWeight;
    else failedChecks += 1;
    if (failedChecks >= threshold) return { outcome: 'failed', ...served };
  }
};

/**
 * Argo Rollouts' rule: one measurement per interval; more than `failureLimit` failed ones abort; one without data is
 * inconclusive.
 */
export function argo(failureLimit: number): Rule {
  return (traffic, candidate) => {
    let [failures, requests, errors] = [0, 0, 0];
    for (let interval = 1; interval <= iterations; interval += 1) {
      const weight = Math.min(95, 10 * interval - 5);
      const observed = observe(traffic, candidate, { weight, interval });
      requests += observed.requests;
      errors += observed.errors;
      if (observed.requests > 0 && isBeyond(observed)) failures += 1;
      const served = { intervals: interval, candidateRequests: requests, candidateErrors: errors };
      if (failures > failureLimit) return { outcome: 'failed', ...served };
    }
    return { outcome: 'promoted', intervals: iterations, candidateRequests: requests, candidateErrors: errors };
  };
}

const kayentaWeight = 10;
const baselineErrorRate = 0.005;

/** The normal quantile of Kayenta's 98 % confidence interval. */
const z98 = 2.3263478740408408;

/** Kayenta's rule: Mann–Whitney on the series of error rates of candidate and baseline, judged once, at the end. */
export const kayenta: Rule = (traffic, candidate) => {
  const rates: { candidate: number[]; baseline: number[] } = { candidate: [], baseline: [] };
  let [requests, errors] = [0, 0];
  for (let interval = 1; interval <= iterations; interval += 1) {
    const observed = observe(traffic, candidate, { weight: kayentaWeight, interval });
    const baseline = observe(traffic, { errorRate: baselineErrorRate }, { weight: kayentaWeight, interval });
    requests += observed.requests;
    errors += observed.errors;
    if (observed.requests > 0) rates.candidate.push(observed.errors / observed.requests);
    if (baseline.requests > 0) rates.baseline.push(baseline.errors / baseline.requests);
  }
  const outcome = isHigh(rates.candidate, rates.baseline) ? 'failed' : 'promoted';
  return { outcome, intervals: iterations, candidateRequests: requests, candidateErrors: errors };
};

function isHigh(candidate: readonly number[], baseline: readonly number[]): boolean {
  const shifts = candidate.flatMap((a) => baseline.map((b) => a - b)).sort((a, b) => a - b);
  const [n, m] = [candidate.length, baseline.length];
  const rank = Math.floor((n * m) / 2 - z98 * Math.sqrt((n * m * (n + m + 1)) / 12));
  const lower = shifts[Math.max(0, rank)] ?? 0;
  const estimate = shifts[Math.floor(shifts.length / 2)] ?? 0;
  return lower > 0.25 * Math.abs(estimate) && lower > 0;
}
