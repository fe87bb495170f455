import { expect, test } from 'vitest';
import { sequentialAnalysis } from '../../../core/experiment/analysis.ts';
import { seededRandom } from '../../../core/offline/random.ts';
import { simulate } from '../../../core/offline/simulate.ts';
import type { SimulatedRun } from '../../../core/offline/simulate.ts';
import { anExperiment } from '../../support/builders.ts';

/** How a run ends whose versions have these error rates, with a limit of 1 %. */
function simulateRun(errorRates: { readonly baseline: number; readonly candidate: number }): SimulatedRun {
  const experiment = anExperiment({
    objectives: [{ metric: 'error-rate', upperLimit: 0.01, rollbackOnFailure: true }],
    intervalMs: 12_000,
    iterations: 12,
    blindLimitMs: 60_000,
    analysis: { ...sequentialAnalysis, longestExtensionMs: 600_000, dispersion: 'off' },
  });
  const { baseline, candidate } = errorRates;
  const versions = { baseline: { errorRate: baseline }, candidates: [{ errorRate: candidate }] };
  return simulate({ experiment, ...versions, requestsPerSecond: 50, random: seededRandom(3) });
}

test('a candidate that fails alone is rolled back by verdict', () => {
  expect(simulateRun({ baseline: 0.001, candidate: 0.2 })).toMatchObject({ outcome: 'failed', hasPassed: false });
});

test('a candidate that fails together with the baseline is not blamed', () => {
  expect(simulateRun({ baseline: 0.2, candidate: 0.2 })).toMatchObject({ outcome: 'undecided', hasPassed: false });
});

test('a good candidate is promoted, and has passed', () => {
  expect(simulateRun({ baseline: 0.001, candidate: 0.001 })).toMatchObject({ outcome: 'promoted', hasPassed: true });
});
