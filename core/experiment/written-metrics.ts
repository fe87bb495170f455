import type { MetricName } from './metric.ts';

/**
 * The names that the manifest has for a metric, where they differ from serin's: `mean-latency` may be written
 * `iter8-knative/mean-latency`. Programs that know only the manifest look values up by these.
 */
export type WrittenMetrics = Readonly<Record<MetricName, readonly string[]>>;

/** The names of a metric in the manifest, at least one; those of a metric that it does not name are serin's. */
export function writtenNames(metric: MetricName, written: WrittenMetrics = {}): readonly [string, ...string[]] {
  const [first, ...others] = Object.hasOwn(written, metric) ? (written[metric] ?? []) : [];
  return first === undefined ? [metric] : [first, ...others];
}

/** The name of a metric as people have written it, the first where there are several. */
export function writtenName(metric: MetricName, written?: WrittenMetrics): string {
  return writtenNames(metric, written)[0];
}
