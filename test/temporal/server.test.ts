import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workflowType } from '../../contract/names.ts';
import type { LeaseHolder } from '../../core/traffic/lease.ts';
import { readChainState } from '../../temporal/holder.ts';
import { describeWorkflow, isClosed, readRun } from '../../temporal/read-run.ts';
import type { Run } from '../../temporal/read-run.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { startServerEnvironment } from '../support/workflow-environment.ts';

let env: TestWorkflowEnvironment;
let teardown: () => Promise<void>;
let temporal: TemporalService;
beforeAll(async () => {
  ({ env, teardown } = await startServerEnvironment());
  temporal = { client: env.client, address: 'temporal:7233', namespace: 'default' };
});
afterAll(() => teardown());

const limits = { callLimitMs: 5_000, queryLimitMs: 5_000 };

/** Starts a run that no worker takes up. */
async function startUnattended(workflowId: string): Promise<LeaseHolder> {
  const handle = await env.client.workflow.start(workflowType, { workflowId, taskQueue: 'nobody', args: [''] });
  const { address: temporalAddress, namespace: temporalNamespace } = temporal;
  return { temporalAddress, temporalNamespace, workflowId, firstRunId: handle.firstExecutionRunId };
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
      reason: 'no worker answers on task queue nobody',
    });
  });

  test('says how a run was stopped, though nobody knows its report', async () => {
    await startUnattended('stopped');
    await env.client.workflow.getHandle('stopped').terminate();
    const run = await requireRun('stopped');
    expect(isClosed(run)).toBe(true);
    expect(await readRun(env.client, run, limits)).toEqual({ kind: 'stopped', how: 'was terminated' });
  });
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
