import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { planAnnotation } from '../../core/traffic/target.ts';
import type { Sandbox, SampleTarget } from '../../sandbox/index.ts';
import { testCluster } from '../support/cluster.ts';
import { linkPrograms } from '../support/programs.ts';
import {
  deployTarget,
  helmHistory,
  readKsvc,
  servedTraffic,
  startExperiment,
  underLoad,
  untilServes,
} from '../support/scenario.ts';
import type { ScenarioOptions } from '../support/scenario.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess } from '../support/worker-process.ts';
import { publishChart, publishFile } from '../support/charts.ts';

const namespace = 'preflight';
const red = 'gcr.io/knative-samples/knative-route-demo:red';

/** Latencies would say more about the machine that runs the tests than about the candidate. */
const objectives = [{ metric: 'error-rate', upperLimit: '0.01' }];

/** Everything of the target that an experiment could have written. */
async function traces(target: SampleTarget): Promise<object> {
  const { sandbox } = await testCluster();
  const { metadata, spec } = await readKsvc(target);
  const leases = await sandbox.kubectl('get', 'leases', '-n', target.namespace, '-o', 'name');
  return {
    generation: metadata.generation,
    plan: metadata.annotations[planAnnotation],
    traffic: spec.traffic,
    releases: await helmHistory(target),
    hasLease: leases.includes(`serin-${target.name}`),
  };
}

/** Runs an experiment that must be refused, and answers with why; nothing of the target may have changed. */
async function runRefused(
  target: SampleTarget,
  options: ScenarioOptions,
): Promise<{ readonly type: string | undefined; readonly message: string | undefined }> {
  const before = await traces(target);
  const { end } = await startExperiment(target, options);
  const { status, type, message, report } = await end();
  expect({ status, outcome: report.outcome }).toEqual({ status: 'failed', outcome: 'Failed' });
  expect(message).toMatch(/; traffic untouched$/);
  expect(await traces(target)).toEqual(before);
  return { type, message };
}

describe('the preflight refuses, before it changes anything,', () => {
  let target: SampleTarget;
  beforeAll(async () => {
    target = await deployTarget({ name: 'strict', namespace });
  });

  test('values that would deploy another image than the judged one', async () => {
    const { type, message } = await runRefused(target, { helmArgs: ['--set', `image=${red}`] });
    expect(type).toBe('PreflightRefused');
    expect(message).toMatch(/- for current, .* is rendered with image .*:red, but .*:blue was judged/);
    expect(message).toMatch(/- for candidate, .* is rendered with image .*:red, but .*:green was judged/);
  });

  test('values that would deploy another template under the judged name', async () => {
    const { type, message } = await runRefused(target, { helmArgs: ['--set', 'tVersion=teal'] });
    expect(type).toBe('PreflightRefused');
    expect(message).toMatch(
      /- for current, .* would differ from revision strict-v1, .*: containers\[0\]\.env\[0\]\.value is "teal" instead of "blue"/,
    );
    expect(message).toMatch(/- for candidate, .* would be refused: .*without a name change/s);
  });

  test('a chart with objects that the worker may not change', async () => {
    const { sandbox } = await testCluster();
    const chart = await chartWithConfigMap(target);
    await allowReadingConfigMaps(sandbox);
    const values = target.valuesUrls.baseline.replace('values.yaml', '{{ .promote }}.yaml');
    const args = ['upgrade', '--install', target.name, chart, `--values=${values}`];
    const finish = [{ task: 'common/exec', with: { cmd: 'helm', args } }];
    const { type, message } = await runRefused(target, { finish });
    expect(type).toBe('PreflightRefused');
    const denied = `helm may not create configmaps in namespace ${namespace}, which the chart has; give the worker's account that right`;
    expect(message).toContain(`: ${denied}`);
    expect(await sandbox.kubectl('get', 'configmaps', '-n', namespace, '-o', 'name')).not.toContain('strict-settings');
  });

  test('a kubectl apply that the API server would refuse', async () => {
    const { sandbox } = await testCluster();
    const programs = join(sandbox.stateDirectory, 'preflight-programs');
    const path = await linkPrograms(sandbox, programs, ['kubectl']);
    const env = { PATH: path, SERIN_ALLOWED_COMMANDS: 'kubectl' };
    await startWorkerProcess(sandbox, { name: namespace, taskQueue: namespace, env });
    const metadata = { name: 'settings', namespace: 'kube-system' };
    const configMap = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
    const manifest = await publishFile(sandbox, 'kube-system-settings.json', configMap);
    const promote = { task: 'common/promote-kubectl', with: { manifest, namespace: 'kube-system' } };
    const { type, message } = await runRefused(target, { taskQueue: namespace, finish: [promote] });
    expect(type).toBe('PreflightRefused');
    expect(message).toMatch(/- for current and candidate: kubectl apply .*configmaps "settings" is forbidden: User/);
    expect(message?.split('is forbidden')).toHaveLength(2);
  });

  test('values that would deploy another revision than the judged one', async () => {
    const { type, message } = await runRefused(target, { candidatePromotes: 'values' });
    expect(type).toBe('PreflightRefused');
    expect(message).toMatch(/- for candidate, .* is rendered with revision strict-v1, but strict-v2 was judged/);
    expect(message).not.toContain('for current');
  });

  test('values that are not there', async () => {
    const { type, message } = await runRefused(target, { baselinePromotes: 'no-values' });
    expect(type).toBe('PreflightRefused');
    expect(message).toMatch(/- for current: http:.*no-values\.yaml answered 404/);
  });

  test('a release that does not exist', async () => {
    const helm = { cmd: 'helm', args: ['upgrade', '--install', 'nobody', target.chartUrl] };
    const { type, message } = await runRefused(target, { finish: [{ task: 'common/exec', with: helm }] });
    expect(type).toBe('PreflightRefused');
    expect(message).toContain(
      '- release preflight/nobody does not exist: a finish action would install it beside what is running',
    );
  });

  test('a candidate that does not become ready in time (T4)', async () => {
    const { type, message } = await runRefused(target, {
      candidateRevision: 'strict-v9',
      annotations: { 'readiness-limit': '3s' },
    });
    expect(type).toBe('NotReady');
    expect(message).toBe('candidate revision preflight/strict-v9 does not exist; traffic untouched');
  });
});

/** How the message says that the traffic is to be pinned. */
function pin(name: string, baseline: string): string {
  const patch = `{"spec":{"traffic":[{"revisionName":"${baseline}","percent":100}]}}`;
  return `\`kubectl patch ksvc ${name} --namespace ${namespace} --type merge --patch '${patch}'\` gives it back, and keeps it there`;
}

describe.concurrent('the preflight', () => {
  test('refuses a stale baseline, and names the revision that has the traffic', async () => {
    const { sandbox } = await testCluster();
    const target = await deployTarget({ name: 'stale', namespace });
    const third = ['--values', target.valuesUrls.candidate, '--set', `name=stale-v3,image=${red}`];
    await sandbox.helm('upgrade', target.name, target.chartUrl, '-n', namespace, ...third);
    await untilServes(target, 'stale-v3');
    const { type, message } = await runRefused(target, {});
    expect(type).toBe('PreflightRefused');
    expect(message).toContain(
      `- stale baseline: the traffic of preflight/stale is stale-v3 100 %, but stale-v1 and stale-v2 must have 100 % together; spec.traffic follows the latest revision, which takes everything when it is deployed: ${pin('stale', 'stale-v1')}`,
    );
  });

  test('refuses a candidate that took everything when it was deployed, and says how to pin the traffic first', async () => {
    const { sandbox } = await testCluster();
    const target = await deployTarget({ name: 'eager', namespace, baselineOnly: true });
    const values = ['--values', target.valuesUrls.candidate];
    await sandbox.helm('upgrade', target.name, target.chartUrl, '-n', namespace, ...values);
    await untilServes(target, target.candidateRevision);
    const { type, message } = await runRefused(target, {});
    expect(type).toBe('PreflightRefused');
    expect(message).toContain(
      `- stale baseline: candidate eager-v2 has 100 % of the traffic of preflight/eager already, and spec.traffic follows the latest revision: if it was promoted, it is the baseline of the next experiment; if it took everything when it was deployed, ${pin('eager', 'eager-v1')}`,
    );
  });

  test('does not wait for ever for a candidate whose image does not exist', async () => {
    const { sandbox } = await testCluster();
    const target = await deployTarget({ name: 'imageless', namespace, baselineOnly: true });
    const broken = ['--values', target.valuesUrls.experimental, '--set', 'image=gcr.io/nobody/nothing:latest'];
    await sandbox.helm('upgrade', target.name, target.chartUrl, '-n', namespace, ...broken);
    const revision = `revision/${target.candidateRevision}`;
    await sandbox.kubectl('wait', revision, '-n', namespace, '--for=create', '--timeout=30s');
    const { type, message } = await runRefused(target, { annotations: { 'readiness-limit': '3s' } });
    expect(type).toBe('NotReady');
    expect(message).toMatch(/candidate revision preflight\/imageless-v2 is not ready: /);
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  });

  test("needs the tutorial's RoleBinding for Helm's secrets, and after that the next experiment works", async () => {
    const { sandbox } = await testCluster();
    const unbound = 'preflight-unbound';
    const target = await deployTarget({ name: 'unbound', namespace: unbound, consent: 'withoutSecrets' });
    const { type, message } = await runRefused(target, {});
    expect(type).toBe('PreflightRefused');
    expect(message).toContain(
      `the owner of namespace ${unbound} allows it with \`kubectl create rolebinding serin-secret-reader-writer --namespace ${unbound}`,
    );
    const { url } = sandbox.chartRepository;
    await sandbox.kubectl('apply', '-f', `${url}/targets/${unbound}/${target.name}/helm-secret.yaml`);
    const { value: end } = await underLoad(target, async () => {
      return (await startExperiment(target, { objectives })).end();
    });
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted' } });
  });
});

test('a release that a killed helm left pending in mid-run is repaired and upgraded', async () => {
  const target = await deployTarget({ name: 'interrupted', namespace });
  const { value: end } = await underLoad(target, async () => {
    const annotations = { approval: 'required' };
    const options = { objectives, annotations, helmArgs: ['--timeout=5s'] };
    const run = await startExperiment(target, options);
    await run.untilReport('the gate', ({ awaitingApproval }) => awaitingApproval !== undefined);
    await killHelm(target);
    await run.handle.signal('approve');
    return run.end();
  });
  expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted' } });
  const history = (await helmHistory(target)).map(({ status }) => status);
  expect(history).toEqual(['superseded', 'superseded', 'failed', 'deployed']);
  expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
});

/** The URL of the target's chart with an object more. */
async function chartWithConfigMap(target: SampleTarget): Promise<string> {
  const { sandbox } = await testCluster();
  const chart = join(sandbox.stateDirectory, `configured-${target.name}`);
  await cp(chartPath(sandbox, target), chart, { recursive: true });
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${target.name}-settings` }, data: {} };
  await writeFile(join(chart, 'templates', 'settings.yaml'), JSON.stringify(object));
  return publishChart(sandbox, chart, `configured-${target.name}`);
}

/** What helm's own dry run needs to get that far. */
async function allowReadingConfigMaps({ kubectl }: Sandbox): Promise<void> {
  const account = `--serviceaccount=${namespace}:serin`;
  await kubectl('create', 'role', 'settings', '--verb=get', '--resource=configmaps', '-n', namespace);
  await kubectl('create', 'rolebinding', 'settings', '--role=settings', account, '-n', namespace);
}

function chartPath({ stateDirectory }: Sandbox, { name }: SampleTarget): string {
  return join(stateDirectory, 'charts', 'targets', namespace, name, 'sample-app');
}

/** Starts an upgrade that waits before it changes the target, for a hook that never ends, and kills it. */
async function killHelm(target: SampleTarget): Promise<void> {
  const { sandbox } = await testCluster();
  const chart = join(sandbox.stateDirectory, `hooked-${target.name}`);
  await cp(chartPath(sandbox, target), chart, { recursive: true });
  const hook = { metadata: { name: 'never', annotations: { 'helm.sh/hook': 'pre-upgrade' } } };
  const spec = { restartPolicy: 'Never', containers: [{ name: 'never', image: 'gcr.io/nobody/nothing:latest' }] };
  await writeFile(
    join(chart, 'templates', 'hook.yaml'),
    JSON.stringify({ apiVersion: 'v1', kind: 'Pod', ...hook, spec }),
  );
  const values = ['--values', join(chart, 'candidate-values.yaml')];
  const helm = await sandbox.run({
    name: `helm-${target.name}`,
    command: sandbox.tools.helm,
    args: ['upgrade', target.name, chart, '-n', namespace, ...values],
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', KUBECONFIG: sandbox.kubeconfig },
  });
  await until('a pending upgrade', async () => (await helmHistory(target)).at(-1)?.status === 'pending-upgrade');
  helm.signal('SIGKILL');
  await helm.exited;
}
