import { describe, expect, test } from 'vitest';
import type { V1Lease } from '@kubernetes/client-node';
import { abortSignal } from '../../contract/messages.ts';
import type { HeldPolicy } from '../../core/experiment/experiment.ts';
import { leaseName, planAnnotation } from '../../core/traffic/target.ts';
import type { SampleTarget } from '../../sandbox/index.ts';
import { testCluster } from '../support/cluster.ts';
import { experimentsIn } from '../support/experiments.ts';
import { scheduledActivities } from '../support/history.ts';
import { manifestFor } from '../support/manifest.ts';
import {
  deployTarget,
  readKsvc,
  observeScenario,
  servedTraffic,
  startExperiment,
  underLoad,
} from '../support/scenario.ts';
import type { Scenario } from '../support/scenario.ts';
import { startSecondTemporal } from '../support/second-temporal.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess } from '../support/worker-process.ts';
import { workflowType } from '../../contract/names.ts';
import type { ExperimentWorkflow } from '../../contract/workflow.ts';

const namespace = 'ownership';

/** How often a waiting experiment has looked at the Lease. */
async function countAttempts({ handle }: Scenario): Promise<number> {
  const { raw } = await handle.describe();
  return raw.pendingActivities?.[0]?.attempt ?? 0;
}

test('a second experiment waits through a continue-as-new of the holder, and is refused once that has promoted', async () => {
  const { sandbox } = await testCluster();
  const historyLimit = 'limit.historyCount.suggestContinueAsNew=60';
  const args = ['--dynamic-config-value', historyLimit];
  const temporal = await startSecondTemporal(sandbox, { name: 'ownership-temporal', args });
  const taskQueue = 'ownership';
  const env = { TEMPORAL_ADDRESS: temporal.address };
  await startWorkerProcess(sandbox, { name: 'ownership-worker', taskQueue, env });
  const target = await deployTarget({ name: 'owned', namespace });

  async function start(workflowId: string): Promise<Scenario> {
    const manifest = manifestFor(target, { iterations: 12, objectives: [] });
    const options = { taskQueue, workflowId, args: [manifest] as [object] };
    return observeScenario(target, await temporal.client.workflow.start<ExperimentWorkflow>(workflowType, options));
  }

  const { value } = await underLoad(target, async () => {
    const first = await start('first');
    const { firstRunId } = await first.untilReport('the first step', ({ startedAtMs }) => startedAtMs !== undefined);
    const second = await start('second');
    const isWaiting = { stage: 'Waiting', waitingFor: { workflowId: 'first', firstRunId } };
    expect(await second.untilReport('the holder', (report) => report.waitingFor !== undefined)).toMatchObject({
      ...isWaiting,
      waitingFor: { temporalAddress: temporal.address, why: 'experiment first is running' },
    });
    await until('the holder to continue as new', async () => (await first.handle.describe()).runId !== firstRunId);
    const attempts = await countAttempts(second);
    await until('another look at the holder', async () => (await countAttempts(second)) > attempts + 1);
    expect(await second.untilReport('its report', () => true)).toMatchObject(isWaiting);
    return { first, second, firstEnd: await first.end() };
  });

  expect(value.firstEnd).toMatchObject({ status: 'completed', report: { outcome: 'Promoted' } });
  const { firstRunId } = value.firstEnd.report;
  const secondEnd = await value.second.end();
  expect(secondEnd).toMatchObject({ status: 'failed', type: 'PreflightRefused', report: { outcome: 'Failed' } });
  expect(secondEnd.message).toMatch(
    /stale baseline: candidate owned-v2 has 100 % of the traffic .*; traffic untouched$/s,
  );
  expect((await scheduledActivities(value.second.handle)).map(({ name }) => name)).not.toContain('patchTraffic');
  expect((await readKsvc(target)).metadata.annotations[planAnnotation]).toMatch(new RegExp(`^${firstRunId}/`));
  expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
  expect(await sandbox.kubectl('get', 'lease', '-n', namespace, '-o', 'name')).not.toContain(leaseName(target.name));
});

describe.concurrent('an experiment whose target another one holds', () => {
  /** A target with a running experiment, and another one for the same target. */
  async function startTwo(
    name: string,
    whenHeld: HeldPolicy,
  ): Promise<{ target: SampleTarget; first: Scenario; second: Scenario }> {
    const target = await deployTarget({ name, namespace });
    const first = await startExperiment(target, { iterations: 100, objectives: [] });
    await first.untilReport('the first step', ({ startedAtMs }) => startedAtMs !== undefined);
    const second = await startExperiment(target, {
      iterations: 100,
      objectives: [],
      annotations: { 'when-held': whenHeld },
    });
    return { target, first, second };
  }

  test('replaces it where its manifest says so, and begins with whole traffic', async () => {
    const { target, first, second } = await startTwo('replaced', 'replace');
    expect(await first.end()).toMatchObject({
      status: 'completed',
      report: {
        outcome: 'Aborted',
        reason: `aborted by experiment ${second.handle.workflowId}: it replaces this one`,
        weights: { candidates: [0] },
      },
    });
    await second.untilReport('the first step', ({ startedAtMs }) => startedAtMs !== undefined);
    await second.handle.signal(abortSignal);
    expect(await second.end()).toMatchObject({ report: { outcome: 'Aborted' } });
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  });

  test('fails at once where its manifest says so, and leaves the other one alone', async () => {
    const { first, second } = await startTwo('rejecting', 'reject');
    const { workflowId } = first.handle;
    expect(await second.end()).toMatchObject({
      status: 'failed',
      type: 'TargetTaken',
      message: `${namespace}/rejecting is held by experiment ${workflowId}: this one does not wait (\`reject\`); traffic untouched`,
    });
    expect(await first.untilReport('its report', () => true)).toMatchObject({ stage: 'Running' });
    await first.handle.signal(abortSignal);
    await first.end();
  });

  test('does not replace one that began later: of several the newest is left', async () => {
    const target = await deployTarget({ name: 'outdated', namespace });
    const replacing = { iterations: 100, objectives: [], annotations: { 'when-held': 'replace' } };
    const holding = await startExperiment(target, { iterations: 100, objectives: [] });
    await holding.untilReport('the first step', ({ startedAtMs }) => startedAtMs !== undefined);
    // Both ask the holder to end; whichever gets the target, the newer one has it at last.
    const older = await startExperiment(target, replacing);
    const newer = await startExperiment(target, replacing);
    expect(await holding.end()).toMatchObject({ report: { outcome: 'Aborted' } });
    const olderEnd = await older.end();
    expect(['Aborted', 'Failed']).toContain(olderEnd.report.outcome);
    expect(olderEnd.report.reason).toMatch(/it replaces this one|it began later, and so replaces this one/);
    expect(await newer.untilReport('the first step', ({ startedAtMs }) => startedAtMs !== undefined)).toMatchObject({
      stage: 'Running',
    });
    await newer.handle.signal(abortSignal);
    await newer.end();
  });

  test('does not end a run of another target, whose name somebody has written into the Lease', async () => {
    const { sandbox } = await testCluster();
    const bystander = await deployTarget({ name: 'bystander', namespace: 'ownership-other' });
    const victim = await startExperiment(bystander, { iterations: 100, objectives: [] });
    await victim.untilReport('its step', ({ startedAtMs }) => startedAtMs !== undefined);
    const target = await deployTarget({ name: 'forged', namespace });
    const text = await sandbox.kubectl(
      'get',
      'lease',
      leaseName(bystander.name),
      '-n',
      bystander.namespace,
      '-o',
      'json',
    );
    const { apiVersion, kind, metadata, spec } = JSON.parse(text) as V1Lease;
    const forged = { name: leaseName(target.name), namespace, annotations: metadata?.annotations };
    await sandbox.apply(JSON.stringify({ apiVersion, kind, metadata: forged, spec }));
    const attacker = await startExperiment(target, { objectives: [], annotations: { 'when-held': 'replace' } });
    await until('its refusal', async () => {
      const said = (await attacker.handle.describe()).raw.pendingActivities?.[0]?.lastFailure?.message;
      return said?.includes('that experiment says that its target is ownership-other/bystander');
    });
    expect(await victim.untilReport('its report', () => true)).toMatchObject({ stage: 'Running' });
    for (const { handle, end } of [attacker, victim]) {
      await handle.signal(abortSignal);
      await end();
    }
  });
});

test('a run whose Experiment is not there any more does not begin', async () => {
  const { sandbox } = await testCluster();
  const target = await deployTarget({ name: 'orphaned', namespace });
  const workflowId = `experiment/iter8.tools/${namespace}/orphaned/8d2c0f5e-0000-4000-8000-000000000000`;
  const { end } = await startExperiment(target, { workflowId });
  expect(await end()).toMatchObject({
    status: 'failed',
    type: 'ExperimentGone',
    message: `Experiment ${namespace}/orphaned was deleted; traffic untouched`,
  });
  expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  expect(await sandbox.kubectl('get', 'lease', '-n', namespace, '-o', 'name')).not.toContain(leaseName(target.name));
});

test('a run whose Experiment goes while the candidate becomes ready moves no traffic', async () => {
  const { sandbox } = await testCluster();
  const experiments = await experimentsIn(namespace);
  const target = await deployTarget({ name: 'forgotten', namespace, baselineOnly: true });
  // No operator looks after this namespace.
  await experiments.apply(manifestFor(target));
  const { uid } = (await experiments.read('forgotten')).metadata;
  const workflowId = `experiment/iter8.tools/${namespace}/forgotten/${uid}`;
  const { untilReport, end } = await startExperiment(target, { workflowId });
  await untilReport('the wait for readiness', ({ stage }) => stage === 'Initializing');
  await experiments.remove('forgotten', 10);
  const values = ['--values', target.valuesUrls.experimental];
  await sandbox.helm('upgrade', target.name, target.chartUrl, '-n', namespace, ...values);
  expect(await end()).toMatchObject({ status: 'failed', type: 'ExperimentGone' });
  expect((await readKsvc(target)).metadata.annotations[planAnnotation]).toBeUndefined();
  expect(await sandbox.kubectl('get', 'lease', '-n', namespace, '-o', 'name')).not.toContain(leaseName(target.name));
});
