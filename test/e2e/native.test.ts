import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SampleTarget } from '../../sandbox/index.ts';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, helmHistory, observeScenario, servedTraffic, underLoad } from '../support/scenario.ts';
import type { Scenario } from '../support/scenario.ts';
import { workflowType } from '../../contract/names.ts';
import type { ExperimentWorkflow } from '../../contract/workflow.ts';
import { publishChart, publishFile } from '../support/charts.ts';

const namespace = 'native';
const notices: string[] = [];
const listener = createServer((request, response) => {
  request.setEncoding('utf8');
  request.on('data', (part: string) => notices.push(part));
  request.on('end', () => response.end());
});
let hook: string;

beforeAll(async () => {
  const { kubectl } = (await testCluster()).sandbox;
  await kubectl('create', 'namespace', namespace);
  await kubectl('create', 'role', 'notes', '--verb=get', '--resource=configmaps', '-n', namespace);
  await kubectl(
    'create',
    'rolebinding',
    'notes',
    '--role=notes',
    `--serviceaccount=${namespace}:serin`,
    '-n',
    namespace,
  );
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  hook = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
});
afterAll(() => void listener.close());

/** The shortest form: the versions are found, the release follows the winner, and whoever listens is told. */
function nativeManifest({ name, chartUrl, valuesUrls }: SampleTarget, helm: object = {}, iterations = 2): object {
  return {
    apiVersion: 'serin.dev/v1alpha1',
    kind: 'Experiment',
    metadata: { name, namespace },
    spec: {
      target: name,
      objectives: [{ metric: 'error-rate', max: '5%', rollback: true }],
      traffic: { increment: '40%' },
      analysis: { method: 'threshold', minSamples: 10 },
      interval: '1s',
      iterations,
      promotion: {
        helm: {
          release: name,
          chart: chartUrl,
          values: { baseline: { files: [valuesUrls.baseline] }, candidate: { files: [valuesUrls.candidate] } },
          ...helm,
        },
      },
      notifications: [{ task: 'notification/http', with: { url: hook, body: name } }],
    },
  };
}

async function start(target: SampleTarget, manifest: object): Promise<Scenario> {
  const { client, taskQueue } = await testCluster();
  const workflowId = `experiment/${namespace}/${target.name}`;
  return observeScenario(
    target,
    await client.workflow.start<ExperimentWorkflow>(workflowType, { taskQueue, workflowId, args: [manifest] }),
  );
}

describe.concurrent("serin's own form", () => {
  test('promotes what it finds on the target, and tells of the end', async () => {
    const target = await deployTarget({ name: 'found', namespace });
    const { value: end } = await underLoad(target, async () => (await start(target, nativeManifest(target))).end());
    expect(end).toMatchObject({
      status: 'completed',
      report: {
        outcome: 'Promoted',
        winner: 'candidate',
        baseline: { name: 'baseline', revision: target.baselineRevision },
        judged: [{ name: 'candidate', revision: target.candidateRevision }],
      },
    });
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
    expect(await helmHistory(target)).toHaveLength(3);
    expect(notices).toContain('found');
  });

  test.each([
    {
      name: 'unpinned',
      what: 'the values of which have changed since the start',
      change: (name: string) => publishValues(name, 'changed'),
      because: /values\.yaml is not what it was when the experiment began: sha256 [0-9a-f]{64}, then [0-9a-f]{64}/,
    },
    {
      name: 'pinned',
      what: 'which renders something else than at the start',
      change: (name: string) => setNote(name, 'changed'),
      because:
        'chart and values render something else, in the manifest or in a hook, than at the start of the experiment',
    },
  ])('promotes no chart $what', async ({ name, change, because }) => {
    const target = await deployTarget({ name, namespace });
    const chart = await labelledChart(name);
    const values = await publishValues(name, 'first');
    await setNote(name, 'first');
    const set = (revision: string, image: string, tVersion: string) => ({ name: revision, image, tVersion });
    const image = 'gcr.io/knative-samples/knative-route-demo';
    const helm = {
      chart,
      values: {
        baseline: { files: [values], set: set(target.baselineRevision, `${image}:blue`, 'blue') },
        candidate: { files: [values], set: set(target.candidateRevision, `${image}:green`, 'green') },
      },
    };
    // Long enough for the change below to come before the end, however busy the machine is.
    const manifest = nativeManifest(target, helm, 15);
    const { value: end } = await underLoad(target, async () => {
      const scenario = await start(target, manifest);
      await scenario.untilReport('the first step', ({ startedAtMs }) => startedAtMs !== undefined);
      await change(name);
      return scenario.end();
    });
    expect(end).toMatchObject({ status: 'failed', type: 'PromotionMismatch' });
    expect(end.message).toMatch(because);
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
    expect(await helmHistory(target)).toHaveLength(2);
    expect(notices).toContain(name);
  });
});

/** The sample's chart with labels that nothing is judged by: one of its values, and one of a ConfigMap in the cluster. */
async function labelledChart(name: string): Promise<string> {
  const { sandbox } = await testCluster();
  const chart = join(await mkdtemp(join(tmpdir(), 'serin-chart-')), 'sample-app');
  await cp(new URL('../../samples/canary-progressive/sample-app', import.meta.url), chart, { recursive: true });
  const template = join(chart, 'templates', 'service.yaml');
  const text = await readFile(template, 'utf8');
  const found = `(lookup "v1" "ConfigMap" "${namespace}" "${name}-note").data.note`;
  const labels = `\n  labels: { note: {{ .Values.note | quote }}, found: {{ ${found} | quote }} }`;
  await writeFile(template, text.replace('\nspec:', `${labels}\nspec:`));
  return publishChart(sandbox, chart, `labelled-${name}`);
}

async function publishValues(name: string, note: string): Promise<string> {
  const { sandbox } = await testCluster();
  return publishFile(sandbox, `${name}-values.yaml`, `note: ${note}\n`);
}

async function setNote(name: string, note: string): Promise<string> {
  const { sandbox } = await testCluster();
  const metadata = { name: `${name}-note`, namespace };
  return sandbox.apply(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { note } }));
}
