import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { connectCluster } from '../../../activities/knative/cluster.ts';
import { applyProblems } from '../../../activities/preflight/apply-problems.ts';
import type { Condition } from '../../../core/condition.ts';
import type { ExecTask } from '../../../core/task.ts';
import type { Sandbox, SampleTarget } from '../../../sandbox/index.ts';
import { asActivity, failureOf } from '../../support/activity.ts';
import { anExperiment } from '../../support/builders.ts';
import { testCluster } from '../../support/cluster.ts';
import { deployTarget, readKsvc } from '../../support/scenario.ts';

const namespace = 'kubectl-apply';
let sandbox: Sandbox;
let target: SampleTarget;
let programs: string;
/** Holds the manifests. */
let folder: string;

beforeAll(async () => {
  ({ sandbox } = await testCluster());
  target = await deployTarget({ name: 'applied', namespace });
  folder = join(sandbox.stateDirectory, 'apply-problems');
  programs = join(folder, 'bin');
  await mkdir(programs, { recursive: true });
  await symlink(sandbox.tools.kubectl, join(programs, 'kubectl'));
});

interface Template {
  readonly metadata?: { readonly name: string };
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
}

/** The template that a revision was made of. */
async function templateOf(revision: string): Promise<Template> {
  const json = await sandbox.kubectl('get', 'revision', revision, '-n', namespace, '-o', 'json');
  return { metadata: { name: revision }, spec: (JSON.parse(json) as Template).spec };
}

/** Writes what `kubectl apply` is given for a version, `NAME-current.json` or `NAME-candidate.json`. */
async function write(file: string, ...objects: readonly object[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await writeFile(join(folder, file), JSON.stringify(list));
}

function service(template: Template): object {
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name: 'applied', namespace },
    spec: { template },
  };
}

function apply(name: string, condition?: Condition): ExecTask {
  const file = join(folder, `${name}-{{ .name }}.json`);
  const args = ['apply', '--namespace', namespace, '--filename', file];
  return {
    kind: 'exec',
    command: 'kubectl',
    args,
    interpolate: true,
    ...(condition === undefined ? {} : { condition }),
  };
}

function problemsOf(finish: readonly ExecTask[], kubeconfig = sandbox.workerKubeconfig): Promise<readonly string[]> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(sandbox.workerKubeconfig);
  const environment = { PATH: `${programs}:${process.env['PATH'] ?? ''}`, HOME: folder, KUBECONFIG: kubeconfig };
  const [baseline, candidate] = [target.baselineRevision, target.candidateRevision];
  const experiment = anExperiment({
    target,
    baseline: { name: 'current', revision: baseline, variables: {} },
    candidates: [{ name: 'candidate', revision: candidate, variables: {} }],
    finish,
  });
  return applyProblems({ cluster: connectCluster(kubeConfig), environment }, experiment);
}

describe('kubectl apply in the finish actions', () => {
  test('is accepted where it deploys what was judged, and nothing is changed', async () => {
    const before = await readKsvc(target);
    await write('good-current.json', service(await templateOf(target.baselineRevision)));
    await write('good-candidate.json', service(await templateOf(target.candidateRevision)));
    expect(await asActivity(() => problemsOf([apply('good')]))).toEqual([]);
    expect((await readKsvc(target)).metadata.generation).toBe(before.metadata.generation);
  });

  test('is refused where it would make a revision that nobody judged', async () => {
    const { spec } = await templateOf(target.baselineRevision);
    const [container] = spec.containers;
    // Only what kubectl has applied before goes when it is left out.
    await sandbox.apply(JSON.stringify(service(await templateOf(target.candidateRevision))));
    const red = { ...spec, containers: [{ ...container, image: 'gcr.io/knative-samples/knative-route-demo:red' }] };
    await write('bad-current.json', service({ metadata: { name: target.baselineRevision }, spec: red }));
    await write('bad-candidate.json', service({ spec: red }));
    expect(await asActivity(() => problemsOf([apply('bad')]))).toEqual([
      `for current: the template of Knative Service ${namespace}/applied would differ from revision applied-v1, which was judged: containers[0].image is "gcr.io/knative-samples/knative-route-demo:red" instead of "gcr.io/knative-samples/knative-route-demo:blue"`,
      `for candidate: Knative Service ${namespace}/applied would have a template without a revision name, but applied-v2 was judged; set spec.template.metadata.name to applied-v2 in what is applied`,
    ]);
  });

  test('is refused where Knative, the rights of the worker or kubectl itself refuse it', async () => {
    const { spec } = await templateOf(target.baselineRevision);
    await write('refused-candidate.json', service({ metadata: { name: target.candidateRevision }, spec }));
    const metadata = { name: 'denied', namespace };
    await write('refused-current.json', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: {} });
    const problems = await asActivity(() => problemsOf([apply('refused')]));
    expect(problems).toEqual([
      expect.stringMatching(
        /^for current: kubectl apply .* failed with exit code 1: .*configmaps.* is forbidden: User/s,
      ),
      expect.stringMatching(/^for candidate: kubectl apply .*: admission webhook .*: Saw .* without a name change/s),
    ]);
    expect(await asActivity(() => problemsOf([apply('missing')]))).toEqual([
      expect.stringContaining('missing-current.json" does not exist'),
      expect.stringContaining('missing-candidate.json" does not exist'),
    ]);
  });

  test('is judged only for the winners that it is meant for', async () => {
    const candidateWon = { kind: 'call', name: 'CandidateWon' } as const;
    expect(await asActivity(() => problemsOf([apply('missing', candidateWon)]))).toHaveLength(1);
  });

  test('is not judged after a command that might write what it applies', async () => {
    const prepare: ExecTask = { kind: 'exec', command: 'make', args: ['manifests'], interpolate: false };
    expect(await asActivity(() => problemsOf([prepare, apply('missing')]))).toEqual([]);
  });

  test('waits for an API server that does not answer', async () => {
    const kubeconfig = join(folder, 'nobody-kubeconfig');
    const cluster = { server: 'http://127.0.0.1:1' };
    const contexts = [{ name: 'nobody', context: { cluster: 'nobody', user: 'nobody' } }];
    const users = [{ name: 'nobody', user: {} }];
    const config = { kind: 'Config', clusters: [{ name: 'nobody', cluster }], users, contexts };
    await writeFile(kubeconfig, JSON.stringify({ ...config, apiVersion: 'v1', 'current-context': 'nobody' }));
    expect(await failureOf(() => problemsOf([apply('good')], kubeconfig))).toMatchObject({
      type: 'KubernetesUnavailable',
      isRetryable: true,
    });
  });
});
