import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { findCondition } from '../../operator/status/conditions.ts';
import { pauseSignal } from '../../contract/messages.ts';
import { testCluster } from '../support/cluster.ts';
import { experimentsIn } from '../support/experiments.ts';
import { manifestFor } from '../support/manifest.ts';
import { startOperatorProcess } from '../support/operator-process.ts';
import { deployTarget, servedTraffic, underLoad, untilServes } from '../support/scenario.ts';
import { until } from '../support/until.ts';
import { killWorker, startWorkerProcess } from '../support/worker-process.ts';

const kills = 10;

/** How long nobody may look after Experiments when one of two operators is gone. */
const takeoverMs = 15_000;

/** Irregular: sometimes before the operator has begun, sometimes in its work. */
const lifeMs = (kill: number): number => 200 + ((kill * 577) % 900);

const ready = '.status.conditions[?(@.type=="Ready")]';
const readyColumns = `custom-columns=REASON:${ready}.reason,MESSAGE:${ready}.message`;

/** What a deleted Experiment says whose run cannot be told. */
const plan = /^TemporalUnreachable .* the operator itself brings the traffic back to the baseline$/;

const longRun = { iterations: 100, weights: { maxCandidateWeightIncrement: 40 } };

/** Ids of all workflows that were ever started for Experiments in the namespace. */
async function listWorkflows(namespace: string): Promise<readonly string[]> {
  const { client } = await testCluster();
  const prefix = `experiment/iter8.tools/${namespace}/`;
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query: `WorkflowId STARTS_WITH "${prefix}"` })) {
    ids.push(workflowId);
  }
  return ids;
}

async function terminateAll(namespace: string): Promise<void> {
  const { sandbox } = await testCluster();
  const query = `WorkflowId STARTS_WITH "experiment/iter8.tools/${namespace}/"`;
  await sandbox.temporalCommand('workflow', 'terminate', '--query', query, '--reason', 'the test is over', '--yes');
}

describe('serin operator', () => {
  test('that is killed ten times in one experiment, at irregular moments, starts one workflow, and shows its end', async () => {
    const namespace = 'operator-kills';
    const { sandbox, taskQueue } = await testCluster();
    const experiments = await experimentsIn(namespace);
    const target = await deployTarget({ name: 'killed', namespace });
    const start = async (count: number) =>
      startOperatorProcess(sandbox, { name: `operator-${count}`, taskQueue, watchNamespace: namespace });
    const { value: ended } = await underLoad(target, async () => {
      await experiments.apply(manifestFor(target, { iterations: 8 }));
      for (let kill = 1; kill <= kills; kill += 1) {
        const operator = await start(kill);
        await delay(lifeMs(kill));
        await killWorker(operator);
      }
      await start(0);
      return experiments.untilCondition('killed', 'Ready');
    });
    expect(ended.status).toMatchObject({ completedIterations: 8, serin: { outcome: 'Promoted' } });
    expect(await listWorkflows(namespace)).toEqual([ended.status?.serin.workflowId]);
    const events = await experiments.events('killed');
    expect(events.filter(({ reason }) => reason === 'Started' || reason === 'Promoted')).toHaveLength(2);
  });

  test('starts all of 200 Experiments that are applied at once, where so many may run, even while no worker answers', async () => {
    const namespace = 'operator-crowd';
    const { sandbox } = await testCluster();
    const experiments = await experimentsIn(namespace);
    const target = await deployTarget({ name: 'crowded', namespace, baselineOnly: true });
    const names = Array.from({ length: 200 }, (_, index) => `crowd-${index}`);
    const manifest = manifestFor(target, { iterations: 100 });
    const options = { name: namespace, taskQueue: namespace, watchNamespace: namespace };
    const operator = await startOperatorProcess(sandbox, { ...options, maxRunsPerNamespace: names.length });
    await experiments.apply(...names.map((name) => ({ ...manifest, metadata: { name } })));
    const started = async (): Promise<readonly string[] | false> => {
      const ids = (await experiments.readAll()).flatMap(({ status }) => status?.serin.workflowId ?? []);
      return ids.length === names.length && ids;
    };
    const ids = await until('200 runs', started, { pollMs: 1_000 });
    const isListed = async () => (await listWorkflows(namespace)).length >= names.length;
    await until('Temporal to list them', isListed, { pollMs: 500 });
    expect((await listWorkflows(namespace)).toSorted()).toEqual(ids.toSorted());
    await killWorker(operator);
    await terminateAll(namespace);
  });

  test('works beside another one: each run begins once, also while one of them is killed, and the other goes on by itself', async () => {
    const namespace = 'operator-pair';
    const { sandbox } = await testCluster();
    const experiments = await experimentsIn(namespace);
    const target = await deployTarget({ name: 'shared', namespace, baselineOnly: true });
    const manifest = manifestFor(target, { iterations: 100 });
    const names = Array.from({ length: 30 }, (_, index) => `pair-${index}`);
    const [atOnce, later] = [names.slice(0, 20), names.slice(20)];
    const options = { taskQueue: namespace, watchNamespace: namespace, maxRunsPerNamespace: names.length };
    const [first] = await Promise.all(
      ['first', 'second'].map((name) => startOperatorProcess(sandbox, { name: `${namespace}-${name}`, ...options })),
    );
    const countStarted = async (): Promise<number> =>
      (await experiments.readAll()).filter(({ status }) => status?.serin.workflowId !== undefined).length;
    await experiments.apply(...atOnce.map((name) => ({ ...manifest, metadata: { name } })));
    await until('some runs', async () => (await countStarted()) > 0, { pollMs: 50 });
    if (first !== undefined) await killWorker(first);
    await experiments.apply(...later.map((name) => ({ ...manifest, metadata: { name } })));
    await until('all runs', async () => (await countStarted()) === names.length, { limitMs: takeoverMs });
    const isListed = async () => (await listWorkflows(namespace)).length >= names.length;
    await until('Temporal to list them', isListed, { pollMs: 500 });
    expect(await listWorkflows(namespace)).toHaveLength(names.length);
    const started = await Promise.all(names.map((name) => experiments.events(name)));
    expect(started.flat().filter(({ reason }) => reason === 'Started')).toHaveLength(names.length);
    await terminateAll(namespace);
  });

  test('outlives an outage of Temporal: lets a deleted object go, with its traffic restored, and starts a new one later', async () => {
    const namespace = 'operator-outage';
    const { sandbox, client } = await testCluster();
    const experiments = await experimentsIn(namespace);
    const [target, lateTarget] = await Promise.all([
      deployTarget({ name: 'cut-off', namespace }),
      deployTarget({ name: 'late', namespace }),
    ]);
    // One operator runs in a worker, which then needs the rights of both; another one begins in the outage.
    const account = '--serviceaccount=serin-system:serin-worker';
    await sandbox.kubectl('create', 'clusterrolebinding', namespace, '--clusterrole=serin-operator', account);
    const settings = { SERIN_OPERATOR: 'true', SERIN_OPERATOR_NAMESPACE: namespace };
    await startWorkerProcess(sandbox, { name: namespace, taskQueue: namespace, env: settings });
    await experiments.apply(manifestFor(target, longRun));
    const { status } = await experiments.untilRunning('cut-off');
    const watch = await experiments.watch('cut-off', '--no-headers', '-o', readyColumns);
    await sandbox.outages.temporal.kill();
    try {
      await experiments.remove('cut-off');
      await until('the plan to be shown', async () => (await watch.lines()).some((line) => plan.test(line)));
      await untilServes(target, target.baselineRevision);
      expect(await experiments.events('cut-off')).toContainEqual(
        expect.objectContaining({
          reason: 'TrafficRestored',
          message: expect.stringContaining('100 % of the traffic'),
        }),
      );
      const second = { name: 'second-operator', taskQueue: namespace, watchNamespace: namespace };
      await startOperatorProcess(sandbox, second);
      await experiments.apply(manifestFor(lateTarget, longRun));
      await until('late to say that Temporal is away', async () => {
        const conditions = (await experiments.read('late')).status?.conditions ?? [];
        return findCondition(conditions, 'Ready')?.reason === 'TemporalUnreachable';
      });
    } finally {
      watch.stop();
      await sandbox.outages.temporal.start();
    }
    const handle = client.workflow.getHandle(status?.serin.workflowId ?? '');
    await until('the run to end', async () => (await handle.describe()).status.name !== 'RUNNING');
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
    await experiments.untilRunning('late');
    const events = await experiments.events('late');
    expect(events.filter(({ reason }) => reason === 'Started')).toHaveLength(1);
    await experiments.remove('late');
    await untilServes(lateTarget, lateTarget.baselineRevision);
  });

  test('goes on after an outage of the Kubernetes API', async () => {
    const namespace = 'operator-blind';
    const { sandbox, client, taskQueue } = await testCluster();
    const experiments = await experimentsIn(namespace);
    const target = await deployTarget({ name: 'unseen', namespace });
    await startOperatorProcess(sandbox, { name: namespace, taskQueue, watchNamespace: namespace });
    await experiments.apply(manifestFor(target, longRun));
    const { status } = await experiments.untilRunning('unseen');
    await sandbox.outages.apiServer.kill();
    await client.workflow.getHandle(status?.serin.workflowId ?? '').signal(pauseSignal, { by: 'alice' });
    await sandbox.outages.apiServer.start();
    await until('the pause to show', async () => {
      const shown = await experiments.read('unseen');
      return shown.status?.serin.flags?.includes('paused');
    });
    await experiments.remove('unseen');
    await untilServes(target, target.baselineRevision);
  });
});
