import type { Experiment } from '../../core/experiment/experiment.ts';
import { builtInMetric } from '../../core/experiment/metric.ts';
import type { ValueIssue } from '../document/zod-issues.ts';

/** Warns of objectives whose metric must be in the cluster, since a misspelt name is taken for such a metric too. */
export function warnOfDefinedMetrics({
  objectives,
  metrics,
}: Pick<Experiment, 'objectives' | 'metrics'>): ValueIssue[] {
  return objectives.flatMap(({ metric }, index) => {
    if (builtInMetric(metric) !== undefined || metrics[metric] !== undefined) return [];
    const path = ['spec', 'criteria', 'objectives', index, 'metric'];
    const got = `${metric}, which must be a Metric in the cluster when the experiment starts`;
    return [{ path, atKey: false, expected: 'a built-in metric', got }];
  });
}
