import type { ControlPlane } from './control-plane.ts';
import { writeKubeconfig } from './kubeconfig.ts';

const namespace = 'serin-system';
const name = 'serin-worker';
const tokenLifetimeSeconds = 7 * 24 * 3600;

/**
 * Applies `deploy/rbac.yaml` and writes a kubeconfig of the service account in it, which has the rights of that file and no
 * others; its token is one that the API server has issued.
 */
export async function makeWorkerAccount(
  { cluster, server }: ControlPlane,
  files: { rbac: string; kubeconfig: string },
): Promise<void> {
  await cluster.applyFile(files.rbac);
  const body = { spec: { audiences: [], expirationSeconds: tokenLifetimeSeconds } };
  const { status } = await cluster.core.createNamespacedServiceAccountToken({ name, namespace, body });
  const token = status?.token;
  if (token === undefined)
    throw new Error(`the API server issued no token for the service account ${namespace}/${name}`);
  const entry = {
    server: server.url,
    certificateAuthority: await server.certificateAuthority(),
    user: name,
    token,
  };
  await writeKubeconfig(files.kubeconfig, entry);
}
