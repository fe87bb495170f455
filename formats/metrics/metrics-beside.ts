import type { Experiment } from '../../core/experiment/experiment.ts';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import {
  bareBuiltIns,
  isNamedTwice,
  metricObject,
  metricReferences,
  withOwnMetrics,
} from '../../core/experiment/metric-references.ts';
import type { Issue } from '../document/issue.ts';
import { parseMetrics } from './metric.ts';

export type WithMetricsBeside =
  | { readonly kind: 'ok'; readonly experiment: Experiment }
  | { readonly kind: 'invalid'; readonly issues: readonly Issue[] };

/**
 * The experiment with the Metric resources of its own file that it uses: by the references of the manifest, also where they
 * bear the name of a built-in metric, and by `namespace/name` those that count their samples.
 */
export function withMetricsBeside(experiment: Experiment, text: string, file: string): WithMetricsBeside {
  const { namespace } = experiment;
  const reading = parseMetrics(text, { file, namespace });
  if (reading.kind === 'invalid') return reading;
  const defined = new Map(reading.metrics.map(({ definition }) => [formatObjectName(definition), definition]));
  const own = bareBuiltIns(experiment).flatMap((name) => defined.get(formatObjectName({ namespace, name })) ?? []);
  const twofold = own.filter(({ name }) => isNamedTwice(name, experiment));
  if (twofold.length > 0) return { kind: 'invalid', issues: twofold.map((metric) => twofoldIssue(metric.name, file)) };
  const bound = withOwnMetrics(experiment, own);
  const used = metricReferences(bound).flatMap((reference) => {
    const definition = defined.get(formatObjectName(metricObject(reference, namespace)));
    return definition === undefined ? [] : [[reference, definition] as const];
  });
  const sampleSizes = used.flatMap(([, { sampleSize }]) => {
    const name = sampleSize === undefined ? '' : formatObjectName(sampleSize);
    const definition = defined.get(name);
    return definition === undefined ? [] : [[name, definition] as const];
  });
  return { kind: 'ok', experiment: { ...bound, metrics: Object.fromEntries([...sampleSizes, ...used]) } };
}

function twofoldIssue(name: string, file: string): Issue {
  const expected = `namespace/${name} for the Metric of this name, since ${name} is also named as iter8's built-in metric`;
  return { file, path: 'spec.criteria', expected, got: name };
}
