import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import type { Base } from '../base.ts';
import { freePort } from '../processes/ports.ts';
import { Service } from '../processes/service.ts';
import { auditFlags } from './audit.ts';
import { writeKubeconfig } from './kubeconfig.ts';

export interface ApiServer {
  readonly service: Service;
  readonly url: string;
  /** PEM; the server writes it when it starts for the first time. */
  certificateAuthority(): Promise<string>;
  /** Writes a kubeconfig of a cluster administrator; the server must have been started. */
  writeAdminKubeconfig(path: string): Promise<void>;
  readonly serviceAccountKeyFile: string;
}

/** A kube-apiserver on loopback with role-based access control; admin by token, service accounts by signed tokens. */
export async function apiServer(base: Base, etcdUrl: string): Promise<ApiServer> {
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const certificates = join(base.stateDirectory, 'certificates');
  const adminToken = randomBytes(24).toString('hex');
  const files = await writeCredentials(base.stateDirectory, adminToken);
  const certificateAuthority = () => readFile(join(certificates, 'apiserver.crt'), 'utf8');
  const service = new Service({
    supervision: base.supervision,
    program: base.program('kube-apiserver', base.tools.kubeApiserver, [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      `--cert-dir=${certificates}`,
      `--token-auth-file=${files.tokens}`,
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-signing-key-file=${files.serviceAccountKey}`,
      `--service-account-key-file=${files.serviceAccountKey}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      // Nothing mounts a service account's token here.
      '--disable-admission-plugins=ServiceAccount',
      '--endpoint-reconciler-type=none',
      '--profiling=false',
      '--enable-priority-and-fairness=false',
      '--v=1',
      ...(await auditFlags(base.stateDirectory)),
    ]),
    isReady: async () => isHealthy(`${url}/readyz`, await certificateAuthority()),
  });
  return {
    service,
    url,
    certificateAuthority,
    serviceAccountKeyFile: files.serviceAccountKey,
    writeAdminKubeconfig: async (path) => {
      const entry = {
        server: url,
        certificateAuthority: await certificateAuthority(),
        user: 'admin',
        token: adminToken,
      };
      await writeKubeconfig(path, entry);
    },
  };
}

async function writeCredentials(directory: string, adminToken: string) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const files = { tokens: join(directory, 'tokens.csv'), serviceAccountKey: join(directory, 'service-account.key') };
  await writeFile(files.tokens, `${adminToken},admin,admin,system:masters\n`, { mode: 0o600 });
  await writeFile(files.serviceAccountKey, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  return files;
}

function isHealthy(url: string, ca: string): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const probe = request(url, { ca, timeout: 1_000 }, (response) => {
    response.resume();
    resolve(response.statusCode === 200);
  });
  probe.once('timeout', () => probe.destroy(new Error(`${url} did not answer within 1 s`)));
  probe.once('error', reject);
  probe.end();
  return promise;
}
