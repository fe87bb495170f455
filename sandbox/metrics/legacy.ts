import { counterLine, histogramLines, type Family, type Labels } from './exposition.ts';
import type { PodIdentity, RequestRecorder } from './recorder.ts';

/** Knative's first generation of request metrics, by OpenCensus: up to Knative 1.18. */
export function legacyFamilies(recorder: RequestRecorder): Family[] {
  const [count, latencies] = ['revision_app_request_count', 'revision_app_request_latencies'];
  const tallies = [...recorder.tallies()].map(([pod, tally]) => ({ labels: responseLabels(pod, tally.status), tally }));
  return [
    {
      name: count,
      help: 'The number of requests that are routed to user-container',
      type: 'counter',
      lines: tallies.map(({ labels, tally }) => counterLine(count, labels, tally.count)),
    },
    {
      name: latencies,
      help: 'The response time in millisecond',
      type: 'histogram',
      lines: tallies.flatMap(({ labels, tally }) => histogramLines(latencies, labels, tally.durationsMs)),
    },
  ];
}

function responseLabels(pod: PodIdentity, status: number): Labels {
  return {
    configuration_name: pod.configuration,
    container_name: 'queue-proxy',
    namespace_name: pod.namespace,
    pod_name: pod.pod,
    response_code: String(status),
    response_code_class: `${Math.trunc(status / 100)}xx`,
    revision_name: pod.revision,
    service_name: pod.service,
  };
}
