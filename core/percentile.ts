/** The share of requests that each percentile of the latency covers: that of the tutorial, and iter8's built-in ones. */
const quantiles = {
  '95th-percentile-tail-latency': 0.95,
  'latency-50th-percentile': 0.5,
  'latency-75th-percentile': 0.75,
  'latency-90th-percentile': 0.9,
  'latency-95th-percentile': 0.95,
  'latency-99th-percentile': 0.99,
} as const;

export type PercentileMetric = keyof typeof quantiles;

// Its own keys are all that the table has.
export const percentileMetrics = Object.keys(quantiles) as readonly PercentileMetric[];

export function isPercentile(metric: string): metric is PercentileMetric {
  return Object.hasOwn(quantiles, metric);
}

export function quantileOf(metric: PercentileMetric): number {
  return quantiles[metric];
}

/** The same for every percentile, as a part of a table by metrics. */
export function forPercentiles<T>(value: T): Readonly<Record<PercentileMetric, T>> {
  // Made of all keys.
  return Object.fromEntries(percentileMetrics.map((metric) => [metric, value])) as Record<PercentileMetric, T>;
}
