import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CancelledFailure, WorkflowFailedError } from '@temporalio/client';
import * as messages from '../../contract/messages.ts';
import { anExperiment } from '../support/builders.ts';
import { fakeWorld, measured } from '../support/fake-world.ts';
import type { WorldBehaviour } from '../support/fake-world.ts';
import { untilReport } from '../support/until-report.ts';
import { startWorkflowEnvironment } from '../support/workflow-environment.ts';
import type { WorkflowEnvironment } from '../support/workflow-environment.ts';

let workflows: WorkflowEnvironment;
beforeAll(async () => {
  workflows = await startWorkflowEnvironment();
});
afterAll(() => workflows.teardown());

const by = { by: 'alice', reason: 'checkout is broken' };

/** Skips the time until the n-th observation is done. */
async function skipIterations(n: number): Promise<void> {
  await workflows.env.sleep(n * 12_000 + 1000);
}

const neverEnding = anExperiment({ iterations: 1000 });

describe('abort', () => {
  test('while waiting for the target leaves the traffic untouched', async () => {
    const held = { temporalAddress: 'a', temporalNamespace: 'n', workflowId: 'other', firstRunId: 'r' };
    const acquire: WorldBehaviour['acquire'] = (attempt) => {
      if (attempt === 1) return { kind: 'held', by: held, why: 'it runs' };
      throw new Error('still held');
    };
    const world = fakeWorld({ acquire });
    const report = await workflows.run(world, async (handle) => {
      await untilReport(handle, ({ waitingFor }) => waitingFor !== undefined);
      await handle.signal(messages.abortSignal, by);
      return handle.result();
    });
    expect(report).toMatchObject({ outcome: 'Aborted', waitingFor: { workflowId: 'other' } });
    expect(report.reason).toBe('aborted by alice: checkout is broken; traffic untouched');
    expect(world.patches).toEqual([]);
  });

  test('while the revisions are not ready leaves the traffic untouched', async () => {
    const world = fakeWorld({
      onReadiness: () => {
        throw new Error('not ready yet');
      },
    });
    const report = await workflows.run(world, async (handle) => {
      await untilReport(handle, ({ stage }) => stage === 'Initializing');
      await handle.signal(messages.abortSignal);
      return handle.result();
    });
    expect(report).toMatchObject({ outcome: 'Aborted', reason: 'aborted; traffic untouched' });
    expect(world.patches).toEqual([]);
  });

  test('while running brings the traffic to the baseline and runs no finish action', async () => {
    const world = fakeWorld({ experiment: neverEnding });
    const report = await workflows.run(world, async (handle) => {
      await skipIterations(2);
      await handle.signal(messages.abortSignal, by);
      return handle.result();
    });
    expect(world.log.slice(-2)).toEqual(['traffic 0', 'release']);
    expect(report).toMatchObject({ outcome: 'Aborted', weights: { baseline: 100, candidates: [0], confirmed: true } });
    expect(report.timeToSafeMs).toBeDefined();
  });

  test('runs the finish actions with the baseline where the manifest asks for it', async () => {
    const world = fakeWorld({ experiment: anExperiment({ iterations: 1000, finishOnAbort: true }) });
    await workflows.run(world, async (handle) => {
      await skipIterations(1);
      await handle.signal(messages.abortSignal, by);
      return handle.result();
    });
    expect(world.log.slice(-4)).toEqual([
      'traffic 0',
      'task helm upgrade sample-app https://charts/values.tgz',
      'latest baseline',
      'release',
    ]);
  });

  test('during helm writes the baseline while helm still runs, and once more when it is gone', async () => {
    let stopHelm: () => void = () => undefined;
    const helmStopped = new Promise<void>((resolve) => (stopHelm = resolve));
    const world = fakeWorld({
      onTask: () => helmStopped,
      onPatch: (_n, { shares }) => {
        if (shares[1]?.percent === 0) stopHelm();
      },
    });
    const report = await workflows.run(world, async (handle) => {
      await workflows.env.sleep(62_000);
      await untilReport(handle, () => world.log.some((entry) => entry.startsWith('task')));
      await handle.signal(messages.abortSignal, by);
      return handle.result();
    });
    expect(report.outcome).toBe('Aborted');
    expect(world.log.slice(world.log.findIndex((entry) => entry.startsWith('task')) + 1)).toEqual([
      'traffic 0',
      'traffic 0',
      'release',
    ]);
  });

  test('by cancelling the workflow does the same, and the workflow ends cancelled', async () => {
    const world = fakeWorld({ experiment: neverEnding });
    const { error, status } = await workflows.run(world, async (handle) => {
      await skipIterations(1);
      await handle.cancel();
      const thrown: unknown = await handle.result().catch((caught: unknown) => caught);
      return { error: thrown, status: await handle.query(messages.statusQuery) };
    });
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    expect(world.log.slice(-2)).toEqual(['traffic 0', 'release']);
    expect(status).toMatchObject({ stage: 'Completed', outcome: 'Aborted' });
  });
});

describe('pause', () => {
  test('freezes the weight while observation goes on, and a resume starts a whole step', async () => {
    const world = fakeWorld();
    await workflows.run(world, async (handle) => {
      await skipIterations(1);
      await handle.signal(messages.pauseSignal, by);
      await workflows.env.sleep(60_000);
      const paused = await handle.query(messages.statusQuery);
      expect(paused).toMatchObject({ paused: by, completedIterations: 1, weights: { candidates: [20] } });
      expect(world.observations).toBe(6);
      await handle.signal(messages.resumeSignal);
      expect((await handle.result()).outcome).toBe('Promoted');
    });
    expect(world.observations).toBe(10);
  });

  test('before the first step holds it back', async () => {
    const world = fakeWorld();
    await workflows.run(world, async (handle) => {
      await handle.signal(messages.pauseSignal, by);
      await untilReport(handle, ({ stage }) => stage === 'Running');
      expect(world.patches).toEqual([]);
      await handle.signal(messages.resumeSignal);
      expect((await handle.result()).outcome).toBe('Promoted');
    });
  });

  test('does not keep a bad candidate from being rolled back', async () => {
    const world = fakeWorld({ measure: (n, window) => measured(window, n > 2 ? { errors: 500 } : {}) });
    const report = await workflows.run(world, async (handle) => {
      await skipIterations(1);
      await handle.signal(messages.pauseSignal, by);
      return handle.result();
    });
    expect(report).toMatchObject({ outcome: 'RolledBack', completedIterations: 1 });
  });
});

describe('the approval gate', () => {
  const gated = anExperiment({ approval: 'required', iterations: 2 });

  test('holds the promotion until it is approved, and says by whom', async () => {
    const world = fakeWorld({ experiment: gated });
    const report = await workflows.run(world, async (handle) => {
      await workflows.env.sleep(100_000);
      const waiting = await handle.query(messages.statusQuery);
      expect(waiting).toMatchObject({ stage: 'Running', completedIterations: 2, weights: { candidates: [20] } });
      expect(waiting.awaitingApproval).toBeDefined();
      await handle.signal(messages.approveSignal, { by: 'bob' });
      return handle.result();
    });
    expect(report.outcome).toBe('Promoted');
    expect(report.reason).toContain('approved by bob');
  });

  test('ignores an approval that comes too early, and says so', async () => {
    const world = fakeWorld({
      experiment: anExperiment({ approval: 'required', iterations: 2, approvalLimitMs: 60_000 }),
    });
    const report = await workflows.run(world, async (handle) => {
      await skipIterations(1);
      await handle.signal(messages.approveSignal, { by: 'bob' });
      return handle.result();
    });
    expect(report).toMatchObject({ outcome: 'RolledBack', reason: 'no approval within 1 min' });
    expect(report.warnings).toEqual([
      'approve by bob ignored: no approval gate is open, so there is nothing to approve yet',
    ]);
  });

  test('rolls back what goes bad while it waits', async () => {
    const world = fakeWorld({
      experiment: gated,
      measure: (n, window) => measured(window, n > 4 ? { errors: 1000 } : {}),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.outcome).toBe('RolledBack');
    expect(report.reason).toContain('error-rate');
    expect(world.observations).toBe(5);
  });

  test('rolls back at once when it is rejected', async () => {
    const world = fakeWorld({ experiment: gated });
    const report = await workflows.run(world, async (handle) => {
      await workflows.env.sleep(30_000);
      await handle.signal(messages.rejectSignal, by);
      return handle.result();
    });
    expect(report).toMatchObject({ outcome: 'RolledBack', reason: 'promotion rejected by alice: checkout is broken' });
  });
});

describe('updates', () => {
  test('answer a request that makes sense, and refuse one that does not', async () => {
    const world = fakeWorld({ experiment: neverEnding });
    await workflows.run(world, async (handle) => {
      await untilReport(handle, ({ stage }) => stage === 'Running');
      expect(await handle.executeUpdate(messages.pauseUpdate, { args: [by] })).toMatchObject({ stage: 'Running' });
      await expect(handle.executeUpdate(messages.pauseUpdate, { args: [{}] })).rejects.toMatchObject({
        cause: { message: 'cannot pause: the experiment is already paused' },
      });
      await expect(handle.executeUpdate(messages.approveUpdate, { args: [{}] })).rejects.toMatchObject({
        cause: { message: 'cannot approve: no approval gate is open, so there is nothing to approve yet' },
      });
      await handle.executeUpdate(messages.abortUpdate, { args: [by] });
      expect((await handle.result()).outcome).toBe('Aborted');
    });
  });
});
