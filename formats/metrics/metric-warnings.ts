import type { Experiment } from '../../core/experiment/experiment.ts';
import { builtInMetric } from '../../core/experiment/metric.ts';
import type { ValueIssue } from '../document/zod-issues.ts';

/** Objectives whose metric only the cluster can know: a misspelt name looks like that too. */
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
