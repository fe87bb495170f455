import { expect, test } from 'vitest';
import { abortSignal } from '../../contract/messages.ts';
import type { Report } from '../../core/report/report.ts';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, servedTraffic, underLoad } from '../support/scenario.ts';
import { observedWeights } from '../support/steps.ts';
import { addedRevisions, startClimb } from './climb.ts';

const namespace = 'api-server-chaos';

test('while the API server is dead runs hold their weight, and an abort is carried out as soon as it is back', async () => {
  const { sandbox, taskQueue } = await testCluster();
  const { apiServer } = sandbox.outages;
  const held = await deployTarget({ name: 'held', namespace });
  const aborted = await deployTarget({ name: 'aborted', namespace });
  const { value: ends } = await underLoad(held, async () => {
    const holding = await startClimb(held, { taskQueue });
    const aborting = await startClimb(aborted, { taskQueue, iterations: 100 });
    await aborting.untilReport('the first step', ({ startedAtMs }) => startedAtMs !== undefined);
    await holding.untilReport('the second step', ({ completedIterations, weights }) => {
      return completedIterations >= 1 && (weights.candidates[0] ?? 0) >= 20 && weights.confirmed;
    });
    await apiServer.kill();
    await aborting.handle.signal(abortSignal);
    const isUnreachable = (report: Report): boolean => report.blind?.reason.startsWith('cannot get services') ?? false;
    const { blind } = await holding.untilReport('an interval without the target', isUnreachable);
    expect(blind?.reason).toMatch(/^cannot get services\.serving\.knative\.dev api-server-chaos\/held: /);
    await apiServer.start();
    return { holding: await holding.end(), aborting: await aborting.end() };
  });

  expect(ends.aborting).toMatchObject({
    status: 'completed',
    report: { outcome: 'Aborted', weights: { candidates: [0] } },
  });
  expect(await servedTraffic(aborted)).toEqual({ [aborted.baselineRevision]: 100 });
  expect(ends.holding).toMatchObject({ status: 'completed', report: { outcome: 'Promoted', completedIterations: 4 } });
  expect([...new Set(observedWeights(ends.holding.report))]).toEqual([10, 20, 30, 40]);
  expect(observedWeights(ends.holding.report).length).toBeGreaterThan(4);
  expect(await addedRevisions(held)).toEqual(['deployed']);
});
