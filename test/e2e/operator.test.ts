import { beforeAll, describe, expect, test } from 'vitest';
import { conditionOf } from '../../core/conditions.ts';
import type { ConditionType } from '../../core/conditions.ts';
import { describe as describeReport } from '../../core/describe.ts';
import type { ExperimentObject } from '../../operator/experiment-object.ts';
import type { Sandbox, SampleTarget } from '../../sandbox/index.ts';
import { statusQuery } from '../../workflows/messages.ts';
import { runSerin } from '../client/serin-environment.ts';
import { testCluster } from '../support/cluster.ts';
import type { TestCluster } from '../support/cluster.ts';
import { manifestFor } from '../support/manifest.ts';
import { startOperatorProcess } from '../support/operator-process.ts';
import { deployTarget, helmHistory, servedTraffic, underLoad } from '../support/scenario.ts';
import { until } from '../support/until.ts';

const namespace = 'operated';
let cluster: TestCluster;
let sandbox: Sandbox;

beforeAll(async () => {
  cluster = await testCluster();
  ({ sandbox } = cluster);
  await startOperatorProcess(sandbox, { name: 'operator', taskQueue: cluster.taskQueue, watchNamespace: namespace });
});

/** An iteration of a second, two in all, and a first step of 40 %. */
const quick = { iterations: 2, weights: { maxCandidateWeightIncrement: 40 } };

async function apply(manifest: object, into = namespace): Promise<void> {
  await sandbox.apply(JSON.stringify({ ...manifest, metadata: { ...metadataOf(manifest), namespace: into } }));
}

function metadataOf(manifest: object): object {
  return 'metadata' in manifest && typeof manifest.metadata === 'object' ? (manifest.metadata ?? {}) : {};
}

async function read(name: string): Promise<ExperimentObject> {
  return JSON.parse(
    await sandbox.kubectl('get', 'experiment', name, '-n', namespace, '-o', 'json'),
  ) as ExperimentObject;
}

async function untilCondition(name: string, type: ConditionType): Promise<ExperimentObject> {
  await sandbox.kubectl('wait', `--for=condition=${type}`, `experiment/${name}`, '-n', namespace, '--timeout=90s');
  return read(name);
}

async function untilRunning(name: string): Promise<ExperimentObject> {
  return until(`${name} to have traffic`, async () => {
    const object = await read(name);
    return object.status?.startTime === undefined ? undefined : object;
  });
}

async function reasonsOfEvents(name: string): Promise<readonly string[]> {
  const { items } = JSON.parse(
    await sandbox.kubectl(
      'get',
      'events',
      '-n',
      namespace,
      '-o',
      'json',
      `--field-selector=involvedObject.kind=Experiment,involvedObject.name=${name}`,
    ),
  ) as { items: { reason: string }[] };
  return items.map(({ reason }) => reason);
}

async function baselineOnly(target: SampleTarget): Promise<void> {
  await until('100 % baseline', async () => (await servedTraffic(target))[target.baselineRevision] === 100);
}

describe.concurrent('serin operator', () => {
  test('carries the tutorial out by kubectl alone, and its object describes itself as the run does', async () => {
    const target = await deployTarget({ name: 'kubectl-only', namespace });
    const object = await underLoad(target, async () => {
      await apply(manifestFor(target, quick));
      return untilCondition(target.name, 'Ready');
    });
    const { status } = object.value;
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

    const columns = await sandbox.kubectl('get', 'experiment', target.name, '-n', namespace);
    expect(columns.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['NAME', 'TYPE', 'TARGET', 'STAGE', 'COMPLETED ITERATIONS', 'MESSAGE'],
      [
        'kubectl-only',
        'Canary',
        'operated/kubectl-only',
        'Completed',
        '2',
        'ExperimentCompleted: Experiment completed successfully',
      ],
      [''],
    ]);

    const yaml = await sandbox.kubectl('get', 'experiment', target.name, '-n', namespace, '-o', 'yaml');
    const described = await runSerin(['describe', '-f', '-'], { input: yaml });
    const report = await cluster.client.workflow.getHandle(status?.serin.workflowId ?? '').query(statusQuery);
    expect(described.stdout).toBe(`${describeReport(report)}\n`);
    expect(described.stdout).toContain('Recommended baseline: candidate');

    const reasons = await reasonsOfEvents(target.name);
    expect(reasons).toEqual(expect.arrayContaining(['Started', 'StageAdvanced', 'IterationUpdate', 'Promoted']));
    expect(object.value.metadata.finalizers ?? []).toEqual([]);
  });

  test("accepts iter8's tutorial as it is, with versions beside an empty versionInfo", async () => {
    const target = await deployTarget({ name: 'as-it-is', namespace });
    await sandbox.kubectl(
      'apply',
      '-n',
      namespace,
      '-f',
      `${sandbox.chartRepository.url}/targets/${namespace}/${target.name}/experiment.yaml`,
    );
    const { spec } = await read('as-it-is');
    expect(spec).toMatchObject({ baseline: { name: 'current' }, candidates: [{ name: 'candidate' }] });
    await untilRunning('as-it-is');
    await sandbox.kubectl('delete', 'experiment', 'as-it-is', '-n', namespace, '--timeout=10s');
    await baselineOnly(target);
  });

  test('brings the traffic back to the baseline when a running Experiment is deleted', async () => {
    const target = await deployTarget({ name: 'deleted', namespace });
    await apply(manifestFor(target, { ...quick, iterations: 100 }));
    const { status } = await untilRunning(target.name);
    await sandbox.kubectl('delete', 'experiment', target.name, '-n', namespace, '--timeout=10s');
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
    const report = await cluster.client.workflow.getHandle(status?.serin.workflowId ?? '').result();
    expect(report).toMatchObject({ outcome: 'Aborted', reason: 'aborted: Experiment operated/deleted was deleted' });
  });

  test('shows at once, with all reasons, that a manifest cannot be used, and starts no workflow', async () => {
    const manifest = manifestFor(await deployTarget({ name: 'invalid', namespace, baselineOnly: true }), {
      objectives: [{ metric: 'happiness', upperLimit: 1 }],
      annotations: { 'min-samples': 'many' },
    });
    await apply(manifest);
    const { status } = await untilCondition('invalid', 'Failed');
    const failed = conditionOf(status?.conditions ?? [], 'Failed');
    expect(failed?.reason).toBe('InvalidExperiment');
    expect(failed?.message).toContain('spec.criteria.objectives[0].metric: expected one of request-count');
    expect(failed?.message).toContain('metadata.annotations."serin.dev/min-samples": expected');
    expect(conditionOf(status?.conditions ?? [], 'Completed')?.status).toBe('True');
    expect(status?.serin.workflowId).toBeUndefined();
    expect(await reasonsOfEvents('invalid')).toEqual(['Invalid']);
    await sandbox.kubectl('delete', 'experiment', 'invalid', '-n', namespace, '--timeout=5s');
  });
});
