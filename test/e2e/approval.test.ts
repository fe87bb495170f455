import { describe, expect, test } from 'vitest';
import { approveSignal, approveUpdate, pauseUpdate } from '../../workflows/messages.ts';
import type { Fault, SampleTarget } from '../../sandbox/index.ts';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, servedTraffic, startExperiment, underLoad } from '../support/scenario.ts';

const namespace = 'approval';
const broken: Fault = { kind: 'errors', rate: 0.6 };
const by = { by: 'alice', reason: 'a test' };

async function breakCandidate({ candidateRevision }: SampleTarget): Promise<void> {
  const { sandbox } = await testCluster();
  sandbox.setFaults({ namespace, revision: candidateRevision }, [broken]);
}

describe.concurrent('people', () => {
  test('an approval that comes too early does not count, one at the gate promotes', async () => {
    const target = await deployTarget({ name: 'gated', namespace });
    const { value: end } = await underLoad(target, async () => {
      const scenario = await startExperiment(target, { annotations: { approval: 'required' } });
      await scenario.untilReport('Running', ({ stage }) => stage === 'Running');
      await scenario.handle.signal(approveSignal, by);
      const waiting = await scenario.untilReport('the gate', ({ awaitingApproval }) => awaitingApproval !== undefined);
      expect(waiting.warnings).toContain(
        'approve by alice: a test ignored: no approval gate is open, so there is nothing to approve yet',
      );
      expect(waiting.approved).toBeUndefined();
      await scenario.handle.executeUpdate(approveUpdate, { args: [by] });
      return scenario.end();
    });
    expect(end.report).toMatchObject({ outcome: 'Promoted', approved: by });
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
  });

  test('a candidate that goes bad while it waits for approval is rolled back', async () => {
    const target = await deployTarget({ name: 'turning', namespace });
    const { value: end } = await underLoad(target, async () => {
      const scenario = await startExperiment(target, { annotations: { approval: 'required' } });
      await scenario.untilReport('the gate', ({ awaitingApproval }) => awaitingApproval !== undefined);
      await breakCandidate(target);
      return scenario.end();
    });
    expect(end.report.outcome).toBe('RolledBack');
    expect(end.report.reason).toContain('error-rate');
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  });

  test('a candidate that goes bad while the run is paused is rolled back', async () => {
    const target = await deployTarget({ name: 'paused', namespace });
    const { value: end } = await underLoad(target, async () => {
      const scenario = await startExperiment(target, { iterations: 60, rollbackOnFailure: true });
      await scenario.untilReport('20 %', ({ weights }) => weights.candidate >= 20);
      await scenario.handle.executeUpdate(pauseUpdate, { args: [by] });
      await breakCandidate(target);
      return scenario.end();
    });
    expect(end.report).toMatchObject({ outcome: 'RolledBack', paused: by });
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  });
});
