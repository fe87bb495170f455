import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as messages from '../../contract/messages.ts';
import { failure } from '../../activities/failures.ts';
import type { Acquisition } from '../../contract/traffic.ts';
import { fakeWorld } from '../support/fake-world.ts';
import { untilReport } from '../support/until-report.ts';
import { startServerEnvironment } from '../support/workflow-environment.ts';
import type { ExperimentHandle, WorkflowEnvironment } from '../support/workflow-environment.ts';

let workflows: WorkflowEnvironment;
beforeAll(async () => {
  workflows = await startServerEnvironment();
});
afterAll(() => workflows.teardown());

function heldBy(workflowId: string): Acquisition {
  const by = { temporalAddress: 'a', temporalNamespace: 'n', workflowId, firstRunId: workflowId };
  return { kind: 'held', by, why: 'it runs' };
}

/** Answers the attempts in turn; where there is no answer the target is still held, and the next attempt an hour away. */
function world(answers: Readonly<Record<number, Acquisition>>) {
  let attempts = 0;
  const fake = fakeWorld({
    acquire: (attempt) => {
      attempts = attempt;
      const answer = answers[attempt];
      if (answer !== undefined) return answer;
      throw failure('TargetHeld', { message: 'still held', nextRetryDelayMs: 3_600_000 });
    },
  });
  const untilAttempt = (n: number): Promise<unknown> => vi.waitUntil(() => attempts === n, { timeout: 60_000 });
  return { fake, untilAttempt };
}

/** Waits until the experiment has its target, and ends it. */
async function untilBegun(handle: ExperimentHandle): Promise<void> {
  await untilReport(handle, ({ stage }) => stage !== 'Waiting');
  await handle.signal(messages.abortSignal);
  await handle.result();
}

/** On a real server, which ends a wait between two attempts when it is cancelled; the one that skips time does not. */
describe('an experiment that waits for its target', () => {
  test('begins as soon as it is told that the target is free', async () => {
    const { fake, untilAttempt } = world({ 1: heldBy('other'), 3: { kind: 'acquired' } });
    await workflows.run(fake, async (handle) => {
      await untilAttempt(2);
      await handle.signal(messages.targetFreeSignal);
      await untilBegun(handle);
    });
  });

  test('goes on waiting where another one was faster, and is told again', async () => {
    const { fake, untilAttempt } = world({ 1: heldBy('other'), 3: heldBy('faster'), 5: { kind: 'acquired' } });
    await workflows.run(fake, async (handle) => {
      await untilAttempt(2);
      await handle.signal(messages.targetFreeSignal);
      await untilReport(handle, ({ waitingFor }) => waitingFor?.workflowId === 'faster');
      await untilAttempt(4);
      await handle.signal(messages.targetFreeSignal);
      await untilBegun(handle);
    });
  });

  test('looks again where an attempt that was cut short ends as it would have been tried again', async () => {
    let fail = (): void => undefined;
    let attempts = 0;
    const fake = fakeWorld({
      acquire: async (attempt) => {
        attempts = attempt;
        if (attempt === 1) return heldBy('other');
        if (attempt > 2) return { kind: 'acquired' };
        await new Promise<void>((resolve) => (fail = resolve));
        throw failure('KubernetesUnavailable', { message: 'the API server does not answer' });
      },
    });
    await workflows.run(fake, async (handle) => {
      await vi.waitUntil(() => attempts === 2, { timeout: 60_000 });
      await handle.signal(messages.targetFreeSignal);
      await untilReport(handle, ({ stage }) => stage === 'Waiting');
      fail();
      await untilBegun(handle);
    });
  });

  test('that was told in vain still ends by an abort', async () => {
    const { fake, untilAttempt } = world({ 1: heldBy('other') });
    const report = await workflows.run(fake, async (handle) => {
      await untilAttempt(2);
      await handle.signal(messages.targetFreeSignal);
      await untilAttempt(3);
      await handle.signal(messages.abortSignal);
      return handle.result();
    });
    expect(report).toMatchObject({ outcome: 'Aborted', reason: 'aborted; traffic untouched' });
    expect(fake.patches).toEqual([]);
  });

  test('takes no notice of the message when it has its target', async () => {
    const { fake } = world({ 1: { kind: 'acquired' } });
    const report = await workflows.run(fake, async (handle) => {
      await untilReport(handle, ({ stage }) => stage === 'Running');
      await handle.signal(messages.targetFreeSignal);
      await handle.signal(messages.abortSignal);
      return handle.result();
    });
    expect(report).toMatchObject({ outcome: 'Aborted', warnings: [] });
  });
});
