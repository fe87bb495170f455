import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CommandContext } from '../../../client/context.ts';
import { findExecution } from '../../../client/temporal/find-experiment.ts';
import { abortSignal } from '../../../contract/messages.ts';
import { workflowType } from '../../../contract/names.ts';
import type { TemporalService } from '../../../temporal/settings.ts';
import { anExperiment } from '../../support/builders.ts';
import { fakeWorld } from '../../support/fake-world.ts';
import { until } from '../../support/until.ts';
import { startServerEnvironment } from '../../support/workflow-environment.ts';
import type { WorkflowEnvironment } from '../../support/workflow-environment.ts';

let workflows: WorkflowEnvironment;
let session: TemporalService;
beforeAll(async () => {
  workflows = await startServerEnvironment();
  session = { client: workflows.env.client, address: 'temporal:7233', namespace: 'default' };
});
afterAll(() => workflows.teardown());

/** Only what prints remarks is used. */
const context = { output: 'json' } as CommandContext;
const find = async (id: string): Promise<string> => (await findExecution(context, session, id)).workflowId;

/** The id of the workflow that a schedule has started now, once Temporal lists it under the id that it was given. */
async function startBySchedule(workflowId: string, taskQueue: string): Promise<string> {
  const { schedule } = workflows.env.client;
  const handle = await schedule.create({
    scheduleId: `of ${workflowId}`,
    spec: {},
    action: { type: 'startWorkflow', workflowType, workflowId, taskQueue, args: [''] },
  });
  await handle.trigger();
  const started = await until('the scheduled run', async () => {
    const [action] = (await handle.describe()).info.recentActions;
    return action?.action.workflow.workflowId;
  });
  await until('Temporal to list it', async () => {
    for await (const { workflowId: listed } of workflows.env.client.workflow.list())
      if (listed === started) return true;
    return false;
  });
  return started;
}

test('what a schedule has started is found by the id that the schedule was given, and by its name', async () => {
  const world = fakeWorld({
    experiment: anExperiment({ namespace: 'nightly-runs', name: 'canary', intervalMs: 600_000 }),
  });
  await workflows.run(world, async (handle) => {
    const { workflowId: taskQueue } = handle;
    const nightly = await startBySchedule('nightly', taskQueue);
    const named = await startBySchedule(`${workflowType}/team-a/canary`, taskQueue);
    expect(nightly).toMatch(/^nightly-\d{4}-\d\d-\d\dT/);
    expect(await find('nightly')).toBe(nightly);
    expect(await find('team-a/canary')).toBe(named);
    expect(await find(`${workflowType}/team-a/canary`)).toBe(named);
    await expect(find('night')).rejects.toThrow('no experiment night or experiment/default/night');
    for (const id of [nightly, named]) await workflows.env.client.workflow.getHandle(id).terminate();
    await handle.signal(abortSignal);
    await handle.result();
  });
});

test('a run is found by the name that `serin get` lists, whatever its workflow id is', async () => {
  const world = fakeWorld({ experiment: anExperiment({ namespace: 'team-b', name: 'listed', intervalMs: 600_000 }) });
  await workflows.run(world, async (handle) => {
    await until('Temporal to list it', async () => find('team-b/listed').catch(() => undefined));
    expect(await find('team-b/listed')).toBe(handle.workflowId);
    await handle.signal(abortSignal);
    await handle.result();
  });
});
