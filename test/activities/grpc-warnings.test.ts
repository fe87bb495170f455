import { expect, test } from 'vitest';
import { grpcWarnings } from '../../activities/preflight/grpc.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';
import { anExperiment } from '../support/builders.ts';

function service(port?: string): KnativeService {
  const ports = port === undefined ? [] : [{ name: port }];
  return {
    metadata: { name: 'app', namespace: 'shop', uid: 'u', resourceVersion: '1' },
    spec: { template: { spec: { containers: [{ image: 'app', ports }] } } },
  };
}

const judging = (...metrics: readonly string[]) =>
  anExperiment({ objectives: metrics.map((metric) => ({ metric, upperLimit: 1, rollbackOnFailure: false })) });

test('a service that may speak gRPC is warned of where its errors are judged', () => {
  expect(grpcWarnings(service('h2c'), judging('error-rate', 'mean-latency'))).toEqual([
    'Knative Service shop/app speaks HTTP/2 (port h2c), as gRPC does, whose failures are HTTP 200: error-rate counts them from ' +
      "Istio's sidecars alone; where there are none, judge by a metric of your own (samples/grpc)",
  ]);
});

test.each([
  ['one of HTTP/1', service('http1'), judging('error-rate')],
  ['one that names no protocol', service(), judging('error-count')],
  ['one whose errors are not judged', service('h2c'), judging('mean-latency')],
])('%s is not', (_, target, experiment) => {
  expect(grpcWarnings(target, experiment)).toEqual([]);
});
