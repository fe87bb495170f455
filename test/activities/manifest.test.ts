import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readManifest } from '../../activities/manifest.ts';
import { failure } from '../../activities/failures.ts';
import type { ActivityCluster } from '../../activities/knative/cluster.ts';
import type { WorkflowLimits } from '../../contract/preparation.ts';
import type { ManifestInput } from '../../contract/workflow.ts';
import { asActivity, caughtFailure } from '../support/activity.ts';
import { readSample } from '../support/samples.ts';
import { startServerEnvironment } from '../support/workflow-environment.ts';
import type { WorkflowEnvironment } from '../support/workflow-environment.ts';

const seed = readSample('canary-progressive/experiment.yaml');

let server: WorkflowEnvironment;

beforeAll(async () => {
  const attributes = ['SerinTarget=Keyword', 'SerinStage=Keyword', 'SerinOutcome=Text'];
  server = await startServerEnvironment(attributes.flatMap((attribute) => ['--search-attribute', attribute]));
});

afterAll(() => server.teardown());

const noMetrics = (): Promise<unknown> => Promise.resolve(undefined);

interface ReadOptions {
  readonly limits?: WorkflowLimits;
  readonly readMetricResource?: ActivityCluster['readMetricResource'];
  readonly readSecret?: ActivityCluster['readSecret'];
}

const noSecret = (): Promise<undefined> => Promise.resolve(undefined);

const read = (manifest: ManifestInput, options: ReadOptions = {}) => {
  const { limits = {}, readMetricResource = noMetrics, readSecret = noSecret } = options;
  const temporal = { client: server.env.client, address: 'temporal:7233', namespace: 'default' };
  const cluster = { readMetricResource, readSecret };
  return readManifest({ temporal, as: () => ({ cluster }) }, { manifest, limits });
};

describe('readManifest', () => {
  test("reads the seed's bytes, names what it repaired, and says which search attributes can be used", async () => {
    const reading = await asActivity(async () => read(Buffer.from(seed)));
    expect(reading.experiment).toMatchObject({
      name: 'canary-progressive',
      target: { namespace: 'default', name: 'sample-app' },
      baseline: { name: 'current', revision: 'sample-app-v1' },
    });
    expect(reading.temporalAddress).toBe('temporal:7233');
    expect(reading.searchAttributes).toEqual(['SerinTarget', 'SerinStage']);
    expect(reading.warnings[0]).toMatch(/^manifest:42:3 spec\.baseline: .* moved under versionInfo$/);
    expect(reading.warnings.at(-1)).toBe(
      'Temporal namespace default lacks search attributes (SerinOutcome, SerinCandidateWeight), so experiments cannot be listed by them; create them with `temporal operator search-attribute create --namespace default --name SerinOutcome --type Keyword --name SerinCandidateWeight --type Int`',
    );
  });

  test('says whether the namespace has receivers of notices, as far as serin may know', async () => {
    const looked: string[] = [];
    const readSecret: ActivityCluster['readSecret'] = async ({ namespace, name }) => {
      looked.push(`${namespace}/${name}`);
      return { metadata: { namespace, name } };
    };
    expect((await asActivity(async () => read(seed, { readSecret }))).hasReceivers).toBe(true);
    expect(looked).toEqual(['default/serin-notices']);
    expect((await asActivity(async () => read(seed))).hasReceivers).toBeUndefined();
    const forbidden = () => Promise.reject(failure('Forbidden', { message: 'no' }));
    expect((await asActivity(async () => read(seed, { readSecret: forbidden }))).hasReceivers).toBeUndefined();
    const away = () => Promise.reject(failure('KubernetesUnavailable', { message: 'no' }));
    expect(await caughtFailure(() => read(seed, { readSecret: away }))).toMatchObject({
      type: 'KubernetesUnavailable',
    });
  });

  test('refuses a calendar with a period that never comes', async () => {
    const period = { name: 'leap', from: '2024-02-29T00:00', to: '2024-03-01T00:00' };
    const repeat = 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30';
    const manifest = {
      apiVersion: 'serin.dev/v1alpha1',
      kind: 'Experiment',
      metadata: { name: 'x' },
      spec: { target: 'shop/checkout', calendar: { closed: [{ ...period, repeat }] } },
    };
    expect(await caughtFailure(() => read(manifest))).toMatchObject({
      type: 'InvalidManifest',
      message: "the calendar's period leap never recurs; correct its rule",
    });
  });

  test('refuses a metric that nobody has defined, by its name', async () => {
    const text = seed.replace('metric: error-rate', 'metric: error-rat');
    expect(await caughtFailure(() => read(text))).toMatchObject({
      type: 'MetricUnavailable',
      message: expect.stringContaining('Unable to find metric default/error-rat;'),
      details: [
        { reading: expect.objectContaining({ experiment: expect.objectContaining({ name: 'canary-progressive' }) }) },
      ],
    });
  });

  describe("a Metric of the experiment's own namespace that bears a built-in metric's name", () => {
    const ownLatency = {
      apiVersion: 'iter8.tools/v2alpha2',
      kind: 'Metric',
      metadata: { name: 'mean-latency', namespace: 'default' },
      spec: { mock: [{ name: 'current', level: '1' }] },
    };
    const inCluster: ActivityCluster['readMetricResource'] = ({ version }, { namespace, name }) =>
      Promise.resolve(
        version === 'v2alpha2' && `${namespace}/${name}` === 'default/mean-latency' ? ownLatency : undefined,
      );

    test('is what the bare name means, and the status says so', async () => {
      const { experiment, warnings } = await asActivity(async () => read(seed, { readMetricResource: inCluster }));
      expect(experiment.objectives.map(({ metric }) => metric)).toEqual([
        'default/mean-latency',
        '95th-percentile-tail-latency',
        'error-rate',
      ]);
      expect(experiment.metrics['default/mean-latency']).toMatchObject({ source: { kind: 'mock' } });
      expect(experiment.writtenMetrics).toEqual({ 'default/mean-latency': ['mean-latency'] });
      expect(warnings.at(-1)).toBe(
        'mean-latency: the Metric default/mean-latency is meant, and not the built-in metric, which is iter8-knative/mean-latency',
      );
    });

    test("is not what iter8's namespace means", async () => {
      const text = seed.replace('metric: mean-latency', 'metric: iter8-knative/mean-latency');
      const { experiment } = await asActivity(async () => read(text, { readMetricResource: inCluster }));
      expect(experiment.objectives[0]?.metric).toBe('mean-latency');
      expect(experiment.writtenMetrics).toEqual({ 'mean-latency': ['iter8-knative/mean-latency'] });
    });

    test("is nothing where it has iter8's own provider, which is the built-in metric", async () => {
      const builtIn = { ...ownLatency, spec: { provider: 'iter8' } };
      const { experiment } = await asActivity(async () =>
        read(seed, { readMetricResource: () => Promise.resolve(builtIn) }),
      );
      expect(experiment.objectives[0]?.metric).toBe('mean-latency');
    });

    test('is refused beside the built-in one, since one name would be both', async () => {
      const text = seed.replace('metric: error-rate', 'metric: iter8-knative/mean-latency');
      expect(await caughtFailure(() => read(text, { readMetricResource: inCluster }))).toMatchObject({
        type: 'MetricUnavailable',
        message: expect.stringContaining('write default/mean-latency where that Metric is meant'),
      });
    });

    test('may not be readable: then the built-in metric is used, which the status says', async () => {
      const forbidden = () => Promise.reject(failure('Forbidden', { message: 'forbidden' }));
      const { experiment, warnings } = await asActivity(async () => read(seed, { readMetricResource: forbidden }));
      expect(experiment.objectives[0]?.metric).toBe('mean-latency');
      expect(warnings).toContain(
        'mean-latency: the built-in metric is used, since a Metric default/mean-latency may not be read',
      );
    });
  });

  test('refuses the limits at which Temporal would end the run, by their names', async () => {
    expect(await caughtFailure(() => read(seed, { limits: { executionMs: 3_600_000, runMs: 60_000 } }))).toMatchObject({
      type: 'InvalidStart',
      isRetryable: false,
      message: expect.stringMatching(
        /^the workflow was started with an execution timeout of 1 h and a run timeout of 1 min \(--execution-timeout, --run-timeout\): /,
      ),
      details: [
        { reading: expect.objectContaining({ experiment: expect.objectContaining({ name: 'canary-progressive' }) }) },
      ],
    });
  });

  test('refuses definitions of metrics that are too large for Temporal, before it sends them', async () => {
    const text = seed.replace('metric: error-rate', 'metric: busyness');
    const params = [{ name: 'query', value: 'x'.repeat(1_100_000) }];
    const spec = { type: 'Gauge', urlTemplate: 'https://metrics.example.com', jqExpression: '.value', params };
    const metric = { apiVersion: 'iter8.tools/v2alpha2', kind: 'Metric', metadata: { name: 'busyness' }, spec };
    const refusal = await caughtFailure(() => read(text, { readMetricResource: () => Promise.resolve(metric) }));
    expect(refusal).toMatchObject({
      type: 'InvalidManifest',
      isRetryable: false,
      message: expect.stringMatching(
        /^the experiment takes 10\d\d KiB, of which the metrics that it names take 10\d\d KiB, and at most 1024 KiB can go through Temporal; /,
      ),
    });
  });

  test('refuses a manifest with all its issues, for people and for programs', async () => {
    const text = seed.replace('Canary', 'Lottery').replace('upperLimit: 50', 'upperLimit: much');
    const { type, isRetryable, message, details } = await caughtFailure(() => read(text));
    expect({ type, isRetryable }).toEqual({ type: 'InvalidManifest', isRetryable: false });
    const lines = message.split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/^manifest:\d+:\d+ spec\..*: expected .*, got /);
    expect(details).toEqual([{ issues: [expect.objectContaining({ line: expect.any(Number) }), expect.anything()] }]);
  });
});
