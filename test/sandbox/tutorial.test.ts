import { isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox, SampleTarget } from '../../sandbox/index.ts';
import { until } from '../../sandbox/processes/condition.ts';
import { testCluster } from '../support/cluster.ts';
import { knativeService, revisionCondition, type ServedEntry } from './knative-service.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  ({ sandbox } = await testCluster());
});

/** Waits for the traffic that Knative reports, and shows what it is when it stays another. */
async function trafficBecomes(target: SampleTarget, wanted: readonly ServedEntry[]): Promise<void> {
  const isWanted = async () => isDeepStrictEqual((await knativeService(sandbox, target)).traffic, wanted);
  await until({ what: 'the traffic', limitMs: 60_000 }, isWanted).catch(() => undefined);
  expect((await knativeService(sandbox, target)).traffic).toEqual(wanted);
}

describe('step 1 of the tutorial', () => {
  test('makes a Knative Service whose baseline has all traffic, from the chart repository alone', async () => {
    const repository = `${sandbox.chartRepository.url}/canary-progressive`;
    await sandbox.helm('install', '--repo', repository, 'sample-app', 'sample-app');
    await sandbox.kubectl('wait', 'ksvc/sample-app', '--for', 'condition=Ready', '--timeout=120s');
    const first = await knativeService(sandbox, { name: 'sample-app', namespace: 'default' });
    expect(first.traffic).toEqual([{ revisionName: 'sample-app-v1', latestRevision: true, percent: 100 }]);
  });

  test('adds a candidate at 0 percent, with tags and their URLs', async () => {
    const repository = `${sandbox.chartRepository.url}/canary-progressive`;
    const values = `--values=${repository}/experimental-values.yaml`;
    await sandbox.helm('upgrade', '--install', '--repo', repository, 'sample-app', 'sample-app', values);
    const target = { name: 'sample-app', namespace: 'default' };
    await until({ what: 'the candidate', limitMs: 60_000 }, async () => {
      const { isReady, traffic } = await knativeService(sandbox, target);
      return isReady && traffic.length === 2;
    });
    const host = 'sample-app.default.example.com';
    expect((await knativeService(sandbox, target)).traffic).toEqual([
      {
        revisionName: 'sample-app-v1',
        latestRevision: false,
        percent: 100,
        tag: 'current',
        url: `http://current-${host}`,
      },
      {
        revisionName: 'sample-app-v2',
        latestRevision: true,
        percent: 0,
        tag: 'candidate',
        url: `http://candidate-${host}`,
      },
    ]);
  });
});

describe('step 2 of the tutorial', () => {
  test('sends load by a Job to the URL of the Knative Service, through the gateway', async () => {
    const url = (await sandbox.kubectl('get', 'ksvc', 'sample-app', '-o', 'jsonpath={.status.address.url}')).trim();
    const job = `apiVersion: batch/v1
kind: Job
metadata: { name: fortio }
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: fortio
        image: fortio/fortio
        command: [fortio, load, -n, "40", -qps, "20", $(URL)]
        env: [{ name: URL, value: ${url} }]
`;
    await sandbox.apply(job);
    await sandbox.kubectl('wait', 'job/fortio', '--for', 'condition=Complete', '--timeout=120s');
    const message = '{.items[0].status.containerStatuses[0].state.terminated.message}';
    const output = await sandbox.kubectl('get', 'pods', '-l', 'job-name=fortio', '-o', `jsonpath=${message}`);
    expect(output).toContain('Code 200 : 40 (100.0 %)');
  });
});

describe('a target of its own', () => {
  let target: SampleTarget;
  beforeAll(async () => {
    target = await sandbox.deploySample({ name: 'shop', namespace: 'tutorial' });
  });

  test('is described by an experiment manifest of its own', () => {
    expect(target.experiment).toContain('target: tutorial/shop\n');
    expect(target.experiment).toContain(`- "shop"\n          - "${target.chartUrl}"\n`);
    expect(target.experiment).toContain('value: shop-v2\n');
    expect(target.experiment).not.toContain('CHART_REPOSITORY_URL');
  });

  test('shares its traffic as patched, with both versions pinned', async () => {
    const pinned = [
      { revisionName: 'shop-v1', percent: 45, tag: 'current' },
      { revisionName: 'shop-v2', percent: 55, tag: 'candidate' },
    ];
    await sandbox.kubectl(
      'patch',
      'ksvc',
      'shop',
      '-n',
      'tutorial',
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { traffic: pinned } }),
    );
    await trafficBecomes(
      target,
      pinned.map((entry) => ({ ...entry, latestRevision: false, url: `http://${entry.tag}-${target.host}` })),
    );
  });

  test('loses no request while its traffic is shared, and is measured by revision', async () => {
    const { total, byStatus } = await sandbox.sendLoad({
      host: target.host,
      requestsPerSecond: 100,
      durationMs: 4_000,
      // A late answer is no lost one.
      requestTimeoutMs: 30_000,
    });
    expect(byStatus).toEqual({ 200: total });
    const share = await until({ what: 'Prometheus to have scraped the end of the load', limitMs: 60_000 }, async () => {
      const counts = await requestCounts(target);
      // Fortio sends one request a connection before it counts.
      return (counts['shop-v1'] ?? 0) + (counts['shop-v2'] ?? 0) === total + 4 ? counts : undefined;
    });
    expect((share['shop-v2'] ?? 0) / (total + 4)).toBeGreaterThan(0.4);
    expect((share['shop-v2'] ?? 0) / (total + 4)).toBeLessThan(0.7);
  });

  test("has, when promoted by the candidate's values, no traffic in its spec and the candidate at 100 percent", async () => {
    await sandbox.helm('upgrade', 'shop', target.chartUrl, '-n', 'tutorial', '--values', target.valuesUrls.candidate);
    await trafficBecomes(target, [{ revisionName: 'shop-v2', latestRevision: true, percent: 100 }]);
    expect((await knativeService(sandbox, target)).specTraffic).toEqual([{ latestRevision: true, percent: 100 }]);
    expect(await revisionCondition(sandbox, target, { revision: 'shop-v1', type: 'Ready' })).toBe('True');
  });

  test('refuses another image under the same revision name', async () => {
    const upgrade = sandbox.helm('upgrade', 'shop', target.chartUrl, '-n', 'tutorial', '--set', 'name=shop-v2');
    await expect(upgrade).rejects.toThrow('Saw the following changes without a name change');
  });
});

/** Requests by revision, as Prometheus has them. */
async function requestCounts({ namespace }: SampleTarget): Promise<Record<string, number>> {
  const query = `sum by (revision_name) (revision_app_request_count{namespace_name="${namespace}"})`;
  const response = await fetch(`${sandbox.prometheus.url}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await response.json()) as {
    data: { result: { metric: { revision_name: string }; value: [number, string] }[] };
  };
  return Object.fromEntries(data.result.map(({ metric, value }) => [metric.revision_name, Number(value[1])]));
}
