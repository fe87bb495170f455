import { describe, expect, test } from 'vitest';
import { sequentialAnalysis } from '../../../core/experiment/analysis.ts';
import { seededRandom } from '../../../core/offline/random.ts';
import { simulate } from '../../../core/offline/simulate.ts';
import type { SimulatedRun } from '../../../core/offline/simulate.ts';
import { anExperiment } from '../../support/builders.ts';

const seed = 17;
const runs = 1000;
const falsePass = 0.05;
// Three standard errors of a share of 5 % in so many runs.
const allowed = falsePass + 3 * Math.sqrt((falsePass * (1 - falsePass)) / runs);

const limit = 0.01;
const tolerance = 0.5;

/** Runs with so many candidates, all exactly at limit and tolerance, observed 60 times, judged and planned as a real run is. */
function runsAtBoundary(candidates: number): readonly SimulatedRun[] {
  const random = seededRandom(seed);
  const intervalMs = 12_000;
  const experiment = anExperiment({
    testingPattern: candidates === 1 ? 'Canary' : 'A/B/N',
    deploymentPattern: 'FixedSplit',
    candidates: Array.from({ length: candidates }, (_, index) => {
      return { name: `candidate-${index}`, revision: `app-v${index + 2}`, variables: {} };
    }),
    objectives: [{ metric: 'error-rate', upperLimit: limit, rollbackOnFailure: true }],
    tolerance,
    intervalMs,
    iterations: 60,
    analysis: { ...sequentialAnalysis, falsePass, undecided: 'rollback', dispersion: 'off' },
  });
  // As many requests for each candidate, however many there are.
  const requestsPerSecond = 5 * (candidates + 1);
  const atBoundary = experiment.candidates.map(() => ({ errorRate: limit * (1 + tolerance) }));
  const versions = { baseline: { errorRate: limit / 5 }, candidates: atBoundary };
  return Array.from({ length: runs }, () => simulate({ experiment, ...versions, requestsPerSecond, random }));
}

function share(all: readonly SimulatedRun[], holds: (run: SimulatedRun) => boolean): number {
  return all.filter(holds).length / all.length;
}

describe.each([1, 4, 8])('of %i candidates exactly at limit and tolerance', (candidates) => {
  const all = runsAtBoundary(candidates);

  test('any passes in at most 5 % of the runs, over 60 observations (T16)', () => {
    const passed = share(all, ({ hasPassed }) => hasPassed);
    expect(passed).toBeGreaterThan(0);
    expect(passed).toBeLessThan(allowed);
  });

  test('one is promoted in at most 5 % of the runs', () => {
    expect(share(all, ({ outcome }) => outcome === 'promoted')).toBeLessThan(allowed);
  });
});
