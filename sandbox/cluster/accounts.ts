import type { ControlPlane } from './control-plane.ts';
import { writeKubeconfig } from './kubeconfig.ts';

const namespace = 'serin-system';
const tokenLifetimeSeconds = 7 * 24 * 3600;

/** Paths of the kubeconfigs to write, for the service accounts of `deploy/rbac.yaml`. */
export interface AccountKubeconfigs {
  readonly 'serin-worker'?: string;
  readonly 'serin-operator'?: string;
  readonly 'serin-server'?: string;
}

type Server = Pick<ControlPlane, 'cluster' | 'server'>;

/**
 * Applies `deploy/rbac.yaml` and writes kubeconfigs of its service accounts, which have the rights of that file and no
 * others; the API server issues their tokens.
 */
export async function makeAccounts(
  controlPlane: Server,
  { rbac, kubeconfigs }: { rbac: string; kubeconfigs: AccountKubeconfigs },
): Promise<void> {
  await controlPlane.cluster.applyFile(rbac);
  await Promise.all(Object.entries(kubeconfigs).map(([name, path]) => writeAccount(controlPlane, name, path)));
}

async function writeAccount({ cluster, server }: Server, name: string, kubeconfig: string): Promise<void> {
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
  await writeKubeconfig(kubeconfig, entry);
}
