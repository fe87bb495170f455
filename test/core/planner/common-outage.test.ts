import { describe, expect, test } from 'vitest';
import { sequentialAnalysis } from '../../../core/experiment/analysis.ts';
import type { Objective } from '../../../core/experiment/experiment.ts';
import { bucketed, latencyByMean } from '../../../core/offline/latency.ts';
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
type Latency = NonNullable<SimulatedVersion['latency']>;

const errorRate: Objective = { metric: 'error-rate', upperLimit: limit, rollbackOnFailure: true };
const meanLatency: Objective = { metric: 'mean-latency', upperLimit: 50, rollbackOnFailure: true };
const usualLatency = bucketed(latencyByMean(25));

interface Versions<Behaviour> {
  readonly baseline: Behaviour;
  readonly candidate: Behaviour;
}

function runsWith({ baseline, candidate }: Versions<ErrorRate>): readonly SimulatedRun[] {
  return runsOf(errorRate, { baseline: { errorRate: baseline }, candidate: { errorRate: candidate } });
}

function runsWithLatencies({ baseline, candidate }: Versions<Latency>): readonly SimulatedRun[] {
  const answers = (latency: Latency): SimulatedVersion => ({ errorRate: 0, latency });
  return runsOf(meanLatency, { baseline: answers(baseline), candidate: answers(candidate) });
}

/** Runs at 2 requests a second, judged and planned as a real run is. */
function runsOf(objective: Objective, { baseline, candidate }: Versions<SimulatedVersion>): readonly SimulatedRun[] {
  const random = seededRandom(seed);
  const intervalMs = 12_000;
  const experiment = anExperiment({
    objectives: [objective],
    weights: { maxCandidateWeight: 95, maxCandidateWeightIncrement: 10 },
    intervalMs,
    iterations: 12,
    analysis: { ...sequentialAnalysis, falseFail, longestExtensionMs: 48 * intervalMs, dispersion: 'off' },
  });
  const simulated = { experiment, baseline, candidates: [candidate], requestsPerSecond: 2, random };
  return Array.from({ length: runs }, () => simulate(simulated));
}

function shareFailed(all: readonly SimulatedRun[]): number {
  return all.filter(({ outcome }) => outcome === 'failed').length / all.length;
}

describe.each([1, 4, 8, 11])('an outage of both versions in interval %i and the next two', (first) => {
  test.each([0.05, 0.2, 0.5])(
    'with a share of %f errors is blamed on the candidate in at most one of twenty runs',
    (share) => {
      const errors = (interval: number) => (interval >= first && interval < first + 3 ? share : usual);
      expect(shareFailed(runsWith({ baseline: errors, candidate: errors }))).toBeLessThan(allowed);
    },
  );

  test.each([100, 250])(
    'with a mean latency of %i ms is blamed on the candidate in at most one of twenty runs',
    (ms) => {
      const slow = bucketed(latencyByMean(ms));
      const latency = (interval: number) => (interval >= first && interval < first + 3 ? slow : usualLatency);
      expect(shareFailed(runsWithLatencies({ baseline: latency, candidate: latency }))).toBeLessThan(allowed);
    },
  );
});

describe('a candidate that is bad alone', () => {
  test.each([0.2, 0.9])('with a share of %f errors is failed', (share) => {
    expect(shareFailed(runsWith({ baseline: usual, candidate: share }))).toBeGreaterThan(0.99);
  });

  test.each([100, 1000])('with a mean latency of %i ms is failed', (ms) => {
    const versions = { baseline: usualLatency, candidate: bucketed(latencyByMean(ms)) };
    expect(shareFailed(runsWithLatencies(versions))).toBeGreaterThan(0.99);
  });

  test('is promoted in none, also when it turns bad at a high weight', () => {
    const turning = (interval: number) => (interval <= 9 ? usual : 0.2);
    const all = runsWith({ baseline: usual, candidate: turning });
    expect(all.filter(({ outcome }) => outcome === 'promoted')).toHaveLength(0);
    expect(shareFailed(all)).toBeGreaterThan(0.99);
  });
});
