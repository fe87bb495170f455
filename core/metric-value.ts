import type { ErrorClass, MetricName } from './experiment.ts';
import type { Counts } from './measurement.ts';
import { histogramQuantile } from './quantile.ts';

/** The share of requests that `95th-percentile-tail-latency` covers. */
export const tailQuantile = 0.95;

/**
 * The point value of a metric, in the unit that `metricUnits` states.
 *
 * Counts are 0 without requests; latencies and the error rate are `undefined` then, since no data is not a number.
 */
export function metricValue(metric: MetricName, counts: Counts, errorClass: ErrorClass): number | undefined {
  switch (metric) {
    case 'request-count':
      return counts.requests;
    case 'error-count':
      return errorCount(counts, errorClass);
    case 'error-rate':
      return counts.requests === 0 ? undefined : errorCount(counts, errorClass) / counts.requests;
    case 'mean-latency':
      return counts.requests === 0 ? undefined : counts.latencySumMs / counts.requests;
    case '95th-percentile-tail-latency':
      return histogramQuantile(tailQuantile, counts.buckets);
  }
}

function errorCount(counts: Counts, errorClass: ErrorClass): number {
  switch (errorClass) {
    case '5xx':
      return counts.errors5xx;
    case 'not-2xx':
      return counts.errorsNot2xx;
  }
}
