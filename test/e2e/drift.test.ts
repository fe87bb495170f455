import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { planAnnotation } from '../../core/traffic/target.ts';
import type { SampleTarget } from '../../sandbox/index.ts';
import { abortSignal, pauseSignal, resumeSignal } from '../../contract/messages.ts';
import { startApiProxy, trafficWrite } from '../support/api-proxy.ts';
import { testCluster } from '../support/cluster.ts';
import {
  deployTarget,
  readKsvc,
  servedTraffic,
  setCandidateFaults,
  startExperiment,
  underLoad,
} from '../support/scenario.ts';
import type { ScenarioEnd, ScenarioOptions } from '../support/scenario.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

const namespace = 'drift';

/** Latencies would say more about the machine that runs the tests than about the candidate. */
const objectives = [{ metric: 'error-rate', upperLimit: '0.01' }];

/** The second weight is 40 %, and more would follow. */
const weights = { maxCandidateWeightIncrement: 20 };

/** Runs an experiment and changes the cluster behind its back once the candidate has its second weight. */
async function disturb(
  target: SampleTarget,
  change: () => Promise<unknown>,
  options: ScenarioOptions = {},
): Promise<ScenarioEnd> {
  const { value } = await underLoad(target, async () => {
    const scenario = await startExperiment(target, { iterations: 60, objectives, weights, ...options });
    await scenario.untilReport(
      'the second weight',
      (report) => (report.weights.candidates[0] ?? 0) >= 40 && report.weights.confirmed,
    );
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

/** The same as the target's owner makes it, by helm; with the experimental values it gets no traffic. */
async function deployByHelm(
  { name, chartUrl, valuesUrls }: SampleTarget,
  values: keyof SampleTarget['valuesUrls'],
): Promise<void> {
  const { sandbox } = await testCluster();
  const third = `name=${name}-v3,image=gcr.io/knative-samples/knative-route-demo:red`;
  await sandbox.helm('upgrade', name, chartUrl, '-n', namespace, '--values', valuesUrls[values], '--set', third);
}

/** Runs to the end an experiment that meets a new revision in mid-run, whatever time its deployment takes. */
async function meetRevision(target: SampleTarget, deploy: () => Promise<unknown>): Promise<ScenarioEnd> {
  const { value } = await underLoad(target, async () => {
    const { handle, untilReport, end } = await startExperiment(target, { iterations: 6, objectives });
    await untilReport('the first iteration', ({ completedIterations }) => completedIterations > 0);
    await handle.signal(pauseSignal);
    await deploy();
    const warning = `a newer revision ${target.name}-v3 appeared; it has no traffic and stays at 0 %`;
    await untilReport('the new revision', ({ warnings }) => warnings.includes(warning));
    await handle.signal(resumeSignal);
    return end();
  });
  return value;
}

/** Requests that the revision has answered, also with pods that are gone, so far as Prometheus knows. */
async function countRequests(revision: string): Promise<number> {
  const { sandbox } = await testCluster();
  const query = `sum(max_over_time(revision_app_request_latencies_count{revision_name="${revision}"}[10m]))`;
  const answer = await fetch(`${sandbox.prometheus.url}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await answer.json()) as { data: { result: readonly { value: readonly [number, string] }[] } };
  return Number(data.result[0]?.value[1] ?? 0);
}

describe.concurrent('a new revision without traffic', () => {
  test('is reported and never gets a request, while the run goes on to the promotion (T5)', async () => {
    const target = await deployTarget({ name: 'newer', namespace });
    const end = await meetRevision(target, () => deployByHelm(target, 'experimental'));
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted', completedIterations: 6 } });
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
    expect(await countRequests(target.candidateRevision)).toBeGreaterThan(0);
    expect(await countRequests('newer-v3')).toBe(0);
  });

  test('that comes between the last check and the promotion waits at 0 %, and the judged one is promoted (T6)', async () => {
    const { sandbox } = await testCluster();
    const name = 'overtaking';
    const target = await deployTarget({ name, namespace });
    const proxy = await startApiProxy(sandbox, name);
    await startWorkerProcess(sandbox, { name, taskQueue: name, env: { SERIN_KUBECONFIG: proxy.kubeconfig } });
    const promotion = proxy.hold(trafficWrite(target, 100));
    const { value: end } = await underLoad(target, async () => {
      const scenario = await startExperiment(target, { taskQueue: name, iterations: 3, objectives });
      await promotion.arrived;
      await deployByHelm(target, 'experimental');
      await promotion.letGo();
      return scenario.end();
    });
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted' } });
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
    expect(await countRequests(`${name}-v3`)).toBe(0);
  });

  test('that helm would leave in place never gets a request either: the promotion fails on the baseline', async () => {
    const target = await deployTarget({ name: 'stranger', namespace });
    const end = await meetRevision(target, () => deployRevision(target, 'stranger-v3'));
    expect(end).toMatchObject({ status: 'failed', type: 'PromotionMismatch', report: { outcome: 'Failed' } });
    expect(end.message).toContain(
      'would have the template of revision stranger-v3, but stranger-v2 was judged; helm leaves in place',
    );
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
    expect(await countRequests('stranger-v3')).toBe(0);
  });
});

describe.concurrent('drift', () => {
  test('traffic that somebody edits stops the run, which writes nothing and names them (T8)', async () => {
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

  test('a newer deployment that has traffic stops the run, which writes nothing and names who made it', async () => {
    const target = await deployTarget({ name: 'deployed', namespace });
    let generation: number | undefined;
    const end = await disturb(target, async () => {
      await deployByHelm(target, 'candidate');
      ({ generation } = (await readKsvc(target)).metadata);
    });
    expect(end).toMatchObject({ status: 'failed', type: 'Drift' });
    expect(end.message).toMatch(/^spec\.traffic.* was changed by helm.*found the latest revision 100 %/);
    expect((await readKsvc(target)).metadata.generation).toBe(generation);
    await serves(target, { 'deployed-v3': 100 });
  });

  test('a deployment during a pause before the first step keeps the traffic', async () => {
    const target = await deployTarget({ name: 'early', namespace });
    const { handle, untilReport, end } = await startExperiment(target, { objectives });
    await handle.signal(pauseSignal);
    await untilReport('Running', ({ stage }) => stage === 'Running');
    await deployByHelm(target, 'candidate');
    await serves(target, { 'early-v3': 100 });
    await handle.signal(resumeSignal);
    expect(await end()).toMatchObject({ status: 'failed', type: 'Drift' });
    expect((await readKsvc(target)).metadata.annotations[planAnnotation]).toBeUndefined();
    await serves(target, { 'early-v3': 100 });
  });

  test('a candidate that stays unready beyond its grace is rolled back', async () => {
    const target = await deployTarget({ name: 'unready', namespace });
    const unready = () => setCandidateFaults(target, { kind: 'unready' });
    const end = await disturb(target, unready, { annotations: { 'candidate-grace': '2s' } });
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack' } });
    expect(end.report.reason).toMatch(
      /^candidate revision unready-v2 is not ready: .*, for longer than its grace of 2 s$/,
    );
    await serves(target, { [target.baselineRevision]: 100 });
  });

  test('a candidate that is unready within its grace keeps its weight, and no iteration passes', async () => {
    const target = await deployTarget({ name: 'recovering', namespace });
    await underLoad(target, async () => {
      const { handle, untilReport, end } = await startExperiment(target, { iterations: 600, objectives });
      await untilReport('the first iteration', ({ completedIterations }) => completedIterations > 0);
      await setCandidateFaults(target, { kind: 'unready' });
      const isHeld = (reason = '') => reason.startsWith('weight held: candidate revision recovering-v2 is not ready');
      const held = await untilReport('the weight to be held', ({ weightReason }) => isHeld(weightReason));
      await setCandidateFaults(target);
      const ready = await untilReport('the next iteration', ({ completedIterations }) => {
        return completedIterations > held.completedIterations;
      });
      const kept = ready.history.filter(({ reason }) => isHeld(reason));
      expect(new Set(kept.map(({ iteration }) => iteration))).toEqual(new Set([held.completedIterations]));
      expect(kept.filter(({ weightsBefore, weightsAfter }) => weightsBefore[0] !== weightsAfter[0])).toEqual([]);
      await handle.signal(abortSignal);
      expect(await end()).toMatchObject({ report: { outcome: 'Aborted' } });
    });
  });

  test('a candidate revision that is gone is rolled back', async () => {
    const target = await deployTarget({ name: 'lost', namespace });
    // Knative makes the latest revision again, so the candidate must not be the latest.
    const lose = async (): Promise<void> => {
      await deployRevision(target, 'lost-v3');
      await kubectl('wait', 'revision/lost-v3', '--for=create', '--timeout=60s');
      await kubectl('wait', 'revision/lost-v3', '--for=condition=Ready', '--timeout=60s');
      await kubectl('delete', 'revision', target.candidateRevision);
    };
    const end = await disturb(target, lose, { intervalSeconds: 2 });
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack' } });
    expect(end.report.reason).toBe('candidate revision lost-v2 is gone');
    await serves(target, { [target.baselineRevision]: 100 });
  });

  test('a baseline revision that is gone stops the run, which keeps what serves', async () => {
    const target = await deployTarget({ name: 'orphan', namespace });
    let planBefore: string | undefined;
    const end = await disturb(target, async () => {
      await kubectl('delete', 'revision', target.baselineRevision);
      planBefore = (await readKsvc(target)).metadata.annotations[planAnnotation];
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
    expect(end).toMatchObject({ status: 'failed', type: 'Drift' });
    expect(end.message).toContain('the Knative Service is gone');
  });
});
