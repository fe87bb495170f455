import { histogramLines, type Family, type Labels } from './exposition.ts';
import type { PodIdentity, RequestRecorder } from './recorder.ts';

/** Knative's later generation of request metrics, by OpenTelemetry: from knative.dev/serving v0.48.0 on. */
export function openTelemetryFamilies(recorder: RequestRecorder): Family[] {
  const name = 'kn_serving_invocation_duration_seconds';
  const lines = [...recorder.tallies()].flatMap(([pod, tally]) =>
    histogramLines(name, responseLabels(pod, tally.status), tally.durationsSeconds),
  );
  return [{ name, help: 'The duration of task execution', type: 'histogram', lines }];
}

function responseLabels(pod: PodIdentity, status: number): Labels {
  return {
    http_response_status_code: String(status),
    k8s_namespace_name: pod.namespace,
    k8s_pod_name: pod.pod,
    kn_configuration_name: pod.configuration,
    kn_revision_name: pod.revision,
    kn_service_name: pod.service,
    otel_scope_name: 'knative.dev/serving/pkg/queue',
    otel_scope_schema_url: '',
    otel_scope_version: '',
  };
}
