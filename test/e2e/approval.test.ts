import { describe, expect, test } from 'vitest';
import { approveSignal, approveUpdate, pauseUpdate, rejectSignal } from '../../contract/messages.ts';
import type { SampleTarget } from '../../sandbox/index.ts';
import { climb } from '../support/manifest.ts';
import {
  deployTarget,
  helmHistory,
  servedTraffic,
  setCandidateFaults,
  startExperiment,
  underLoad,
} from '../support/scenario.ts';
import type { Scenario, ScenarioEnd, ScenarioOptions } from '../support/scenario.ts';

const namespace = 'approval';
const by = { by: 'alice', reason: 'a test' };

/** Latencies would say more about the machine that runs the tests than about the candidate. */
const objectives = [{ metric: 'error-rate', upperLimit: '0.01' }];

async function breakCandidate(target: SampleTarget): Promise<void> {
  await setCandidateFaults(target, { kind: 'errors', rate: 0.6 });
}

/** Runs a candidate that is good at first, under load, to the end to which `steer` brings it. */
async function run(
  target: SampleTarget,
  options: ScenarioOptions,
  steer: (scenario: Scenario) => Promise<unknown>,
): Promise<ScenarioEnd> {
  const { value } = await underLoad(target, async () => {
    const scenario = await startExperiment(target, { objectives, ...options });
    await steer(scenario);
    return scenario.end();
  });
  return value;
}

const untilGate = ({ untilReport }: Scenario) =>
  untilReport('the gate', ({ awaitingApproval }) => awaitingApproval !== undefined);

describe.concurrent('approval', () => {
  test('that comes too early does not count, one at the gate promotes', async () => {
    const target = await deployTarget({ name: 'gated', namespace });
    const end = await run(target, { annotations: { approval: 'required' } }, async (scenario) => {
      await scenario.untilReport('Running', ({ stage }) => stage === 'Running');
      const early = 'no approval gate is open, so there is nothing to approve yet';
      await expect(scenario.handle.executeUpdate(approveUpdate, { args: [by] })).rejects.toMatchObject({
        cause: { message: `cannot approve: ${early}` },
      });
      await scenario.handle.signal(approveSignal, by);
      const waiting = await untilGate(scenario);
      expect(waiting.warnings).toContain(`approve by alice: a test ignored: ${early}`);
      expect(waiting.approved).toBeUndefined();
      await scenario.handle.executeUpdate(approveUpdate, { args: [by] });
    });
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted', approved: by } });
    expect(end.report.reason).toMatch(/; approved by alice: a test$/);
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
  });

  test('is not waited for once the candidate goes bad: it is rolled back', async () => {
    const target = await deployTarget({ name: 'turning', namespace });
    const end = await run(target, { annotations: { approval: 'required' } }, async (scenario) => {
      await untilGate(scenario);
      await breakCandidate(target);
    });
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack' } });
    expect(end.report.reason).toMatch(/^failed: error-rate 0\.\d+ > limit 0\.01\d*, \d+ requests$/);
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  });

  test('that is refused rolls back', async () => {
    const target = await deployTarget({ name: 'refused', namespace });
    const end = await run(target, { annotations: { approval: 'required' } }, async (scenario) => {
      await untilGate(scenario);
      await scenario.handle.signal(rejectSignal, by);
    });
    const reason = 'promotion rejected by alice: a test';
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack', reason } });
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
    expect((await helmHistory(target)).map(({ status }) => status)).toEqual(['superseded', 'superseded', 'deployed']);
  });

  test('that does not come in time rolls back', async () => {
    const target = await deployTarget({ name: 'forgotten', namespace });
    const annotations = { approval: 'required', 'approval-limit': '3s' };
    const end = await run(target, { annotations }, untilGate);
    const reason = 'no approval within 3 s';
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack', reason } });
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
    expect((await helmHistory(target)).map(({ status }) => status)).toEqual(['superseded', 'superseded', 'deployed']);
  });
});

test.concurrent(
  'a candidate that goes bad while the run is paused is rolled back, from the weight that it was paused at',
  async () => {
    const target = await deployTarget({ name: 'paused', namespace });
    let pausedAt = 0;
    const end = await run(target, { iterations: 60, rollbackOnFailure: true, weights: climb }, async (scenario) => {
      await scenario.untilReport('20 %', ({ weights }) => (weights.candidates[0] ?? 0) >= 20);
      await scenario.handle.executeUpdate(pauseUpdate, { args: [by] });
      const isHeld = (reason = '') => reason.startsWith('paused, weight held');
      const held = await scenario.untilReport('the pause to show', ({ weightReason }) => isHeld(weightReason));
      [pausedAt = 0] = held.weights.candidates;
      await breakCandidate(target);
    });
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack', paused: by } });
    expect(end.report.reason).toMatch(/^failed: error-rate 0\.\d+ > limit 0\.01\d*, \d+ requests$/);
    expect(end.report.history.at(-1)?.weightsBefore).toEqual([pausedAt]);
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  },
);
