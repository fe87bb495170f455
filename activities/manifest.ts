import { ApplicationFailure } from '@temporalio/common';
import type { Experiment } from '../core/experiment/experiment.ts';
import { bareBuiltIns, isNamedTwice, metricReferences, withOwnMetrics } from '../core/experiment/metric-references.ts';
import { formatDuration } from '../core/text/duration.ts';
import { limits } from '../core/text/limits.ts';
import type { MetricDefinitions } from '../core/experiment/metric.ts';
import { formatObjectName } from '../core/experiment/experiment.ts';
import { ownMetricNote } from '../formats/metrics/metric-warnings.ts';
import { formatIssue } from '../formats/document/issue.ts';
import { parseManifestApart } from '../apart/read-apart.ts';
import type { ManifestReading, ReadButRefused, ReadManifestInput, WorkflowLimits } from '../contract/preparation.ts';
import type { ManifestInput } from '../contract/workflow.ts';
import { receiversSecret } from '../contract/notices.ts';
import { failure, hasType } from './failures.ts';
import type { ActivityCluster } from './knative/cluster.ts';
import { readSecretData } from './knative/secret-data.ts';
import type { TemporalService } from '../temporal/settings.ts';
import { checkSource } from '../metrics/providers.ts';
import { readWithinLimits } from './read-within-limits.ts';
import { findMetrics, findOwnMetrics } from './metrics/metric-resources.ts';
import { readSearchAttributes } from './search-attributes.ts';

/** What messages call the input of a workflow, which has no file name. */
const inputName = 'manifest';

export interface ManifestDependencies {
  readonly temporal: TemporalService;
  /** The cluster as the account of the experiment's namespace. */
  readonly as: (experiment: Experiment) => {
    readonly cluster: Pick<ActivityCluster, 'readMetricResource' | 'readSecret'>;
  };
}

/**
 * Reads the manifest; fails as `InvalidManifest` with every issue, in the message for people and in the details for
 * programs; as `MetricUnavailable` or `InvalidStart`, whose details are a `ReadButRefused`, which has what was read.
 */
export async function readManifest(
  { temporal, as }: ManifestDependencies,
  { manifest, limits: given = {} }: { readonly manifest: ManifestInput } & Pick<ReadManifestInput, 'limits'>,
): Promise<ManifestReading> {
  const reading = await parseManifestApart(manifest, inputName);
  if (reading.kind === 'invalid') {
    const issues = reading.issues.map(formatIssue);
    throw failure('InvalidManifest', { message: issues.join('\n'), details: [{ issues: reading.issues }] });
  }
  const attributes = await readSearchAttributes(temporal);
  const { cluster } = as(reading.experiment);
  const read = {
    experiment: reading.experiment,
    ...((await hasReceivers(cluster, reading.experiment)) ? { hasReceivers: true } : {}),
    warnings: [...reading.warnings.map(formatIssue), ...attributes.warnings],
    searchAttributes: attributes.names,
    temporalAddress: temporal.address,
  };
  try {
    requireNoLimits(given);
    await requireRecurrence(read.experiment);
    const bound = await withOwnNames(cluster, read.experiment);
    const experiment = await withMetrics(cluster, bound.experiment);
    const complete = { ...read, experiment, warnings: [...read.warnings, ...bound.warnings] };
    requireSendable(complete);
    return complete;
  } catch (error) {
    throw withReading(error, read);
  }
}

/** Whether the namespace has receivers of notices; where serin may not read them nobody is told. */
async function hasReceivers(
  cluster: Pick<ActivityCluster, 'readSecret'>,
  { namespace }: Pick<Experiment, 'namespace'>,
): Promise<boolean> {
  try {
    return (await readSecretData(cluster, { namespace, name: receiversSecret })) !== undefined;
  } catch (error) {
    if (hasType(error, 'Forbidden')) return false;
    throw error;
  }
}

/** A period that never comes was meant to. */
async function requireRecurrence({ calendar }: Experiment): Promise<void> {
  if (calendar === undefined) return;
  const empty = await readWithinLimits('the calendar', 'findEmptyPeriod', calendar);
  if (empty === undefined) return;
  throw failure('InvalidManifest', { message: `the calendar's period ${empty} never recurs; correct its rule` });
}

/** Temporal would refuse the result of this activity, and the state of the workflow, again and again. */
function requireSendable(reading: ManifestReading): void {
  const { metrics } = reading.experiment;
  const bytes = jsonBytes(reading);
  if (bytes <= limits.messageBytes) return;
  const found = `the experiment takes ${kibibytes(bytes)}, of which the metrics that it names take ${kibibytes(jsonBytes(metrics))}`;
  const message = `${found}, and at most ${kibibytes(limits.messageBytes)} can go through Temporal; make the Metric objects smaller, or name fewer`;
  throw failure('InvalidManifest', { message });
}

function jsonBytes(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function kibibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024)} KiB`;
}

/** At a limit Temporal ends the workflow, which cannot bring the traffic back any more. */
function requireNoLimits({ executionMs, runMs }: WorkflowLimits): void {
  const found = [
    ...(executionMs === undefined ? [] : [`an execution timeout of ${formatDuration(executionMs)}`]),
    ...(runMs === undefined ? [] : [`a run timeout of ${formatDuration(runMs)}`]),
  ];
  if (found.length === 0) return;
  const what = `the workflow was started with ${found.join(' and ')} (--execution-timeout, --run-timeout)`;
  const why = 'when it is over, Temporal ends the run as it stands, and nobody brings split traffic back';
  const remedy = 'start it without; the limits of an experiment are in its manifest, and `abort` ends it safely';
  throw failure('InvalidStart', { message: `${what}: ${why}; ${remedy}` });
}

/** A failure that is not retried, with what was read: it ends the run, whose report must name its experiment. */
function withReading(error: unknown, reading: ManifestReading): unknown {
  if (!(error instanceof ApplicationFailure) || error.nonRetryable !== true) return error;
  const details: readonly [ReadButRefused] = [{ reading }];
  return ApplicationFailure.nonRetryable(error.message, error.type, ...details);
}

/** The experiment with Metrics of its namespace in the cluster in place of built-in metrics of these names, each with a warning. */
async function withOwnNames(
  cluster: Pick<ActivityCluster, 'readMetricResource'>,
  experiment: Experiment,
): Promise<{ readonly experiment: Experiment; readonly warnings: readonly string[] }> {
  const { namespace } = experiment;
  const { found, unread } = await findOwnMetrics(cluster, { names: bareBuiltIns(experiment), namespace });
  const twofold = found.find(({ name }) => isNamedTwice(name, experiment));
  if (twofold !== undefined) {
    const { name } = twofold;
    const remedy = `write ${formatObjectName(twofold)} where that Metric is meant`;
    const message = `${name} is named both as the Metric ${formatObjectName(twofold)} and as iter8's built-in metric; ${remedy}`;
    throw failure('MetricUnavailable', { message });
  }
  const notes = found.map((metric) => `${metric.name}: ${ownMetricNote(metric.name, formatObjectName(metric))}`);
  const doubts = unread.map((name) => {
    return `${name}: the built-in metric is used, since a Metric ${formatObjectName({ namespace, name })} may not be read`;
  });
  return { experiment: withOwnMetrics(experiment, found), warnings: [...notes, ...doubts] };
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
