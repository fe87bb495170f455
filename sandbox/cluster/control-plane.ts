import { join } from 'node:path';
import type { Base } from '../base.ts';
import type { Service } from '../processes/service.ts';
import { apiServer, type ApiServer } from './api-server.ts';
import { connect, type SandboxCluster } from './client.ts';
import { controllerManager } from './controller-manager.ts';
import { etcd } from './etcd.ts';

export interface RunningApiServer {
  readonly server: ApiServer;
  readonly cluster: SandboxCluster;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
}

export interface ControlPlane extends RunningApiServer {
  readonly controllerManager: Service;
}

/** Starts etcd, the API server and the controller manager. */
export async function startControlPlane(base: Base): Promise<ControlPlane> {
  const running = await startApiServer(base);
  const manager = await controllerManager(base, running.kubeconfig, running.server.serviceAccountKeyFile);
  await manager.start();
  return { ...running, controllerManager: manager };
}

/** Starts etcd and the API server. */
export async function startApiServer(base: Base): Promise<RunningApiServer> {
  const store = await etcd(base);
  await store.service.start();
  const server = await apiServer(base, store.url);
  await server.service.start();
  const kubeconfig = join(base.stateDirectory, 'kubeconfig');
  await server.writeAdminKubeconfig(kubeconfig);
  return { server, kubeconfig, cluster: connect(kubeconfig) };
}
