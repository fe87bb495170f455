import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../sandbox/processes/ports.ts';
import { until } from '../support/until.ts';

/** An API server that lets every request wait, so that an activity is in flight for as long as a test wants. */
export interface SlowCluster {
  /** Path of a kubeconfig for it. */
  readonly kubeconfig: string;
  /** Returns when a request waits. */
  readonly requested: () => Promise<void>;
  /** Refuses all requests that wait, and those that come: the activity fails for good. */
  readonly refuse: () => void;
  readonly remove: () => Promise<void>;
}

export async function startSlowCluster(): Promise<SlowCluster> {
  const waiting = new Set<ServerResponse>();
  let isRefusing = false;
  const refuse = (response: ServerResponse): void => {
    response.writeHead(403, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Forbidden', code: 403 }),
    );
  };
  const server = createServer((request, response) => {
    // A denial counts only from an API server that is ready.
    if (request.url?.startsWith('/readyz')) return response.end('ok');
    // There are no receivers of notices, for which a run looks first.
    if (request.url?.includes('/secrets/')) return refuse(response);
    if (isRefusing) return refuse(response);
    waiting.add(response);
    response.on('close', () => waiting.delete(response));
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const directory = await mkdtemp(join(tmpdir(), 'serin-cluster-'));
  const kubeconfig = join(directory, 'kubeconfig');
  await writeFile(kubeconfig, formatKubeconfig(`http://127.0.0.1:${port}`));
  return {
    kubeconfig,
    requested: async () => {
      await until('a request to the cluster', async () => waiting.size > 0);
    },
    refuse: () => {
      isRefusing = true;
      waiting.forEach(refuse);
    },
    remove: async () => {
      server.close();
      server.closeAllConnections();
      await rm(directory, { recursive: true });
    },
  };
}

/** Clients read YAML, of which JSON is a part; they speak plain HTTP only where verification is off. */
function formatKubeconfig(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'slow',
    contexts: [{ name: 'slow', context: { cluster: 'slow', user: 'slow' } }],
    clusters: [{ name: 'slow', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'slow', user: {} }],
  });
}
