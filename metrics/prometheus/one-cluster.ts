import { formatLabels } from './readings.ts';
import type { Reading } from './readings.ts';
import { Unmeasured } from '../unmeasured.ts';

/**
 * Throws `Unmeasured` when the series of one revision differ, at the same time, in a label in which no two pods of one cluster
 * differ: the store has the series of several clusters, or each series of a pair of Prometheus servers twice. Added up, the requests
 * of others would be judged. Series of both before and after such a label was introduced do not overlap, and are of one cluster.
 */
export function requireOneCluster(readings: readonly Reading[]): void {
  // One part of a histogram stands for all. Kinds of request metrics have other labels.
  const counts = readings.filter(({ part }) => part === 'count');
  for (const counters of Map.groupBy(counts, ({ revision, family }) => `${revision} ${family}`).values()) {
    const { revision = '' } = counters[0] ?? {};
    const names = new Set(counters.flatMap(({ labels }) => Object.keys(labels)));
    const differing = [...names]
      .filter((label) => !mayDiffer(label))
      .flatMap((label) => (isReplica(label) ? findCopies(label, counters) : findDifference(label, counters)));
    const replicas = differing.find(({ label }) => isReplica(label));
    if (replicas !== undefined) throw new Unmeasured('error', describeReplicas(revision, replicas));
    if (differing.length > 0) throw new Unmeasured('error', describeClusters(revision, differing));
  }
}

interface Difference {
  readonly label: string;
  /** An absent label is the empty value, as in PromQL. */
  readonly values: readonly string[];
}

/** Words of labels that tell pods, nodes and addresses apart, the processes of one cluster and the versions of a sidecar. */
const ownWords: ReadonlySet<string> = new Set(
  (
    'pod node nodename nodegroup nodepool agentpool pool host hostname instance ip address uid container machine rack zone az ' +
    'arch os capacity hash version endpoint port job path shard'
  ).split(' '),
);

/** Words of labels that are about something in a cluster, also where they name the cluster: `cluster_node`, not `k8s_cluster_uid`. */
const innerWords: ReadonlySet<string> = new Set(
  'pod node nodename nodegroup nodepool agentpool container machine'.split(' '),
);

/** What tells requests apart: labels of Istio, Envoy and OpenTelemetry. */
const requestLabels =
  /^(?:source|destination|reporter|request|response|grpc|connection|envoy|http|url|network|server|client|user|otel|telemetry|error)(?:[_.]|$)/;

/** Istio's label of the cluster whose pods count. */
const istioCluster = 'destination_cluster';

function mayDiffer(label: string): boolean {
  if (label === istioCluster || isReplica(label)) return false;
  if (label === '__name__') return true;
  if (requestLabels.test(label)) return true;
  const excusing = words(label).includes('cluster') ? innerWords : ownWords;
  return words(label).some((word) => excusing.has(word));
}

function isReplica(label: string): boolean {
  return words(label).includes('replica');
}

function words(label: string): readonly string[] {
  return label.toLowerCase().split(/[^a-z0-9]+/);
}

/** Two values of a label at the same time, if there are any. */
function findDifference(label: string, readings: readonly Reading[]): readonly Difference[] {
  const lives = [...Map.groupBy(readings, ({ labels }) => labels[label] ?? '')].map(([value, members]) => ({
    value,
    fromMs: Math.min(...members.map(({ samples }) => samples[0]?.atMs ?? Infinity)),
    toMs: Math.max(...members.map(({ samples }) => samples.at(-1)?.atMs ?? -Infinity)),
  }));
  const inOrder = lives.sort((a, b) => a.fromMs - b.fromMs);
  const overlap = inOrder.some(({ toMs }, index) => (inOrder[index + 1]?.fromMs ?? Infinity) <= toMs);
  return overlap ? [{ label, values: inOrder.map(({ value }) => value).sort() }] : [];
}

/** Two values of a label at the same time on series that differ in nothing else: other series are those of shards. */
function findCopies(label: string, readings: readonly Reading[]): readonly Difference[] {
  const others = Map.groupBy(readings, ({ labels }) => {
    return formatLabels(Object.fromEntries(Object.entries(labels).filter(([name]) => !isReplica(name))));
  });
  return [...others.values()].flatMap((copies) => findDifference(label, copies)).slice(0, 1);
}

function describeClusters(revision: string, differing: readonly Difference[]): string {
  const [first] = differing;
  const shown = differing.map(formatDifference).join(' and ');
  return (
    `series of revision ${revision} differ in ${shown}, in which no two pods of one cluster do: requests of others would be ` +
    `counted; say which are yours with SERIN_PROMETHEUS_MATCHERS, such as ${example(first)}`
  );
}

function describeReplicas(revision: string, difference: Difference): string {
  return (
    `the store has each series of revision ${revision} once for each replica of a Prometheus, ${formatDifference(difference)}: ` +
    'let it deduplicate them (Thanos: --query.replica-label, Mimir: its HA tracker, VictoriaMetrics: -dedup.minScrapeInterval), or ' +
    `choose one replica with SERIN_PROMETHEUS_MATCHERS, such as ${example(difference)}`
  );
}

/** More values than these say nothing more. */
const shownValues = 3;

function formatDifference({ label, values }: Difference): string {
  const shown = values.slice(0, shownValues).map((value) => JSON.stringify(value));
  const rest = values.length - shown.length;
  return `${label} (${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''})`;
}

function example(difference: Difference | undefined): string {
  const value = difference?.values.find((one) => one !== '') ?? '';
  return `${difference?.label ?? ''}=${JSON.stringify(value)}`;
}
