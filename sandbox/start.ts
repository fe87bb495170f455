import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeActions } from './actions.ts';
import { makeBase, type Base } from './base.ts';
import { serveCharts } from './charts/repository.ts';
import { makeAccounts } from './cluster/accounts.ts';
import { startControlPlane } from './cluster/control-plane.ts';
import { defineAll } from './cluster/definitions.ts';
import { FaultBoard } from './faults/fault.ts';
import { startKnative } from './knative/knative.ts';
import { RequestRecorder } from './metrics/recorder.ts';
import { serveMetrics } from './metrics/server.ts';
import type { SandboxOptions } from './options.ts';
import { partOf, withClients } from './processes/service.ts';
import { startSupervision } from './processes/supervision.ts';
import { startPrometheus } from './prometheus/prometheus.ts';
import type { Sandbox, SandboxAddresses } from './sandbox.ts';
import { startTemporal } from './temporal/temporal.ts';
import { resolveSandboxTools } from './tools/resolve.ts';
import { startTraffic } from './traffic.ts';

const checkout = fileURLToPath(new URL('..', import.meta.url));

/**
 * Starts a local Knative with Temporal, Prometheus and a chart repository, all of real parts, on free ports of loopback.
 * Builds the parts first where the cache does not have them.
 *
 * Nothing of it outlives this process, even if it is killed; `stop` ends it in order.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const tools = await resolveSandboxTools(options.progress);
  const stateDirectory = await mkdtemp(join(tmpdir(), 'serin-sandbox-'));
  await mkdir(join(stateDirectory, 'logs'));
  const supervision = startSupervision(stateDirectory);
  const open: (() => Promise<void>)[] = [() => supervision.stop()];
  const stop = async () => {
    for (const close of open.splice(0).toReversed()) await close();
  };
  try {
    return await assemble(makeBase({ supervision, stateDirectory, tools }), options, {
      stop,
      onStop: (close) => open.push(close),
    });
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Life {
  readonly stop: () => Promise<void>;
  readonly onStop: (close: () => Promise<void>) => void;
}

async function assemble(base: Base, options: SandboxOptions, life: Life): Promise<Sandbox> {
  const parts = { faults: new FaultBoard(), recorder: new RequestRecorder() };
  const [cluster, temporal, { metrics, prometheus }, charts] = await Promise.all([
    startCluster(base, parts, life),
    startTemporal(base, options),
    startMonitoring(base, parts.recorder, options, life),
    startCharts(base, life),
  ]);
  const { controlPlane, apiServer, gatewayUrl, workerKubeconfig, operatorKubeconfig, serverKubeconfig } = cluster;
  const addresses: SandboxAddresses = {
    kubeconfig: controlPlane.kubeconfig,
    workerKubeconfig,
    operatorKubeconfig,
    serverKubeconfig,
    temporal: { address: temporal.address, uiUrl: temporal.uiUrl, namespace: 'default' },
    prometheus: { url: prometheus.url },
    gateway: { url: gatewayUrl, metricsUrl: `${metrics.url}/metrics` },
    chartRepository: charts,
    tools: base.tools,
    stateDirectory: base.stateDirectory,
  };
  return {
    ...addresses,
    ...makeActions(base, addresses),
    outages: {
      apiServer,
      prometheus: prometheus.service,
      temporal: temporal.service,
      ...(temporal.database && { temporalDatabase: partOf(temporal.service, temporal.database) }),
    },
    setFaults: async (revision, faults) => parts.faults.set(revision, faults),
    stop: life.stop,
  };
}

type SharedParts = { readonly faults: FaultBoard; readonly recorder: RequestRecorder };

async function startCluster(base: Base, parts: SharedParts, life: Life) {
  const controlPlane = await startControlPlane(base);
  const traffic = startTraffic(base, controlPlane.cluster, parts);
  const workerKubeconfig = join(base.stateDirectory, 'worker-kubeconfig');
  const operatorKubeconfig = join(base.stateDirectory, 'operator-kubeconfig');
  const serverKubeconfig = join(base.stateDirectory, 'server-kubeconfig');
  const kubeconfigs = {
    'serin-worker': workerKubeconfig,
    'serin-operator': operatorKubeconfig,
    'serin-server': serverKubeconfig,
  };
  const accounts = makeAccounts(controlPlane, { rbac: join(checkout, 'deploy/rbac.yaml'), kubeconfigs });
  const kinds = defineAll(controlPlane.cluster, join(checkout, 'deploy/crds.yaml'));
  const knative = startKnative(base, controlPlane);
  const [{ gatewayUrl, stop }, knativeController] = await Promise.all([traffic, knative, accounts, kinds]);
  life.onStop(stop);
  const apiServer = withClients(controlPlane.server.service, [controlPlane.controllerManager, knativeController]);
  return { controlPlane, apiServer, gatewayUrl, workerKubeconfig, operatorKubeconfig, serverKubeconfig };
}

async function startMonitoring(base: Base, recorder: RequestRecorder, options: SandboxOptions, life: Life) {
  const { metrics: generation = 'legacy', scrapeIntervalMs = 1_000 } = options;
  const metrics = await serveMetrics(recorder, generation);
  life.onStop(metrics.close);
  const prometheus = await startPrometheus(base, { scrapeIntervalMs, target: `127.0.0.1:${metrics.port}` });
  return { metrics, prometheus };
}

async function startCharts(base: Base, life: Life) {
  const directory = join(base.stateDirectory, 'charts');
  const { url, close } = await serveCharts({ helm: base.tools.helm, samples: join(checkout, 'samples'), directory });
  life.onStop(close);
  return { url, directory };
}
