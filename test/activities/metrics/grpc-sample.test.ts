import { afterEach, expect, test } from 'vitest';
import { readMetric } from '../../../activities/metrics/read-metric.ts';
import { parseMetrics } from '../../../formats/metrics/metric.ts';
import { startExporter } from '../../support/exporter.ts';
import type { Exporter } from '../../support/exporter.ts';
import { startPrometheus } from '../../support/prometheus-server.ts';
import type { PrometheusServer } from '../../support/prometheus-server.ts';
import { readSample } from '../../support/samples.ts';

let prometheus: PrometheusServer | undefined;
let app: Exporter | undefined;
afterEach(async () => {
  await prometheus?.remove();
  await app?.close();
});

function handled(revision: string, calls: Readonly<Record<string, number>>): string[] {
  return Object.entries(calls).map(
    ([code, count]) =>
      `grpc_server_handled_total{namespace="default",revision="${revision}",grpc_code="${code}"} ${count}`,
  );
}

test("the sample's metric tells failures of gRPC by the server's fault, of a real Prometheus", async () => {
  app = await startExporter();
  const server = await startPrometheus({ jobs: { app: [app] } });
  prometheus = server;
  const nothing = { OK: 0, NotFound: 0, Unavailable: 0 };
  await server.show(app, [...handled('app-v1', { OK: 0, NotFound: 0 }), ...handled('app-v2', nothing)]);
  const calls = { OK: 600, NotFound: 100, Unavailable: 300 };
  await server.show(app, [...handled('app-v1', { OK: 1000, NotFound: 0 }), ...handled('app-v2', calls)]);
  const reading = parseMetrics(readSample('grpc/metrics.yaml'), { file: 'metrics.yaml', namespace: 'default' });
  const [metric] = reading.kind === 'ok' ? reading.metrics : [];
  const definition = metric?.definition ?? expect.fail('no metric');
  const { signal } = new AbortController();
  const backEnds = {
    prometheusUrl: server.url,
    readSecret: async () => undefined,
    request: () => expect.fail('no request over HTTP'),
  };
  const share = async (revision: string): Promise<number> => {
    const version = { name: revision, variables: { revision } };
    const read = await readMetric({ definition, version, elapsedMs: 30_000, nowMs: Date.now(), signal }, backEnds);
    return read.kind === 'value' ? read.value : expect.fail(read.reason);
  };
  expect(await share('app-v1')).toBe(0);
  expect(await share('app-v2')).toBeCloseTo(0.3, 9);
});
