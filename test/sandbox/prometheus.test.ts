import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import { makeBase } from '../../sandbox/base.ts';
import { RequestRecorder } from '../../sandbox/metrics/recorder.ts';
import { serveMetrics } from '../../sandbox/metrics/server.ts';
import { until } from '../../sandbox/processes/condition.ts';
import type { Listening } from '../../sandbox/processes/listen.ts';
import { startSupervision } from '../../sandbox/processes/supervision.ts';
import type { Supervision } from '../../sandbox/processes/supervision.ts';
import { startPrometheus } from '../../sandbox/prometheus/prometheus.ts';
import { resolveSandboxTools } from '../../sandbox/tools/resolve.ts';

let supervision: Supervision;
let metrics: Listening;
let url: string;

beforeAll(async () => {
  const recorder = new RequestRecorder();
  const pod = { namespace: 'default', service: 'shop', configuration: 'shop', revision: 'shop-v2', pod: 'shop-v2-1' };
  recorder.add(pod);
  recorder.record(pod, 200, 0.2);
  metrics = await serveMetrics(recorder, 'both');
  const stateDirectory = await mkdtemp(join(tmpdir(), 'serin-prometheus-'));
  await mkdir(join(stateDirectory, 'logs'));
  supervision = startSupervision(stateDirectory);
  const base = makeBase({ supervision, stateDirectory, tools: await resolveSandboxTools() });
  ({ url } = await startPrometheus(base, { scrapeIntervalMs: 500, target: `127.0.0.1:${metrics.port}` }));
}, 240_000);
afterAll(async () => {
  await supervision?.stop();
  await metrics?.close();
});

test.each(['revision_app_request_count', 'kn_serving_invocation_duration_seconds_count'])(
  'with both generations of metrics Prometheus has %s',
  async (metric) => {
    await until({ what: `Prometheus to have ${metric}`, limitMs: 60_000 }, async () => {
      const response = await fetch(`${url}/api/v1/query?query=${metric}`);
      return (await response.text()).includes('shop-v2');
    });
  },
  120_000,
);
