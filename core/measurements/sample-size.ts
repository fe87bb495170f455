import { formatObjectName } from '../experiment/experiment.ts';
import type { Experiment } from '../experiment/experiment.ts';
import type { MetricName } from '../experiment/metric.ts';
import type { Counts } from './measurement.ts';

/**
 * The metric that counts the samples of this one, where its definition names a defined one; else its samples are the
 * requests.
 */
export function ownSampleSize(metric: MetricName, { metrics }: Pick<Experiment, 'metrics'>): MetricName | undefined {
  const sampleSize = Object.hasOwn(metrics, metric) ? metrics[metric]?.sampleSize : undefined;
  if (sampleSize === undefined) return undefined;
  // The manifest may name it too, and then its reference need not have a namespace.
  const name = formatObjectName(sampleSize);
  return Object.entries(metrics).find(([, definition]) => formatObjectName(definition) === name)?.[0];
}

/** The samples behind a metric's value. Where their own metric has no value, it is not known that there are any. */
export function sampleCount(metric: MetricName, counts: Counts, experiment: Pick<Experiment, 'metrics'>): number {
  const sampleSize = ownSampleSize(metric, experiment);
  if (sampleSize === undefined) return counts.requests;
  const reading = counts.values?.[sampleSize];
  return reading?.kind === 'value' ? Math.floor(reading.value) : 0;
}
