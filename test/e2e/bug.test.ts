import { expect, test } from 'vitest';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, helmHistory, servedTraffic, startExperiment, underLoad } from '../support/scenario.ts';
import { startWorkerProcess } from '../support/worker-process.ts';
import { bundleWorkflows } from '../support/workflow-bundle.ts';

test('a TypeError planted in the plan fails the experiment, and all traffic is on the baseline', async () => {
  const { sandbox } = await testCluster();
  const taskQueue = 'bug';
  const bundle = await bundleWorkflows({ 'core/planner/plan-candidate.ts': 'test/support/broken-plan.ts' });
  await startWorkerProcess(sandbox, { name: taskQueue, taskQueue, env: { SERIN_WORKFLOW_BUNDLE: bundle } });
  const target = await deployTarget({ name: taskQueue, namespace: 'bug' });
  const { value: end } = await underLoad(target, async () => (await startExperiment(target, { taskQueue })).end());
  expect(end).toMatchObject({ status: 'failed', type: 'Bug', report: { outcome: 'Failed' } });
  expect(end.message).toMatch(/^TypeError: .*; traffic is 100 % on bug-v1$/);
  expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  expect(await helmHistory(target)).toHaveLength(2);
});
