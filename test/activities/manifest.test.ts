import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readManifest } from '../../activities/manifest.ts';
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

const read = (manifest: ManifestInput, limits: WorkflowLimits = {}, metric?: unknown) => {
  const temporal = { client: server.env.client, address: 'temporal:7233', namespace: 'default' };
  const cluster = { readMetricResource: () => Promise.resolve(metric) };
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

  test('refuses the limits at which Temporal would end the run, by their names', async () => {
    expect(await caughtFailure(() => read(seed, { executionMs: 3_600_000, runMs: 60_000 }))).toMatchObject({
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
    const refusal = await caughtFailure(() => read(text, {}, metric));
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
