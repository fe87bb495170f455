import { beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox } from '../../sandbox/index.ts';
import { plainNamespace, testCluster } from '../support/cluster.ts';
import { commandLine, processIds } from './processes.ts';

const namespace = 'sandbox-outages';
let sandbox: Sandbox;
beforeAll(async () => {
  ({ sandbox } = await testCluster());
});

async function prometheusAnswers(): Promise<boolean> {
  return fetch(`${sandbox.prometheus.url}/-/ready`, { signal: AbortSignal.timeout(500) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Process id of this sandbox's Prometheus, or `undefined` while it does not run. */
function prometheusId(): string | undefined {
  return processIds().find((id) => commandLine(id).includes(`${sandbox.stateDirectory}/prometheus.yaml`));
}

/** Process id of this sandbox's Knative controller, or `undefined` while it does not run. */
function controllerId(): string | undefined {
  const isController = (line: string) => line.includes('knative-controller') && line.includes(sandbox.kubeconfig);
  return processIds().find((id) => isController(commandLine(id)));
}

describe('Temporal', () => {
  test("knows serin's search attributes in the namespace default", async () => {
    const list = await sandbox.temporalCommand('operator', 'search-attribute', 'list', '--output', 'json');
    expect(JSON.parse(list)).toMatchObject({
      customAttributes: {
        SerinTarget: 'INDEXED_VALUE_TYPE_KEYWORD',
        SerinStage: 'INDEXED_VALUE_TYPE_KEYWORD',
        SerinOutcome: 'INDEXED_VALUE_TYPE_KEYWORD',
        SerinCandidateWeight: 'INDEXED_VALUE_TYPE_INT',
      },
    });
  });

  test('has none of them in a plain namespace', async () => {
    const list = await sandbox.temporalCommand('operator', 'search-attribute', 'list', '--namespace', plainNamespace);
    expect(list).not.toContain('Serin');
  });

  test('keeps its workflows when it is killed and started again', async () => {
    const start = ['workflow', 'start', '--workflow-id', 'kept', '--type', 'any', '--task-queue', 'none'];
    await sandbox.temporalCommand(...start, '--search-attribute', 'SerinTarget="sandbox-outages/shop"');
    await sandbox.outages.temporal.kill();
    await expect(sandbox.temporalCommand('workflow', 'list', '--command-timeout', '1s')).rejects.toThrow(
      'Command failed',
    );
    await sandbox.outages.temporal.start();
    // The list is written after the workflow has started, and so perhaps only now.
    const list = ['workflow', 'list', '--query', 'SerinTarget="sandbox-outages/shop"'];
    await expect.poll(() => sandbox.temporalCommand(...list), { timeout: 60_000 }).toMatch(/Running\s+kept\s+any/);
  });
});

describe('Prometheus', () => {
  test('can be stopped and started', async () => {
    expect(prometheusId()).toBeDefined();
    await sandbox.outages.prometheus.stop();
    expect(prometheusId()).toBeUndefined();
    expect(await prometheusAnswers()).toBe(false);
    await sandbox.outages.prometheus.start();
    await expect.poll(prometheusAnswers, { timeout: 60_000 }).toBe(true);
  });

  test('answers nothing while it is frozen', async () => {
    await sandbox.outages.prometheus.freeze();
    expect(await prometheusAnswers()).toBe(false);
    await sandbox.outages.prometheus.thaw();
    await expect.poll(prometheusAnswers, { timeout: 60_000 }).toBe(true);
  });
});

describe("Knative's controller", () => {
  test('is brought back when it ends', async () => {
    const before = controllerId();
    process.kill(Number(before), 'SIGKILL');
    await expect.poll(controllerId, { timeout: 60_000 }).not.toBe(before);
    await sandbox.deploySample({ name: 'controlled', namespace, baselineOnly: true });
  });
});

describe('the API server', () => {
  test('comes back after it was killed, and targets can be deployed again', async () => {
    await sandbox.deploySample({ name: 'before', namespace });
    await sandbox.outages.apiServer.kill();
    await expect(sandbox.kubectl('get', 'ksvc')).rejects.toThrow('Command failed');
    await sandbox.outages.apiServer.start();
    const after = await sandbox.deploySample({ name: 'after', namespace });
    expect(await sandbox.get({ host: after.host })).toMatchObject({ status: 200, body: 'after-v1 blue\n' });
  });

  test('goes on serving requests to targets while it is away', async () => {
    const target = await sandbox.deploySample({ name: 'served', namespace });
    await sandbox.outages.apiServer.stop();
    expect((await sandbox.get({ host: target.host })).status).toBe(200);
    await sandbox.outages.apiServer.start();
  });
});
