import type { Experiment } from '../../core/experiment/experiment.ts';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { MetricDefinitions } from '../../core/experiment/metric.ts';
import { metricObject, metricReferences } from '../../core/experiment/metric-references.ts';
import type { Issue } from '../document/issue.ts';
import { parseMetrics } from './metric.ts';

export type MetricsBeside =
  | { readonly kind: 'ok'; readonly metrics: MetricDefinitions }
  | { readonly kind: 'invalid'; readonly issues: readonly Issue[] };

/**
 * The Metric resources in the experiment's own file that it uses: by the references of the manifest, and by `namespace/name`
 * those that count their samples.
 */
export function metricsBeside(experiment: Experiment, text: string, file: string): MetricsBeside {
  const { namespace } = experiment;
  const reading = parseMetrics(text, { file, namespace });
  if (reading.kind === 'invalid') return reading;
  const defined = new Map(reading.metrics.map(({ definition }) => [formatObjectName(definition), definition]));
  const used = metricReferences(experiment).flatMap((reference) => {
    const definition = defined.get(formatObjectName(metricObject(reference, namespace)));
    return definition === undefined ? [] : [[reference, definition] as const];
  });
  const sampleSizes = used.flatMap(([, { sampleSize }]) => {
    const name = sampleSize === undefined ? '' : formatObjectName(sampleSize);
    const definition = defined.get(name);
    return definition === undefined ? [] : [[name, definition] as const];
  });
  return { kind: 'ok', metrics: Object.fromEntries([...sampleSizes, ...used]) };
}
