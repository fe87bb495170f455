import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../sandbox/index.ts';
import { testCluster } from '../support/cluster.ts';
import { until } from '../support/until.ts';

const namespace = 'moving-over';
/** The shared cluster has serin's kinds already: here is the same change of a group of its own. */
const group = 'moving-over.test';

let sandbox: Sandbox;

beforeAll(async () => {
  ({ sandbox } = await testCluster());
  await sandbox.kubectl('create', 'namespace', namespace);
});

/** A definition as iter8 installed it: one version, of any content. */
function iter8Kind(kind: string, plural: string): object {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      scope: 'Namespaced',
      versions: [{ name: 'v2alpha2', served: true, storage: true, schema, subresources: { status: {} } }],
    },
  };
}

const status = {
  stage: 'Completed',
  completedIterations: 12,
  conditions: [{ type: 'Completed', status: 'True', lastTransitionTime: '2021-06-01T10:00:00Z', reason: 'Done' }],
  analysis: { winnerAssessment: { provenance: 'iter8-analytics', data: { winnerFound: true, winner: 'candidate' } } },
};

const objects = [
  {
    apiVersion: `${group}/v2alpha2`,
    kind: 'Experiment',
    metadata: { name: 'canary', namespace },
    spec: {
      target: 'default/sample-app',
      strategy: { testingPattern: 'Canary', deploymentPattern: 'Progressive' },
      criteria: { objectives: [{ metric: 'iter8-knative/mean-latency', upperLimit: 50 }] },
    },
  },
  {
    apiVersion: `${group}/v2alpha2`,
    kind: 'Metric',
    metadata: { name: 'engagement', namespace },
    spec: { type: 'Gauge', urlTemplate: 'https://example.test', jqExpression: '.value' },
  },
];

/** Waits until kubectl finds a version of both kinds, which is after they are established. */
async function untilServed(version: string): Promise<void> {
  const kinds = ['experiments', 'metrics'].map((plural) => `${plural}.${version}.${group}`).join(',');
  const isServed = () =>
    sandbox.kubectl('get', kinds, '--namespace', namespace).then(
      () => true,
      () => false,
    );
  await until(`${version} to be served`, isServed);
}

test("serin's kinds, applied on the side of the server over iter8's, keep all objects with their status", async () => {
  const kinds = [iter8Kind('Experiment', 'experiments'), iter8Kind('Metric', 'metrics')];
  await sandbox.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: kinds }));
  const names = [`customresourcedefinition/experiments.${group}`, `customresourcedefinition/metrics.${group}`];
  await sandbox.kubectl('wait', '--for=condition=Established', ...names);
  await untilServed('v2alpha2');
  await sandbox.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  const patch = ['--subresource=status', '--type=merge', `--patch=${JSON.stringify({ status })}`];
  await sandbox.kubectl('patch', `experiments.${group}/canary`, '--namespace', namespace, ...patch);

  const file = await readFile(new URL('../../deploy/crds.yaml', import.meta.url), 'utf8');
  const ours = file.split(/^---$/m).filter((text) => /name: \w+\.iter8\.tools$/m.test(text));
  expect(ours).toHaveLength(2);
  await sandbox.apply(ours.join('---').replaceAll('iter8.tools', group), '--server-side');
  await untilServed('v2alpha1');

  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await sandbox.kubectl('get', name, '--namespace', namespace, '--output=json'));
  expect(await read(`experiments.${group}/canary`)).toMatchObject({ spec: objects[0]?.spec, status });
  expect(await read(`metrics.${group}/engagement`)).toMatchObject({ spec: objects[1]?.spec });
  // Those of the older version that serin has too.
  expect(await read(`experiments.v2alpha1.${group}/canary`)).toMatchObject({ status: { stage: 'Completed' } });
});
