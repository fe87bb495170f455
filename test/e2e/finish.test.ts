import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SampleTarget } from '../../sandbox/index.ts';
import { abortSignal, approveSignal } from '../../contract/messages.ts';
import { testCluster } from '../support/cluster.ts';
import { activitiesAfterSignal, judging } from '../support/history.ts';
import {
  deployTarget,
  helmHistory,
  servedTraffic,
  setCandidateFaults,
  startExperiment,
  underLoad,
} from '../support/scenario.ts';
import type { Scenario, ScenarioEnd, ScenarioOptions } from '../support/scenario.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

const namespace = 'finish';

/** Latencies would say more about the machine that runs the tests than about the candidate. */
const objectives = [{ metric: 'error-rate', upperLimit: '0.01' }];

/** Runs a good candidate under load to its end; `steer` may change things once the experiment runs. */
async function runGood(
  target: SampleTarget,
  options: ScenarioOptions = {},
  steer: (scenario: Scenario) => Promise<unknown> = () => Promise.resolve(),
): Promise<ScenarioEnd> {
  const { value } = await underLoad(target, async () => {
    const scenario = await startExperiment(target, { objectives, ...options });
    await steer(scenario);
    return scenario.end();
  });
  return value;
}

/** A values file of the target, as the chart repository serves it. */
async function valuesFile({ name }: SampleTarget, file: string): Promise<string> {
  const { sandbox } = await testCluster();
  return join(sandbox.stateDirectory, 'charts', 'targets', namespace, name, 'sample-app', file);
}

async function replaceImage(path: string): Promise<void> {
  await writeFile(path, (await readFile(path, 'utf8')).replace(/knative-route-demo:\w+/, 'knative-route-demo:red'));
}

/** The tutorial's finish action. */
function helmAction({ name, chartUrl, valuesUrls }: SampleTarget): object {
  const values = valuesUrls.baseline.replace('values.yaml', '{{ .promote }}.yaml');
  const args = ['upgrade', '--install', name, chartUrl, `--values=${values}`];
  return { task: 'common/exec', with: { cmd: 'helm', args } };
}

/** The cluster's owner demands pinned traffic of this target, in a policy that is silent in a dry run. */
async function denyLatestRevision({ name }: SampleTarget): Promise<void> {
  const { sandbox } = await testCluster();
  const group = { apiGroups: ['serving.knative.dev'], apiVersions: ['v1'], resources: ['services'] };
  const isPinned = 'object.spec.traffic.all(entry, !has(entry.latestRevision) || !entry.latestRevision)';
  const policy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'pinned-traffic' },
    spec: {
      matchConstraints: { resourceRules: [{ ...group, operations: ['UPDATE'] }] },
      matchConditions: [
        {
          name: 'target',
          expression: `[object.metadata.namespace, object.metadata.name] == ['${namespace}', '${name}']`,
        },
      ],
      validations: [{ expression: `request.?dryRun.orValue(false) || ${isPinned}`, message: 'pin the traffic' }],
    },
  };
  const binding = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'pinned-traffic' },
    spec: { policyName: 'pinned-traffic', validationActions: ['Deny'] },
  };
  await sandbox.apply([policy, binding].map((object) => JSON.stringify(object)).join('\n---\n'));
}

const isRunning = ({ stage }: { stage: string }): boolean => stage === 'Running';

async function statuses(target: SampleTarget): Promise<readonly string[]> {
  return (await helmHistory(target)).map(({ status }) => status);
}

describe.concurrent('a promotion that cannot be finished gives the baseline everything', () => {
  test('when the values changed after the preflight, before helm changes anything', async () => {
    const target = await deployTarget({ name: 'changed', namespace });
    const end = await runGood(target, { annotations: { approval: 'required' } }, async ({ untilReport, handle }) => {
      await untilReport('the gate', ({ awaitingApproval }) => awaitingApproval !== undefined);
      await replaceImage(await valuesFile(target, 'candidate-values.yaml'));
      await handle.signal(approveSignal);
    });
    expect(end).toMatchObject({ status: 'failed', type: 'PromotionMismatch', report: { outcome: 'Failed' } });
    expect(end.message).toContain(
      'promotion of changed-v2 failed: the finish actions would not deploy what was judged on finish/changed',
    );
    expect(end.message).toMatch(
      /candidate-values\.yaml is not what it was when the experiment began: sha256 .*; traffic is 100 % on changed-v1$/,
    );
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
    expect(await statuses(target)).toEqual(['superseded', 'deployed']);
  });

  test('when helm fails, and says how the release is and what mends it', async () => {
    const target = await deployTarget({ name: 'refused', namespace });
    await denyLatestRevision(target);
    const end = await runGood(target, { helmArgs: ['--set', 'replicas=1'] });
    expect(end).toMatchObject({ status: 'failed', type: 'CommandFailed', report: { outcome: 'Failed' } });
    for (const words of [
      /^promotion of refused-v2 failed: helm upgrade refused .* failed with exit code 1: /,
      /release finish\/refused is at revision 3, failed since .*; see `helm history refused --namespace finish`/,
      /when the cause is mended, run the command above again/,
      /to bring the release back to the baseline: `helm upgrade .*\/values\.yaml --install --set=\*\*\* --namespace=finish`/,
      /; traffic is 100 % on refused-v1$/,
    ]) {
      expect(end.message).toMatch(words);
    }
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
    expect(await statuses(target)).toEqual(['superseded', 'deployed', 'failed']);
  });

  test('when a command after helm fails, and says what had run', async () => {
    const { sandbox } = await testCluster();
    const taskQueue = 'finish-commands';
    const env = { SERIN_ALLOWED_COMMANDS: 'helm,false' };
    await startWorkerProcess(sandbox, { name: taskQueue, taskQueue, env });
    const target = await deployTarget({ name: 'half-done', namespace });
    const finish = [helmAction(target), { task: 'common/exec', with: { cmd: 'false' } }];
    const end = await runGood(target, { taskQueue, finish });
    expect(end).toMatchObject({ status: 'failed', type: 'CommandFailed', report: { outcome: 'Failed' } });
    const promoted = `helm upgrade --install half-done ${target.chartUrl} --values=${target.valuesUrls.candidate}`;
    const restored = `helm upgrade half-done ${target.chartUrl} --values=${target.valuesUrls.baseline} --install`;
    expect(end.message).toBe(
      `promotion of half-done-v2 failed: after ${promoted} (release finish/half-done at revision 3, deployed): ` +
        'false failed with exit code 1: no output; ' +
        `to bring the release back to the baseline: \`${restored} --namespace=finish\`; traffic is 100 % on half-done-v1`,
    );
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
    await sandbox.helm(...restored.split(' ').slice(1), '--namespace', namespace);
    expect(await statuses(target)).toEqual(['superseded', 'superseded', 'superseded', 'deployed']);
  });
});

describe.concurrent('a roll back', () => {
  test('keeps the baseline when its finish action cannot run', async () => {
    const target = await deployTarget({ name: 'valueless', namespace });
    const end = await runGood(target, { iterations: 60, rollbackOnFailure: true }, async ({ untilReport }) => {
      await untilReport('Running', isRunning);
      await rm(await valuesFile(target, 'values.yaml'));
      await setCandidateFaults(target, { kind: 'errors', rate: 1 });
    });
    expect(end).toMatchObject({ status: 'failed', report: { outcome: 'Failed' } });
    expect(end.message).toMatch(/^rolled back \(failed: error-rate [\d.]+ > limit 0\.010, \d+ requests\), but then: /);
    expect(end.message).toMatch(/values\.yaml answered 404/);
    expect(end.message).toMatch(/; traffic is 100 % on valueless-v1$/);
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  });

  test('does not deploy values that changed after the preflight', async () => {
    const target = await deployTarget({ name: 'spoilt', namespace });
    const end = await runGood(target, { iterations: 60, rollbackOnFailure: true }, async ({ untilReport }) => {
      await untilReport('Running', isRunning);
      await replaceImage(await valuesFile(target, 'values.yaml'));
      await setCandidateFaults(target, { kind: 'errors', rate: 1 });
    });
    expect(end).toMatchObject({ status: 'failed', type: 'PromotionMismatch', report: { outcome: 'Failed' } });
    expect(end.message).toMatch(
      /values\.yaml is not what it was when the experiment began: sha256 .*; traffic is 100 % on spoilt-v1$/,
    );
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
    expect(await statuses(target)).toEqual(['superseded', 'deployed']);
  });
});

test.concurrent('an abort runs the finish actions for the baseline where the manifest asks for that', async () => {
  const target = await deployTarget({ name: 'cleaned', namespace });
  const options = { iterations: 600, annotations: { 'finish-on-abort': 'true' } };
  const { untilReport, handle, end } = await startExperiment(target, options);
  await untilReport('the first step', ({ startedAtMs }) => startedAtMs !== undefined);
  await handle.signal(abortSignal, { by: 'alice', reason: 'enough' });
  const { status, report } = await end();
  expect({ status, ...report }).toMatchObject({
    status: 'completed',
    outcome: 'Aborted',
    reason: 'aborted by alice: enough',
  });
  const after = (await activitiesAfterSignal(handle)).map(({ name }) => name);
  expect(after.filter((name) => !judging.includes(name))).toEqual([
    'patchTraffic',
    'compareRendered',
    'runHelm',
    'verifyTarget',
    'patchTraffic',
    'releaseTarget',
  ]);
  expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  expect(await statuses(target)).toEqual(['superseded', 'superseded', 'deployed']);
});
