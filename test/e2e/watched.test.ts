import type { WorkflowHandle } from '@temporalio/client';
import { beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../sandbox/index.ts';
import { abortSignal, askAgain, statusQuery } from '../../contract/messages.ts';
import { failureDetails } from '../../temporal/grpc.ts';
import { queryStatus } from '../../temporal/query-status.ts';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, startExperiment, underLoad } from '../support/scenario.ts';
import { killWorker, startWorkerProcess } from '../support/worker-process.ts';

const taskQueue = 'watched';

let sandbox: Sandbox;
beforeAll(async () => {
  ({ sandbox } = await testCluster());
});

/** What a run answers, or why it does not. A question that the lost worker has just taken goes with it, and is asked again. */
async function askPersistently(handle: WorkflowHandle): Promise<unknown> {
  const answer: unknown = await handle.query(statusQuery).catch((error: unknown) => failureDetails(error));
  return answer === 'context canceled' ? askPersistently(handle) : answer;
}

test('a run that is watched while its worker is lost, and then is aborted, does what any later worker replays', async () => {
  const target = await deployTarget({ name: 'watched', namespace: 'watched' });
  const worker = await startWorkerProcess(sandbox, { name: 'watched-1', taskQueue });
  const { value } = await underLoad(target, async () => {
    const scenario = await startExperiment(target, { taskQueue, iterations: 8, intervalSeconds: 3 });
    await scenario.untilReport('a first iteration', ({ completedIterations }) => completedIterations >= 1);
    await killWorker(worker);
    // Asked now, it waits for the lost worker a little less than the workflow task of the next timer does.
    const watched = askPersistently(scenario.handle);
    const second = await startWorkerProcess(sandbox, { name: 'watched-2', taskQueue });
    const answer = await watched;
    await scenario.handle.signal(abortSignal, { by: 'ada' });
    const end = await scenario.end();
    await killWorker(second);
    return { scenario, answer, end };
  });
  expect(value.answer).toBe(askAgain);
  expect(value.end.report).toMatchObject({ outcome: 'Aborted', reason: 'aborted by ada' });
  // A worker that does not know the run replays it for the answer.
  await startWorkerProcess(sandbox, { name: 'watched-3', taskQueue });
  expect(await queryStatus(value.scenario.handle)).toEqual(value.end.report);
});
