import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { viewAll } from '../../../client/temporal/view-all.ts';
import { statusQuery } from '../../../contract/messages.ts';
import { workflowType } from '../../../contract/names.ts';
import { describeWorkflow } from '../../../temporal/read-run.ts';
import type { TemporalService } from '../../../temporal/settings.ts';
import { anExperiment } from '../../support/builders.ts';
import { fakeWorld } from '../../support/fake-world.ts';
import { startServerEnvironment } from '../../support/workflow-environment.ts';
import type { WorkflowEnvironment } from '../../support/workflow-environment.ts';

let workflows: WorkflowEnvironment;
let session: TemporalService;
beforeAll(async () => {
  workflows = await startServerEnvironment();
  session = { client: workflows.env.client, address: 'temporal:7233', namespace: 'default' };
});
afterAll(() => workflows.teardown());

test('many runs whose workers are gone cost one query limit, and hide no run that answers', async () => {
  const ids = Array.from({ length: 40 }, (_, index) => `unattended-${index}`);
  const args: [string] = [''];
  await Promise.all(
    ids.map((workflowId) => session.client.workflow.start(workflowType, { workflowId, taskQueue: 'nobody', args })),
  );
  const world = fakeWorld({ experiment: anExperiment({ intervalMs: 600_000 }) });
  await workflows.run(world, async (handle) => {
    await vi.waitFor(() => handle.query(statusQuery), { timeout: 30_000 });
    const found = await Promise.all([...ids, handle.workflowId].map((id) => describeWorkflow(session.client, id)));
    const executions = found.map((execution) => execution ?? expect.fail('a run is not there'));
    const startedMs = performance.now();
    const views = await viewAll(session, executions);
    const tookMs = performance.now() - startedMs;
    expect(views.slice(0, -1).map(({ execution }) => execution.workflowId)).toEqual(ids);
    expect(new Set(views.map(({ note }) => note))).toEqual(
      new Set(['no worker answers on task queue nobody', undefined]),
    );
    expect(views.at(-1)?.report?.name).toBe('canary');
    // One limit of 2 s; each batch by itself would cost five of them.
    expect(tookMs).toBeLessThan(6_000);
    await handle.terminate();
  });
});

/** Temporal's `COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION`. */
const completeWorkflow = 4;

/** Ends a run of the workflow type with a result that nobody here has the key for. */
async function endUnreadably(workflowId: string): Promise<void> {
  const { client } = session;
  await client.workflow.start(workflowType, { workflowId, taskQueue: workflowId, args: [''] });
  const { workflowService } = client.connection;
  const [namespace, taskQueue] = ['default', { name: workflowId }];
  const poll = () => workflowService.pollWorkflowTaskQueue({ namespace, taskQueue, identity: 'test' });
  const { taskToken } = await client.withDeadline(Date.now() + 10_000, poll);
  const payload = { metadata: { encoding: Buffer.from('binary/encrypted') }, data: Buffer.from('secret') };
  const completeWorkflowExecutionCommandAttributes = { result: { payloads: [payload] } };
  const commands = [{ commandType: completeWorkflow, completeWorkflowExecutionCommandAttributes }];
  await workflowService.respondWorkflowTaskCompleted({ namespace, taskToken, commands });
}

test('a run that cannot be read hides no other one', async () => {
  await endUnreadably('encrypted');
  const world = fakeWorld({ experiment: anExperiment({ intervalMs: 600_000 }) });
  await workflows.run(world, async (handle) => {
    await vi.waitFor(() => handle.query(statusQuery), { timeout: 30_000 });
    const found = await Promise.all(['encrypted', handle.workflowId].map((id) => describeWorkflow(session.client, id)));
    const executions = found.map((execution) => execution ?? expect.fail('a run is not there'));
    const [unread, read] = await viewAll(session, executions);
    expect(unread).toMatchObject({ silence: 'unreadable', note: expect.stringContaining('binary/encrypted') });
    expect(read?.report?.name).toBe('canary');
    await handle.terminate();
  });
});
