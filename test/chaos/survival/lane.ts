import type { Sandbox, SupervisedProcess } from '../../../sandbox/index.ts';
import { startApiProxy } from '../../support/api-proxy.ts';
import type { ApiProxy } from '../../support/api-proxy.ts';
import { startMetricsGate } from '../../support/metrics-gate.ts';
import type { MetricsGate } from '../../support/metrics-gate.ts';
import { startWorkerProcess } from '../../support/worker-process.ts';
import type { SharedParts } from './lock.ts';

/** A worker with ways of its own to the API server and to Prometheus, on which one run follows another. */
export interface Lane {
  readonly sandbox: Sandbox;
  /** The task queue of its worker. */
  readonly name: string;
  readonly api: ApiProxy;
  readonly metrics: MetricsGate;
  readonly shared: SharedParts;
  readonly worker: () => SupervisedProcess;
  /** Starts a new worker beside or after the present one, which then is the present one. */
  readonly startWorker: () => Promise<void>;
}

export async function openLane(sandbox: Sandbox, shared: SharedParts, name: string): Promise<Lane> {
  const api = await startApiProxy(sandbox, name);
  const metrics = await startMetricsGate(sandbox.prometheus.url);
  const env = { SERIN_KUBECONFIG: api.kubeconfig, SERIN_PROMETHEUS_URL: metrics.url };
  let started = 0;
  const start = (): Promise<SupervisedProcess> => {
    started += 1;
    return startWorkerProcess(sandbox, { name: `${name}-${started}`, taskQueue: name, env });
  };
  let worker = await start();
  return {
    sandbox,
    name,
    api,
    metrics,
    shared,
    worker: () => worker,
    startWorker: async () => {
      worker = await start();
    },
  };
}
