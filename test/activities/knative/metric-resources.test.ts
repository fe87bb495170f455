import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectCluster } from '../../../activities/knative/cluster.ts';
import type { ActivityCluster } from '../../../activities/knative/cluster.ts';
import { readSecretData } from '../../../activities/knative/secret-data.ts';
import { requestText } from '../../../activities/http/request-text.ts';
import { findMetrics } from '../../../activities/metrics/metric-resources.ts';
import type { MetricDefinitions } from '../../../core/experiment/metric.ts';
import type { Sandbox } from '../../../sandbox/index.ts';
import { asActivity, caughtFailure } from '../../support/activity.ts';
import { testCluster } from '../../support/cluster.ts';
import { until } from '../../support/until.ts';
import { accountsOf, bindTarget } from '../../support/access.ts';

let sandbox: Sandbox;
let cluster: ActivityCluster;
let directory: string;

/** The namespace of this suite alone, since the sandbox is shared. */
const namespace = 'metric-resources';
const kinds = { 'iter8.tools': ['v2alpha2', 'v2alpha1'], 'serin.dev': ['v1alpha1'] } as const;
const installed: string[] = [];

beforeAll(async () => {
  sandbox = (await testCluster()).sandbox;
  directory = await mkdtemp(join(tmpdir(), 'serin-metrics-'));
  ({ cluster } = accountsOf(sandbox).of(namespace));
  await sandbox.kubectl('create', 'namespace', namespace);
  await bindTarget(sandbox, namespace);
});

afterAll(async () => {
  if (installed.length > 0) await sandbox.kubectl('delete', 'crd', ...installed);
});

async function apply(...objects: readonly object[]): Promise<void> {
  const file = join(directory, 'objects.json');
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  await sandbox.kubectl('apply', '--filename', file);
}

/** A kind without a schema, as it is where somebody has installed an old iter8; left alone where it is there already. */
async function install(group: keyof typeof kinds): Promise<void> {
  const name = `metrics.${group}`;
  const isThere = await sandbox.kubectl('get', 'crd', name, '--ignore-not-found', '--output', 'name');
  if (isThere.trim() === '') {
    await apply(definitionOfKind(group, name));
    installed.push(name);
  }
  await sandbox.kubectl('wait', '--for', 'condition=Established', `crd/${name}`);
}

function definitionOfKind(group: keyof typeof kinds, name: string): object {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const versions = kinds[group].map((version, index) => ({
    name: version,
    served: true,
    storage: index === 0,
    schema,
  }));
  const names = { plural: 'metrics', singular: 'metric', kind: 'Metric' };
  const spec = { group, scope: 'Namespaced', names, versions };
  return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name }, spec };
}

function metric(apiVersion: string, name: string, spec: object): object {
  return { apiVersion, kind: 'Metric', metadata: { name, namespace }, spec };
}

function find(...references: readonly string[]): Promise<MetricDefinitions> {
  return asActivity(() => findMetrics(cluster, { references, namespace }));
}

test('a metric that is nowhere is a final failure, whether or not the kind is installed', async () => {
  const missing = await caughtFailure(() =>
    findMetrics(cluster, { references: ['clicks', 'mean-latency'], namespace }),
  );
  expect(missing).toMatchObject({
    type: 'MetricUnavailable',
    message: `Unable to find metric ${namespace}/clicks; apply its Metric resource, or correct the name`,
    isRetryable: false,
  });
});

describe('with the kinds installed', () => {
  beforeAll(async () => {
    await install('iter8.tools');
    await install('serin.dev');
    const http = { urlTemplate: 'https://example.test', jqExpression: '.value' };
    await apply(
      metric('iter8.tools/v2alpha2', 'engagement', { ...http, sampleSize: 'sessions' }),
      metric('iter8.tools/v2alpha1', 'sessions', {
        provider: 'prometheus',
        type: 'counter',
        params: [{ name: 'query', value: 'sum(x)' }],
        sampleSize: { name: 'request-count' },
      }),
      metric('serin.dev/v1alpha1', 'clicks', { mock: { current: 1 } }),
      metric('iter8.tools/v2alpha2', 'broken', { urlTemplate: 'https://example.test' }),
    );
  });

  test('finds every version, and the metrics that count samples, with the rights of the worker', async () => {
    await until('the new kinds to be served', async () => 'clicks' in (await find('clicks').catch(() => ({}))));
    const found = await find('engagement', `${namespace}/clicks`, 'iter8-knative/error-rate', 'mean-latency');
    expect(Object.entries(found).map(([reference, { type, source }]) => [reference, type, source.kind])).toEqual([
      ['engagement', 'gauge', 'http'],
      [`${namespace}/clicks`, 'gauge', 'mock'],
      [`${namespace}/sessions`, 'counter', 'prometheus'],
    ]);
  });

  test('a definition that cannot be used says what is wrong with it', async () => {
    expect(await caughtFailure(() => findMetrics(cluster, { references: ['broken'], namespace }))).toMatchObject({
      type: 'MetricUnavailable',
      message: expect.stringContaining('expected jqExpression or mock, got neither'),
    });
  });
});

test('a secret is read with its keys decoded', async () => {
  await sandbox.kubectl('-n', namespace, 'create', 'secret', 'generic', 'credentials', '--from-literal=token=a-tökén');
  const administrator = new KubeConfig();
  administrator.loadFromFile(sandbox.kubeconfig);
  const read = (name: string) => asActivity(() => readSecretData(connectCluster(administrator), { namespace, name }));
  expect(await read('credentials')).toEqual({ token: 'a-tökén' });
  expect(await read('nothing')).toBeUndefined();
});

test('a server whose certificate nobody vouches for is not talked to', async () => {
  const administrator = new KubeConfig();
  administrator.loadFromFile(sandbox.kubeconfig);
  const url = administrator.getCurrentCluster()?.server ?? expect.fail('the kubeconfig names a server');
  const { signal } = new AbortController();
  const request = { url, method: 'GET', headers: {}, limitMs: 5_000, signal, allowedHosts: ['*'] } as const;
  await expect(requestText(request)).rejects.toMatchObject({
    type: 'HttpUnavailable',
    message: expect.stringMatching(/certificate/),
  });
});
