import { beforeAll, describe, expect, test } from 'vitest';
import { findCondition } from '../../operator/status/conditions.ts';
import { describe as describeReport } from '../../core/report/describe.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { statusQuery } from '../../contract/messages.ts';
import { runSerin } from '../client/serin-environment.ts';
import { testCluster } from '../support/cluster.ts';
import type { TestCluster } from '../support/cluster.ts';
import { experimentsIn } from '../support/experiments.ts';
import type { ExperimentsIn } from '../support/experiments.ts';
import { manifestFor } from '../support/manifest.ts';
import { startOperatorProcess } from '../support/operator-process.ts';
import { deployTarget, helmHistory, servedTraffic, underLoad, untilServes } from '../support/scenario.ts';
import { until } from '../support/until.ts';

const ownNamespace = 'operated';
let cluster: TestCluster;
let sandbox: Sandbox;
let experiments: ExperimentsIn;

beforeAll(async () => {
  cluster = await testCluster();
  ({ sandbox } = cluster);
  experiments = await experimentsIn(ownNamespace);
  await startOperatorProcess(sandbox, { name: 'operator', taskQueue: cluster.taskQueue, watchNamespace: ownNamespace });
});

/** An iteration of a second, two in all, and a first step of 40 %. */
const quick = { iterations: 2, weights: { maxCandidateWeightIncrement: 40 } };

describe.concurrent('serin operator', () => {
  test('carries the tutorial out by kubectl alone, and its object describes itself as the run does', async () => {
    const target = await deployTarget({ name: 'kubectl-only', namespace: ownNamespace });
    const { value } = await underLoad(target, async () => {
      await experiments.apply(manifestFor(target, quick));
      const watch = await experiments.watch(target.name);
      const ended = await experiments.untilCondition(target.name, 'Ready');
      await until('the watch to show the end', async () => (await watch.lines()).at(-1)?.includes('Completed  '));
      watch.stop();
      return { ended, watched: await watch.lines() };
    });
    const { ended, watched } = value;
    const { status } = ended;
    expect(status).toMatchObject({
      stage: 'Completed',
      completedIterations: 2,
      versionRecommendedForPromotion: 'candidate',
      recommendedBaseline: 'candidate',
      message: 'ExperimentCompleted: Experiment completed successfully',
      serin: { outcome: 'Promoted' },
      analysis: { winnerAssessment: { data: { winnerFound: true, winner: 'candidate' } } },
    });
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
    expect(await helmHistory(target)).toHaveLength(3);

    const named = ['kubectl-only', 'Canary', 'operated/kubectl-only'];
    const rows = watched.map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual(['NAME', 'TYPE', 'TARGET', 'STAGE', 'COMPLETED ITERATIONS', 'MESSAGE']);
    expect(rows.map(([, , , stage]) => stage)).toContain('Running');
    const end = [...named, 'Completed', '2', 'ExperimentCompleted: Experiment completed successfully'];
    expect(rows.at(-1)).toEqual(end);

    const yaml = await sandbox.kubectl('get', 'experiment', target.name, '-n', ownNamespace, '-o', 'yaml');
    const described = await runSerin(['describe', '-f', '-', '--wide'], { input: yaml });
    const report = await cluster.client.workflow.getHandle(status?.serin.workflowId ?? '').query(statusQuery);
    expect(described.stdout).toBe(`${describeReport(report)}\n`);
    expect(described.stdout).toContain('Recommended baseline: candidate');
    const where = ['--address', sandbox.temporal.address];
    const asserted = await runSerin([
      'assert',
      `${ownNamespace}/${target.name}`,
      '-c',
      'successful,candidateWon',
      ...where,
    ]);
    expect(asserted).toMatchObject({ exitCode: 0, stderr: '' });

    const reasons = (await experiments.events(target.name)).map(({ reason }) => reason);
    expect(reasons).toEqual(expect.arrayContaining(['Started', 'StageAdvanced', 'IterationUpdate', 'Promoted']));
    await until('the object to be free of the operator', async () => {
      const { metadata } = await experiments.read(target.name);
      return (metadata.finalizers ?? []).length === 0;
    });
  });

  test("accepts iter8's tutorial as it is, with versions beside an empty versionInfo", async () => {
    const target = await deployTarget({ name: 'as-it-is', namespace: ownNamespace });
    await sandbox.kubectl(
      'apply',
      '-n',
      ownNamespace,
      '-f',
      `${sandbox.chartRepository.url}/targets/${ownNamespace}/${target.name}/experiment.yaml`,
    );
    const { spec } = await experiments.read('as-it-is');
    expect(spec).toMatchObject({ baseline: { name: 'current' }, candidates: [{ name: 'candidate' }] });
    await experiments.untilRunning('as-it-is');
    await experiments.remove('as-it-is');
    await untilServes(target, target.baselineRevision);
  });

  test('brings the traffic back to the baseline when a running Experiment is deleted, and the next one works (T14)', async () => {
    const target = await deployTarget({ name: 'deleted', namespace: ownNamespace });
    await experiments.apply(manifestFor(target, { ...quick, iterations: 100 }));
    const { status } = await experiments.untilRunning(target.name);
    await experiments.remove(target.name);
    const report = await cluster.client.workflow.getHandle(status?.serin.workflowId ?? '').result();
    expect(report).toMatchObject({ outcome: 'Aborted', reason: 'aborted: Experiment operated/deleted was deleted' });
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
    await experiments.apply(manifestFor(target, { ...quick, iterations: 100 }));
    await experiments.untilRunning(target.name);
    await experiments.remove(target.name);
  });

  test('shows at once, with all reasons, that a manifest cannot be used, and starts no workflow', async () => {
    const manifest = manifestFor(await deployTarget({ name: 'invalid', namespace: ownNamespace, baselineOnly: true }), {
      objectives: [{ metric: 'Happiness!', upperLimit: 1 }],
      annotations: { 'min-samples': 'many' },
    });
    await experiments.apply(manifest);
    const { status } = await experiments.untilCondition('invalid', 'Failed');
    const failed = findCondition(status?.conditions ?? [], 'Failed');
    expect(failed?.reason).toBe('InvalidExperiment');
    expect(failed?.message).toContain('spec.criteria.objectives[0].metric: expected one of request-count');
    expect(failed?.message).toContain('metadata.annotations."serin.dev/min-samples": expected');
    expect(findCondition(status?.conditions ?? [], 'Completed')?.status).toBe('True');
    expect(status?.serin.workflowId).toBeUndefined();
    expect(await experiments.events('invalid')).toEqual([expect.objectContaining({ reason: 'Invalid' })]);
    await experiments.remove('invalid');
  });

  test('refuses a change of the spec, and takes the same manifest again', async () => {
    const target = await deployTarget({ name: 'edited', namespace: ownNamespace });
    const manifest = manifestFor(target, { ...quick, iterations: 100 });
    await experiments.apply(manifest);
    await experiments.untilRunning('edited');
    await experiments.apply(manifest);
    const longer = manifestFor(target, { ...quick, iterations: 200 });
    await expect(experiments.apply(longer)).rejects.toThrow('delete the Experiment and create it again');
    const otherHelm = manifestFor(target, { ...quick, iterations: 100, helmArgs: ['--set=a=b'] });
    await expect(experiments.apply(otherHelm)).rejects.toThrow('delete the Experiment and create it again');
    await experiments.remove('edited');
    await experiments.apply(manifest);
    expect((await experiments.untilRunning('edited')).status?.serin.outcome).toBeUndefined();
    await experiments.remove('edited');
  });

  const kind = { apiVersion: 'serin.dev/v1alpha1', kind: 'Experiment' };

  test("runs serin's own kind too, and keeps it until its traffic is safe", async () => {
    const target = await deployTarget({ name: 'own-kind', namespace: ownNamespace });
    const objectives = [{ metric: 'error-rate', max: '5%' }];
    const spec = { target: target.name, objectives, traffic: { increment: '40%' }, interval: '1s', iterations: 100 };
    await experiments.apply({ ...kind, metadata: { name: target.name }, spec });
    const object = [`experiments.serin.dev/${target.name}`, '-n', ownNamespace];
    await sandbox.kubectl('wait', '--for=jsonpath={.status.startTime}', ...object, '--timeout=60s');
    await sandbox.kubectl('delete', ...object, '--timeout=60s');
    await untilServes(target, target.baselineRevision);
  });

  test("shows what is wrong with an object of serin's own kind", async () => {
    const spec = { target: 'nowhere', pattern: 'Canary', objectives: [{ metric: 'error-rate', max: '10ms' }] };
    await experiments.apply({ ...kind, metadata: { name: 'native' }, spec });
    const object = ['experiments.serin.dev/native', '-n', ownNamespace] as const;
    await sandbox.kubectl('wait', '--for=condition=Failed', ...object, '--timeout=30s');
    const [, columns = ''] = (await sandbox.kubectl('get', ...object)).split('\n');
    expect(columns).toMatch(/^native +Canary +nowhere .*InvalidExperiment: .*expected a share such as 1%/);
    await sandbox.kubectl('delete', ...object, '--timeout=60s');
    const unknown = { ...kind, metadata: { name: 'native' }, spec: { target: 'x', pattern: 'Lottery' } };
    await expect(experiments.apply(unknown)).rejects.toThrow('Unsupported value: "Lottery"');
  });

  test('lets a namespace go with all that is in it', async () => {
    const namespace = 'operator-swept';
    const swept = await experimentsIn(namespace);
    const target = await deployTarget({ name: 'swept', namespace });
    await startOperatorProcess(sandbox, { name: namespace, taskQueue: cluster.taskQueue, watchNamespace: namespace });
    await swept.apply(manifestFor(target, { ...quick, iterations: 100 }));
    await swept.untilRunning('swept');
    await sandbox.kubectl('delete', 'namespace', namespace, '--timeout=120s');
  });
});
