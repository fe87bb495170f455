import type { ErrorClass } from '../experiment/experiment.ts';
import type { MetricName } from '../experiment/metric.ts';
import type { Bucket, Counts } from './measurement.ts';
import { metricFacts } from '../experiment/metric.ts';
import { histogramQuantile } from './quantile.ts';

/**
 * The point value of a metric, in its unit.
 *
 * Counts are 0 without requests; latencies and the error rate are `undefined` then, since no data is not a number, and so is
 * a user's metric that had no value.
 */
export function metricValue(metric: MetricName, counts: Counts, errorClass: ErrorClass): number | undefined {
  const { kind } = metricFacts(metric);
  switch (kind.kind) {
    case 'count':
      return kind.of === 'requests' ? counts.requests : countErrors(counts, errorClass);
    case 'error-share':
      return counts.requests === 0 ? undefined : countErrors(counts, errorClass) / counts.requests;
    case 'mean-latency': {
      const timed = timedRequests(counts);
      return timed === 0 ? undefined : counts.latencySumMs / timed;
    }
    case 'tail-latency':
      return histogramQuantile(kind.quantile, counts.buckets);
    case 'counter':
    case 'gauge': {
      const reading = counts.values?.[metric];
      return reading?.kind === 'value' ? reading.value : undefined;
    }
  }
}

/** Requests whose latency is known: a gateway does not time those that got no answer. */
export function timedRequests({ buckets, latencySumMs, requests }: Counts): number {
  const last = buckets.at(-1);
  if (last !== undefined) return last.count;
  return latencySumMs > 0 ? requests : 0;
}

/** Responses of the class that counts as an error. */
export function countErrors(counts: Counts, errorClass: ErrorClass): number {
  switch (errorClass) {
    case '5xx':
      return counts.errors5xx;
    case 'not-2xx':
      return counts.errorsNot2xx;
  }
}

/** The share of requests that took longer than a limit, linear inside the bucket that holds it; undefined without requests. */
export function shareOver(buckets: readonly Bucket[], limitMs: number): number | undefined {
  const requests = buckets.at(-1)?.count ?? 0;
  if (requests === 0) return undefined;
  const index = buckets.findIndex(({ le }) => le === null || le >= limitMs);
  const [below, at] = [buckets[index - 1], buckets[index]];
  const [fromMs, before] = [below?.le ?? 0, below?.count ?? 0];
  if (at === undefined || at.le === null) return (requests - before) / requests;
  const within = at.le === fromMs ? 0 : ((limitMs - fromMs) / (at.le - fromMs)) * (at.count - before);
  return (requests - before - within) / requests;
}
