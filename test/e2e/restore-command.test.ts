import { isDeepStrictEqual } from 'node:util';
import {
  CoordinationV1Api,
  CustomObjectsApi,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
} from '@kubernetes/client-node';
import type { Client } from '@temporalio/client';
import { beforeAll, expect, test } from 'vitest';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';
import { formatHolder, holderAnnotations } from '../../core/traffic/lease.ts';
import { leaseAnnotations, leaseName, planAnnotation } from '../../core/traffic/target.ts';
import { percentsByRevision } from '../../core/traffic/spec-traffic.ts';
import type { SampleTarget, Sandbox } from '../../sandbox/index.ts';
import { runSerin } from '../client/serin-environment.ts';
import type { CommandRun } from '../client/serin-environment.ts';
import { testCluster } from '../support/cluster.ts';
import { until } from '../support/until.ts';

let sandbox: Sandbox;
let temporal: Client;
let objects: CustomObjectsApi;
let leases: CoordinationV1Api;

beforeAll(async () => {
  ({ sandbox, client: temporal } = await testCluster());
  const config = new KubeConfig();
  config.loadFromFile(sandbox.kubeconfig);
  objects = config.makeApiClient(CustomObjectsApi);
  leases = config.makeApiClient(CoordinationV1Api);
});

const ownNamespace = 'restore';
const knative = { group: 'serving.knative.dev', version: 'v1', plural: 'services' } as const;

/** A target whose experiment has stopped in the middle: 45 % on the candidate, and a Lease that says who it was. */
async function abandonedTarget(
  name: string,
  holder?: { workflowId: string; firstRunId: string },
): Promise<SampleTarget> {
  const target = await sandbox.deploySample({ name, namespace: ownNamespace });
  const traffic = [
    { revisionName: target.baselineRevision, percent: 55, tag: 'current' },
    { revisionName: target.candidateRevision, percent: 45, tag: 'candidate' },
  ];
  await objects.patchNamespacedCustomObject(
    {
      ...knative,
      namespace: ownNamespace,
      name,
      body: { metadata: { annotations: { [planAnnotation]: 'old/3' } }, spec: { traffic } },
    },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  );
  await untilServed(target, { [target.baselineRevision]: 55, [target.candidateRevision]: 45 });
  if (holder !== undefined) await createLease(target, holder);
  return target;
}

async function createLease(
  target: SampleTarget,
  holder: { workflowId: string; firstRunId: string },
  leaseDurationSeconds = 30,
): Promise<void> {
  const { address, namespace: temporalNamespace } = sandbox.temporal;
  const who = { temporalAddress: address, temporalNamespace, ...holder };
  const annotations = { ...holderAnnotations(who), [leaseAnnotations.baseline]: target.baselineRevision };
  const body = {
    metadata: { name: leaseName(target.name), annotations },
    spec: { holderIdentity: formatHolder(who), leaseDurationSeconds },
  };
  await leases.createNamespacedLease({ namespace: target.namespace, body });
}

/** An experiment that no worker carries out. */
async function startExperiment(workflowId: string): Promise<{ workflowId: string; firstRunId: string }> {
  const handle = await temporal.workflow.start('experiment', { workflowId, taskQueue: 'nobody', args: [''] });
  return { workflowId, firstRunId: handle.firstExecutionRunId };
}

function restore(target: SampleTarget, ...args: readonly string[]): Promise<CommandRun> {
  const where = ['--kubeconfig', sandbox.kubeconfig, '--address', sandbox.temporal.address];
  return runSerin(['restore', `${target.namespace}/${target.name}`, ...where, ...args]);
}

async function readService({ namespace, name }: SampleTarget): Promise<KnativeService> {
  // The API server has checked it.
  return (await objects.getNamespacedCustomObject({ ...knative, namespace, name })) as KnativeService;
}

function servedPercents({ status }: KnativeService): object {
  return Object.fromEntries(percentsByRevision(status?.traffic ?? []));
}

/** Waits until the revisions have exactly these percents. */
async function untilServed(target: SampleTarget, percents: Readonly<Record<string, number>>): Promise<void> {
  await until(`traffic ${JSON.stringify(percents)}`, async () =>
    isDeepStrictEqual(servedPercents(await readService(target)), percents),
  );
}

async function hasLease({ namespace, name }: SampleTarget): Promise<boolean> {
  const { items } = await leases.listNamespacedLease({ namespace });
  return items.some(({ metadata }) => metadata?.name === leaseName(name));
}

test('waits for the experiment to end, then heals the target from its Lease alone', async () => {
  const holder = await startExperiment('terminated');
  const target = await abandonedTarget('terminated', holder);
  const refused = await restore(target);
  expect(refused.stderr).toMatch(
    /^serin: experiment terminated \(.*\) is running: `serin abort terminated` brings the traffic back/,
  );
  expect(refused.exitCode).toBe(1);
  expect((await readService(target)).metadata.annotations?.[planAnnotation]).toBe('old/3');

  await temporal.workflow.getHandle('terminated').terminate();
  const { exitCode, stdout, stderr } = await restore(target);
  expect(stderr).toBe('');
  expect(stdout.split('\n')).toEqual([
    `restore/terminated: 100 % of the traffic is written to ${target.baselineRevision}`,
    expect.stringMatching(/^restore\/terminated: confirmed by the cluster after [\d.]+ s$/),
    'Its Lease is deleted: the next experiment may begin.',
    '',
  ]);
  expect(exitCode).toBe(0);
  const service = await readService(target);
  expect(servedPercents(service)).toEqual({ [target.baselineRevision]: 100 });
  expect(service.spec.traffic).toEqual([
    { revisionName: target.baselineRevision, percent: 100, tag: 'current', latestRevision: false },
    { revisionName: target.candidateRevision, percent: 0, tag: 'candidate', latestRevision: false },
  ]);
  expect(service.metadata.annotations?.[planAnnotation]).toMatch(/^restore-\d{8}T\d{6}Z\/1$/);
  expect(await hasLease(target)).toBe(false);
});

test('heals the target also while the candidate is not ready, which Knative routes nothing to', async () => {
  const target = await abandonedTarget('sick');
  const revision = target.candidateRevision;
  await sandbox.setFaults({ namespace: ownNamespace, revision }, [{ kind: 'unready' }]);
  await sandbox.kubectl(
    'wait',
    `revision/${revision}`,
    '-n',
    ownNamespace,
    '--for=condition=Ready=False',
    '--timeout=30s',
  );
  const { exitCode, stdout } = await restore(target, '--baseline', target.baselineRevision);
  expect(stdout).toContain('confirmed by the cluster after');
  expect(exitCode).toBe(0);
  expect(servedPercents(await readService(target))).toEqual({ [target.baselineRevision]: 100 });
});

test('does not take the word of a Temporal that knows nothing, unless it is forced', async () => {
  const target = await abandonedTarget('unknown', { workflowId: 'forgotten', firstRunId: 'gone' });
  const refused = await restore(target);
  expect(refused.stderr).toContain(
    'nobody knows whether the experiment that holds the target has ended: experiment forgotten',
  );
  expect(refused.exitCode).toBe(1);
  const away = await restore(target, '--address', '127.0.0.1:1');
  expect(away.stderr).toContain('has ended: Temporal does not answer at 127.0.0.1:1');
  expect(servedPercents(await readService(target))).toMatchObject({ [target.candidateRevision]: 45 });

  const { exitCode, stdout } = await restore(target, '--force', '--output', 'json', '--address', '127.0.0.1:1');
  expect(JSON.parse(stdout)).toMatchObject({
    target: 'restore/unknown',
    baseline: target.baselineRevision,
    leaseDeleted: true,
  });
  expect(exitCode).toBe(0);
  expect(servedPercents(await readService(target))).toEqual({ [target.baselineRevision]: 100 });
});

test('takes the run id for the truth: a later run of the same workflow id has not the target', async () => {
  await startExperiment('again');
  const target = await abandonedTarget('again', { workflowId: 'again', firstRunId: 'an-earlier-run' });
  expect(await restore(target)).toMatchObject({ exitCode: 0, stderr: '' });
  expect(servedPercents(await readService(target))).toEqual({ [target.baselineRevision]: 100 });
});

test('keeps the Lease until the cluster has confirmed the traffic, and takes it from the old run', async () => {
  const holder = await startExperiment('impatient');
  const target = await abandonedTarget('impatient', holder);
  await temporal.workflow.getHandle('impatient').terminate();
  const early = await restore(target, '--timeout', '0.001');
  expect(early.stderr).toMatch(
    /is written to restore\/impatient but the cluster has not confirmed it: .*; its Lease is kept\n$/,
  );
  expect(early.exitCode).toBe(1);
  const lease = await leases.readNamespacedLease({ namespace: target.namespace, name: leaseName(target.name) });
  expect(lease.spec?.holderIdentity).toMatch(/^restore-\d{8}T\d{6}Z\/1$/);

  expect(await restore(target)).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await hasLease(target)).toBe(false);
});

test('without a Lease it must be told the baseline, which must be a revision of the target', async () => {
  const target = await abandonedTarget('leaseless');
  const withoutBaseline = await restore(target);
  expect(withoutBaseline.stderr).toBe('serin: restore/leaseless has no Lease; name the revision with --baseline\n');
  expect(withoutBaseline.exitCode).toBe(2);
  const wrong = await restore(target, '--baseline', 'terminated-v1');
  expect(wrong.stderr).toContain('restore/leaseless has no revision terminated-v1; it has ');
  expect(wrong.exitCode).toBe(1);
  expect((await readService(target)).metadata.annotations?.[planAnnotation]).toBe('old/3');

  const told = await restore(target, '--baseline', target.baselineRevision);
  expect(told.stdout).toContain('It had no Lease.\n');
  expect(told.exitCode).toBe(0);
});

test('names what it cannot find', async () => {
  const { exitCode, stderr } = await runSerin([
    'restore',
    'restore/nothing',
    '--baseline',
    'x',
    '--kubeconfig',
    sandbox.kubeconfig,
  ]);
  expect(stderr).toContain('serin: cannot read Knative Service restore/nothing: ');
  expect(exitCode).toBe(1);
  const context = await runSerin([
    'restore',
    'restore/nothing',
    '--kubeconfig',
    sandbox.kubeconfig,
    '--context',
    'nope',
  ]);
  expect(context.stderr).toContain('the kubeconfig has no context nope; it has ');
  expect(context.exitCode).toBe(2);
});

test('keeps the baseline against what a task of the old run still does, until it must have ended', async () => {
  const target = await abandonedTarget('late');
  await createLease(target, { workflowId: 'late', firstRunId: 'gone' }, 31);
  const restored = restore(target, '--force');
  await untilServed(target, { [target.baselineRevision]: 100 });
  const spec = { traffic: [{ revisionName: target.candidateRevision, percent: 100 }] };
  const request = { ...knative, namespace: ownNamespace, name: 'late', body: { spec } };
  await objects.patchNamespacedCustomObject(request, setHeaderOptions('Content-Type', PatchStrategy.MergePatch));
  const { exitCode, stdout } = await restored;
  expect(stdout).toContain(
    'A task of the old run may be at work for another 11 s: the traffic is watched for as long.',
  );
  expect(exitCode).toBe(0);
  await untilServed(target, { [target.baselineRevision]: 100 });
});
