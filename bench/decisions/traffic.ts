import { bucketed, latencyByTail } from '../../core/offline/latency.ts';
import type { BucketedLatency } from '../../core/offline/latency.ts';
import { sampleLatencies } from '../../core/offline/latency.ts';
import { binomial, burstyShare, poisson } from '../../core/offline/random.ts';
import type { Random } from '../../core/offline/random.ts';
import { histogramQuantile } from '../../core/measurements/quantile.ts';

/** The seed's limits. All rules share them and the interval. */
export const limits = { errorRate: 0.01, p95Ms: 100, meanMs: 50 } as const;
export const intervalSeconds = 12;

/** The behaviour of a candidate; latencies only where a scenario is about them. */
export interface Behaviour {
  readonly errorRate: number | ((interval: number) => number);
  readonly correlation?: number;
  readonly latency?: BucketedLatency | ((interval: number) => BucketedLatency);
}

/** The measurements of one version in one interval. */
export interface ObservedInterval {
  readonly requests: number;
  readonly errors: number;
  readonly p95Ms?: number;
  readonly sumMs?: number;
}

export interface SimulatedTraffic {
  readonly random: Random;
  readonly requestsPerSecond: number;
}

/** Simulates one interval of the candidate at this weight (percent), with all measurements that the peers read. */
export function observe(
  { random, requestsPerSecond }: SimulatedTraffic,
  behaviour: Behaviour,
  { weight, interval }: { readonly weight: number; readonly interval: number },
): ObservedInterval {
  const requests = poisson(random, (requestsPerSecond * intervalSeconds * weight) / 100);
  const { errorRate, correlation = 0, latency } = behaviour;
  const mean = typeof errorRate === 'number' ? errorRate : errorRate(interval);
  const errors = binomial(random, requests, burstyShare(random, mean, correlation));
  if (latency === undefined || requests === 0) return { requests, errors };
  const { buckets, sumMs } = sampleLatencies(random, requests, presentLatency(latency, interval));
  return { requests, errors, sumMs, p95Ms: histogramQuantile(0.95, buckets) ?? 0 };
}

/** The latencies of an interval. */
export function presentLatency(latency: NonNullable<Behaviour['latency']>, interval: number): BucketedLatency {
  return typeof latency === 'function' ? latency(interval) : latency;
}

/** The scenarios with the seed's three objectives: S1 to S3 are good, S4 to S8 bad. */
export const scenarios: Readonly<Record<string, { readonly words: string; readonly behaviour: Behaviour }>> = {
  S1: scenario('clean: errors 0.1 %, p95 60 ms', 0.001, 60),
  S2: scenario('good: errors 0.5 %, p95 80 ms', 0.005, 80),
  S3: scenario('near: errors 0.8 %, p95 90 ms', 0.008, 90),
  S4: scenario('errors 1.5 %, p95 60 ms', 0.015, 60),
  S5: scenario('errors 5 %, p95 60 ms', 0.05, 60),
  S6: scenario('errors 0.1 %, p95 140 ms', 0.001, 140),
  S7: scenario('errors 0.1 %, p95 60 ms, 3 % hang for 1.5 s', 0.001, 60, { hangShare: 0.03, hangMs: 1500 }),
  S8: scenario('errors 5 %, p95 200 ms', 0.05, 200),
};

function scenario(
  words: string,
  errorRate: number,
  p95Ms: number,
  hang: { readonly hangShare?: number; readonly hangMs?: number } = {},
) {
  return { words, behaviour: { errorRate, latency: bucketed(latencyByTail(p95Ms, hang)) } };
}
