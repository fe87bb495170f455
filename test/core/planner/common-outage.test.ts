import { describe, expect, test } from 'vitest';
import { sequentialAnalysis } from '../../../core/experiment/analysis.ts';
import { seededRandom } from '../../../core/offline/random.ts';
import { simulate } from '../../../core/offline/simulate.ts';
import type { SimulatedRun, SimulatedVersion } from '../../../core/offline/simulate.ts';
import { anExperiment } from '../../support/builders.ts';

const seed = 19;
const runs = 300;
const falseFail = 0.05;
// Three standard errors of a share of 5 % in so many runs.
const allowed = falseFail + 3 * Math.sqrt((falseFail * (1 - falseFail)) / runs);
const limit = 0.01;
const usual = limit / 10;

type ErrorRate = SimulatedVersion['errorRate'];

/** Runs at 2 requests a second, judged and planned as a real run is. */
function runsWith(errorRates: {
  readonly baseline: ErrorRate;
  readonly candidate: ErrorRate;
}): readonly SimulatedRun[] {
  const random = seededRandom(seed);
  const intervalMs = 12_000;
  const experiment = anExperiment({
    objectives: [{ metric: 'error-rate', upperLimit: limit, rollbackOnFailure: true }],
    weights: { maxCandidateWeight: 95, maxCandidateWeightIncrement: 10 },
    intervalMs,
    iterations: 12,
    analysis: { ...sequentialAnalysis, falseFail, longestExtensionMs: 48 * intervalMs, dispersion: 'off' },
  });
  const versions = { baseline: { errorRate: errorRates.baseline }, candidates: [{ errorRate: errorRates.candidate }] };
  return Array.from({ length: runs }, () => simulate({ experiment, ...versions, requestsPerSecond: 2, random }));
}

function shareFailed(all: readonly SimulatedRun[]): number {
  return all.filter(({ outcome }) => outcome === 'failed').length / all.length;
}

describe.each([1, 4, 8, 11])('an outage of both versions in interval %i and the next two', (first) => {
  test.each([0.05, 0.2, 0.5])(
    'with a share of %f errors is blamed on the candidate in at most one of twenty runs',
    (share) => {
      const errorRate = (interval: number) => (interval >= first && interval < first + 3 ? share : usual);
      expect(shareFailed(runsWith({ baseline: errorRate, candidate: errorRate }))).toBeLessThan(allowed);
    },
  );
});

describe('a candidate that is bad alone', () => {
  test.each([0.2, 0.9])('with a share of %f errors is failed', (errorRate) => {
    expect(shareFailed(runsWith({ baseline: usual, candidate: errorRate }))).toBeGreaterThan(0.99);
  });

  test('is promoted in none, also when it turns bad at a high weight', () => {
    const turning = (interval: number) => (interval <= 9 ? usual : 0.2);
    const all = runsWith({ baseline: usual, candidate: turning });
    expect(all.filter(({ outcome }) => outcome === 'promoted')).toHaveLength(0);
    expect(shareFailed(all)).toBeGreaterThan(0.99);
  });
});
