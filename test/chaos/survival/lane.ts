import { join } from 'node:path';
import { defined } from '../../../core/text/defined.ts';
import type { Sandbox, SupervisedProcess } from '../../../sandbox/index.ts';
import { startHttpServer } from '../../activities/http/http-server.ts';
import type { ReceivedRequest } from '../../activities/http/http-server.ts';
import { startApiProxy } from '../../support/api-proxy.ts';
import type { ApiProxy } from '../../support/api-proxy.ts';
import { startHttpGate } from '../../support/http-gate.ts';
import type { HttpGate } from '../../support/http-gate.ts';
import { startOperatorProcess } from '../../support/operator-process.ts';
import { EndedAtStart, startWorkerProcess } from '../../support/worker-process.ts';
import { mountDisk } from './disk.ts';
import type { Disk } from './disk.ts';
import type { SharedParts } from './lock.ts';

/** A worker with ways of its own to the API server and to Prometheus, and an operator, on which one run follows another. */
export interface Lane {
  readonly sandbox: Sandbox;
  /** The task queue of its worker, and the namespace of its targets. */
  readonly name: string;
  readonly api: ApiProxy;
  readonly metrics: HttpGate;
  /** The way to whoever is told of events. */
  readonly notices: HttpGate;
  /** What has come to it, oldest first. */
  readonly told: readonly ReceivedRequest[];
  /** Of the worker's temporary files; absent where this machine does not let it have one of its own. */
  readonly disk: Disk | undefined;
  readonly shared: SharedParts;
  readonly worker: () => SupervisedProcess;
  /** Starts a new worker beside or after the present one, which then is the present one. */
  readonly startWorker: () => Promise<void>;
  readonly operator: () => SupervisedProcess;
  readonly startOperator: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openLane(sandbox: Sandbox, shared: SharedParts, name: string): Promise<Lane> {
  const api = await startApiProxy(sandbox, name);
  const metrics = await startHttpGate(sandbox.prometheus.url);
  const receiver = await startHttpServer();
  const notices = await startHttpGate(receiver.url);
  const disk = await mountDisk(join(sandbox.stateDirectory, `${name}-disk`));
  const addresses = { SERIN_KUBECONFIG: api.kubeconfig, SERIN_PROMETHEUS_URL: metrics.url };
  const env = { ...addresses, ...defined({ TMPDIR: disk?.path }) };
  let started = 0;
  // As often as a Deployment would, at most: another lane may have taken Temporal away.
  const startWorker = async (attempts = 5): Promise<SupervisedProcess> => {
    started += 1;
    try {
      return await startWorkerProcess(sandbox, { name: `${name}-${started}`, taskQueue: name, env });
    } catch (error) {
      if (attempts > 1 && error instanceof EndedAtStart) return startWorker(attempts - 1);
      throw error;
    }
  };
  const startOperator = (): Promise<SupervisedProcess> => {
    started += 1;
    return startOperatorProcess(sandbox, {
      name: `${name}-operator-${started}`,
      taskQueue: name,
      watchNamespace: name,
    });
  };
  let [worker, operator] = await Promise.all([startWorker(), startOperator()]);
  return {
    sandbox,
    name,
    api,
    metrics,
    notices,
    told: receiver.received,
    disk,
    shared,
    worker: () => worker,
    startWorker: async () => {
      worker = await startWorker();
    },
    operator: () => operator,
    startOperator: async () => {
      operator = await startOperator();
    },
    close: async () => {
      worker.signal('SIGTERM');
      operator.signal('SIGTERM');
      await disk?.unmount();
      await receiver.close();
    },
  };
}
