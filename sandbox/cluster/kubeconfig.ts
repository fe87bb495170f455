import { writeFile } from 'node:fs/promises';

export interface KubeconfigEntry {
  readonly server: string;
  /** PEM. */
  readonly certificateAuthority: string;
  readonly user: string;
  readonly token: string;
}

/** Writes a kubeconfig with one context, in namespace `default`, readable by its owner only. */
export async function writeKubeconfig(path: string, entry: KubeconfigEntry): Promise<void> {
  const { server, certificateAuthority, user, token } = entry;
  const cluster = { server, 'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64') };
  // JSON is YAML, which is what kubeconfigs are written in.
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'sandbox', cluster }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user, namespace: 'default' } }],
    'current-context': 'sandbox',
  };
  await writeFile(path, `${JSON.stringify(kubeconfig, undefined, 2)}\n`, { mode: 0o600 });
}
