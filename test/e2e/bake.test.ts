import { describe, expect, test } from 'vitest';
import { runSerin } from '../client/serin-environment.ts';
import { testCluster } from '../support/cluster.ts';
import {
  deployTarget,
  helmHistory,
  readKsvc,
  servedTraffic,
  setCandidateFaults,
  startExperiment,
  underLoad,
} from '../support/scenario.ts';

const namespace = 'bake';
const changes = { iterations: 2, intervalSeconds: 3 };

describe.concurrent('a promoted version that is watched', () => {
  test('and fails is rolled back with its release, though its chart renders the traffic', async () => {
    const target = await deployTarget({ name: 'fails', namespace });
    const helmArgs = ['--set', 'traffic[0].latestRevision=true,traffic[0].percent=100'];
    const { value } = await underLoad(target, async () => {
      const annotations = { 'bake-time': '10m' };
      const scenario = await startExperiment(target, { ...changes, helmArgs, annotations, rollbackOnFailure: true });
      await scenario.untilReport('the bake', ({ baking }) => baking !== undefined);
      const pinned = await servedTraffic(target);
      const releases = await helmHistory(target);
      await setCandidateFaults(target, { kind: 'errors', rate: 0.5 });
      return { end: await scenario.end(), pinned, releases };
    });
    expect(value.pinned).toEqual({ [target.candidateRevision]: 100 });
    expect(value.end.report).toMatchObject({ outcome: 'RolledBack' });
    expect(value.end.report.reason).toMatch(/^after the promotion: failed: /);
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
    expect(await helmHistory(target)).toHaveLength(value.releases.length + 1);
  });

  test('is rolled back by `serin rollback TARGET`; when nothing is watched any more, that says so', async () => {
    const { sandbox } = await testCluster();
    const target = await deployTarget({ name: 'rejected', namespace });
    const request = ['--by', 'ada', '--reason', 'carts are empty'];
    const rollback = (): ReturnType<typeof runSerin> =>
      runSerin(['rollback', `${namespace}/rejected`, '--address', sandbox.temporal.address, ...request]);
    const { value: end } = await underLoad(target, async () => {
      const scenario = await startExperiment(target, { ...changes, annotations: { 'bake-time': '10m' } });
      await scenario.untilReport('the bake', ({ baking }) => baking !== undefined);
      const { stdout } = await rollback();
      expect(stdout).toBe(`${scenario.handle.workflowId}: reject accepted, stage Finishing\n`);
      return scenario.end();
    });
    expect(end.report).toMatchObject({
      outcome: 'RolledBack',
      reason: 'promotion rejected by ada: carts are empty',
    });
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
    const again = await rollback();
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toContain(`no experiment runs on ${namespace}/rejected`);
  });

  test('and is good gets the traffic as any other does, when its bake time is over', async () => {
    const target = await deployTarget({ name: 'good', namespace });
    const { value: end } = await underLoad(target, async () => {
      const scenario = await startExperiment(target, { ...changes, annotations: { 'bake-time': '9s' } });
      return scenario.end();
    });
    expect(end.report).toMatchObject({ outcome: 'Promoted' });
    expect(end.report.history.filter(({ reason }) => reason.startsWith('promoted, and watched'))).toHaveLength(3);
    const { spec } = await readKsvc(target);
    expect(spec.traffic?.[0]).toEqual({ latestRevision: true, percent: 100 });
  });
});
