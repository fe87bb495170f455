import { describe, expect, test } from 'vitest';
import type { Experiment } from '../../../core/experiment/experiment.ts';
import { needsRevisions } from '../../../core/measurements/load-test.ts';
import { aLoad, anExperiment } from '../../support/builders.ts';

const load = aLoad();

/** As iter8's chart `knslo` makes it. */
function conformance(changes: Partial<Experiment> = {}): Experiment {
  const baseline = { name: 'my-app', revision: 'my-app', variables: {} };
  return anExperiment({ testingPattern: 'Conformance', baseline, candidates: [], start: [load], ...changes });
}

describe('the versions of an experiment', () => {
  test('need be no revisions in a conformance test by load alone', () => {
    expect(needsRevisions(conformance())).toBe(false);
    expect(needsRevisions(conformance({ start: [], loop: [load] }))).toBe(false);
  });

  test.each<[string, Partial<Experiment>]>([
    ['where requests of users are counted', { start: [{ ...load, loadOnly: true }] }],
    ['where traffic is moved', { testingPattern: 'Canary', candidates: anExperiment().candidates }],
    [
      'where the manifest names the revision',
      { baseline: { name: 'my-app', revision: 'app-v1', variables: { revision: 'app-v1' } } },
    ],
    ['where init-experiment waits for it', { start: [{ kind: 'init-experiment' }, load] }],
  ])('must be revisions %s', (_, changes) => {
    expect(needsRevisions(conformance(changes))).toBe(true);
  });
});
