import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { metricObject } from '../../core/experiment/metric-references.ts';
import { builtInMetric } from '../../core/experiment/metric.ts';
import type { MetricDefinition } from '../../core/experiment/metric-definition.ts';
import type { MetricDefinitions } from '../../core/experiment/metric.ts';
import { formatIssue } from '../../formats/document/issue.ts';
import type { MetricsReading } from '../../formats/metrics/metric.ts';
import { failure, hasType } from '../failures.ts';
import { readWithinLimits } from '../read-within-limits.ts';
import type { ActivityCluster, MetricResourceVersion } from '../knative/cluster.ts';

/** The versions in which a metric is searched; the first that has it wins. */
const versions: readonly MetricResourceVersion[] = [
  { group: 'iter8.tools', version: 'v2alpha2' },
  { group: 'iter8.tools', version: 'v2alpha1' },
  { group: 'serin.dev', version: 'v1alpha1' },
];

export interface MetricReferences {
  /** `name` or `namespace/name`, as a manifest has them; built-in names are left out. */
  readonly references: readonly string[];
  /** The experiment's namespace, for bare names. */
  readonly namespace: string;
}

/**
 * Reads the definitions of metrics from the cluster: those of the references, keyed by them, and those of the metrics that count
 * their samples, keyed by `namespace/name`.
 *
 * Fails as `MetricUnavailable` when one is not there, or cannot be used.
 */
export async function findMetrics(
  cluster: Pick<ActivityCluster, 'readMetricResource'>,
  { references, namespace }: MetricReferences,
): Promise<MetricDefinitions> {
  const found = new Map<string, MetricDefinition>();
  let wanted = references.filter(isDefinedByUser).map((reference) => metricObject(reference, namespace));
  while (wanted.length > 0) {
    const next = wanted.filter((name) => !found.has(formatObjectName(name)));
    const answers = await Promise.all(distinct(next).map((name) => readDefinition(cluster, name)));
    const read = answers.filter((definition) => definition !== undefined);
    for (const definition of read) found.set(formatObjectName(definition), definition);
    wanted = read.flatMap(referencedSampleSizes);
  }
  const byName = new Map(references.map((one) => [formatObjectName(metricObject(one, namespace)), one]));
  return Object.fromEntries([...found].map(([name, definition]) => [byName.get(name) ?? name, definition]));
}

function isDefinedByUser(reference: string): boolean {
  return builtInMetric(reference) === undefined;
}

function distinct(names: readonly ObjectName[]): readonly ObjectName[] {
  return [...new Map(names.map((name) => [formatObjectName(name), name])).values()];
}

/** iter8's own Metrics are the built-in ones, which need no definition. */
function referencedSampleSizes({ sampleSize }: MetricDefinition): readonly ObjectName[] {
  if (sampleSize === undefined || builtInMetric(formatObjectName(sampleSize)) !== undefined) return [];
  return [sampleSize];
}

/** The Metrics of a namespace that bear names of built-in metrics, and the names that may not be read. */
export interface OwnMetrics {
  readonly found: readonly MetricDefinition[];
  readonly unread: readonly string[];
}

/**
 * Reads the Metrics of a namespace that bear these names of built-in metrics; those that are not there, or that iter8 would have
 * measured by itself, are left out. An account that may not read them is told of all that it lacks by the preflight.
 */
export async function findOwnMetrics(
  cluster: Pick<ActivityCluster, 'readMetricResource'>,
  { names, namespace }: { readonly names: readonly string[]; readonly namespace: string },
): Promise<OwnMetrics> {
  const answers = await Promise.all(
    names.map((name) => readDefinition(cluster, { namespace, name }).catch((error: unknown) => unlessForbidden(error))),
  );
  return {
    found: answers.filter((answer) => answer !== undefined && answer !== 'forbidden'),
    unread: names.filter((_, index) => answers[index] === 'forbidden'),
  };
}

function unlessForbidden(error: unknown): 'forbidden' {
  if (hasType(error, 'Forbidden')) return 'forbidden';
  throw error;
}

/** Undefined only for a name that a built-in metric bears, which is meant where there is no such object. */
async function readDefinition(
  cluster: Pick<ActivityCluster, 'readMetricResource'>,
  name: ObjectName,
): Promise<MetricDefinition | undefined> {
  for (const version of versions) {
    const object = await cluster.readMetricResource(version, name);
    if (object !== undefined) return parseDefinition(object, name);
  }
  if (builtInMetric(name.name) !== undefined) return undefined;
  const remedy = 'apply its Metric resource, or correct the name';
  throw failure('MetricUnavailable', { message: `Unable to find metric ${formatObjectName(name)}; ${remedy}` });
}

async function parseDefinition(object: unknown, name: ObjectName): Promise<MetricDefinition | undefined> {
  const reading = await parseAnyVersion(object, name);
  const shown = formatObjectName(name);
  if (reading.kind === 'invalid') {
    const issues = reading.issues.map(formatIssue).join('\n  ');
    throw failure('MetricUnavailable', { message: `metric ${shown} cannot be used:\n  ${issues}` });
  }
  const [only] = reading.metrics;
  if (only !== undefined || builtInMetric(name.name) !== undefined) return only?.definition;
  const message = `metric ${shown} has the provider iter8, but is none of its built-in metrics`;
  throw failure('MetricUnavailable', { message });
}

/**
 * Parses a Metric of either version of iter8. Without a conversion the API server serves an object of the first version as one of
 * the second, which is invalid: no object can be both.
 */
async function parseAnyVersion(object: unknown, { namespace, name }: ObjectName): Promise<MetricsReading> {
  const origin = { file: `metric ${namespace}/${name}`, namespace };
  const parse = (value: unknown): Promise<MetricsReading> =>
    readWithinLimits(origin.file, 'parseMetricObject', value, origin);
  const reading = await parse(object);
  if (reading.kind === 'ok' || typeof object !== 'object') return reading;
  const earlier = await parse({ ...object, apiVersion: 'iter8.tools/v2alpha1' });
  return earlier.kind === 'ok' ? earlier : reading;
}
