import { expect, test } from 'vitest';
import { helmWrite, startApiProxy } from '../support/api-proxy.ts';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, underLoad } from '../support/scenario.ts';
import { startWorkerProcess } from '../support/worker-process.ts';
import { addedRevisions, expectWholeClimb, startClimb } from './climb.ts';

test('a Temporal server that is killed, in mid-run and during helm, loses, shortens and repeats nothing', async () => {
  const { sandbox } = await testCluster();
  const taskQueue = 'temporal-chaos';
  const target = await deployTarget({ name: taskQueue, namespace: taskQueue });
  const proxy = await startApiProxy(sandbox, taskQueue);
  const env = { SERIN_KUBECONFIG: proxy.kubeconfig };
  await startWorkerProcess(sandbox, { name: taskQueue, taskQueue, env });
  const upgrade = proxy.hold(helmWrite(target));
  const { value: end } = await underLoad(target, async () => {
    const scenario = await startClimb(target);
    await scenario.untilReport('the second iteration', ({ completedIterations }) => completedIterations >= 2);
    await killAndRestart();
    await upgrade.arrived;
    await killAndRestart();
    await upgrade.letGo();
    return scenario.end();
  });
  await expectWholeClimb(target, end);
  expect(await addedRevisions(target)).toEqual(['deployed']);

  async function killAndRestart(): Promise<void> {
    const { temporal } = sandbox.outages;
    await temporal.kill();
    await temporal.start();
  }
});
