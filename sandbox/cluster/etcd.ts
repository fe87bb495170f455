import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { answers } from '../processes/http.ts';
import { freePort } from '../processes/ports.ts';
import { Service } from '../processes/service.ts';
import type { Base } from '../base.ts';

/** The API server's store; `url` is its address for clients. */
export async function etcd(base: Base): Promise<{ readonly service: Service; readonly url: string }> {
  const [clientPort, peerPort] = [await freePort(), await freePort()];
  const [url, peerUrl] = [`http://127.0.0.1:${clientPort}`, `http://127.0.0.1:${peerPort}`];
  const dataDirectory = join(base.stateDirectory, 'etcd');
  await mkdir(dataDirectory, { mode: 0o700 });
  const service = new Service({
    supervision: base.supervision,
    program: base.program('etcd', base.tools.etcd, [
      `--data-dir=${dataDirectory}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      // The data need not outlive the machine.
      '--unsafe-no-fsync',
      '--log-level=warn',
    ]),
    isReady: () => answers(`${url}/readyz`),
    restarts: true,
  });
  return { service, url };
}
