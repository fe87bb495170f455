import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { gitOpsWarnings } from '../../../activities/preflight/gitops.ts';
import type { ActivityCluster } from '../../../activities/knative/cluster.ts';
import { trafficEditor } from '../../../kubernetes/knative/objects.ts';
import type { KnativeService } from '../../../kubernetes/knative/objects.ts';
import type { Sandbox, SampleTarget } from '../../../sandbox/index.ts';
import { accountsOf } from '../../support/access.ts';
import { asActivity } from '../../support/activity.ts';
import { publishFile } from '../../support/charts.ts';
import { testCluster } from '../../support/cluster.ts';

const namespace = 'gitops-marks';

let sandbox: Sandbox;
let cluster: ActivityCluster;
beforeAll(async () => {
  ({ sandbox } = await testCluster());
});

async function deploy(name: string): Promise<SampleTarget> {
  const target = await sandbox.deploySample({ namespace, name });
  ({ cluster } = accountsOf(sandbox).of(namespace));
  return target;
}

const kubectl = (...args: readonly string[]) => sandbox.kubectl('-n', namespace, ...args);

async function read(target: SampleTarget): Promise<KnativeService> {
  return (await asActivity(() => cluster.readService(target))) ?? expect.fail('the target is gone');
}

/** What a run has written in its middle. */
async function split({ name, baselineRevision, candidateRevision }: SampleTarget): Promise<object[]> {
  const traffic = [
    { revisionName: baselineRevision, percent: 60 },
    { revisionName: candidateRevision, percent: 40 },
  ];
  const patch = JSON.stringify({ spec: { traffic } });
  await kubectl('patch', 'ksvc', name, '--type=merge', '--field-manager=serin', '-p', patch);
  return traffic;
}

/** What a repository has of the target. */
async function source(target: SampleTarget, spec: object): Promise<string> {
  const { spec: live } = await read(target);
  const metadata = { name: target.name, namespace };
  return JSON.stringify({
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata,
    spec: { template: live.template, ...spec },
  });
}

/** Applies as the controllers do: Flux, and Argo CD with ServerSideApply, by force; Argo CD else on the client's side. */
async function sync(manager: string, mode: 'server' | 'client', manifest: string): Promise<void> {
  const flags = mode === 'server' ? ['--server-side', '--force-conflicts'] : [];
  const url = await publishFile(sandbox, `gitops-${randomUUID()}.json`, manifest);
  await kubectl('apply', ...flags, `--field-manager=${manager}`, '--filename', url);
}

describe.each([
  ['Flux', 'kustomize-controller', 'server'],
  ['Argo CD', 'argocd-controller', 'server'],
  ['Argo CD', 'argocd-controller', 'client'],
] as const)('%s, as %s on the side of the %s,', (title, manager, mode) => {
  let target: SampleTarget;
  beforeAll(async () => {
    target = await deploy(`${title.toLowerCase().replaceAll(' ', '-')}-${mode}`);
  });

  test('leaves the traffic alone where its source has none, and is warned of', async () => {
    const traffic = await split(target);
    await sync(manager, mode, await source(target, {}));
    const service = await read(target);
    expect(service.spec.traffic).toMatchObject(traffic);
    expect(trafficEditor(service)?.manager).toBe('serin');
    expect(gitOpsWarnings(service)).toEqual([
      `Knative Service ${namespace}/${target.name} is kept by ${title} (fields of ${manager}): where its source has spec.traffic, it puts that back when it syncs, which stops the run; docs/gitops.md says how to leave spec.traffic to serin`,
    ]);
  });

  test('puts the traffic of its source back, and is named as the one who did', async () => {
    await split(target);
    const own = [{ revisionName: target.baselineRevision, percent: 100 }];
    await sync(manager, mode, await source(target, { traffic: own }));
    const service = await read(target);
    expect(service.spec.traffic).toMatchObject(own);
    expect(trafficEditor(service)?.manager).toBe(manager);
    expect(gitOpsWarnings(service).join()).toContain('it has written spec.traffic, and will put it back when it syncs');
  });

  test('keeps the traffic where it takes what is live for what its source has, as ignoreDifferences makes it', async () => {
    const traffic = await split(target);
    const { spec } = await read(target);
    await sync(manager, mode, await source(target, { traffic: spec.traffic }));
    expect((await read(target)).spec.traffic).toMatchObject(traffic);
  });
});

test('is told by labels and annotations too, and nobody by those of helm alone', () => {
  const metadata = { name: 'app', namespace: 'prod', uid: '', resourceVersion: '' };
  const labelled = (labels: Readonly<Record<string, string>>): KnativeService => ({
    metadata: { ...metadata, labels },
    spec: {},
  });
  expect(gitOpsWarnings(labelled({ 'app.kubernetes.io/managed-by': 'Helm' }))).toEqual([]);
  expect(gitOpsWarnings(labelled({ 'helm.toolkit.fluxcd.io/name': 'app' }))).toEqual([
    expect.stringContaining("is kept by Flux's Helm controller (helm.toolkit.fluxcd.io/name)"),
  ]);
});
