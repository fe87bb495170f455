import { ApplicationFailure } from '@temporalio/common';
import type { Experiment } from '../core/experiment/experiment.ts';
import { metricReferences } from '../core/experiment/metric-references.ts';
import type { MetricDefinitions } from '../core/experiment/metric.ts';
import { formatIssue } from '../formats/document/issue.ts';
import { parseManifestApart } from '../apart/read-apart.ts';
import type { ManifestReading, ReadButRefused } from '../contract/preparation.ts';
import type { ManifestInput } from '../contract/workflow.ts';
import { failure } from './failures.ts';
import type { ActivityCluster } from './knative/cluster.ts';
import type { TemporalService } from '../temporal/settings.ts';
import { checkSource } from '../metrics/providers.ts';
import { findMetrics } from './metrics/metric-resources.ts';
import { readSearchAttributes } from './search-attributes.ts';

/** What messages call the input of a workflow, which has no file name. */
const inputName = 'manifest';

export interface ManifestDependencies {
  readonly temporal: TemporalService;
  /** The cluster as the account of the experiment's namespace. */
  readonly as: (experiment: Experiment) => { readonly cluster: Pick<ActivityCluster, 'readMetricResource'> };
}

/**
 * Reads the manifest; fails as `InvalidManifest` with every issue, in the message for people and in the details for
 * programs; as `MetricUnavailable`, whose details are a `ReadButRefused`, which has what was read.
 */
export async function readManifest(
  { temporal, as }: ManifestDependencies,
  { manifest }: { readonly manifest: ManifestInput },
): Promise<ManifestReading> {
  const reading = await parseManifestApart(manifest, inputName);
  if (reading.kind === 'invalid') {
    const issues = reading.issues.map(formatIssue);
    throw failure('InvalidManifest', { message: issues.join('\n'), details: [{ issues: reading.issues }] });
  }
  const attributes = await readSearchAttributes(temporal);
  const read = {
    experiment: reading.experiment,
    warnings: [...reading.warnings.map(formatIssue), ...attributes.warnings],
    searchAttributes: attributes.names,
    temporalAddress: temporal.address,
  };
  try {
    return { ...read, experiment: await withMetrics(as(read.experiment).cluster, read.experiment) };
  } catch (error) {
    throw withReading(error, read);
  }
}

/** A failure that is not retried, with what was read: it ends the run, whose report must name its experiment. */
function withReading(error: unknown, reading: ManifestReading): unknown {
  if (!(error instanceof ApplicationFailure) || error.nonRetryable !== true) return error;
  const details: readonly [ReadButRefused] = [{ reading }];
  return ApplicationFailure.nonRetryable(error.message, error.type, ...details);
}

/** The experiment with the definitions of those metrics that are neither built in nor in the manifest, from the cluster. */
async function withMetrics(
  cluster: Pick<ActivityCluster, 'readMetricResource'>,
  experiment: Experiment,
): Promise<Experiment> {
  const known = experiment.metrics;
  const references = metricReferences(experiment).filter((reference) => known[reference] === undefined);
  const found = await findMetrics(cluster, { references, namespace: experiment.namespace });
  const metrics = { ...known, ...found };
  await requireUsable(metrics);
  return { ...experiment, metrics };
}

async function requireUsable(metrics: MetricDefinitions): Promise<void> {
  for (const [reference, { source }] of Object.entries(metrics)) {
    const problem = await checkSource(source);
    if (problem === undefined) continue;
    const { field, expected, got } = problem;
    const message = `metric ${reference}: ${field}: expected ${expected}, got ${got}`;
    throw failure('MetricUnavailable', { message });
  }
}
