import { describe, expect, test } from 'vitest';
import { helmWrite, startApiProxy, trafficWrite } from '../support/api-proxy.ts';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, underLoad } from '../support/scenario.ts';
import { until } from '../support/until.ts';
import { killWorker, startWorkerProcess } from '../support/worker-process.ts';
import { addedRevisions, expectWholeClimb, startClimb } from './climb.ts';

const namespace = 'worker-chaos';

describe.concurrent('a worker that is killed (T7)', { timeout: 600_000 }, () => {
  test('in mid-iteration: the next one goes on, and no step is shortened or skipped', async () => {
    const { sandbox } = await testCluster();
    const taskQueue = 'iterating';
    const target = await deployTarget({ name: taskQueue, namespace });
    const proxy = await startApiProxy(sandbox, taskQueue);
    const env = { SERIN_KUBECONFIG: proxy.kubeconfig };
    const worker = await startWorkerProcess(sandbox, { name: taskQueue, taskQueue, env });
    const write = proxy.hold(trafficWrite(target, 20));
    const { value: end } = await underLoad(target, async () => {
      const scenario = await startClimb(target);
      await write.arrived;
      expect(await write.letGo()).toBe(200);
      const isWaiting = async () => {
        const { pendingActivities, pendingWorkflowTask } = (await scenario.handle.describe()).raw;
        return pendingActivities?.length === 0 && (pendingWorkflowTask ?? undefined) === undefined;
      };
      await until('the run to wait for the end of its step', isWaiting);
      await killWorker(worker);
      await startWorkerProcess(sandbox, { name: `${taskQueue}-next`, taskQueue, env });
      return scenario.end();
    });
    await expectWholeClimb(target, end);
    expect(await addedRevisions(target)).toEqual(['deployed']);
  });

  test('during a traffic write that is accepted all the same: the next one only confirms it', async () => {
    const { sandbox } = await testCluster();
    const taskQueue = 'writing';
    const target = await deployTarget({ name: taskQueue, namespace });
    const proxy = await startApiProxy(sandbox, taskQueue);
    const env = { SERIN_KUBECONFIG: proxy.kubeconfig };
    const worker = await startWorkerProcess(sandbox, { name: taskQueue, taskQueue, env });
    const write = proxy.hold(trafficWrite(target, 30));
    const { value: end } = await underLoad(target, async () => {
      const scenario = await startClimb(target);
      await write.arrived;
      await killWorker(worker);
      expect(await write.letGo()).toBe(200);
      await startWorkerProcess(sandbox, { name: `${taskQueue}-next`, taskQueue, env });
      return scenario.end();
    });
    await expectWholeClimb(target, end);
    expect(proxy.requests.filter(trafficWrite(target, 30))).toHaveLength(1);
    expect(await addedRevisions(target)).toEqual(['deployed']);
  });

  test('during helm: helm dies with it, and the next one upgrades the release once', async () => {
    const { sandbox } = await testCluster();
    const taskQueue = 'upgrading';
    const target = await deployTarget({ name: taskQueue, namespace });
    const proxy = await startApiProxy(sandbox, taskQueue);
    const env = { SERIN_KUBECONFIG: proxy.kubeconfig };
    const worker = await startWorkerProcess(sandbox, { name: taskQueue, taskQueue, env });
    const upgrade = proxy.hold(helmWrite(target));
    const { value: end } = await underLoad(target, async () => {
      const scenario = await startClimb(target);
      await upgrade.arrived;
      await killWorker(worker);
      await upgrade.abandoned;
      await startWorkerProcess(sandbox, { name: `${taskQueue}-next`, taskQueue });
      return scenario.end();
    });
    await expectWholeClimb(target, end);
    // Stopped by its guard, the first helm marked its own revision failed.
    expect(await addedRevisions(target)).toEqual(['failed', 'deployed']);
  });
});
