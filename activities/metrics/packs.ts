/** Where a generation of Knative's queue-proxy keeps what one counter belongs to. */
export interface IdentityLabels {
  readonly namespace: string;
  readonly revision: string;
  readonly pod: string;
}

/** The request metrics of one generation of Knative: one histogram, split by pod and response code. */
export interface Pack {
  /** The histogram's name without `_bucket`, `_sum` and `_count`. */
  readonly family: string;
  /** Milliseconds in one unit of its values and boundaries. */
  readonly msPerUnit: number;
  readonly identity: IdentityLabels;
  /** The label with the HTTP status. */
  readonly code: string;
  /**
   * `series`: the identity is on the histogram itself. `target_info`: it is on the target's info metric, which shares
   * `job` and `instance` with the histogram: OpenTelemetry's resource attributes as its Prometheus exporter shows them.
   */
  readonly identityOn: 'series' | 'target_info';
}

const openTelemetry = {
  family: 'kn_serving_invocation_duration_seconds',
  msPerUnit: 1000,
  identity: { namespace: 'k8s_namespace_name', revision: 'kn_revision_name', pod: 'k8s_pod_name' },
  code: 'http_response_status_code',
} as const;

/**
 * All of them are asked each time.
 *
 * Names and labels: knative.dev/serving v0.42 `pkg/queue/request_metric.go` and `pkg/metrics/tags.go`; v0.49
 * `pkg/queue/request_metric.go` and `pkg/queue/sharedmain/otel.go`, where revision, namespace and pod are resource
 * attributes: on the series after OTLP ingestion that promotes them, in `target_info` when the queue-proxy is scraped.
 */
export const packs: readonly Pack[] = [
  {
    family: 'revision_app_request_latencies',
    msPerUnit: 1,
    identity: { namespace: 'namespace_name', revision: 'revision_name', pod: 'pod_name' },
    code: 'response_code',
    identityOn: 'series',
  },
  { ...openTelemetry, identityOn: 'series' },
  { ...openTelemetry, identityOn: 'target_info' },
];
