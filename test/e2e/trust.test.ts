import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leaseName } from '../../core/traffic/target.ts';
import type { ExperimentStatus } from '../../operator/status/experiment-status.ts';
import { findCondition } from '../../operator/status/conditions.ts';
import type { Sandbox, SampleTarget } from '../../sandbox/index.ts';
import { testCluster } from '../support/cluster.ts';
import { manifestFor } from '../support/manifest.ts';
import type { ManifestChanges } from '../support/manifest.ts';
import { startOperatorProcess } from '../support/operator-process.ts';
import { servedTraffic, startExperiment, underLoad } from '../support/scenario.ts';
import { startHttpServer } from '../activities/http/http-server.ts';
import type { TestServer } from '../activities/http/http-server.ts';
import { startWorkerProcess } from '../support/worker-process.ts';
import { publishChart } from '../support/charts.ts';

/** The attacker may create Experiments and Metrics in `mine` and nothing else; `theirs` belongs to somebody else. */
const [mine, theirs] = ['trust-attacker', 'trust-victim'];
const attacker = `system:serviceaccount:${mine}:attacker`;
const secretValue = 'hunter2-of-the-victim';

let sandbox: Sandbox;
let own: SampleTarget;
let victim: SampleTarget;
let receiver: TestServer;

beforeAll(async () => {
  ({ sandbox } = await testCluster());
  receiver = await startHttpServer();
  [own, victim] = await Promise.all([
    sandbox.deploySample({ name: 'own', namespace: mine }),
    sandbox.deploySample({ name: 'shop', namespace: theirs }),
  ]);
  const { kubectl } = sandbox;
  const resources = '--resource=experiments.iter8.tools,metrics.iter8.tools';
  await kubectl('create', 'role', 'attacker', '-n', mine, '--verb=create,get,list,watch,delete', resources);
  await kubectl(
    'create',
    'rolebinding',
    'attacker',
    '-n',
    mine,
    '--role=attacker',
    `--serviceaccount=${mine}:attacker`,
  );
  await kubectl('create', 'secret', 'generic', 'db', '-n', theirs, `--from-literal=token=${secretValue}`);
  // Of all that is on loopback this worker opens the chart repository and the receiver alone.
  const opened = [sandbox.chartRepository.url, receiver.url].map((url) => new URL(url).host);
  const env = { SERIN_ALLOWED_HOSTS: opened.join(',') };
  await startWorkerProcess(sandbox, { name: mine, taskQueue: mine, env });
  await startOperatorProcess(sandbox, { name: `${mine}-operator`, taskQueue: mine, watchNamespace: mine });
});

afterAll(() => receiver.close());

/** What the attacker may do, as the API server says. */
async function mayAttacker(verb: string, resource: string, namespace: string): Promise<boolean> {
  const question = ['auth', 'can-i', verb, resource, '-n', namespace, `--as=${attacker}`];
  return sandbox.kubectl(...question).then(
    () => true,
    () => false,
  );
}

interface Attack {
  readonly name: string;
  readonly changes?: ManifestChanges;
  /** Of `spec`. */
  readonly target?: string;
}

/** Applies an Experiment as the attacker, and returns the status with which it ends. */
async function attack({ name, changes = {}, target }: Attack): Promise<ExperimentStatus> {
  const manifest = manifestFor(own, changes) as { metadata: object; spec: object };
  const spec = { ...manifest.spec, ...(target === undefined ? {} : { target }) };
  const file = join(sandbox.stateDirectory, `${mine}-${name}.json`);
  await writeFile(
    file,
    JSON.stringify({ ...manifest, metadata: { ...manifest.metadata, name, namespace: mine }, spec }),
  );
  await sandbox.kubectl('create', '-f', file, `--as=${attacker}`);
  const object = [`experiment/${name}`, '-n', mine];
  await sandbox.kubectl('wait', '--for=condition=Failed', ...object, '--timeout=60s');
  return (JSON.parse(await sandbox.kubectl('get', ...object, '-o', 'json')) as { status: ExperimentStatus }).status;
}

/** Why the Experiment failed. */
function refusal({ conditions }: ExperimentStatus): string {
  return findCondition(conditions, 'Failed')?.message ?? '';
}

async function expectVictimUntouched(): Promise<void> {
  expect(await servedTraffic(victim)).toEqual({ [victim.baselineRevision]: 100 });
  const leases = await sandbox.kubectl('get', 'lease', '-n', theirs, '-o', 'name');
  expect(leases).not.toContain(leaseName(victim.name));
}

/** The URL of the tutorial's chart with one more template. */
async function chartWith(name: string, template: string): Promise<string> {
  const folder = join(sandbox.stateDirectory, `chart-${name}`);
  const sample = join(sandbox.chartRepository.directory, 'targets', mine, own.name, 'sample-app');
  await cp(sample, folder, { recursive: true });
  await writeFile(join(folder, 'templates', 'more.yaml'), template);
  return publishChart(sandbox, folder, name);
}

function upgrade(chartUrl: string, ...more: readonly string[]): Required<Pick<ManifestChanges, 'finish'>> {
  const args = ['upgrade', own.name, chartUrl, `--values=${own.valuesUrls.candidate}`, ...more];
  return { finish: [{ task: 'common/exec', with: { cmd: 'helm', args } }] };
}

describe('whoever may create Experiments in one namespace', () => {
  test('has the rights that these attacks assume, and no others', async () => {
    for (const verb of ['create', 'get', 'list', 'watch', 'delete']) {
      expect(await mayAttacker(verb, 'experiments.iter8.tools', mine)).toBe(true);
    }
    expect(await mayAttacker('create', 'experiments.iter8.tools', theirs)).toBe(false);
    for (const namespace of [mine, theirs]) {
      expect(await mayAttacker('get', 'secrets', namespace)).toBe(false);
      expect(await mayAttacker('patch', 'services.serving.knative.dev', namespace)).toBe(false);
    }
  });

  test.each([
    ['runs no program on the worker, behind a switch that nobody knows', ['--one-output', '--post-renderer=/bin/sh']],
    ['reads no file of the worker into a chart', ['--set-file=x=/proc/self/environ']],
    ['reads no file of the worker as values', ['--values=/etc/passwd']],
    ['names no other cluster', ['--kube-apiserver=https://evil.example']],
    ['is nobody else for helm', ['--kube-as-user=system:admin']],
  ])('%s', async (_, flags) => {
    const status = await attack({
      name: `helm${flags.join('').replaceAll(/[^a-z]+/g, '-')}x`,
      changes: upgrade(own.chartUrl, ...flags),
    });
    expect(refusal(status)).toMatch(
      /expected a helm upgrade of one release, got .*(not a flag that serin knows|names a|expected an http)/,
    );
    expect(await servedTraffic(own)).toEqual({ [own.baselineRevision]: 100 });
  });

  test.each([
    ['reads what kubectl may', ['get', '--raw=/api/v1/secrets']],
    ['runs no program in a pod', ['exec', 'a-pod', '--', 'sh']],
    ['applies no file of the worker', ['apply', '-f', '/etc/passwd']],
    ['is nobody else for kubectl', ['apply', '-f', 'https://a.example/b.yaml', '--as=system:admin']],
  ])('by kubectl %s: refused', async (_, args) => {
    const finish = [{ task: 'common/exec', with: { cmd: 'kubectl', args } }];
    const status = await attack({ name: `kubectl${args.join('').replaceAll(/[^a-z]+/g, '-')}x`, changes: { finish } });
    expect(refusal(status)).toContain('expected a call of kubectl that serin understands, got');
  });

  test("asks no address that is not public: not Temporal's Web UI, which could approve and abort", async () => {
    const { port } = new URL(sandbox.temporal.uiUrl);
    for (const [index, host] of ['127.0.0.1', '127.1', '2130706433', '[::ffff:127.0.0.1]', 'localhost'].entries()) {
      const task = {
        task: 'notification/http',
        with: { URL: `http://${host}:${port}/api/v1/x`, ignoreFailure: false },
      };
      const status = await attack({ name: `loopback-${index}`, changes: { start: [task] } });
      expect(refusal(status)).toMatch(/is at (127\.0\.0\.1|::ffff:7f00:1|::1), which is not public/);
    }
  });

  test('has no start action run for what the checks refuse', async () => {
    const start = [{ task: 'notification/http', with: { URL: receiver.url, ignoreFailure: false } }];
    const others = upgrade(own.chartUrl, `--namespace=${theirs}`);
    const release = await attack({ name: 'acts-on-others-release', changes: { start, ...others } });
    expect(refusal(release)).toContain('may not get, list, create, update, delete secrets');
    const target = await attack({ name: 'acts-elsewhere', changes: { start }, target: `${theirs}/${victim.name}` });
    expect(refusal(target)).toContain('serin-target');
    expect(receiver.received).toEqual([]);
  });

  test('asks no registry of charts that is not public', async () => {
    const status = await attack({
      name: 'loopback-oci',
      changes: upgrade(`oci://${new URL(sandbox.temporal.uiUrl).host}/charts/app`),
    });
    expect(refusal(status)).toMatch(/is at 127\.0\.0\.1, which is not public/);
    expect(receiver.received).toEqual([]);
  });

  test('moves no traffic of another namespace, and makes no Lease there', async () => {
    const status = await attack({ name: 'others-traffic', target: `${theirs}/${victim.name}` });
    expect(refusal(status)).toContain(`User "system:serviceaccount:${mine}:serin" cannot`);
    expect(refusal(status)).toContain(
      `the owner of namespace ${theirs} allows it with \`kubectl create rolebinding serin-target-${mine}` +
        ` --namespace ${theirs} --clusterrole serin-target --serviceaccount ${mine}:serin\``,
    );
    await expectVictimUntouched();
  });

  test('upgrades no release of another namespace', async () => {
    const status = await attack({ name: 'others-release', changes: upgrade(own.chartUrl, `--namespace=${theirs}`) });
    expect(refusal(status)).toContain(`may not get, list, create, update, delete secrets in namespace ${theirs}`);
    await expectVictimUntouched();
  });

  test('puts no object into another namespace by a chart', async () => {
    const service = {
      apiVersion: 'serving.knative.dev/v1',
      kind: 'Service',
      metadata: { name: 'planted', namespace: 'kube-system' },
      spec: { template: { spec: { serviceAccountName: 'default', containers: [{ image: 'gcr.io/nobody/app' }] } } },
    };
    const chart = await chartWith('planting', JSON.stringify(service));
    const status = await attack({ name: 'planted', changes: upgrade(chart) });
    expect(refusal(status)).toMatch(/cannot (get|create) resource "services"|may not get, create services/);
    expect(await sandbox.kubectl('get', 'ksvc', '-n', 'kube-system', '-o', 'name')).toBe('');
  });

  test('looks up no Secret of another namespace by a chart', async () => {
    const lookup = `{{ fail (printf "%s" (lookup "v1" "Secret" "${theirs}" "db").data.token) }}`;
    const status = await attack({ name: 'lookup', changes: upgrade(await chartWith('looking', lookup)) });
    expect(refusal(status)).toContain('secrets "db" is forbidden');
    expect(JSON.stringify(status)).not.toContain(Buffer.from(secretValue).toString('base64'));
  });

  test('sends no Secret of another namespace anywhere', async () => {
    const task = {
      task: 'notification/http',
      with: { URL: receiver.url, authType: 'Bearer', secret: `${theirs}/db`, ignoreFailure: false },
    };
    const status = await attack({ name: 'others-secret', changes: { start: [task] } });
    expect(refusal(status)).toContain(`cannot get secrets ${theirs}/db`);
    expect(receiver.received).toEqual([]);
  });

  test('is not shown what a Secret has by a readiness check', async () => {
    const look = (namespace: string) => ({
      task: 'common/readiness',
      with: {
        objRefs: [{ kind: 'secret', name: 'db', namespace, waitFor: 'jsonpath={.data.token}=x' }],
        numRetries: 0,
      },
    });
    const others = await attack({ name: 'others-readiness', changes: { start: [look(theirs)] } });
    expect(refusal(others)).toContain('secrets "db" is forbidden');
    await sandbox.kubectl('create', 'secret', 'generic', 'db', '-n', mine, `--from-literal=token=${secretValue}`);
    const ownSecret = await attack({ name: 'own-readiness', changes: { start: [look(mine)] } });
    expect(refusal(ownSecret)).toContain('{.data.token} is not x');
    expect(JSON.stringify([others, ownSecret])).not.toContain(Buffer.from(secretValue).toString('base64'));
  });

  test('reads no Metric of another namespace', async () => {
    const objectives = [{ metric: `${theirs}/private`, upperLimit: '1' }];
    const status = await attack({ name: 'others-metric', changes: { objectives } });
    expect(refusal(status)).toContain(`cannot get metrics.iter8.tools ${theirs}/private`);
  });
});

const objectives = [{ metric: 'error-rate', upperLimit: '0.01' }];

test('a target in another namespace is worked on from the moment on that its owner binds the account', async () => {
  const namespace = 'trust-released';
  const target = await sandbox.deploySample({ name: 'shared', namespace });
  const start = () => startExperiment(target, { objectives, namespace: mine });
  const refused = await (await start()).end();
  expect(refused).toMatchObject({ status: 'failed', type: 'Forbidden' });
  expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  for (const role of ['serin-target', 'serin-secret-reader-writer']) {
    const binding = ['rolebinding', `${role}-${mine}`, '--namespace', namespace, '--clusterrole', role];
    await sandbox.kubectl('create', ...binding, '--serviceaccount', `${mine}:serin`);
  }
  const { value: allowed } = await underLoad(target, async () => (await start()).end());
  expect(allowed).toMatchObject({ status: 'completed', report: { outcome: 'Promoted' } });
  expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
});

test("a tenant's worker that acts as itself, bound by Roles in one namespace only, runs the tutorial there", async () => {
  const namespace = 'trust-tenant';
  const target = await sandbox.deploySample({ name: 'tenant', namespace, consent: 'none' });
  const account = ['--namespace', namespace, '--serviceaccount', `${namespace}:tenant`];
  await sandbox.kubectl('create', 'serviceaccount', 'tenant', '-n', namespace);
  for (const role of ['serin-target', 'serin-secret-reader-writer']) {
    await sandbox.kubectl('create', 'rolebinding', role, '--clusterrole', role, ...account);
  }
  const token = (await sandbox.kubectl('create', 'token', 'tenant', '-n', namespace)).trim();
  const kubeconfig = join(sandbox.stateDirectory, 'tenant-kubeconfig');
  const platform = await readFile(sandbox.workerKubeconfig, 'utf8');
  await writeFile(kubeconfig, platform.replace(/("?token"?: ?)"?[^"\s,}]+"?/, `$1"${token}"`), { mode: 0o600 });
  const env = { SERIN_SERVICE_ACCOUNT: 'none', SERIN_KUBECONFIG: kubeconfig };
  await startWorkerProcess(sandbox, { name: namespace, taskQueue: namespace, env });
  const { value: end } = await underLoad(target, async () => {
    return (await startExperiment(target, { objectives, taskQueue: namespace })).end();
  });
  expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted' } });
  expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
  const stranger = await sandbox.deploySample({ name: 'stranger', namespace: 'trust-stranger' });
  const refused = await (await startExperiment(stranger, { objectives, taskQueue: namespace })).end();
  expect(refused).toMatchObject({ status: 'failed', type: 'Forbidden' });
  expect(await servedTraffic(stranger)).toEqual({ [stranger.baselineRevision]: 100 });
});
