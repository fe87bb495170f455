import { readFile } from 'node:fs/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { workflowType } from '../../contract/names.ts';
import type { ExperimentWorkflow } from '../../contract/workflow.ts';
import { testCluster } from '../support/cluster.ts';
import { climb, manifestFor } from '../support/manifest.ts';
import { deployTarget, observeScenario, servedTraffic, underLoad } from '../support/scenario.ts';
import { until } from '../support/until.ts';
import { asContainersSee, startProject } from './project.ts';
import type { ComposeProject } from './project.ts';

const startLimitMs = 600_000;

let project: ComposeProject;
let connection: Connection;

beforeAll(async () => {
  const { sandbox } = await testCluster();
  project = await startProject(inject('podmanCompose'), sandbox);
  connection = await Connection.connect({ address: '127.0.0.1:7233' });
}, startLimitMs);

afterAll(async () => {
  await connection?.close();
  await project?.down();
}, startLimitMs);

async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** Whether Temporal answers at its published port. */
async function answers(): Promise<boolean> {
  return connection
    .withDeadline(Date.now() + 2_000, () => connection.workflowService.describeNamespace({ namespace: 'default' }))
    .then(
      () => true,
      () => false,
    );
}

interface Targets {
  readonly data: { readonly activeTargets: readonly Target[] };
}

interface Target {
  readonly scrapePool: string;
  readonly health: string;
  readonly discoveredLabels: Readonly<Record<string, string>>;
}

async function findTargets(pool: string): Promise<readonly Target[]> {
  const { data } = await getJson<Targets>('http://127.0.0.1:9090/api/v1/targets');
  return data.activeTargets.filter(({ scrapePool }) => scrapePool === pool);
}

describe('docker-compose.yml, started', () => {
  test('prepares Temporal, and then runs what stays', async () => {
    const states = (await project.containers()).map(({ service, state, exitCode }) => [
      service,
      `${state} ${exitCode}`,
    ]);
    expect(Object.fromEntries(states)).toEqual({
      postgresql: 'running 0',
      'temporal-schema': 'exited 0',
      temporal: 'running 0',
      'temporal-namespace': 'exited 0',
      'temporal-ui': 'running 0',
      prometheus: 'running 0',
      worker: 'running 0',
    });
  });

  test('runs nothing as root, nothing with capabilities, and nothing that could get them', async () => {
    for (const { service, user, pid } of await project.containers()) {
      expect(user, service).toMatch(/^(postgres|temporal|nobody|65532:65532)$/);
      if (pid === 0) continue;
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      expect(/^Uid:\t(\d+)/m.exec(status)?.[1], service).not.toBe('0');
      expect(/^CapBnd:\t(\w+)/m.exec(status)?.[1], service).toBe('0000000000000000');
      expect(/^NoNewPrivs:\t(\d)/m.exec(status)?.[1], service).toBe('1');
    }
  });

  test('has a Web UI that reaches Temporal', async () => {
    expect(await (await fetch('http://127.0.0.1:8233/')).text()).toMatch(/^<!doctype html>/);
    const { namespaceInfo } = await getJson<{ readonly namespaceInfo: { readonly name: string } }>(
      'http://127.0.0.1:8233/api/v1/namespaces/default',
    );
    expect(namespaceInfo.name).toBe('default');
  });

  test('has Prometheus scrape the worker and Temporal', async () => {
    for (const pool of ['serin-worker', 'temporal']) {
      await until(`${pool} to be scraped`, async () => {
        const targets = await findTargets(pool);
        return targets.length === 1 && targets.every(({ health }) => health === 'up');
      });
    }
  });

  test('has Prometheus find the pods of revisions by the kubeconfig', async () => {
    const target = await deployTarget({ name: 'found', namespace: 'compose' });
    await until('the pods of both revisions', async () => {
      const pods = (await findTargets('knative-revisions')).map(
        ({ discoveredLabels }) => discoveredLabels['__meta_kubernetes_pod_name'] ?? '',
      );
      return [target.baselineRevision, target.candidateRevision].every((revision) =>
        pods.some((pod) => pod.startsWith(`${revision}-`)),
      );
    });
  });

  test('promotes an experiment, though its worker is killed and Temporal restarted on the way', async () => {
    const target = await deployTarget({ name: 'composed', namespace: 'compose' });
    const changes = { iterations: 6, intervalSeconds: 4, weights: climb };
    const client = new Client({ connection });
    const { value: end } = await underLoad(target, async () => {
      const handle = await client.workflow.start<ExperimentWorkflow>(workflowType, {
        taskQueue: 'serin',
        workflowId: 'experiment/compose/composed',
        args: [JSON.parse(asContainersSee(JSON.stringify(manifestFor(target, changes)))) as object],
      });
      const scenario = observeScenario(target, handle);
      await scenario.untilReport('the second step', ({ weights }) => (weights.candidates[0] ?? 0) >= 20);
      const { pid } = await project.container('worker');
      process.kill(pid, 'SIGKILL');
      await until('another worker', async () => {
        const worker = await project.container('worker');
        return worker.state === 'running' && worker.pid !== pid;
      });
      await scenario.untilReport('the third step', ({ weights }) => (weights.candidates[0] ?? 0) >= 30, 120_000);
      await project.compose('restart', 'temporal');
      await until('Temporal to answer again', answers);
      return scenario.end();
    });
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted' } });
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
  });

  test('ends in order', async () => {
    await project.compose('stop');
    const ends = (await project.containers()).map(({ service, state, exitCode }) => [service, `${state} ${exitCode}`]);
    expect(Object.fromEntries(ends)).toMatchObject({ worker: 'exited 0', prometheus: 'exited 0' });
  });
});
