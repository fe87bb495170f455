import type { Matcher } from './selector.ts';

/** A revision of the target. */
export interface NamespacedRevision {
  readonly namespace: string;
  readonly revision: string;
}

/** Where the series of one kind of request metrics keep what they belong to. */
export interface IdentityLabels {
  /** Absent where the namespace is a part of the revision's label. */
  readonly namespace?: string;
  readonly revision: string;
  /**
   * The label that distinguishes the processes that count. Absent where there is none: every series counts for itself,
   * identified by all of its labels but `job` and the status.
   */
  readonly pod?: string;
}

/** One kind of request metrics: a histogram of latencies, split by process and, mostly, by response code. */
export interface Pack {
  /** The histogram's name without `_bucket`, `_sum` and `_count`. */
  readonly family: string;
  /** Milliseconds in one unit of its values and boundaries. */
  readonly msPerUnit: number;
  /** The boundaries of its buckets, in its own unit, for stores that leave empty ones out. */
  readonly bounds: readonly number[];
  readonly identity: IdentityLabels;
  /** The value of the revision's label; the revision's name if absent. */
  readonly written?: (name: NamespacedRevision) => string;
  /** The label with the HTTP status; absent where the latencies are not split by it, and `responses` are. */
  readonly code?: string;
  /** The label with the status of gRPC, whose failures are HTTP 200; absent where the kind does not know it. */
  readonly grpcCode?: string;
  /** The counter of requests by the class of their status, `2` to `5`, where the histogram is not split by status. */
  readonly responses?: { readonly name: string; readonly codeClass: string };
  /** Conditions on the series that count; all of the family if absent. */
  readonly where?: readonly Matcher[];
  /**
   * `series`: the identity is on the histogram itself. `target_info`: it is on the target's info metric, which shares
   * `job` and `instance` with the histogram: OpenTelemetry's resource attributes as its Prometheus exporter shows them.
   */
  readonly identityOn: 'series' | 'target_info';
  /** Whether names have dots, which stores refuse that are older than such names: those do not have them. */
  readonly hasDots?: boolean;
}

/** How a store writes the names of OpenTelemetry: with which separator, and whether with the unit behind them. */
interface Translation {
  readonly separator: '_' | '.';
  readonly hasUnit: boolean;
}

/** The names of the histogram: the design's, and that of Knative 1.19.0 to 1.19.6 and 1.20.0 (knative/serving#16290). */
const invocationDurations = ['kn.serving.invocation.duration', 'kn.queueproxy.app.duration'];

/**
 * The histogram of Knative's queue-proxy since OpenTelemetry: knative.dev/serving v0.49 `pkg/queue/request_metric.go` and
 * `pkg/queue/sharedmain/otel.go`, where revision, namespace and pod are resource attributes: on the series after OTLP ingestion
 * that promotes them, in `target_info` when the queue-proxy is scraped.
 */
function openTelemetry({ separator, hasUnit }: Translation): readonly Pack[] {
  const write = (name: string): string => name.replaceAll('.', separator);
  return invocationDurations.flatMap((name) => {
    const pack = {
      family: `${write(name)}${hasUnit ? '_seconds' : ''}`,
      msPerUnit: 1000,
      bounds: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
      identity: {
        namespace: write('k8s.namespace.name'),
        revision: write('kn.revision.name'),
        pod: write('k8s.pod.name'),
      },
      code: write('http.response.status_code'),
      hasDots: separator === '.',
    };
    return [{ ...pack, identityOn: 'series' } as const, { ...pack, identityOn: 'target_info' } as const];
  });
}

/** The queue-proxy before OpenTelemetry: knative.dev/serving v0.42 `pkg/queue/request_metric.go`, `pkg/metrics/tags.go`. */
const queueProxy: readonly Pack[] = [
  {
    family: 'revision_app_request_latencies',
    msPerUnit: 1,
    bounds: [
      5, 10, 20, 40, 60, 80, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000, 2000, 5000, 10_000,
      20_000, 50_000, 100_000,
    ],
    identity: { namespace: 'namespace_name', revision: 'revision_name', pod: 'pod_name' },
    code: 'response_code',
    identityOn: 'series',
  },
  ...openTelemetry({ separator: '_', hasUnit: true }),
];

/** The queue-proxy in stores that translate the names of OpenTelemetry otherwise, or not at all. */
const otherTranslations: readonly Pack[] = [
  ...openTelemetry({ separator: '_', hasUnit: false }),
  ...openTelemetry({ separator: '.', hasUnit: true }),
  ...openTelemetry({ separator: '.', hasUnit: false }),
];

/** Of Istio and Envoy, in milliseconds. */
const proxyBounds = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
];

/**
 * Istio's sidecars of the revisions' pods: https://istio.io/latest/docs/reference/config/metrics/. A revision's
 * Deployment is `<revision>-deployment` (knative.dev/serving `pkg/reconciler/revision/resources/names`); of a name too
 * long for that Knative keeps a hash only, and it is not found.
 *
 * One reporter counts, else each request would count twice. Requests to a revision come from a gateway or the activator;
 * what else calls its pods, the autoscaler and whatever scrapes them from outside of the mesh, must not dilute them.
 */
const istio: Pack = {
  family: 'istio_request_duration_milliseconds',
  msPerUnit: 1,
  bounds: proxyBounds,
  identity: { namespace: 'destination_workload_namespace', revision: 'destination_workload' },
  written: ({ revision }) => `${revision}-deployment`,
  code: 'response_code',
  grpcCode: 'grpc_response_status',
  where: [
    ['reporter', 'destination'],
    ['source_workload', { not: ['autoscaler', 'unknown'] }],
  ],
  identityOn: 'series',
};

/**
 * Kourier's Envoy. It has one cluster for each revision, `<namespace>/<revision>` (knative-extensions/net-kourier
 * `pkg/generator/ingress_translator.go`); their statistics:
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/upstream/cluster_manager/cluster_stats. The latencies have no
 * response code (knative/serving#16219), and those of requests that got no answer are missing.
 */
const kourier: Pack = {
  family: 'envoy_cluster_upstream_rq_time',
  msPerUnit: 1,
  bounds: proxyBounds,
  identity: { revision: 'envoy_cluster_name' },
  written: ({ namespace, revision }) => `${namespace}/${revision}`,
  responses: { name: 'envoy_cluster_upstream_rq_xx', codeClass: 'envoy_response_code_class' },
  identityOn: 'series',
};

/**
 * All kinds of request metrics, the nearest to the app first. The first tier that has anything of the versions is the only
 * one that counts: the same request shows in each of them.
 */
export const tiers: readonly (readonly Pack[])[] = [queueProxy, otherTranslations, [istio], [kourier]];
