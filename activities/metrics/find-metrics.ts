import type { Experiment } from '../../core/experiment.ts';
import { undefinedMetrics } from '../../core/metric-references.ts';
import type { MetricDefinitions } from '../../core/metric.ts';
import { failure } from '../failures.ts';
import type { Cluster } from '../knative/cluster.ts';
import { compileProblem } from './jq/jq.ts';
import { readMetricResources } from './metric-resources.ts';

/** The definitions of the metrics that the manifest only names; fails as `MetricUnavailable` when one cannot be used. */
export async function findMetrics(
  cluster: Pick<Cluster, 'readMetricResource'>,
  { experiment }: { readonly experiment: Experiment },
): Promise<MetricDefinitions> {
  const { namespace } = experiment;
  const metrics = await readMetricResources(cluster, { references: undefinedMetrics(experiment), namespace });
  await requireExpressions(metrics);
  return metrics;
}

/** Fails as `MetricUnavailable` when a jq expression cannot be compiled. */
export async function requireExpressions(metrics: MetricDefinitions): Promise<void> {
  for (const [reference, { source }] of Object.entries(metrics)) {
    const problem = source.kind === 'http' ? await compileProblem(source.jqExpression) : undefined;
    if (problem === undefined) continue;
    const message = `metric ${reference}: jqExpression: expected a jq expression, got ${problem}`;
    throw failure('MetricUnavailable', { message });
  }
}
