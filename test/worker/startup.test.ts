import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../sandbox/processes/ports.ts';
import { startSlowCluster } from './slow-cluster.ts';
import type { SlowCluster } from './slow-cluster.ts';
import { startTemporalServer } from './temporal-server.ts';
import type { TemporalServer } from './temporal-server.ts';
import { startWorker } from './worker-process.ts';

let temporal: TemporalServer;
let cluster: SlowCluster;

beforeAll(async () => {
  [temporal, cluster] = await Promise.all([startTemporalServer(), startSlowCluster()]);
});

afterAll(async () => {
  await Promise.all([temporal.remove(), cluster.remove()]);
});

/** How a worker ends that cannot start: its exit code, and what it said last. */
async function failedStart(env: Readonly<Record<string, string>>) {
  const worker = startWorker({ TEMPORAL_ADDRESS: temporal.address, SERIN_KUBECONFIG: cluster.kubeconfig, ...env });
  const code = await worker.exited;
  return { code, error: worker.log().at(-1)?.msg, stderr: worker.stderr() };
}

describe('a worker that cannot start', () => {
  test('says all problems of its configuration at once, and ends with 2', async () => {
    const { code, stderr } = await failedStart({
      SERIN_LOG_LEVEL: 'loud',
      SERIN_SHUTDOWN_GRACE: '60',
      TEMPORAL_PROFILE: 'absent',
      TEMPORAL_WORKER_BUILD_ID: '1',
    });
    expect(code).toBe(2);
    expect(stderr.trimEnd().split('\n')).toEqual([
      'SERIN_LOG_LEVEL: expected one of trace, debug, info, warn, error, got "loud"',
      'SERIN_SHUTDOWN_GRACE: expected a duration from 0s to 24h, such as 60s, got "60"',
      'TEMPORAL_DEPLOYMENT_NAME: expected a name beside TEMPORAL_WORKER_BUILD_ID, got none',
      expect.stringMatching(/^TEMPORAL_\*: expected a usable Temporal configuration, got .*absent/),
    ]);
  });

  test('ends with 2 when there is no kubeconfig', async () => {
    const nowhere = await failedStart({ SERIN_KUBECONFIG: '', HOME: '/nowhere' });
    expect(nowhere).toMatchObject({
      code: 2,
      stderr: 'KUBECONFIG: expected a kubeconfig, got none: not here, not in ~/.kube/config, and not in a cluster\n',
    });
    const absent = await failedStart({ SERIN_KUBECONFIG: '/nowhere/kubeconfig' });
    expect(absent.code).toBe(2);
    expect(absent.stderr).toBe(
      "SERIN_KUBECONFIG: expected a readable kubeconfig, got ENOENT: no such file or directory, open '/nowhere/kubeconfig'\n",
    );
  });

  test('ends with 2 when a file of the access to Prometheus cannot be read', async () => {
    expect(await failedStart({ SERIN_PROMETHEUS_TOKEN_FILE: '/nowhere/token' })).toMatchObject({
      code: 2,
      stderr:
        'SERIN_PROMETHEUS_TOKEN_FILE: expected a readable file, got ENOENT: no such file or directory, access ' +
        "'/nowhere/token'\n",
    });
  });

  test.each([
    ['/nowhere/keys.pem', 'which is not there'],
    [import.meta.filename, 'which has none'],
  ])('ends with 2 when the file of public keys is %s', async (path, why) => {
    expect(await failedStart({ SERIN_VERIFICATION_KEYS_FILE: path })).toMatchObject({
      code: 2,
      stderr: `SERIN_VERIFICATION_KEYS_FILE: expected a file with public keys as PEM, got "${path}", ${why}\n`,
    });
  });

  test('ends with 2 when the kubeconfig has no current context', async () => {
    const kubeconfig = `${cluster.kubeconfig}.empty`;
    await writeFile(kubeconfig, '{"apiVersion":"v1","kind":"Config"}');
    expect(await failedStart({ SERIN_KUBECONFIG: kubeconfig })).toMatchObject({
      code: 2,
      stderr: 'SERIN_KUBECONFIG: expected a kubeconfig whose current context has a cluster, got no current context\n',
    });
  });

  test('names the address and the remedy when Temporal refuses connections', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    expect(await failedStart({ TEMPORAL_ADDRESS: address })).toMatchObject({
      code: 1,
      error: `cannot connect to Temporal at ${address}: Connection refused; start it (\`temporal server start-dev\`), or set TEMPORAL_ADDRESS or temporal.toml`,
    });
  });

  test('gives up after 10 s when Temporal accepts connections and says nothing', async () => {
    const silent = createServer();
    const address = `127.0.0.1:${await freePort()}`;
    silent.listen(Number(address.split(':')[1]), '127.0.0.1');
    await once(silent, 'listening');
    const { code, error } = await failedStart({ TEMPORAL_ADDRESS: address });
    silent.close();
    expect(code).toBe(1);
    expect(error).toMatch(`cannot connect to Temporal at ${address}: no answer within 10 s; start it`);
  });

  test('names a namespace that is missing', async () => {
    expect(await failedStart({ TEMPORAL_NAMESPACE: 'nowhere' })).toMatchObject({
      code: 1,
      error: `Temporal at ${temporal.address} has no namespace nowhere; create it (\`temporal operator namespace create\`), or set TEMPORAL_NAMESPACE`,
    });
  });

  test('names an address that is taken', async () => {
    const taken = temporal.address;
    expect(await failedStart({ SERIN_HEALTH_ADDRESS: taken })).toMatchObject({
      code: 1,
      error: `the health endpoint cannot listen at ${taken}: listen EADDRINUSE: address already in use ${taken}; set SERIN_HEALTH_ADDRESS`,
    });
    const metrics = await failedStart({ SERIN_METRICS_ADDRESS: taken });
    expect(metrics.code).toBe(1);
    expect(metrics.error).toMatch(
      new RegExp(`with metrics at ${taken}: .*in use.*; set SERIN_METRICS_ADDRESS to a free address, or to none$`),
    );
  });

  test('names a workflow bundle that is missing', async () => {
    expect(await failedStart({ SERIN_WORKFLOW_BUNDLE: '/nowhere/bundle.js' })).toMatchObject({
      code: 2,
      stderr: 'SERIN_WORKFLOW_BUNDLE: expected a readable file, got "/nowhere/bundle.js"\n',
    });
  });
});
