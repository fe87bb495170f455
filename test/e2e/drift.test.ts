import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { planAnnotation } from '../../core/target.ts';
import type { SampleTarget } from '../../sandbox/index.ts';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, readKsvc, servedTraffic, startExperiment, underLoad } from '../support/scenario.ts';
import type { ScenarioEnd, ScenarioOptions } from '../support/scenario.ts';
import { until } from '../support/until.ts';

const namespace = 'drift';

/** Runs an experiment and changes the cluster behind its back once the candidate has its second weight. */
async function disturb(
  target: SampleTarget,
  change: () => Promise<unknown>,
  options: ScenarioOptions = {},
): Promise<ScenarioEnd> {
  const { value } = await underLoad(target, async () => {
    const scenario = await startExperiment(target, { iterations: 60, ...options });
    await scenario.untilReport('20 %', ({ weights }) => weights.candidate >= 20 && weights.confirmed);
    await change();
    return scenario.end();
  });
  return value;
}

async function kubectl(...args: string[]): Promise<string> {
  const { sandbox } = await testCluster();
  return sandbox.kubectl(...args, '-n', namespace);
}

/** A new revision of the target, as a deployment by somebody else makes it. */
async function deployRevision({ name }: SampleTarget, revision: string): Promise<void> {
  const { spec } = JSON.parse(await kubectl('get', 'ksvc', name, '-o', 'json')) as { spec: { template: object } };
  const template = { ...spec.template, metadata: { name: revision } };
  await kubectl('patch', 'ksvc', name, '--type', 'merge', '-p', JSON.stringify({ spec: { template } }));
}

function setTraffic(name: string, traffic: readonly object[]): Promise<string> {
  const patch = JSON.stringify({ spec: { traffic } });
  return kubectl('patch', 'ksvc', name, '--type', 'merge', '--field-manager', 'somebody', '-p', patch);
}

/** Waits until the revisions have exactly these percents. */
async function serves(target: SampleTarget, expected: Readonly<Record<string, number>>): Promise<void> {
  await until(`traffic ${JSON.stringify(expected)}`, async () =>
    isDeepStrictEqual(await servedTraffic(target), expected),
  );
}

describe.concurrent('drift', () => {
  test('a new revision without traffic is reported, stays at 0 %, and the run goes on', async () => {
    const target = await deployTarget({ name: 'newer', namespace });
    const finish: object[] = [];
    const end = await disturb(target, () => deployRevision(target, 'newer-v3'), { iterations: 5, finish });
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted' } });
    expect(end.report.warnings).toContain('a newer revision newer-v3 appeared; it has no traffic and stays at 0 %');
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
  });

  test('traffic that somebody edits stops the run, which writes nothing and names them', async () => {
    const target = await deployTarget({ name: 'edited', namespace });
    let planBefore: string | undefined;
    const end = await disturb(target, async () => {
      await setTraffic(target.name, [{ revisionName: target.baselineRevision, percent: 100 }]);
      planBefore = (await readKsvc(target)).metadata.annotations[planAnnotation];
    });
    expect(end).toMatchObject({ status: 'failed', type: 'Drift', report: { outcome: 'Failed' } });
    expect(end.message).toMatch(/^spec\.traffic was changed by somebody.*found edited-v1 100 %$/);
    expect((await readKsvc(target)).metadata.annotations[planAnnotation]).toBe(planBefore);
  });

  test('a newer deployment that has traffic stops the run, which writes nothing', async () => {
    const target = await deployTarget({ name: 'deployed', namespace });
    const end = await disturb(target, async () => {
      await deployRevision(target, 'deployed-v3');
      await setTraffic(target.name, [{ latestRevision: true, percent: 100 }]);
    });
    expect(end).toMatchObject({ status: 'failed', type: 'Drift' });
    await serves(target, { 'deployed-v3': 100 });
  });

  test('a candidate that stays unready beyond its grace is rolled back', async () => {
    const { sandbox } = await testCluster();
    const target = await deployTarget({ name: 'unready', namespace });
    const revision = { namespace, revision: target.candidateRevision };
    const unready = async (): Promise<void> => sandbox.setFaults(revision, [{ kind: 'unready' }]);
    const end = await disturb(target, unready, { finish: [], annotations: { 'candidate-grace': '2s' } });
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack' } });
    expect(end.report.reason).toMatch(
      /^candidate revision unready-v2 is not ready: .*, for longer than its grace of 2 s$/,
    );
    await serves(target, { [target.baselineRevision]: 100 });
  });

  test('a candidate revision that is gone is rolled back', async () => {
    const target = await deployTarget({ name: 'lost', namespace });
    // Knative makes the latest revision again, so the candidate must not be the latest.
    const lose = async (): Promise<void> => {
      await deployRevision(target, 'lost-v3');
      await kubectl('wait', 'revision/lost-v3', '--for=condition=Ready', '--timeout=60s');
      await kubectl('delete', 'revision', target.candidateRevision);
    };
    const end = await disturb(target, lose, { finish: [], intervalSeconds: 2 });
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack' } });
    expect(end.report.reason).toBe('candidate revision lost-v2 is gone');
    await serves(target, { [target.baselineRevision]: 100 });
  });

  test('a baseline revision that is gone stops the run, which keeps what serves', async () => {
    const target = await deployTarget({ name: 'orphan', namespace });
    let planBefore: string | undefined;
    const end = await disturb(target, async () => {
      planBefore = (await readKsvc(target)).metadata.annotations[planAnnotation];
      await kubectl('delete', 'revision', target.baselineRevision);
    });
    expect(end).toMatchObject({ status: 'failed', type: 'Drift' });
    expect(end.message).toBe('baseline revision orphan-v1 is gone; traffic left as it is');
    const [, sequence = ''] = ((await readKsvc(target)).metadata.annotations[planAnnotation] ?? '').split('/');
    const [, before = ''] = (planBefore ?? '').split('/');
    // One step may have been on its way when the revision was deleted.
    expect(Number(sequence)).toBeLessThanOrEqual(Number(before) + 1);
  });

  test('a target that is gone ends the run', async () => {
    const target = await deployTarget({ name: 'gone', namespace });
    const end = await disturb(target, () => kubectl('delete', 'ksvc', target.name));
    expect(end.status).toBe('failed');
    expect(['Drift', 'TargetGone']).toContain(end.type);
  });
});
