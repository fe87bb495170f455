import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { abortSignal } from '../../contract/messages.ts';
import { workflowType } from '../../contract/names.ts';
import type { LeaseHolder } from '../../core/traffic/lease.ts';
import { readChainState } from '../../temporal/holder.ts';
import { describeWorkflow, explainStop, isClosed, readRun } from '../../temporal/read-run.ts';
import type { Run } from '../../temporal/read-run.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { describe as describeReport, describeBriefly } from '../../core/report/describe.ts';
import { fakeWorld, worldFailure } from '../support/fake-world.ts';
import { until } from '../support/until.ts';
import { startServerEnvironment } from '../support/workflow-environment.ts';
import type { WorkflowEnvironment } from '../support/workflow-environment.ts';

let env: TestWorkflowEnvironment;
let runWorld: WorkflowEnvironment['run'];
let teardown: () => Promise<void>;
let temporal: TemporalService;
beforeAll(async () => {
  ({ env, run: runWorld, teardown } = await startServerEnvironment());
  temporal = { client: env.client, address: 'temporal:7233', namespace: 'default' };
});
afterAll(() => teardown());

const limits = { callLimitMs: 5_000, queryLimitMs: 5_000 };

/** Starts a run that no worker takes up. */
async function startUnattended(workflowId: string, taskQueue = 'nobody'): Promise<LeaseHolder> {
  const handle = await env.client.workflow.start(workflowType, { workflowId, taskQueue, args: [''] });
  const { address: temporalAddress, namespace: temporalNamespace } = temporal;
  return { temporalAddress, temporalNamespace, workflowId, firstRunId: handle.firstExecutionRunId };
}

/** Completes the next run of the task queue that has no worker, without a result. */
async function completeUnattended(): Promise<void> {
  const { workflowService } = env.client;
  const queue = { namespace: 'default', taskQueue: { name: 'silent-ends' }, identity: 'test' };
  const { taskToken } = await env.client.withDeadline(Date.now() + 10_000, () =>
    workflowService.pollWorkflowTaskQueue(queue),
  );
  // COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION.
  const commands = [{ commandType: 4, completeWorkflowExecutionCommandAttributes: {} }];
  await workflowService.respondWorkflowTaskCompleted({ ...queue, taskToken, commands });
}

async function requireRun(workflowId: string): Promise<Run> {
  return (await describeWorkflow(env.client, workflowId)) ?? expect.fail(`there is no workflow ${workflowId}`);
}

describe('readRun', () => {
  test('says that no worker answers', async () => {
    await startUnattended('unattended');
    const run = await requireRun('unattended');
    expect(isClosed(run)).toBe(false);
    expect(await readRun(env.client, run, limits)).toEqual({
      kind: 'silent',
      why: 'noWorker',
      reason: 'no worker answers on task queue nobody',
    });
  });

  test('says how a run was stopped, though nobody knows its report', async () => {
    await startUnattended('stopped');
    await env.client.workflow.getHandle('stopped').terminate();
    const run = await requireRun('stopped');
    expect(isClosed(run)).toBe(true);
    const reading = await readRun(env.client, run, limits);
    expect(reading).toEqual({ kind: 'stopped', how: 'was terminated', mayBeSplit: true });
  });

  test('asks nobody about a run that has completed without a report, and does not say that its traffic is split', async () => {
    await startUnattended('silent-end', 'silent-ends');
    await completeUnattended();
    const reading = await readRun(env.client, await requireRun('silent-end'), limits);
    const how = 'ended as COMPLETED without a report that can be read';
    expect(reading).toEqual({ kind: 'stopped', how, mayBeSplit: false });
    expect(reading.kind === 'stopped' && explainStop(reading, undefined)).toBe(`the workflow ${how}`);
  });
});

test('a report that is read while an activity is tried again says with what failure', async () => {
  const reason = 'candidate revision default/sample-app-v2 is not ready: ImagePullBackOff';
  const world = fakeWorld({
    onReadiness: () => {
      throw worldFailure('NotReady', reason, { isRetryable: true });
    },
  });
  const report = await runWorld(world, async (handle) => {
    const found = await until('the failure in the report', async () => {
      const reading = await readRun(env.client, await requireRun(handle.workflowId), limits);
      return reading.kind === 'reported' && reading.report.retrying !== undefined && reading.report;
    });
    await handle.signal(abortSignal);
    await handle.result();
    return found;
  });
  expect(report.retrying).toEqual({ activity: 'awaitReadiness', failedAttempts: expect.any(Number), reason });
  expect(describeReport(report)).toContain(`Retrying: awaitReadiness: ${reason}`);
  expect(describeBriefly(report)).toContain(`Retrying: awaitReadiness: ${reason}`);
});

describe('readChainState', () => {
  test('is open while the run goes on, closed when it has ended, and closed when another has its workflow id', async () => {
    const holder = await startUnattended('held');
    const renamed = { ...holder, temporalAddress: 'another-name:7233' };
    expect(await readChainState(temporal, holder)).toEqual({ kind: 'open' });
    expect(await readChainState(temporal, renamed)).toEqual({ kind: 'open' });
    await env.client.workflow.getHandle('held').terminate();
    expect(await readChainState(temporal, holder)).toEqual({ kind: 'closed', closedAtMs: expect.any(Number) });
    await startUnattended('held');
    expect(await readChainState(temporal, holder)).toEqual({ kind: 'closed', closedAtMs: expect.any(Number) });
  });

  test.each([
    ['which Temporal does not know', {}, 'experiment unheard-of is not known to Temporal any more'],
    [
      'on another Temporal',
      { temporalAddress: 'elsewhere:7233' },
      'experiment unheard-of is on another Temporal (elsewhere:7233, namespace default)',
    ],
    [
      'in another namespace',
      { temporalNamespace: 'prod' },
      'experiment unheard-of is on another Temporal (temporal:7233, namespace prod)',
    ],
  ])('is unknown for an experiment %s', async (_, changes, reason) => {
    const { address: temporalAddress, namespace: temporalNamespace } = temporal;
    const holder = { temporalAddress, temporalNamespace, workflowId: 'unheard-of', firstRunId: 'r', ...changes };
    expect(await readChainState(temporal, holder)).toEqual({ kind: 'unknown', reason });
  });
});
