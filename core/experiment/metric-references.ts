import type { Experiment, ObjectName } from './experiment.ts';
import { builtInMetric } from './metric.ts';
import type { MetricDefinition } from './metric-definition.ts';
import { formatObjectName, parseObjectName } from '../text/object-name.ts';
import { writtenNames } from './written-metrics.ts';

type NamedMetrics = Pick<Experiment, 'objectives' | 'indicators' | 'reward'>;

/** The metrics of an experiment that need a definition, each once, as the manifest refers to them. */
export function metricReferences(experiment: NamedMetrics): readonly string[] {
  return namedMetrics(experiment).filter((metric) => builtInMetric(metric) === undefined);
}

/** The Metric that a reference names: a bare name is in the experiment's namespace. */
export function metricObject(reference: string, namespace: string): ObjectName {
  return parseObjectName(reference, namespace);
}

/**
 * The built-in metrics that the manifest names without a namespace. As for iter8, each means the Metric of this name in the
 * experiment's namespace, where there is one.
 */
export function bareBuiltIns(
  experiment: NamedMetrics & Pick<Experiment, 'namespace' | 'writtenMetrics'>,
): readonly string[] {
  const { namespace, writtenMetrics } = experiment;
  // In iter8's own namespaces, the Metrics of these names are the built-in ones.
  const isOwn = (metric: string): boolean => builtInMetric(formatObjectName({ namespace, name: metric })) === undefined;
  return namedMetrics(experiment).filter(
    (metric) =>
      builtInMetric(metric) === metric && isOwn(metric) && writtenNames(metric, writtenMetrics).includes(metric),
  );
}

/** Whether the manifest also names the built-in metric by iter8's namespace, so that it means both. */
export function isNamedTwice(metric: string, { writtenMetrics }: Pick<Experiment, 'writtenMetrics'>): boolean {
  return writtenNames(metric, writtenMetrics).length > 1;
}

/** The experiment with these Metrics of its own namespace in place of the built-in metrics that bear their names. */
export function withOwnMetrics(experiment: Experiment, own: readonly MetricDefinition[]): Experiment {
  if (own.length === 0) return experiment;
  const { objectives, indicators, reward, metrics, writtenMetrics } = experiment;
  const references = new Map(own.map((definition) => [definition.name, formatObjectName(definition)]));
  const renamed = (metric: string): string => references.get(metric) ?? metric;
  const withMetric = <T extends { readonly metric: string }>(one: T): T => ({ ...one, metric: renamed(one.metric) });
  return {
    ...experiment,
    objectives: objectives.map(withMetric),
    indicators: [...new Set(indicators.map(renamed))],
    ...(reward === undefined ? {} : { reward: withMetric(reward) }),
    metrics: { ...metrics, ...Object.fromEntries(own.map((one) => [formatObjectName(one), one])) },
    writtenMetrics: { ...writtenMetrics, ...Object.fromEntries([...references].map(([name, one]) => [one, [name]])) },
  };
}

function namedMetrics({ objectives, indicators, reward }: NamedMetrics): readonly string[] {
  const named = [
    ...objectives.map(({ metric }) => metric),
    ...indicators,
    ...(reward === undefined ? [] : [reward.metric]),
  ];
  return [...new Set(named)];
}
