import { join } from 'node:path';
import type { Base } from '../base.ts';
import type { Service } from '../processes/service.ts';
import { apiServer, type ApiServer } from './api-server.ts';
import { connect, type SandboxCluster } from './client.ts';
import { controllerManager } from './controller-manager.ts';
import { etcd } from './etcd.ts';

export interface ControlPlane {
  readonly server: ApiServer;
  readonly cluster: SandboxCluster;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly controllerManager: Service;
}

/** Starts etcd, the API server and the controller manager. */
export async function startControlPlane(base: Base): Promise<ControlPlane> {
  const store = await etcd(base);
  await store.service.start();
  const server = await apiServer(base, store.url);
  await server.service.start();
  const kubeconfig = join(base.stateDirectory, 'kubeconfig');
  await server.writeAdminKubeconfig(kubeconfig);
  const manager = await controllerManager(base, kubeconfig, server.serviceAccountKeyFile);
  await manager.start();
  return { server, kubeconfig, cluster: connect(kubeconfig), controllerManager: manager };
}
