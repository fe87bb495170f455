import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectOperatorCluster } from '../../operator/cluster.ts';
import type { Watched } from '../../operator/cluster.ts';

let server: Server;
let watches: number;
let watched: Watched | undefined;

/** An API server without Experiments, which ends every watch at once. */
beforeEach(async () => {
  watches = 0;
  server = createServer((request, response) => {
    if (request.url?.includes('watch=true') === true) watches += 1;
    response.setHeader('content-type', 'application/json');
    response.end(request.url?.includes('watch=true') === true ? '' : '{"items":[],"metadata":{"resourceVersion":"1"}}');
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
});

afterEach(() => {
  watched?.stop();
  server.closeAllConnections();
  server.close();
});

test('a watch outlives credentials that cannot be read when it connects again', async () => {
  const config = new KubeConfig();
  const { port } = server.address() as AddressInfo;
  config.loadFromClusterAndUser({ name: 'c', server: `http://127.0.0.1:${port}`, skipTLSVerify: true }, { name: 'u' });
  const cluster = connectOperatorCluster(config);
  const broken = vi.fn();
  const ignore = (): void => undefined;
  watched = cluster.watch({ group: 'serin.dev', version: 'v1alpha1' }, { seen: ignore, gone: ignore, broken });
  await vi.waitFor(() => expect(watches).toBeGreaterThan(0), { timeout: 10_000 });
  vi.spyOn(config, 'applySecurityAuthentication').mockRejectedValueOnce(new Error('the plugin has no token'));
  await vi.waitFor(() => expect(broken).toHaveBeenCalledWith('the plugin has no token'), { timeout: 20_000 });
  const before = watches;
  await vi.waitFor(() => expect(watches).toBeGreaterThan(before), { timeout: 20_000 });
});
