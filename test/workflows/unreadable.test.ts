import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as messages from '../../contract/messages.ts';
import { workflowType } from '../../contract/names.ts';
import { limits } from '../../core/text/limits.ts';
import type { Report } from '../../core/report/report.ts';
import { anExperiment } from '../support/builders.ts';
import { fakeWorld } from '../support/fake-world.ts';
import { untilReport } from '../support/until-report.ts';
import { startServerEnvironment } from '../support/workflow-environment.ts';
import type { ExperimentHandle, WorkflowEnvironment } from '../support/workflow-environment.ts';

let workflows: WorkflowEnvironment;
beforeAll(async () => {
  workflows = await startServerEnvironment();
});
afterAll(() => workflows.teardown());

const bytes = (text: string) => new TextEncoder().encode(text);

/** What others may send in place of a request, and what is said about it. */
const unreadable = [
  ['bad JSON', { encoding: 'json/plain' }, '{"by":', 'it is no JSON'],
  [
    'a payload of a client with a codec',
    { encoding: 'binary/encrypted' },
    'x',
    'it is encrypted with a key that the worker does not have',
  ],
  ['an unknown encoding', { encoding: 'json/\u001B[31m' }, 'x', 'its encoding "json/\\u001b[31m" cannot be read'],
  ['a payload without an encoding', {}, 'x', 'its encoding "none" cannot be read'],
] as const;

type Metadata = Readonly<Record<string, string>>;

function rawPayload(metadata: Metadata, data: string) {
  const encoded = Object.entries(metadata).map(([name, value]) => [name, bytes(value)]);
  return { metadata: Object.fromEntries(encoded) as Record<string, Uint8Array>, data: bytes(data) };
}

/** Sends a signal with a payload that no client of serin would make. */
async function signalRaw(
  handle: ExperimentHandle,
  signalName: string,
  metadata: Metadata,
  data: string,
): Promise<void> {
  const { workflowService } = workflows.env.client;
  await workflowService.signalWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId },
    signalName,
    input: { payloads: [rawPayload(metadata, data)] },
  });
}

const running = ({ weights }: Report): boolean => (weights.candidates[0] ?? 0) > 0;
const patient = { intervalMs: 1000, iterations: 100 };

describe.each(unreadable)('a message that is %s', (_, metadata, data, reason) => {
  test('is still an abort: the baseline gets everything', async () => {
    const world = fakeWorld({ experiment: anExperiment(patient) });
    const report = await workflows.run(world, async (handle) => {
      await untilReport(handle, running);
      await signalRaw(handle, 'abort', metadata, data);
      return handle.result();
    });
    expect(report).toMatchObject({ outcome: 'Aborted', weights: { baseline: 100 } });
    expect(report.reason).toContain(`aborted: its message cannot be read: ${reason}`);
  });

  test('is no pause, no approval and no rejection: the report says so, and the run goes on', async () => {
    const world = fakeWorld({ experiment: anExperiment({ ...patient, iterations: 4, approval: 'required' }) });
    const report = await workflows.run(world, async (handle) => {
      await untilReport(handle, running);
      await signalRaw(handle, 'pause', metadata, data);
      await untilReport(handle, ({ awaitingApproval }) => awaitingApproval !== undefined);
      await signalRaw(handle, 'approve', metadata, data);
      await signalRaw(handle, 'reject', metadata, data);
      await signalRaw(handle, 'resume', metadata, data);
      await signalRaw(handle, 'nonsense', metadata, data);
      const said = await untilReport(handle, ({ warnings }) =>
        warnings.some((warning) => warning.startsWith('resume')),
      );
      expect(said.paused).toBeUndefined();
      await handle.signal(messages.approveSignal, { by: 'alice' });
      return handle.result();
    });
    expect(report.outcome).toBe('Promoted');
    for (const kind of ['pause', 'approve', 'reject', 'resume']) {
      expect(report.warnings).toContainEqual(
        expect.stringContaining(`${kind} ignored: its message cannot be read: ${reason}`),
      );
    }
  });

  test('is no manifest: the run fails by saying so, and touches nothing', async () => {
    const world = fakeWorld({ experiment: anExperiment(patient) });
    const error = await workflows.run(world, async ({ workflowId }) => {
      const { client } = workflows.env;
      const { taskQueue } = await client.workflow.getHandle(workflowId).describe();
      await client.workflowService.startWorkflowExecution({
        namespace: 'default',
        workflowId: `${workflowId}-raw`,
        requestId: `${workflowId}-raw`,
        workflowType: { name: workflowType },
        taskQueue: { name: taskQueue },
        input: { payloads: [rawPayload(metadata, data)] },
      });
      const failed: unknown = await client.workflow
        .getHandle(`${workflowId}-raw`)
        .result()
        .catch((caught: unknown) => caught);
      await client.workflow.getHandle(workflowId).signal(messages.abortSignal);
      return failed;
    });
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((error as WorkflowFailedError).cause).toMatchObject({
      type: 'InvalidManifest',
      message: expect.stringContaining(`the manifest cannot be read: ${reason}`),
    });
  });
});

test('an update that cannot be read is refused to its sender', async () => {
  const world = fakeWorld({ experiment: anExperiment(patient) });
  await workflows.run(world, async (handle) => {
    await untilReport(handle, running);
    const { workflowService } = workflows.env.client;
    const answer = await workflowService.updateWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: handle.workflowId },
      // UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED.
      waitPolicy: { lifecycleStage: 3 },
      request: {
        meta: { updateId: 'raw' },
        input: { name: 'pause', args: { payloads: [rawPayload({ encoding: 'json/plain' }, '{')] } },
      },
    });
    expect(answer.outcome?.failure?.message).toContain('its message cannot be read: it is no JSON');
    await handle.executeUpdate(messages.pauseUpdate, { args: [{ by: 'alice' }] });
    const again = handle.executeUpdate(messages.pauseUpdate, { args: [{ by: 'bob' }] });
    await expect(again).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
    await handle.signal(messages.abortSignal);
    await handle.result();
  });
});

test('words without end are cut, and the run still ends with a report of a few kilobytes', async () => {
  const world = fakeWorld({ experiment: anExperiment(patient) });
  const report = await workflows.run(world, async (handle) => {
    await untilReport(handle, running);
    const words = { by: 'b'.repeat(100_000), reason: 'r'.repeat(100_000) };
    for (let sent = 0; sent < 30; sent += 1)
      await handle.signal(messages.approveSignal, { ...words, reason: `${sent}${words.reason}` });
    await handle.signal(messages.abortSignal, words);
    return handle.result();
  });
  expect(report.outcome).toBe('Aborted');
  expect(report.reason?.length).toBeLessThan(limits.requestBy + limits.requestReason + 200);
  expect(JSON.stringify(report).length).toBeLessThan(100_000);
});
