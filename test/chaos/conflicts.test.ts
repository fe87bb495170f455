import { expect, test } from 'vitest';
import { startApiProxy, trafficWrite } from '../support/api-proxy.ts';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, servedTraffic, setCandidateFaults, startExperiment, underLoad } from '../support/scenario.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

const conflicts = 5;

/** Flagger waits a whole interval for each; the wide margin is for a busy machine. */
const safeWithinMs = 15_000;

test('a bad candidate is brought to the baseline at once, though the API server answers conflicts (T10)', async () => {
  const { sandbox } = await testCluster();
  const name = 'conflicted';
  const target = await deployTarget({ name, namespace: 'conflicts' });
  await setCandidateFaults(target, { kind: 'errors', rate: 0.5 });
  const proxy = await startApiProxy(sandbox, name);
  await startWorkerProcess(sandbox, { name, taskQueue: name, env: { SERIN_KUBECONFIG: proxy.kubeconfig } });
  proxy.interfere(trafficWrite(target, 0), { kind: 'status', status: 409, times: conflicts });
  const { value: end } = await underLoad(target, async () => {
    const scenario = await startExperiment(target, {
      taskQueue: name,
      intervalSeconds: 10,
      iterations: 20,
      rollbackOnFailure: true,
    });
    return scenario.end();
  });
  expect(end).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack' } });
  expect(end.report.timeToSafeMs).toBeLessThan(safeWithinMs);
  expect(proxy.requests.filter(trafficWrite(target, 0)).length).toBeGreaterThan(conflicts);
  expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
});
