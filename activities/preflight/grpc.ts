import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { metricFacts } from '../../core/experiment/metric.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';

/** A warning where errors are judged of a service that may speak gRPC, whose failures are HTTP 200. */
export function grpcWarnings({ metadata, spec }: KnativeService, { objectives }: Experiment): readonly string[] {
  const ports = spec.template?.spec?.containers?.flatMap(({ ports: own = [] }) => own) ?? [];
  const judged = objectives.map(({ metric }) => metric).filter(countsErrors);
  if (judged.length === 0 || !ports.some(({ name }) => name === 'h2c')) return [];
  const names = [...new Set(judged)].join(' and ');
  return [
    `Knative Service ${formatObjectName(metadata)} speaks HTTP/2 (port h2c), as gRPC does, whose failures are HTTP 200: ${names} ` +
      "counts them from Istio's sidecars alone; where there are none, judge by a metric of your own (samples/grpc)",
  ];
}

function countsErrors(metric: string): boolean {
  const { kind } = metricFacts(metric);
  return kind.kind === 'error-share' || (kind.kind === 'count' && kind.of === 'errors');
}
