import {
  CoordinationV1Api,
  CustomObjectsApi,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
} from '@kubernetes/client-node';
import type { Client } from '@temporalio/client';
import { beforeAll, expect, test } from 'vitest';
import { formatHolder, holderAnnotations } from '../../core/traffic/lease.ts';
import { leaseAnnotations, leaseName } from '../../core/traffic/target.ts';
import type { SampleTarget, Sandbox } from '../../sandbox/index.ts';
import { freePort } from '../../sandbox/processes/ports.ts';
import { runSerin } from '../client/serin-environment.ts';
import type { CommandRun } from '../client/serin-environment.ts';
import { plainNamespace, testCluster } from '../support/cluster.ts';
import { until } from '../support/until.ts';

let sandbox: Sandbox;
let temporal: Client;
let target: SampleTarget;
let objects: CustomObjectsApi;
let leases: CoordinationV1Api;

const namespace = 'doctor';
const worker = 'system:serviceaccount:serin-system:serin-worker';
const account = `system:serviceaccount:${namespace}:serin`;

beforeAll(async () => {
  ({ sandbox, client: temporal } = await testCluster());
  const config = new KubeConfig();
  config.loadFromFile(sandbox.kubeconfig);
  objects = config.makeApiClient(CustomObjectsApi);
  leases = config.makeApiClient(CoordinationV1Api);
  target = await sandbox.deploySample({ name: 'patient', namespace });
});

function doctor(...args: readonly string[]): Promise<CommandRun> {
  return doctorOfAll('--target', `${namespace}/${target.name}`, ...args);
}

function doctorOfAll(...args: readonly string[]): Promise<CommandRun> {
  const { kubeconfig, prometheus } = sandbox;
  const where = ['--kubeconfig', kubeconfig, '--prometheus', prometheus.url, '--address', sandbox.temporal.address];
  return runSerin(['doctor', ...where, ...args], { input: target.experiment });
}

test('finds everything in order, and how many requests each revision has', async () => {
  const observed = await until('requests of the baseline', async () => {
    await sandbox.get({ host: target.host });
    const run = await doctor();
    return /v1: [1-9]\d* requests/.test(run.stdout) && run;
  });
  expect(observed.stdout.split('\n')).toEqual([
    'Temporal',
    `  ok    Temporal at ${sandbox.temporal.address} answers, and has the namespace default`,
    '  ok    search attributes: SerinTarget, SerinStage, SerinOutcome, SerinCandidateWeight',
    '  ok    workers poll the task queue serin',
    '',
    'Kubernetes',
    expect.stringMatching(/^ {2}ok {4}Kubernetes v1\.\d+.* answers at https:/),
    expect.stringMatching(/^ {2}ok {4}Knative Serving .*is there$/),
    '  ok    Experiments can be applied: iter8.tools, serin.dev',
    `  ok    ${worker} may act as ${account}`,
    `  ok    ${account} may do in namespace doctor what an experiment does`,
    `  ok    ${account} may keep helm's releases in namespace doctor`,
    '',
    'Prometheus',
    expect.stringMatching(/^ {2}ok {4}Prometheus answers, with the request metrics .*\(\d+ series\)/),
    expect.stringMatching(/^ {2}ok {4}Prometheus' time: the newest scrape is \S+ m?s old, the clocks agree$/),
    expect.stringMatching(
      /^ {2}ok {4}doctor\/patient: patient-v1: \d+ requests, \d+ scrapes of 1 pod in the last 5 min/,
    ),
    '',
    'Targets',
    '  ok    no target is left behind, of 1',
    '',
  ]);
  expect(observed.exitCode).toBe(0);
});

test('looks at the target and the release of a manifest', async () => {
  const { stdout, exitCode } = await doctorOfAll('--file', '-');
  expect(stdout).toContain(`ok    ${account} may keep helm's releases in namespace doctor`);
  expect(stdout).toContain('doctor/patient: patient-v1');
  expect(exitCode).toBe(0);
});

test('names what is missing, each with its remedy', async () => {
  const run = await doctor(
    '-n',
    plainNamespace,
    '--task-queue',
    'nobody',
    '--as',
    'system:serviceaccount:doctor:default',
  );
  expect(run.stdout).toMatch(
    /warn {2}no search attributes SerinTarget \(Keyword\), .*\n +-> temporal operator search-attr/,
  );
  expect(run.stdout).toMatch(/fail {2}no worker polls the task queue nobody\n +-> start one/);
  expect(run.stdout).toMatch(
    /fail {2}.*may not get, list, watch, patch, create services\.serving\.knative\.dev; .*\n +-> kubectl create rolebinding serin-target --namespace doctor/,
  );
  expect(run.stdout).toMatch(/warn {2}.*may not get, list, create, .* secrets in namespace doctor/);
  expect(run.exitCode).toBe(1);
});

test('says that neither Temporal nor Prometheus nor the target can be found, all at once and as JSON', async () => {
  const closed = `127.0.0.1:${await freePort()}`;
  const nowhere = ['--address', closed, '--prometheus', `http://${closed}`, '--target', 'a/b'];
  const run = await runSerin(['doctor', ...nowhere, '--kubeconfig', sandbox.kubeconfig, '-o', 'json']);
  expect(JSON.parse(run.stdout)).toMatchObject({
    ok: false,
    Temporal: [{ state: 'fail', what: expect.stringContaining(`does not answer at ${closed}`) }],
    Prometheus: [{ state: 'fail', what: expect.stringContaining('ECONNREFUSED') }],
    Targets: [{ state: 'fail', what: expect.stringContaining('cannot read Knative Service a/b') }],
  });
  expect(run.exitCode).toBe(1);
});

test('finds a target that a terminated run has left split, and the command that mends it', async () => {
  const workflowId = 'left-split';
  const handle = await temporal.workflow.start('experiment', { workflowId, taskQueue: 'nobody', args: [''] });
  await hold(workflowId, handle.firstExecutionRunId);
  await split();
  const running = await doctor();
  expect(running.stdout).toContain('ok    doctor/patient is held by left-split, which is running');

  await handle.terminate();
  const left = await doctor();
  expect(left.stdout).toContain(
    'fail  doctor/patient is left split, patient-v1 55 %, patient-v2 45 %: left-split has ended\n' +
      '        -> serin restore doctor/patient\n',
  );
  expect(left.exitCode).toBe(1);
  expect((await doctorOfAll()).stdout).toContain('fail  doctor/patient is left split');

  const where = ['--kubeconfig', sandbox.kubeconfig, '--address', sandbox.temporal.address];
  await runSerin(['restore', 'doctor/patient', ...where]);
  expect((await doctor()).exitCode).toBe(0);
});

async function hold(workflowId: string, firstRunId: string): Promise<void> {
  const { address, namespace: temporalNamespace } = sandbox.temporal;
  const holder = { temporalAddress: address, temporalNamespace, workflowId, firstRunId };
  const annotations = { ...holderAnnotations(holder), [leaseAnnotations.baseline]: target.baselineRevision };
  const labels = { 'app.kubernetes.io/managed-by': 'serin' };
  const body = {
    metadata: { name: leaseName(target.name), annotations, labels },
    spec: { holderIdentity: formatHolder(holder), leaseDurationSeconds: 30 },
  };
  await leases.createNamespacedLease({ namespace, body });
}

async function split(): Promise<void> {
  const traffic = [
    { revisionName: target.baselineRevision, percent: 55 },
    { revisionName: target.candidateRevision, percent: 45 },
  ];
  const request = { group: 'serving.knative.dev', version: 'v1', plural: 'services', namespace, name: target.name };
  await objects.patchNamespacedCustomObject(
    { ...request, body: { spec: { traffic } } },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  );
}
