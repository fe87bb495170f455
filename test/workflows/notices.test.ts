import { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as messages from '../../contract/messages.ts';
import type { RemainingNoticesWorkflow } from '../../contract/notices.ts';
import type { Notice } from '../../core/experiment/notice.ts';
import type { DeliveryAttempt } from '../../core/planner/outbox.ts';
import { anExperiment } from '../support/builders.ts';
import { delivered, fakeWorld, measured } from '../support/fake-world.ts';
import type { WorldBehaviour } from '../support/fake-world.ts';
import { startWorkflowEnvironment } from '../support/workflow-environment.ts';
import type { ExperimentHandle, WorkflowEnvironment } from '../support/workflow-environment.ts';

// The server skips no more time once it has had a workflow that outlives its parent.
let workflows: WorkflowEnvironment;
beforeEach(async () => {
  workflows = await startWorkflowEnvironment();
});
afterEach(() => workflows.teardown());

/** A world whose one receiver has what `seen` collects. */
function receivingWorld(seen: Notice[], changes: Partial<WorldBehaviour> = {}) {
  const onNotices: WorldBehaviour['onNotices'] = ({ notices }) => {
    seen.push(...notices);
    return delivered(notices.at(-1)?.number ?? 0);
  };
  return fakeWorld({ hasReceivers: true, onNotices, ...changes });
}

/** What the workflow that delivers the last notices of a run returns. */
async function lastNotices(handle: ExperimentHandle): Promise<Awaited<ReturnType<RemainingNoticesWorkflow>>> {
  const { runId } = await handle.describe();
  return workflows.env.client.workflow.getHandle<RemainingNoticesWorkflow>(`serin-notices/${runId}`).result();
}

const down: DeliveryAttempt = { receivers: { team: { delivered: 0, failed: { why: 'no answer' } } }, lost: [] };

const short = anExperiment({ iterations: 3 });

test('a run without receivers tells nobody', async () => {
  const world = fakeWorld({ experiment: short });
  await workflows.run(world, (handle) => handle.result());
  expect(world.log.filter((line) => line.startsWith('notice'))).toEqual([]);
});

test('start and end are told, each once, with what the experiment was like', async () => {
  const seen: Notice[] = [];
  await workflows.run(receivingWorld(seen, { experiment: short }), async (handle) => {
    await handle.result();
    expect(await lastNotices(handle)).toEqual({ lost: [] });
  });
  expect(seen.map(({ number, event }) => [number, event])).toEqual([
    [1, 'Started'],
    [2, 'Promoted'],
  ]);
  expect(seen.at(-1)).toMatchObject({
    what: 'Promoted candidate',
    why: expect.stringContaining('all objectives pass: mean-latency'),
    facts: expect.arrayContaining([
      { name: 'target', value: 'default/sample-app' },
      expect.objectContaining({ name: 'baseline current', value: expect.stringContaining('image:blue') }),
      expect.objectContaining({ name: 'candidate candidate', value: expect.stringContaining('image:green') }),
    ]),
  });
});

test('a gate is told when it opens, again after each reminder, and when it was decided; nothing is checked again for that (T15)', async () => {
  const seen: Notice[] = [];
  const limits = { approval: 'required', remindEveryMs: 3_600_000 } as const;
  const experiment = anExperiment({ iterations: 1, intervalMs: 600_000, ...limits });
  let approve = (): Promise<void> => Promise.reject(new Error('not started'));
  const onNotices: WorldBehaviour['onNotices'] = async ({ notices }) => {
    seen.push(...notices);
    if (notices.at(-1)?.number === 4) await approve();
    return delivered(notices.at(-1)?.number ?? 0);
  };
  const world = receivingWorld(seen, { experiment, onNotices });
  await workflows.run(world, async (handle) => {
    approve = () => handle.signal(messages.approveSignal, { by: 'ann', reason: 'looks good' });
    await handle.result();
    await lastNotices(handle);
  });
  expect(seen.map(({ event, what }) => `${event}: ${what}`)).toEqual([
    'Started: Started',
    'ApprovalNeeded: Waits for approval',
    'Reminder: Still waits for approval',
    'Reminder: Still waits for approval',
    'Approved: Approved by ann: looks good',
    'Promoted: Promoted candidate',
  ]);
  expect(world.log.filter((entry) => entry === 'preflight')).toHaveLength(1);
  // It was made between two waits, and did not wait for the next interval.
  expect((seen[5]?.atMs ?? 0) - (seen[4]?.atMs ?? 0)).toBeLessThan(600_000);
  // The reason is that of the observation which opened it.
  expect(seen[1]?.why).toContain('all objectives pass: mean-latency');
});

test('what comes and goes is told when it comes and when it is over, and not again within ten minutes', async () => {
  const seen: Notice[] = [];
  const blindAt = new Set([2, 4]);
  const measure: WorldBehaviour['measure'] = (n, window) =>
    blindAt.has(n) ? { kind: 'blind', reason: 'no answer' } : measured(window);
  await workflows.run(
    receivingWorld(seen, { experiment: anExperiment({ iterations: 5 }), measure }),
    async (handle) => {
      await handle.result();
      await lastNotices(handle);
    },
  );
  expect(seen.map(({ event }) => event)).toEqual(['Started', 'Blind', 'Sighted', 'Promoted']);
  expect(seen[1]).toMatchObject({ why: 'no answer' });
});

test('a receiver that takes nothing neither delays nor fails the run, and is tried again until it does', async () => {
  const seen: Notice[] = [];
  let attempts = 0;
  const onNotices: WorldBehaviour['onNotices'] = ({ notices }) => {
    attempts += 1;
    if (attempts < 8) return down;
    seen.push(...notices);
    return delivered(notices.at(-1)?.number ?? 0);
  };
  const world = receivingWorld(seen, { experiment: short, onNotices });
  await workflows.run(world, async (handle) => {
    const report = await handle.result();
    expect(report).toMatchObject({ outcome: 'Promoted', warnings: [] });
    // Three intervals of 12 s, and nothing else.
    expect((report.completedAtMs ?? 0) - (report.startedAtMs ?? 0)).toBeLessThan(40_000);
    expect(seen).toEqual([]);
    expect(await lastNotices(handle)).toEqual({ lost: [] });
  });
  expect(seen.map(({ event }) => event)).toEqual(['Started', 'Promoted']);
});

test('what no receiver takes within an hour is given up, and the run or the workflow of its last notices says so', async () => {
  const world = fakeWorld({ experiment: short, hasReceivers: true, onNotices: () => down });
  await workflows.run(world, async (handle) => {
    await handle.result();
    expect(await lastNotices(handle)).toEqual({
      lost: [
        'the notice Started was not delivered to team: no answer',
        'the notice Promoted was not delivered to team: no answer',
      ],
    });
  });
});

test('a receiver that is down does not keep a notice from another one, and is asked more and more rarely', async () => {
  const at: string[] = [];
  const resting: (readonly string[])[] = [];
  let other = 0;
  const onNotices: WorldBehaviour['onNotices'] = (input) => {
    for (const { number, event } of input.notices) if (number > other) at.push(event);
    other = input.notices.at(-1)?.number ?? other;
    resting.push(input.resting);
    const left = input.resting.includes('down') ? { isSkipped: true } : { failed: { why: 'no answer' } };
    return { receivers: { down: { delivered: 0, ...left }, other: { delivered: other } }, lost: [] };
  };
  const experiment = anExperiment({ iterations: 12 });
  await workflows.run(fakeWorld({ experiment, hasReceivers: true, onNotices }), async (handle) => {
    await handle.result();
    // Of twelve turns the first, the second, the fourth, the eighth.
    expect(resting.length).toBeLessThan(6);
    const { lost } = await lastNotices(handle);
    expect(lost).toHaveLength(2);
  });
  expect(at).toEqual(['Started', 'Promoted']);
});

test('an attempt that fails as a whole loses nothing', async () => {
  const seen: Notice[] = [];
  let attempts = 0;
  const onNotices: WorldBehaviour['onNotices'] = ({ notices }) => {
    attempts += 1;
    if (attempts === 1) throw ApplicationFailure.nonRetryable('may not read the Secret', 'Forbidden');
    seen.push(...notices);
    return delivered(notices.at(-1)?.number ?? 0);
  };
  await workflows.run(fakeWorld({ experiment: short, hasReceivers: true, onNotices }), async (handle) => {
    await handle.result();
    await lastNotices(handle);
  });
  expect(seen.map(({ event }) => event)).toEqual(['Started', 'Promoted']);
});

test('a manifest that is refused before any traffic moves is told too', async () => {
  const seen: Notice[] = [];
  const world = receivingWorld(seen, {
    onRead: (reading) => {
      throw ApplicationFailure.nonRetryable('no such metric', 'MetricUnavailable', { reading });
    },
  });
  await workflows.run(world, async (handle) => {
    await expect(handle.result()).rejects.toThrow();
    await lastNotices(handle);
  });
  expect(seen).toMatchObject([{ event: 'Failed', what: 'Failed', why: 'no such metric; traffic untouched' }]);
});

test('a promotion that is watched is told, and that somebody has rejected it', async () => {
  const seen: Notice[] = [];
  const experiment = anExperiment({ iterations: 1, intervalMs: 600_000, bakeMs: 6_000_000 });
  let reject = (): Promise<void> => Promise.reject(new Error('not started'));
  const onNotices: WorldBehaviour['onNotices'] = async ({ notices }) => {
    seen.push(...notices);
    if (notices.at(-1)?.event === 'Baking') await reject();
    return delivered(notices.at(-1)?.number ?? 0);
  };
  await workflows.run(receivingWorld(seen, { experiment, onNotices }), async (handle) => {
    reject = () => handle.signal(messages.rejectSignal, { by: 'ann', reason: 'carts are empty' });
    await handle.result();
    await lastNotices(handle);
  });
  expect(seen.map(({ event, what }) => `${event}: ${what}`)).toEqual([
    'Started: Started',
    'Baking: Promoted candidate, watched',
    'Rejected: Rejected by ann: carts are empty',
    'RolledBack: Rolled back to current',
  ]);
});
