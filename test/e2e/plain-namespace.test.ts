import { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { plainNamespace, testCluster } from '../support/cluster.ts';
import { manifestFor } from '../support/manifest.ts';
import { deployTarget, observeScenario, servedTraffic, underLoad } from '../support/scenario.ts';
import { startWorkerProcess } from '../support/worker-process.ts';
import { workflowType } from '../../contract/names.ts';
import type { ExperimentWorkflow } from '../../contract/workflow.ts';

test('in a Temporal namespace without the search attributes a run works, with one warning', async () => {
  const { sandbox, client } = await testCluster();
  const taskQueue = 'plain';
  const env = { TEMPORAL_NAMESPACE: plainNamespace };
  await startWorkerProcess(sandbox, { name: 'plain-worker', taskQueue, env });
  const target = await deployTarget({ name: 'plain', namespace: 'plain' });
  const plain = new Client({ connection: client.connection, namespace: plainNamespace });
  const { value: end } = await underLoad(target, async () => {
    const objectives = [{ metric: 'error-rate', upperLimit: '0.01' }];
    const manifest = manifestFor(target, { iterations: 5, objectives });
    const options = { taskQueue, workflowId: 'experiment/plain/plain', args: [manifest] as [object] };
    return observeScenario(target, await plain.workflow.start<ExperimentWorkflow>(workflowType, options)).end();
  });
  expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted' } });
  expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
  expect(end.report.warnings.filter((warning) => warning.includes('search attribute'))).toHaveLength(1);
});
