import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { leaseName } from '../../core/traffic/target.ts';
import type { SampleTarget } from '../../sandbox/index.ts';
import { abortSignal } from '../../contract/messages.ts';
import { helmWrite, startApiProxy, trafficWrite } from '../support/api-proxy.ts';
import { testCluster } from '../support/cluster.ts';
import { activitiesAfterSignal, scheduledActivities, plannedWeights } from '../support/history.ts';
import { climb } from '../support/manifest.ts';
import { deployTarget, helmHistory, readKsvc, servedTraffic, startExperiment, underLoad } from '../support/scenario.ts';
import type { Scenario, ScenarioOptions } from '../support/scenario.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

const namespace = 'abort';
const request = { by: 'alice', reason: 'the checkout is broken' };
const reason = 'aborted by alice: the checkout is broken';

/** Promoted, or at its gate, after its only interval, which is long enough for several scrapes: one without requests decides nothing. */
const short: ScenarioOptions = {
  iterations: 1,
  intervalSeconds: 3,
  objectives: [],
  annotations: { 'min-samples': '1' },
};

async function readDecisions(target: SampleTarget): Promise<object> {
  const { metadata, spec } = await readKsvc(target);
  return { generation: metadata.generation, annotations: metadata.annotations, traffic: spec.traffic };
}

async function baselineOnly(target: SampleTarget): Promise<void> {
  expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
}

/** An experiment that has confirmed its first step of 40 %. */
async function startRunning(target: SampleTarget, options: ScenarioOptions = {}): Promise<Scenario> {
  const weights = { maxCandidateWeightIncrement: 40 };
  const scenario = await startExperiment(target, { iterations: 100, weights, ...options });
  await scenario.untilReport(
    'the first step',
    ({ startedAtMs, weights: { confirmed } }) => startedAtMs !== undefined && confirmed,
  );
  return scenario;
}

describe.concurrent('abort', () => {
  test('while another holds the target leaves the traffic untouched', async () => {
    const { sandbox } = await testCluster();
    const target = await deployTarget({ name: 'waiting', namespace });
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
    const metadata = { name: leaseName(target.name), namespace };
    await sandbox.apply(JSON.stringify({ ...lease, metadata, spec: { holderIdentity: 'somebody' } }));
    const before = await readDecisions(target);
    const { handle, untilReport, end } = await startExperiment(target);
    await untilReport('its holder', ({ waitingFor }) => waitingFor !== undefined);
    await handle.signal(abortSignal, request);
    expect(await end()).toMatchObject({
      status: 'completed',
      report: { outcome: 'Aborted', reason: `${reason}; traffic untouched` },
    });
    expect(await readDecisions(target)).toEqual(before);
  });

  test('while the candidate is not ready leaves the traffic untouched (T4)', async () => {
    const { sandbox } = await testCluster();
    const target = await deployTarget({ name: 'unready', namespace, baselineOnly: true });
    const values = ['--values', target.valuesUrls.experimental, '--set', 'image=gcr.io/nobody/nothing:none'];
    await sandbox.helm('upgrade', target.name, target.chartUrl, '-n', namespace, ...values);
    const before = await readDecisions(target);
    const { handle, untilReport, end } = await startExperiment(target);
    await untilReport('the wait for readiness', ({ stage }) => stage === 'Initializing');
    await handle.signal(abortSignal, request);
    expect(await end()).toMatchObject({
      status: 'completed',
      report: { outcome: 'Aborted', reason: `${reason}; traffic untouched` },
    });
    expect(await readDecisions(target)).toEqual(before);
  });

  test('while running brings the traffic to the baseline before anything else, and runs no finish action', async () => {
    const target = await deployTarget({ name: 'running', namespace });
    const { handle, end } = await startRunning(target);
    await handle.signal(abortSignal, request);
    expect(await end()).toMatchObject({ status: 'completed', report: { outcome: 'Aborted', reason } });
    const activities = await activitiesAfterSignal(handle);
    expect(activities.map(({ name }) => name)).toEqual(['patchTraffic', 'releaseTarget']);
    expect(plannedWeights(activities)).toEqual([0]);
    await baselineOnly(target);
    expect(await helmHistory(target)).toHaveLength(2);
  });

  test('at the approval gate brings the traffic to the baseline', async () => {
    const target = await deployTarget({ name: 'gated', namespace });
    await underLoad(target, async () => {
      const annotations = { ...short.annotations, approval: 'required' };
      const { handle, untilReport, end } = await startExperiment(target, { ...short, annotations });
      await untilReport('the gate', ({ awaitingApproval }) => awaitingApproval !== undefined);
      await handle.signal(abortSignal, request);
      expect(await end()).toMatchObject({ status: 'completed', report: { outcome: 'Aborted', reason } });
    });
    await baselineOnly(target);
    expect(await helmHistory(target)).toHaveLength(2);
  });

  test('during helm: first the baseline, then helm is stopped, and its late write does not survive', async () => {
    const { sandbox } = await testCluster();
    const taskQueue = 'abort-helm';
    const target = await deployTarget({ name: taskQueue, namespace });
    const proxy = await startApiProxy(sandbox, taskQueue);
    await startWorkerProcess(sandbox, { name: taskQueue, taskQueue, env: { SERIN_KUBECONFIG: proxy.kubeconfig } });
    const upgrade = proxy.hold(helmWrite(target));
    await underLoad(target, async () => {
      const { handle, end } = await startExperiment(target, { ...short, taskQueue });
      await upgrade.arrived;
      let writes = 0;
      const secondWrite = proxy.hold((sent) => trafficWrite(target, 0)(sent) && (writes += 1) === 2);
      await handle.signal(abortSignal, request);
      await upgrade.abandoned;
      await secondWrite.arrived;
      await baselineOnly(target);
      expect(await upgrade.letGo()).toBe(200);
      expect((await readKsvc(target)).spec.traffic).not.toContainEqual(expect.objectContaining({ tag: 'current' }));
      expect(await secondWrite.letGo()).toBe(409);
      expect(await end()).toMatchObject({ status: 'completed', report: { outcome: 'Aborted', reason } });
    });
    await baselineOnly(target);
    expect((await helmHistory(target)).slice(2).map(({ status }) => status)).toEqual(['failed']);
  });

  test('by cancelling the workflow does the same, and the workflow ends cancelled', async () => {
    const target = await deployTarget({ name: 'cancelled', namespace });
    const { handle, end } = await startRunning(target);
    await handle.cancel();
    expect(await end()).toMatchObject({
      status: 'cancelled',
      report: { outcome: 'Aborted', reason: 'aborted: the workflow was cancelled' },
    });
    await baselineOnly(target);
    expect(await helmHistory(target)).toHaveLength(2);
  });
});

describe.concurrent('after a terminate in mid-run', () => {
  test('the next experiment takes the target over and ends with whole traffic', async () => {
    const target = await deployTarget({ name: 'taken-over', namespace });
    const terminated = await startRunning(target);
    await terminated.handle.terminate();
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 60, [target.candidateRevision]: 40 });
    const annotations = { 'blind-limit': '5s' };
    const next = await startExperiment(target, { iterations: 1, weights: climb, annotations });
    const { waitingFor } = await next.untilReport('the holder', (report) => report.waitingFor !== undefined);
    expect(waitingFor?.workflowId).toBe(terminated.handle.workflowId);
    expect(waitingFor?.why).toMatch(/ended at .*; its last activity may go on for \d+ s$/);
    // Nobody sends requests, so there is nothing to be seen of the versions.
    expect(await next.end()).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack' } });
    expect(plannedWeights(await scheduledActivities(next.handle)).slice(0, 2)).toEqual([10, 0]);
    await baselineOnly(target);
  });

  test('`serin restore` heals the target at once', async () => {
    const { sandbox } = await testCluster();
    const target = await deployTarget({ name: 'restored', namespace });
    const { handle } = await startRunning(target);
    await handle.terminate();
    const output = await restore(`${namespace}/${target.name}`);
    expect(output).toContain('100 % of the traffic is written to restored-v1');
    await baselineOnly(target);
    expect(await sandbox.kubectl('get', 'lease', '-n', namespace, '-o', 'name')).not.toContain(leaseName(target.name));
  });
});

async function restore(target: string): Promise<string> {
  const { sandbox } = await testCluster();
  const serin = fileURLToPath(new URL('../../client/serin.ts', import.meta.url));
  const env = { ...process.env, KUBECONFIG: sandbox.kubeconfig, TEMPORAL_ADDRESS: sandbox.temporal.address };
  const { stdout } = await promisify(execFile)(process.execPath, [serin, 'restore', target], { env });
  return stdout;
}
