import { describe, expect, test } from 'vitest';
import {
  experimentKey,
  toManifest,
  parseKey,
  experimentTarget,
  outlineExperiment,
  experimentWorkflowId,
} from '../../operator/experiment-object.ts';
import type { ExperimentObject } from '../../operator/experiment-object.ts';
import { parseManifest } from '../../formats/manifest/parse.ts';

function anObject(
  metadata: Partial<ExperimentObject['metadata']> = {},
  target: unknown = 'default/sample-app',
): ExperimentObject {
  const versions = { versionInfo: null, baseline: { name: 'v1' }, candidates: [{ name: 'v2' }] };
  const spec = { target, strategy: { testingPattern: 'Canary' }, ...versions };
  return {
    apiVersion: 'iter8.tools/v2alpha2',
    kind: 'Experiment',
    metadata: { name: 'canary', namespace: 'team-a', uid: 'u-1', resourceVersion: '7', generation: 1, ...metadata },
    spec,
  };
}

describe('an Experiment in the cluster', () => {
  test('has one workflow for each object, not for each name', () => {
    expect(experimentWorkflowId(anObject())).toBe('experiment/iter8.tools/team-a/canary/u-1');
    expect(experimentWorkflowId(anObject({ uid: 'u-2' }))).not.toBe(experimentWorkflowId(anObject()));
  });

  describe('with a status that another controller wrote', () => {
    // As other programs leave it.
    const left = (status: object): ExperimentObject => ({ ...anObject(), status }) as never;
    const completed = (status: string) => [{ type: 'Completed', status }];

    test.each(['Initializing', 'Running', 'Finishing'])('was left in the midst of its run at stage %s', (stage) => {
      const outline = outlineExperiment(left({ stage, conditions: completed('False') }));
      expect(outline.status).toBeUndefined();
      expect(outline.leftAt).toBe(stage);
    });

    test.each([
      ['it had not begun', { stage: 'Waiting', conditions: completed('False') }],
      ['it has no stage', {}],
    ])('is new where %s', (_, status) => {
      const outline = outlineExperiment(left(status));
      expect(outline.status).toBeUndefined();
      expect(outline.leftAt).toBeUndefined();
    });

    test('stays as it is once it has ended', () => {
      const ended = left({ stage: 'Completed', conditions: completed('True') });
      expect(outlineExperiment(ended).status).toEqual(ended.status);
      expect(outlineExperiment(ended).leftAt).toBeUndefined();
    });

    test.each([null, 'none', [null, 'x'], {}])('is read whatever its conditions are: %j', (conditions) => {
      expect(outlineExperiment(left({ stage: 'Running', conditions })).leftAt).toBe('Running');
    });
  });

  test('is kept without what may be large', () => {
    const large = 'x'.repeat(100_000);
    const managedFields = [{ fieldsV1: { 'f:spec': { large } } }];
    const object = anObject({ annotations: { large }, labels: { large }, managedFields, finalizers: ['a'] }, large);
    const outline = outlineExperiment(object);
    expect(JSON.stringify(outline).length).toBeLessThan(1_000);
    expect(outline.metadata).toMatchObject({ name: 'canary', uid: 'u-1', resourceVersion: '7', finalizers: ['a'] });
  });

  test('has the times that the API server gives as text', () => {
    const text = '2026-11-29T07:10:39Z';
    // As it comes from the API server.
    const times = { creationTimestamp: text, deletionTimestamp: text } as never;
    const { metadata } = outlineExperiment(anObject(times));
    expect(metadata.creationTimestamp).toEqual(new Date(text));
    expect(metadata.deletionTimestamp).toEqual(new Date(text));
  });

  test('is found by its key', () => {
    expect(parseKey(experimentKey(anObject()))).toEqual({ group: 'iter8.tools', namespace: 'team-a', name: 'canary' });
  });

  test('goes to its workflow without what belongs to the cluster, and can be read there', () => {
    const object = anObject({
      managedFields: [],
      finalizers: ['serin.dev/experiment'],
      annotations: { 'serin.dev/min-samples': '10', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
    });
    const manifest = toManifest(object);
    expect(manifest).toMatchObject({
      metadata: { name: 'canary', namespace: 'team-a', annotations: { 'serin.dev/min-samples': '10' } },
      spec: object.spec,
    });
    expect(JSON.stringify(manifest)).not.toMatch(/managedFields|finalizers|last-applied/);
    expect(parseManifest(manifest, 'manifest')).toMatchObject({ kind: 'ok', experiment: { minSamples: 10 } });
  });

  test('goes in the version in which its author wrote it', () => {
    const managedFields = [
      { apiVersion: 'iter8.tools/v2alpha2', fieldsV1: { 'f:metadata': {} } },
      { apiVersion: 'iter8.tools/v2alpha1', fieldsV1: { 'f:spec': {} } },
      { apiVersion: 'iter8.tools/v2alpha2', subresource: 'status', fieldsV1: { 'f:status': {} } },
    ];
    expect(toManifest(anObject({ managedFields }))).toMatchObject({ apiVersion: 'iter8.tools/v2alpha1' });
    expect(toManifest(anObject())).toMatchObject({ apiVersion: 'iter8.tools/v2alpha2' });
  });

  test('names its target, in its own namespace unless it says another', () => {
    const targetIn = (object: ExperimentObject) => experimentTarget(outlineExperiment(object));
    expect(targetIn(anObject())).toEqual({ namespace: 'default', name: 'sample-app' });
    expect(targetIn(anObject({}, 'sample-app'))).toEqual({ namespace: 'team-a', name: 'sample-app' });
    expect(targetIn(anObject({}, { some: 'mapping' }))).toBeUndefined();
  });
});
