import type { Experiment, ObjectName } from './experiment.ts';
import { builtInMetric } from './metric.ts';
import { parseObjectName } from '../text/object-name.ts';

/** The metrics of an experiment that need a definition, each once, as the manifest refers to them. */
export function metricReferences({
  objectives,
  indicators,
  reward,
}: Pick<Experiment, 'objectives' | 'indicators' | 'reward'>): readonly string[] {
  const named = [
    ...objectives.map(({ metric }) => metric),
    ...indicators,
    ...(reward === undefined ? [] : [reward.metric]),
  ];
  return [...new Set(named)].filter((metric) => builtInMetric(metric) === undefined);
}

/** The Metric that a reference names: a bare name is in the experiment's namespace. */
export function metricObject(reference: string, namespace: string): ObjectName {
  return parseObjectName(reference, namespace);
}
