import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { builtInMetric } from '../../core/experiment/metric.ts';
import type { ValueIssue } from '../document/zod-issues.ts';
import type { NamedMetric } from './named-metrics.ts';

/**
 * Warns of metrics that must be in the cluster, since a misspelt name is taken for such a metric too, and of Metrics in the file
 * that bear the name of a built-in metric. Each name is warned of once, at its first place.
 */
export function warnOfMetrics(
  named: readonly NamedMetric[],
  experiment: Pick<Experiment, 'metrics' | 'namespace'>,
): ValueIssue[] {
  const first = named.filter(({ name }, index) => named.findIndex((other) => other.name === name) === index);
  return first.flatMap((metric) => metricWarning(metric, experiment));
}

function metricWarning(
  { name, path }: NamedMetric,
  { metrics, namespace }: Pick<Experiment, 'metrics' | 'namespace'>,
): readonly ValueIssue[] {
  const warning = (expected: string, got: string): readonly ValueIssue[] => [
    { path: [...path], atKey: false, expected, got },
  ];
  if (builtInMetric(name) === undefined) {
    if (Object.hasOwn(metrics, name)) return [];
    return warning('a built-in metric', `${name}, which must be a Metric in the cluster when the experiment starts`);
  }
  const own = formatObjectName({ namespace, name });
  if (!Object.hasOwn(metrics, own)) return [];
  return warning('a name that no built-in metric has', `${name}; ${ownMetricNote(name, own)}`);
}

/** What is meant by the name of a built-in metric that a Metric of the experiment's own namespace bears too. */
export function ownMetricNote(name: string, own: string): string {
  return `the Metric ${own} is meant, and not the built-in metric, which is iter8-knative/${name}`;
}
