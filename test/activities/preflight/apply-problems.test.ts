import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { applyProblems } from '../../../activities/preflight/apply-problems.ts';
import type { ApplyProblems } from '../../../activities/preflight/apply-problems.ts';
import type { Experiment } from '../../../core/experiment/experiment.ts';
import type { ExecTask } from '../../../core/tasks/task.ts';
import type { Sandbox, SampleTarget } from '../../../sandbox/index.ts';
import { asActivity, caughtFailure } from '../../support/activity.ts';
import { anExperiment } from '../../support/builders.ts';
import { testCluster } from '../../support/cluster.ts';
import { linkPrograms } from '../../support/programs.ts';
import { deployTarget, readKsvc } from '../../support/scenario.ts';
import { accountsOf, defaultBounds, downloadAnything } from '../../support/access.ts';
import { publishFile } from '../../support/charts.ts';

const namespace = 'kubectl-apply';
let sandbox: Sandbox;
let target: SampleTarget;
/** A PATH with kubectl. */
let path: string;
/** The folder of the manifests. */
let folder: string;

beforeAll(async () => {
  ({ sandbox } = await testCluster());
  target = await deployTarget({ name: 'applied', namespace });
  folder = join(sandbox.stateDirectory, 'apply-problems');
  path = await linkPrograms(sandbox, join(folder, 'bin'), ['kubectl']);
});

interface Template {
  readonly metadata?: { readonly name: string };
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
}

/** The template that a revision was made of. */
async function readTemplate(revision: string): Promise<Template> {
  const json = await sandbox.kubectl('get', 'revision', revision, '-n', namespace, '-o', 'json');
  return { metadata: { name: revision }, spec: (JSON.parse(json) as Template).spec };
}

/** Writes what `kubectl apply` is given for a version, `NAME-current.json` or `NAME-candidate.json`. */
async function write(file: string, ...objects: readonly object[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await publishFile(sandbox, file, JSON.stringify(list));
}

function service(template: Template, traffic?: readonly object[], name = 'applied'): object {
  const spec = { template, ...(traffic === undefined ? {} : { traffic }) };
  return { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name, namespace }, spec };
}

/** A Knative Service that has left the name of its revision to Knative. */
async function deployUnnamed(name: string) {
  const { spec } = await readTemplate(target.candidateRevision);
  const manifest = service({ spec }, undefined, name);
  await sandbox.apply(JSON.stringify(manifest));
  await sandbox.kubectl('wait', `ksvc/${name}`, '-n', namespace, '--for=condition=Ready', '--timeout=60s');
  return { manifest, spec, revision: (await readKsvc({ namespace, name })).status.latestReadyRevisionName };
}

function apply(name: string): ExecTask {
  const file = `${sandbox.chartRepository.url}/published/${name}-{{ .name }}.json`;
  const args = ['apply', '--namespace', namespace, '--filename', file];
  return { kind: 'exec', command: 'kubectl', args, interpolate: true };
}

interface Circumstances {
  readonly kubeconfig?: string;
  readonly experiment?: Partial<Experiment>;
}

async function judge(
  finish: readonly ExecTask[],
  { kubeconfig = sandbox.workerKubeconfig, experiment: changes = {} }: Circumstances = {},
): Promise<ApplyProblems> {
  const environment = { PATH: path, KUBECONFIG: kubeconfig };
  const [baseline, candidate] = [target.baselineRevision, target.candidateRevision];
  const experiment = anExperiment({
    target,
    baseline: { name: 'current', revision: baseline, variables: {} },
    candidates: [{ name: 'candidate', revision: candidate, variables: {} }],
    finish,
    ...changes,
  });
  const { cluster, user } = accountsOf(sandbox).of(target.namespace);
  return applyProblems({ cluster, user, environment, bounds: defaultBounds, download: downloadAnything }, experiment);
}

async function findProblems(
  finish: readonly ExecTask[],
  circumstances: Circumstances = {},
): Promise<readonly string[]> {
  return asActivity(async () => (await judge(finish, circumstances)).problems);
}

describe('kubectl apply in the finish actions', () => {
  test('is accepted where it deploys what was judged, and nothing is changed', async () => {
    const before = await readKsvc(target);
    await write('good-current.json', service(await readTemplate(target.baselineRevision)));
    await write('good-candidate.json', service(await readTemplate(target.candidateRevision)));
    expect(await asActivity(() => judge([apply('good')]))).toEqual({ problems: [], warnings: [] });
    expect((await readKsvc(target)).metadata.generation).toBe(before.metadata.generation);
  });

  test('is refused where it would make a revision that nobody judged', async () => {
    const { spec } = await readTemplate(target.baselineRevision);
    const [container] = spec.containers;
    // Only what kubectl has applied before goes when it is left out.
    await sandbox.apply(JSON.stringify(service(await readTemplate(target.candidateRevision))));
    const red = { ...spec, containers: [{ ...container, image: 'gcr.io/knative-samples/knative-route-demo:red' }] };
    await write('bad-current.json', service({ metadata: { name: target.baselineRevision }, spec: red }));
    await write('bad-candidate.json', service({ spec: red }));
    expect(await findProblems([apply('bad')])).toEqual([
      `for current: the template of Knative Service ${namespace}/applied would differ from revision applied-v1, which was judged: containers[0].image is "gcr.io/knative-samples/knative-route-demo:red" instead of "gcr.io/knative-samples/knative-route-demo:blue"`,
      expect.stringMatching(
        /^for candidate: Knative Service \S+\/applied would have a template without a revision name, but applied-v2 was judged: .*metadata.* would change, so that Knative would make a revision that nobody judged; set spec\.template\.metadata\.name to applied-v2 in what is applied$/,
      ),
    ]);
  });

  test('is refused where it would send the traffic elsewhere', async () => {
    const traffic = [{ revisionName: target.baselineRevision, percent: 100 }];
    await write('split-current.json', service(await readTemplate(target.baselineRevision), traffic));
    await write('split-candidate.json', service(await readTemplate(target.candidateRevision), traffic));
    expect(await findProblems([apply('split')])).toEqual([
      `for candidate: Knative Service ${namespace}/applied is rendered with traffic applied-v1 100 %, not 100 % applied-v2; leave traffic out of it`,
    ]);
  });

  test('is accepted without a revision name where nothing of the revision changes', async () => {
    const unnamed = await deployUnnamed('unnamed');
    await write('same-candidate.json', unnamed.manifest);
    const traffic = [{ latestRevision: true, percent: 100 }];
    await write('latest-candidate.json', service({ spec: unnamed.spec }, traffic, 'unnamed'));
    const experiment = {
      target: { namespace, name: 'unnamed' },
      candidates: [{ name: 'candidate', revision: unnamed.revision, variables: {} }],
      finishOnRollBack: false,
    };
    expect(await findProblems([apply('same'), apply('latest')], { experiment })).toEqual([]);
  });

  test('is refused where Knative, the rights of the worker or kubectl itself refuse it', async () => {
    const { spec } = await readTemplate(target.baselineRevision);
    await write('refused-candidate.json', service({ metadata: { name: target.candidateRevision }, spec }));
    const metadata = { name: 'denied', namespace };
    await write('refused-current.json', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: {} });
    const problems = await findProblems([apply('refused')]);
    expect(problems).toEqual([
      expect.stringMatching(
        /^for current: kubectl apply .* failed with exit code 1: .*configmaps.* is forbidden: User/s,
      ),
      expect.stringMatching(
        /^for candidate: kubectl apply .* failed with exit code 1: admission webhook .*: Saw .* without a name change/,
      ),
    ]);
    expect(await findProblems([apply('missing')])).toEqual([
      expect.stringContaining('missing-current.json answered 404'),
      expect.stringContaining('missing-candidate.json answered 404'),
    ]);
  });

  test('warns of a namespace that is not there yet', async () => {
    const binding = ['clusterrolebinding', 'kubectl-apply', '--clusterrole=serin-target'];
    await sandbox.kubectl('create', ...binding, `--serviceaccount=${namespace}:serin`);
    const metadata = { name: 'early', namespace: 'not-yet' };
    await write('early-candidate.json', { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata, spec: {} });
    const experiment = { finishOnRollBack: false };
    const args = ['apply', '--filename', `${sandbox.chartRepository.url}/published/early-{{ .name }}.json`];
    expect(await asActivity(() => judge([{ ...apply('early'), args }], { experiment }))).toEqual({
      problems: [],
      warnings: [
        expect.stringMatching(/^for candidate: not rehearsed: kubectl apply .*namespaces "not-yet" not found/s),
      ],
    });
  });

  test('does not hide a refusal behind a namespace that is not there yet', async () => {
    const early = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'early', namespace: 'not-yet' } };
    const { spec } = await readTemplate(target.baselineRevision);
    await write('both-candidate.json', service({ metadata: { name: target.candidateRevision }, spec }), early);
    const args = ['apply', '--filename', `${sandbox.chartRepository.url}/published/both-{{ .name }}.json`];
    const experiment = { finishOnRollBack: false };
    expect(await findProblems([{ ...apply('both'), args }], { experiment })).toEqual([
      expect.stringMatching(/^for candidate: kubectl apply .*: admission webhook .* without a name change/),
    ]);
  });

  test('warns of one for which there is no time', async () => {
    vi.spyOn(performance, 'now').mockReturnValueOnce(-120_000);
    expect(await asActivity(() => judge([apply('good')]))).toEqual({
      problems: [],
      warnings: [
        expect.stringMatching(/^for current: not rehearsed: kubectl apply .*: those before it took too long$/),
        expect.stringMatching(/^for candidate: not rehearsed: /),
      ],
    });
  });

  test('waits for an API server that does not answer', async () => {
    const kubeconfig = join(folder, 'nobody-kubeconfig');
    const cluster = { server: 'http://127.0.0.1:1' };
    const contexts = [{ name: 'nobody', context: { cluster: 'nobody', user: 'nobody' } }];
    const users = [{ name: 'nobody', user: {} }];
    const config = { kind: 'Config', clusters: [{ name: 'nobody', cluster }], users, contexts };
    await writeFile(kubeconfig, JSON.stringify({ ...config, apiVersion: 'v1', 'current-context': 'nobody' }));
    expect(await caughtFailure(() => judge([apply('good')], { kubeconfig }))).toMatchObject({
      type: 'KubernetesUnavailable',
      isRetryable: true,
    });
  });
});
