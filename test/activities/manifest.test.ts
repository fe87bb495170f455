import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readManifest } from '../../activities/manifest.ts';
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

const read = (manifest: ManifestInput) => {
  const temporal = { client: server.env.client, address: 'temporal:7233', namespace: 'default' };
  const cluster = { readMetricResource: () => Promise.resolve(undefined) };
  return readManifest({ temporal, as: () => ({ cluster }) }, { manifest });
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
